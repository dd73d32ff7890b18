"""Fit the constants of `pipelines/gaze/estimation.py`: gains on renders, zeros on photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines import gaze
from pipelines.gaze import estimation, eye_shape, projection
from pipelines.gaze.eye_shape import Linear
from pipelines.image.arrays import Points
from training.gaze.eyes import ReadFace

# What a photograph weighs beside a render: enough to keep a gain from amplifying what photographs
# scatter in, too little to bend a slope.
PHOTO_WEIGHT = 0.1
# Beyond this a photograph presumably does not look into the lens (Huber's weights), a sine.
LENS_SINE = 0.05
# Which of canthi, centre and head each axis (side, up) goes by: sideways the centre adds nothing.
_USED = ((0, 2), (0, 1, 2))


@dataclass(frozen=True)
class Constants:
    """As they stand in `pipelines/gaze/estimation.py`.

    Attributes:
        side: Gains (canthi, centre, head) of the sine to the side.
        up: Likewise upwards.
        rendered: Zeros of the rendered heads (side, up).
        people: Zeros of photographed people (side, up).
        outward: Sine by which either eye reads outward of both.
    """

    side: tuple[float, float, float]
    up: tuple[float, float, float]
    rendered: tuple[float, float]
    people: tuple[float, float]
    outward: float


@dataclass(frozen=True)
class MeasuredEyes:
    """A sitter and what the estimator measures.

    Attributes:
        sitter: The picture.
        eyes: `gaze.offsets`, (2, 4).
    """

    sitter: ReadFace
    eyes: Points

    @property
    def both(self) -> Points:
        """Offsets of both eyes, weighed by their fits, (4,)."""
        return estimation.eye_weights(self.sitter.fit.confidence) @ self.eyes

    def row(self, axis: int) -> Points:
        """Regressors of one axis (0 side, 1 up): canthi, centre, head."""
        head = self.sitter.face.head
        people = gaze.PEOPLE if self.sitter.gaze is None else gaze.RENDERED
        turn = np.radians(head.yaw) if axis == 0 else estimation.nod(head, people)
        return np.array([*self.both[2 * axis : 2 * axis + 2], np.sin(turn)])


def measure(sitter: ReadFace, stages: tuple[Linear, ...]) -> MeasuredEyes:
    """Find the eyes' shapes with a cascade, the offsets with them."""
    pixels = sitter.pixels_u8.astype(np.float32) / 255
    return MeasuredEyes(
        sitter, estimation.offsets(sitter.face, eye_shape.find(pixels, sitter.face, stages))
    )


def fit(rendered: Sequence[MeasuredEyes], photos: Sequence[MeasuredEyes]) -> Constants:
    """Fit gains and zeros together; renders and photographs have zeros of their own."""
    side, side_zeros = _axis(rendered, photos, 0)
    up, up_zeros = _axis(rendered, photos, 1)
    outward = float(np.mean([(m.eyes[0, :2] - m.eyes[1, :2]) @ side[:2] / 2 for m in rendered]))
    return Constants(
        side=side,
        up=up,
        rendered=(side_zeros[0], up_zeros[0]),
        people=(side_zeros[1], up_zeros[1]),
        outward=outward,
    )


def true_sine(sitter: ReadFace, axis: int) -> float:
    """Sine of the true gaze, upright with the head: to the side (axis 0) or up (1)."""
    if sitter.gaze is None:
        raise ValueError("This picture's gaze is not known.")
    return float(projection.to_upright(sitter.gaze, sitter.face.head.roll)[axis])


def _axis(
    rendered: Sequence[MeasuredEyes], photos: Sequence[MeasuredEyes], axis: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    used = list(_USED[axis])
    rows = np.array([m.row(axis) for m in (*rendered, *photos)])
    is_photo = np.arange(len(rows)) >= len(rendered)
    true = np.array([true_sine(m.sitter, axis) for m in rendered])
    wanted = np.concatenate([true, np.zeros(len(photos))])
    system = np.column_stack([rows[:, used], ~is_photo, is_photo])
    start = np.where(is_photo, PHOTO_WEIGHT * len(rendered) / max(len(photos), 1), 1.0)
    weight = start
    found = np.zeros(len(used) + 2)
    for _ in range(20):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(system * root[:, None], wanted * root, rcond=None)[0]
        off = np.abs(system @ found - wanted)
        trust = np.minimum(1, LENS_SINE / np.maximum(off, 1e-9))
        weight = start * np.where(is_photo, trust, 1.0)
    gains = np.zeros(3)
    gains[used] = found[: len(used)]
    read = rows[~is_photo] @ gains
    # Noise in the offsets flattens a regression; within a person the slope shall be one.
    people = np.array([m.sitter.identity for m in rendered])
    read_within, true_within = _within(read, people), _within(true, people)
    stretch = float(true_within @ true_within / (read_within @ true_within))
    gains *= stretch
    zero = float(np.mean(true) - stretch * np.mean(read))
    lens = _lens_zero(rows[is_photo] @ gains, photos) if photos else zero
    return (float(gains[0]), float(gains[1]), float(gains[2])), (zero, lens)


def _lens_zero(read: Points, photos: Sequence[MeasuredEyes]) -> float:
    """What brings photographs to the lens: collections count alike, whatever their size.

    A median, because nobody who looks elsewhere can shift it.
    """
    collections = np.array([photo.sitter.identity for photo in photos])
    medians = [np.median(read[collections == one]) for one in np.unique(collections)]
    return -float(np.mean(medians))


def _within(values: Points, people: NDArray[np.str_]) -> Points:
    """Values less the mean of their person."""
    return np.asarray(
        [
            value - values[people == person].mean()
            for value, person in zip(values, people, strict=True)
        ]
    )
