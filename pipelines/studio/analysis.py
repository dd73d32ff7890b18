"""Analyse a photo: face, gaze and baseline measurements, shared by all looks of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import geometry
from pipelines.face import Face, mesh, visibility
from pipelines.gaze import (
    LARGEST_DEG,
    PEOPLE,
    GazeEstimate,
    Population,
    iris,
)
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8, Points
from pipelines.image.loading import Portrait
from pipelines.measure import artificial, measurements
from pipelines.measure.measurements import Baseline
from pipelines.runtime import slots
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

# Thresholds for the confidence and the contrast of the clearer eye's iris fit. Below them, as seen
# on blurred, hazy and very dark portraits, a fit is a guess.
CLEAR_IRIS = 0.58
CLEAR_CONTRAST = 0.05
# Threshold for the less clear eye. No portrait with two open eyes came below 0.34; a covered eye
# has 0.25.
CLEAR_BOTH = 0.3
# Highest confidence in the gaze of a face whose irises are no person's.
_DRAWN_CONFIDENCE = artificial.LEAST_CONFIDENCE
DRAWN = (
    "The irises are larger for this face than a grown person's, as drawn and 3D characters have "
    "them. The degrees are worked out for human eyes and are a rough guide here."
)

# Highest confidence in the gaze of a head that is turned so far that one eye tells it alone.
_TURNED_CONFIDENCE = 0.5
TURNED = "In a head that is turned this far, the degrees of the gaze are a rough guide."

_IRISES_TURNED_AWAY = (
    "The head is turned about {turn:.0f}° away, and the irises can't be made out. Use a photo "
    "taken more from the front."
)

LARGEST_OF_SEVERAL = (
    "There are {count} faces in this photo; the largest is used, face {number} from the left."
)


@dataclass(frozen=True)
class Analysis:
    """What is measured on a photo, independent of any look.

    Attributes:
        portrait: The photo.
        face: One of its faces with fitted irises, in pixels of the working copy.
        gaze: The gaze estimate.
        baseline: Measurements of the original.
        warnings: Sentences to show about this photo.
        seconds: Duration of the analysis.
        iris_contrast: Luma of the sclera minus luma of the iris, 0..1.
        iris_confidence: Confidence of the left and the right iris fit, 0..1.
        located: Landmarks of all its faces from the left to the right, each (478, 3), unrefined,
            in pixels of the working copy.
        population: Population that the gaze's zero is calibrated for.
    """

    portrait: Portrait
    face: Face
    gaze: GazeEstimate
    baseline: Baseline
    warnings: tuple[str, ...]
    seconds: float
    iris_contrast: float
    iris_confidence: tuple[float, float]
    located: tuple[Points, ...] = field(repr=False)
    population: Population = field(repr=False)

    @property
    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """Left, top, right and bottom of every face as shares of the picture, from the left."""
        height, width = self.portrait.pixels.shape[:2]
        size = np.array([width, height])
        corners = [
            (*(face[:, :2].min(axis=0) / size), *(face[:, :2].max(axis=0) / size))
            for face in self.located
        ]
        return tuple(tuple(float(side) for side in one) for one in corners)  # type: ignore[misc]

    @property
    def full_face(self) -> Face:
        """The face in pixels of the photo at full size."""
        height, width = self.portrait.original_u8.shape[:2]
        return self.face.scaled(1 / self.portrait.scale, (height, width))

    @property
    def eyes_left_alone(self) -> str | None:
        """Sentence saying why the eyes cannot be turned; None if they can."""
        turn = self.face.head.turn
        if turn > geometry.LARGEST_HEAD_TURN:
            return Message(
                "The head is turned about {turn:.0f}° away, and eyes can be turned in heads up to "
                "{most:.0f}°; the gaze is left as it is. A photo taken more from the front would "
                "do.",
                turn=turn,
                most=geometry.LARGEST_HEAD_TURN,
            )
        radius = min(eye.iris_radius for eye in self.face.eyes) / self.portrait.scale
        if radius < geometry.SMALLEST_IRIS:
            return (
                "The eyes are too small in this photo to be turned; the gaze is left as it is. "
                "A larger photo would do."
            )
        if self.iris_contrast < CLEAR_CONTRAST and max(self.iris_confidence) < CLEAR_IRIS:
            return (
                "The irises can't be seen in this photo, because lowered lids, hair or a shadow "
                "hide them; the gaze is left as it is. A photo with open eyes and more light on "
                "them would do."
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


def analyse(
    source: str | Path | bytes, population: Population = PEOPLE, face: int | Literal["all"] = 0
) -> Analysis:
    """Load a photo and measure what every look needs.

    Args:
        source: A file or its bytes.
        population: Population that the gaze's zero is calibrated for: people, or rendered heads.
        face: Number of the face, counted from the left; 0 for the largest, "all" for the largest
            that can be used.

    Raises:
        Refusal: The photo cannot be used; see `loading.load`, `face.find` and `iris.fit`.
    """
    with slots.cores().turn():
        start = time.perf_counter()
        photo = loading.load(source)
        located = mesh.locate(photo.pixels)
        if face == "all":
            return _largest_usable(photo, located, population)
        return _analyse(photo, located, start, population, number=face)


def analyse_pixels(original_u8: Image8, near: Points | None = None) -> Analysis:
    """Like `analyse`, from decoded sRGB pixels, uint8 (H, W, 3).

    Args:
        original_u8: The pixels.
        near: A point (x, y) in them; the face nearest to it is measured, not the largest.
    """
    with slots.cores().turn():
        start = time.perf_counter()
        photo = loading.from_pixels(original_u8)
        near = None if near is None else near * photo.scale
        return _analyse(photo, mesh.locate(photo.pixels), start, PEOPLE, near=near)


def of_face(analysis: Analysis, number: int) -> Analysis:
    """The analysis of another face of the same photo, counted from the left.

    Raises:
        Refusal: There is no such face, or it cannot be used.
    """
    if number in (0, analysis.face.number):
        return analysis
    with slots.cores().turn():
        start = time.perf_counter()
        photo, located = analysis.portrait, analysis.located
        return _analyse(photo, located, start, analysis.population, number=number)


def _largest_usable(
    photo: Portrait, located: tuple[Points, ...], population: Population
) -> Analysis:
    numbers = sorted(range(1, len(located) + 1), key=lambda n: -np.ptp(located[n - 1][:, 0]))
    for number in numbers[:-1]:
        try:
            return _analyse(photo, located, time.perf_counter(), population, number)
        except Refusal:
            continue
    # The last one says what is wrong, or that there is none.
    last = numbers[-1] if numbers else 0
    return _analyse(photo, located, time.perf_counter(), population, last)


def _analyse(
    photo: Portrait,
    located: tuple[Points, ...],
    start: float,
    population: Population,
    number: int = 0,
    near: Points | None = None,
) -> Analysis:
    found = faces.find(photo.pixels, number, near, located)
    face, estimate, fit = _fit_eyes(photo.pixels, found, population)
    warnings = list(photo.notes)
    if face.count > 1 and not number:
        warnings.append(
            Message(LARGEST_OF_SEVERAL, count=face.count, number=face.number),
        )
    for doubt, most in _doubts(face, estimate):
        warnings.append(doubt)
        estimate = replace(estimate, confidence=min(estimate.confidence, most))
    return Analysis(
        portrait=photo,
        face=face,
        gaze=estimate,
        baseline=measurements.baseline(photo.pixels, face),
        warnings=tuple(warnings),
        seconds=time.perf_counter() - start,
        iris_contrast=fit.contrast,
        iris_confidence=fit.confidence,
        located=located,
        population=population,
    )


def _doubts(face: Face, estimate: GazeEstimate) -> Iterator[tuple[str, float]]:
    """Why the gaze is a rough guide only, and the highest confidence in it."""
    if artificial.irises_too_large(face, estimate):
        yield DRAWN, _DRAWN_CONFIDENCE
    if face.head.turn > geometry.LARGEST_HEAD_TURN:
        yield TURNED, _TURNED_CONFIDENCE


def _fit_eyes(
    pixels: Image, face: Face, population: Population
) -> tuple[Face, GazeEstimate, iris.EyesFit]:
    fit = iris.fit(pixels, face)
    try:
        visibility.check(pixels, face, fit.confidence)
    except Refusal:
        if face.head.turn > geometry.LARGEST_HEAD_TURN:
            raise Refusal(
                "head-turned", Message(_IRISES_TURNED_AWAY, turn=face.head.turn)
            ) from None
        raise
    face, estimate = gaze.read(pixels, face, fit, population)
    return face, replace(estimate, seen=max(fit.confidence) >= CLEAR_IRIS), fit
