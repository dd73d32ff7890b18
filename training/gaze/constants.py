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
from training.gaze.eyes import LabelledPicture

# Total weight of the photographs relative to the renders: enough to keep the gains from amplifying
# the scatter of photographs, too little to change the slope.
PHOTO_WEIGHT = 0.1
# Sine of the angle beyond which a photograph presumably does not look into the lens; it is then
# weighed down (Huber's weights).
LENS_SINE = 0.05
# Regressors of each axis (side, up), of canthi (0), eyeball centre (1) and head (2). Sideways the
# centre adds nothing.
_USED = ((0, 2), (0, 1, 2))


@dataclass(frozen=True)
class Constants:
    """The constants of `pipelines/gaze/estimation.py`.

    Attributes:
        side: Gains of canthi, eyeball centre and head for the sine of the gaze to the side.
        up: The same gains for the sine upwards.
        rendered: Zeros (side, up) of rendered heads.
        people: Zeros (side, up) of photographed people.
        outward: Sine by which each eye alone reads further outward than both together.
    """

    side: tuple[float, float, float]
    up: tuple[float, float, float]
    rendered: tuple[float, float]
    people: tuple[float, float]
    outward: float


@dataclass(frozen=True)
class MeasuredEyes:
    """A picture and the offsets that the estimator measures in it.

    Attributes:
        picture: The picture.
        eyes: `estimation.offsets` of the left and the right eye, (2, 4).
    """

    picture: LabelledPicture
    eyes: Points

    @property
    def both(self) -> Points:
        """Mean offsets of both eyes, weighted by the confidence of their iris fits, (4,)."""
        return estimation.eye_weights(self.picture.fit.confidence) @ self.eyes

    def row(self, axis: int) -> Points:
        """Regressors of one axis (0 side, 1 up): canthi, eyeball centre, head, (3,)."""
        head = self.picture.face.head
        people = gaze.PEOPLE if self.picture.gaze is None else gaze.RENDERED
        turn = np.radians(head.yaw) if axis == 0 else estimation.nod(head, people)
        return np.array([*self.both[2 * axis : 2 * axis + 2], np.sin(turn)])


def measure(picture: LabelledPicture, stages: tuple[Linear, ...]) -> MeasuredEyes:
    """Find the shapes of both eyes with a cascade and measure the offsets of their irises."""
    pixels = picture.pixels_u8.astype(np.float32) / 255
    shapes = eye_shape.find(pixels, picture.face, stages)
    return MeasuredEyes(picture, estimation.offsets(picture.face, shapes))


def fit(rendered: Sequence[MeasuredEyes], photos: Sequence[MeasuredEyes]) -> Constants:
    """Fit gains and zeros together; renders and photographs have their own zeros."""
    side, side_zeros = _fit_axis(rendered, photos, 0)
    up, up_zeros = _fit_axis(rendered, photos, 1)
    outward = float(np.mean([(m.eyes[0, :2] - m.eyes[1, :2]) @ side[:2] / 2 for m in rendered]))
    return Constants(
        side=side,
        up=up,
        rendered=(side_zeros[0], up_zeros[0]),
        people=(side_zeros[1], up_zeros[1]),
        outward=outward,
    )


def true_sine(picture: LabelledPicture, axis: int) -> float:
    """Sine of the true gaze, upright with the head: to the side (axis 0) or up (1).

    Raises:
        ValueError: The picture is a photograph.
    """
    if picture.gaze is None:
        raise ValueError("This picture's gaze is not known.")
    return float(projection.to_upright(picture.gaze, picture.face.head.roll)[axis])


def _fit_axis(
    rendered: Sequence[MeasuredEyes], photos: Sequence[MeasuredEyes], axis: int
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Fit the gains of one axis and its zeros of renders and photographs.

    Reweighted least squares, with zero as the wanted sine of every photograph.
    """
    used = list(_USED[axis])
    rows = np.array([m.row(axis) for m in (*rendered, *photos)])
    is_photo = np.arange(len(rows)) >= len(rendered)
    true = np.array([true_sine(m.picture, axis) for m in rendered])
    wanted = np.concatenate([true, np.zeros(len(photos))])
    system = np.column_stack([rows[:, used], ~is_photo, is_photo])
    base_weight = np.where(is_photo, PHOTO_WEIGHT * len(rendered) / max(len(photos), 1), 1.0)
    weight = base_weight
    solution = np.zeros(len(used) + 2)
    for _ in range(20):
        root = np.sqrt(weight)
        solution = np.linalg.lstsq(system * root[:, None], wanted * root, rcond=None)[0]
        error = np.abs(system @ solution - wanted)
        huber = np.minimum(1, LENS_SINE / np.maximum(error, 1e-9))
        weight = base_weight * np.where(is_photo, huber, 1.0)
    gains = np.zeros(3)
    gains[used] = solution[: len(used)]
    read = rows[~is_photo] @ gains
    # Noise in the offsets makes the fitted slope too small. Scale the gains so that the slope
    # within a person is one.
    people = np.array([m.picture.identity for m in rendered])
    read_within, true_within = _minus_mean(read, people), _minus_mean(true, people)
    stretch = float(true_within @ true_within / (read_within @ true_within))
    gains *= stretch
    zero = float(np.mean(true) - stretch * np.mean(read))
    lens = _lens_zero(rows[is_photo] @ gains, photos) if photos else zero
    return (float(gains[0]), float(gains[1]), float(gains[2])), (zero, lens)


def _lens_zero(read: Points, photos: Sequence[MeasuredEyes]) -> float:
    """The zero with which photographs read as looking into the lens.

    The median of each collection, so that a few averted gazes do not shift it; then the mean over
    collections, whatever their size.
    """
    collections = np.array([photo.picture.identity for photo in photos])
    medians = [np.median(read[collections == name]) for name in np.unique(collections)]
    return -float(np.mean(medians))


def _minus_mean(values: Points, people: NDArray[np.str_]) -> Points:
    """Each value minus the mean of its person."""
    return np.asarray(
        [
            value - values[people == person].mean()
            for value, person in zip(values, people, strict=True)
        ]
    )
