"""Locate the parts of an eye that do not move with the gaze: canthi and centre of the eyeball.

The canthi of the face mesh follow the iris and jitter, and an eyeball placed relative to them gives
errors of more than five degrees. A cascade of linear regressions on gradient features (supervised
descent: Xiong & De la Torre, CVPR 2013), trained on renders with exactly known eyes
(`training/gaze`), locates them instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pipelines.face import Face, Side
from pipelines.gaze import eye_features
from pipelines.gaze.eye_features import HEIGHT, IRIS_RADIUS, WIDTH
from pipelines.image import crops
from pipelines.image.arrays import Image, Points, Reals

WEIGHTS = Path(__file__).parent / "data" / "eye_shape.npz"
# Variations of the first frame (rotation in degrees, scale, shift right and down in pixels) from
# which the cascade is run; the mean of the results jitters less than a single one.
STARTS = ((0.0, 1.0, 0.0, 0.0), (3.0, 0.95, 2.0, 1.5), (-3.0, 1.05, -2.0, -1.5))


@dataclass(frozen=True)
class EyeShape:
    """Canthi, lid edges and eyeball of one eye, in pixels of the picture (x right, y down).

    Attributes:
        outer: Outer canthus, the outer end of the lid opening, shape (2,).
        inner: Inner canthus, the inner end of the lid opening, before the caruncle, shape (2,).
        upper: Upper lid edge at a quarter, half and three quarters of the width, shape (3, 2).
        lower: Lower lid edge, likewise.
        center: Projection of the centre of the eyeball, shape (2,).
    """

    outer: Points
    inner: Points
    upper: Points
    lower: Points
    center: Points

    @property
    def canthi(self) -> Points:
        """Midpoint of both canthi, shape (2,)."""
        return np.asarray((self.outer + self.inner) / 2)

    @classmethod
    def of(cls, points: Points) -> EyeShape:
        """From points, shape (9, 2): outer, inner, three upper, three lower, centre."""
        return cls(points[0], points[1], points[2:5], points[5:8], points[8])


@dataclass(frozen=True)
class Linear:
    """A linear regression from n features to m values.

    Attributes:
        mean: Mean of the features, shape (n,).
        weights: Shape (n, m).
        bias: Shape (m,).
    """

    mean: Reals
    weights: Reals
    bias: Reals

    def __call__(self, features: Reals) -> Points:
        """Predict from features of shape (n,) or (samples, n)."""
        return np.asarray((features - self.mean) @ self.weights + self.bias, np.float64)


def find(
    pixels: Image, face: Face, cascade: tuple[Linear, ...] | None = None
) -> tuple[EyeShape, EyeShape]:
    """Locate the shapes of the person's left and right eye, each the mean of three starts.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: Its face with fitted irises.
        cascade: Other regressions than the trained ones, see `run_cascade`.
    """
    cascade = trained_cascade() if cascade is None else cascade
    return _find_one(pixels, face, "left", cascade), _find_one(pixels, face, "right", cascade)


def run_cascade(pixels: Image, frame: Points, cascade: tuple[Linear, ...]) -> tuple[Points, Points]:
    """Locate the nine points of an `EyeShape` in steps.

    Each regression predicts the points from the features of the frame; the frame is then aligned
    to the predicted canthi for the next.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        frame: First similarity from the picture to the frame, shape (2, 3).
        cascade: Regressions from features to the points in pixels of the frame.

    Returns:
        The points in pixels of the picture, shape (9, 2), and the last aligned frame.
    """
    points = np.zeros((9, 2))
    for stage in cascade:
        patch = eye_features.cut(pixels, frame)
        predicted = stage(eye_features.describe(np.clip(patch, 0, 1))).reshape(-1, 2)
        points = crops.through(crops.inverse(frame), predicted)
        frame = after(eye_features.onto_canthi(predicted[:2]), frame)
    return points, frame


def first_frame(face: Face, side: Side) -> Points:
    """Similarity from the picture to the frame by the landmarks, shape (2, 3).

    The frame of a left eye is mirrored.
    """
    eye = face.left if side == "left" else face.right
    radius = (face.left.iris_radius + face.right.iris_radius) / 2
    middle = (eye.outer + eye.inner) / 2
    scale = IRIS_RADIUS / radius
    return crops.upright(middle, face.head.roll, scale, (WIDTH, HEIGHT), mirrored=side == "left")


def jittered(frame: Points, turn: float, scale: float, right: float, down: float) -> Points:
    """A frame turned (degrees) and scaled about its centre, and shifted (frame pixels)."""
    center = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    cosine, sine = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    shift = center - matrix @ center + (right, down)
    return after(np.column_stack([matrix, shift]), frame)


def after(second: Points, first: Points) -> Points:
    """Composition of affine maps, shape (2, 3): `first`, then `second`."""
    linear = second[:, :2] @ first[:, :2]
    return np.column_stack([linear, second[:, :2] @ first[:, 2] + second[:, 2]])


@cache
def trained_cascade() -> tuple[Linear, ...]:
    """The regressions of `WEIGHTS`."""
    return load(WEIGHTS)


def load(path: Path) -> tuple[Linear, ...]:
    """Load regressions written by `save`."""
    with np.load(path) as data:
        return tuple(
            Linear(*(data[f"{name}{index}"].astype(np.float32) for name in ("mean", "w", "bias")))
            for index in range(int(data["count"]))
        )


def save(path: Path, cascade: tuple[Linear, ...]) -> None:
    """Write regressions to a compressed NumPy file; means and weights as float16."""
    arrays: dict[str, Reals] = {"count": np.array(len(cascade))}
    for index, stage in enumerate(cascade):
        for name, array in (("mean", stage.mean), ("w", stage.weights), ("bias", stage.bias)):
            kind = np.float32 if name == "bias" else np.float16
            arrays[f"{name}{index}"] = np.asarray(array, kind)
    np.savez_compressed(path, **arrays)


def _find_one(pixels: Image, face: Face, side: Side, cascade: tuple[Linear, ...]) -> EyeShape:
    frame = first_frame(face, side)
    points = [run_cascade(pixels, jittered(frame, *start), cascade)[0] for start in STARTS]
    return EyeShape.of(np.mean(points, axis=0))
