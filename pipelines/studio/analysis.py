"""What is learned from a photo once, whatever the looks."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import geometry
from pipelines.face import Face, visibility
from pipelines.gaze import (
    PEOPLE,
    GazeEstimate,
    Population,
    eye_shape,
    iris,
)
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8
from pipelines.image.loading import Portrait
from pipelines.measure import measurements
from pipelines.measure.measurements import Baseline
from pipelines.runtime import slots
from pipelines.runtime.messages import Message

# Below these a fitted iris is a guess: seen on blurred, hazy and very dark portraits.
CLEAR_IRIS = 0.58
CLEAR_CONTRAST = 0.05
# Of the less clear eye; no portrait with two open eyes came below 0.34, a covered eye has 0.25.
CLEAR_BOTH = 0.3
# Beyond, a reading says "far off" and no longer how far.
READABLE_DEG = 40.0


@dataclass(frozen=True)
class Analysis:
    """Everything that is learned from a photo once, whatever the looks.

    Attributes:
        portrait: The photo.
        face: Its largest face with fitted irises, in pixels of the working copy.
        gaze: Where the person looks.
        baseline: Measurements of the original.
        warnings: What a person should know about this photo, in sentences.
        seconds: How long the analysis took.
        iris_contrast: How much lighter the white is than the iris, 0..1 in luma.
        iris_confidence: How well the left and the right iris could be fitted, 0..1.
    """

    portrait: Portrait
    face: Face
    gaze: GazeEstimate
    baseline: Baseline
    warnings: tuple[str, ...]
    seconds: float
    iris_contrast: float
    iris_confidence: tuple[float, float]

    @property
    def full_face(self) -> Face:
        """The face in pixels of the photo itself."""
        height, width = self.portrait.original_u8.shape[:2]
        return self.face.scaled(1 / self.portrait.scale, (height, width))

    @property
    def eyes_left_alone(self) -> str | None:
        """Why the eyes cannot be turned, as a sentence; None if they can."""
        radius = min(eye.iris_radius for eye in self.face.eyes) / self.portrait.scale
        if radius < geometry.SMALLEST_IRIS:
            return (
                "The eyes are too small in this photo to be turned; the gaze is left as it is. "
                "A larger photo would do."
            )
        if min(self.iris_confidence) < CLEAR_BOTH <= max(self.iris_confidence):
            return (
                "Only one eye can be made out in this photo, and turning one alone would make a "
                "squint; the gaze is left as it is. A photo that shows both eyes would do."
            )
        unclear = self.gaze.confidence < CLEAR_IRIS or self.iris_contrast < CLEAR_CONTRAST
        if unclear or self.gaze.gaze.off_lens > READABLE_DEG:
            return (
                "The irises can't be made out clearly enough in this photo to be turned; "
                "the gaze is left as it is. A sharper or lighter photo would do."
            )
        return None


def analyse(source: str | Path | bytes, population: Population = PEOPLE) -> Analysis:
    """Read a photo and learn what every look needs.

    Args:
        source: A file or its bytes.
        population: Whose face this is, for the zero of its gaze: a person's, unless a benchmark
            reads rendered heads.

    Raises:
        Refusal: The photo cannot be used; see `portrait.load`, `face.find` and `iris.fit`.
    """
    with slots.cores().turn():
        start = time.perf_counter()
        return _analysed(loading.load(source), start, population)


def analyse_pixels(original_u8: Image8) -> Analysis:
    """Like `analyse`, from decoded sRGB pixels, uint8 (H, W, 3)."""
    with slots.cores().turn():
        start = time.perf_counter()
        return _analysed(loading.from_pixels(original_u8), start, PEOPLE)


def _analysed(photo: Portrait, start: float, population: Population) -> Analysis:
    found, now, fitted = _read_eyes(photo.pixels, faces.find(photo.pixels), population)
    warnings = []
    if found.count > 1:
        warnings.append(
            Message(
                "There are {count} faces in this photo; the largest is used.", count=found.count
            )
        )
    return Analysis(
        portrait=photo,
        face=found,
        gaze=now,
        baseline=measurements.baseline(photo.pixels, found),
        warnings=tuple(warnings),
        seconds=time.perf_counter() - start,
        iris_contrast=fitted.contrast,
        iris_confidence=fitted.confidence,
    )


def _read_eyes(
    pixels: Image, found: Face, population: Population
) -> tuple[Face, GazeEstimate, iris.EyesFit]:
    fitted = iris.fit(pixels, found)
    visibility.check(pixels, found, fitted.confidence)
    # The eyes' shapes are sought from the landmarks' lids; an edit wants the picture's.
    with_irises = replace(found, left=fitted.left, right=fitted.right)
    shapes = eye_shape.find(pixels, with_irises)
    now = gaze.estimate(with_irises, shapes, fitted.confidence, population)
    face = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    return face, now, fitted
