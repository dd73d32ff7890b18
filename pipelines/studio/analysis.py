"""Analyse a photo: face, gaze and baseline measurements, shared by all looks of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import geometry
from pipelines.face import Face, visibility
from pipelines.gaze import (
    LARGEST_DEG,
    PEOPLE,
    GazeEstimate,
    Population,
    iris,
)
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8
from pipelines.image.loading import Portrait
from pipelines.measure import measurements
from pipelines.measure.measurements import Baseline
from pipelines.runtime import slots
from pipelines.runtime.messages import Message

# Thresholds for the confidence and the contrast of the clearer eye's iris fit. Below them, as seen
# on blurred, hazy and very dark portraits, a fit is a guess.
CLEAR_IRIS = 0.58
CLEAR_CONTRAST = 0.05
# Threshold for the less clear eye. No portrait with two open eyes came below 0.34; a covered eye
# has 0.25.
CLEAR_BOTH = 0.3


@dataclass(frozen=True)
class Analysis:
    """What is measured on a photo, independent of any look.

    Attributes:
        portrait: The photo.
        face: Its largest face with fitted irises, in pixels of the working copy.
        gaze: The gaze estimate.
        baseline: Measurements of the original.
        warnings: Sentences to show about this photo.
        seconds: Duration of the analysis.
        iris_contrast: Luma of the sclera minus luma of the iris, 0..1.
        iris_confidence: Confidence of the left and the right iris fit, 0..1.
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
        """The face in pixels of the photo at full size."""
        height, width = self.portrait.original_u8.shape[:2]
        return self.face.scaled(1 / self.portrait.scale, (height, width))

    @property
    def eyes_left_alone(self) -> str | None:
        """Sentence saying why the eyes cannot be turned; None if they can."""
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
        if not self.gaze.gaze.measurable:
            return Message(
                "The eyes look more than {degrees:.0f}° past the lens, which is too far to be "
                "measured; the gaze is left as it is. A photo in which they look nearer to the "
                "lens would do.",
                degrees=LARGEST_DEG,
            )
        if self.iris_contrast < CLEAR_CONTRAST:
            return (
                "The irises hardly differ from the whites of the eyes in this photo, so they "
                "can't be turned; the gaze is left as it is. A photo with more light on the eyes "
                "would do."
            )
        if self.gaze.confidence < CLEAR_IRIS:
            return (
                "The irises can't be made out clearly enough in this photo to be turned; "
                "the gaze is left as it is. A sharper or lighter photo would do."
            )
        return None


def analyse(source: str | Path | bytes, population: Population = PEOPLE) -> Analysis:
    """Load a photo and measure what every look needs.

    Args:
        source: A file or its bytes.
        population: Population that the gaze's zero is calibrated for: people, or rendered heads.

    Raises:
        Refusal: The photo cannot be used; see `loading.load`, `face.find` and `iris.fit`.
    """
    with slots.cores().turn():
        start = time.perf_counter()
        return _analyse(loading.load(source), start, population)


def analyse_pixels(original_u8: Image8) -> Analysis:
    """Like `analyse`, from decoded sRGB pixels, uint8 (H, W, 3)."""
    with slots.cores().turn():
        start = time.perf_counter()
        return _analyse(loading.from_pixels(original_u8), start, PEOPLE)


def _analyse(photo: Portrait, start: float, population: Population) -> Analysis:
    face, estimate, fit = _fit_eyes(photo.pixels, faces.find(photo.pixels), population)
    warnings = list(photo.notes)
    if face.count > 1:
        warnings.append(
            Message("There are {count} faces in this photo; the largest is used.", count=face.count)
        )
    return Analysis(
        portrait=photo,
        face=face,
        gaze=estimate,
        baseline=measurements.baseline(photo.pixels, face),
        warnings=tuple(warnings),
        seconds=time.perf_counter() - start,
        iris_contrast=fit.contrast,
        iris_confidence=fit.confidence,
    )


def _fit_eyes(
    pixels: Image, face: Face, population: Population
) -> tuple[Face, GazeEstimate, iris.EyesFit]:
    fit = iris.fit(pixels, face)
    visibility.check(pixels, face, fit.confidence)
    return *gaze.read(pixels, face, fit, population), fit
