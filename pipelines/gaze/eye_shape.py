"""Find what of an eye does not move with the gaze: its canthi and the centre of its eyeball.

The mesh's own canthi follow the iris and jitter; an eyeball that hangs on them is read wrong by
more than five degrees. Here a cascade of linear regressions on edge directions (supervised descent:
Xiong & De la Torre, CVPR 2013), trained on renders whose eyes are exactly known (`training/gaze`),
places them anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pipelines.face import Face, Side
from pipelines.gaze import eye_features
from pipelines.gaze.eye_features import HEIGHT, IRIS_RADIUS, WIDTH
from pipelines.image import crops
from pipelines.image.arrays import Image, Points, Reals

WEIGHTS = Path(__file__).parent / "data" / "eye_shape.npz"
# Starts from which the cascade is run (turn in degrees, scale, shift in frame pixels); their mean
# jitters less than any one.
STARTS = ((0.0, 1.0, 0.0, 0.0), (3.0, 0.95, 2.0, 1.5), (-3.0, 1.05, -2.0, -1.5))


@dataclass(frozen=True)
class EyeShape:
    """What stands still while an eye turns, in pixels of the picture (x right, y down).

    Attributes:
        outer: Outer end of the lid opening, shape (2,).
        inner: Inner end of the lid opening, before the caruncle, shape (2,).
        upper: Upper lid edge at a quarter, half and three quarters of the width, (3, 2).
        lower: Lower lid edge, likewise.
        center: Where the centre of the eyeball projects, shape (2,).
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
        """From points in the order outer, inner, three of the upper lid, of the lower, centre."""
        return cls(points[0], points[1], points[2:5], points[5:8], points[8])


@dataclass(frozen=True)
class Linear:
    """One regression: features (n,) to offsets of points, shape (n_out,).

    Attributes:
        mean: Of the features, shape (n,).
        weights: Shape (n, n_out).
        bias: Shape (n_out,).
    """

    mean: Reals
    weights: Reals
    bias: Reals

    def __call__(self, features: Reals) -> Points:
        """Predict for features of shape (n,) or (m, n)."""
        return np.asarray((features - self.mean) @ self.weights + self.bias, np.float64)


def find(
    pixels: Image, face: Face, cascade: tuple[Linear, ...] | None = None
) -> tuple[EyeShape, EyeShape]:
    """The shapes of the person's left and right eye, each the mean of three starts.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: Its face with fitted irises.
        cascade: Regressions of one's own; the trained ones if None.
    """
    cascade = stages() if cascade is None else cascade
    return _find_one(pixels, face, "left", cascade), _find_one(pixels, face, "right", cascade)


def descend(pixels: Image, frame: Points, cascade: tuple[Linear, ...]) -> tuple[Points, Points]:
    """Run a cascade on one eye.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        frame: The first similarity from the picture to the frame, (2, 3).
        cascade: Regressions from features to the nine points in the frame.

    Returns:
        The points in pixels of the picture, (9, 2), and the frame aligned to their canthi.
    """
    points = np.zeros((9, 2))
    for stage in cascade:
        patch = eye_features.cut(pixels, frame)
        seen = stage(eye_features.describe(np.clip(patch, 0, 1))).reshape(-1, 2)
        points = crops.through(crops.inverse(frame), seen)
        frame = after(eye_features.onto_canthi(seen[:2]), frame)
    return points, frame


def first_frame(face: Face, side: Side) -> Points:
    """Similarity from the picture to the frame by the landmarks; left eyes are mirrored."""
    eye = face.left if side == "left" else face.right
    radius = (face.left.iris_radius + face.right.iris_radius) / 2
    middle = (eye.outer + eye.inner) / 2
    frame = crops.upright(middle, face.head.roll, IRIS_RADIUS / radius, (WIDTH, HEIGHT))
    if side == "left":
        frame = after(np.array([[-1.0, 0, WIDTH - 1], [0, 1, 0]]), frame)
    return frame


def jittered(frame: Points, turn: float, scale: float, right: float, down: float) -> Points:
    """A frame turned (degrees), scaled and shifted (frame pixels) about its middle."""
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    cosine, sine = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    shift = middle - matrix @ middle + (right, down)
    return after(np.column_stack([matrix, shift]), frame)


def after(second: Points, first: Points) -> Points:
    """The affine map (2, 3) that does `first`, then `second`."""
    linear = second[:, :2] @ first[:, :2]
    return np.column_stack([linear, second[:, :2] @ first[:, 2] + second[:, 2]])


@lru_cache(maxsize=1)
def stages() -> tuple[Linear, ...]:
    """The trained cascade, read once."""
    return load(WEIGHTS)


def _find_one(pixels: Image, face: Face, side: Side, cascade: tuple[Linear, ...]) -> EyeShape:
    frame = first_frame(face, side)
    found = [descend(pixels, jittered(frame, *start), cascade)[0] for start in STARTS]
    return EyeShape.of(np.mean(found, axis=0))


def load(path: Path) -> tuple[Linear, ...]:
    """Regressions of a file that `save` wrote."""
    with np.load(path) as data:
        return tuple(
            Linear(*(data[f"{name}{index}"].astype(np.float32) for name in ("mean", "w", "bias")))
            for index in range(int(data["count"]))
        )


def save(path: Path, stages: tuple[Linear, ...]) -> None:
    """Write regressions as half floats, compressed."""
    arrays: dict[str, Reals] = {"count": np.array(len(stages))}
    for index, stage in enumerate(stages):
        for name, array in (("mean", stage.mean), ("w", stage.weights), ("bias", stage.bias)):
            kind = np.float32 if name == "bias" else np.float16
            arrays[f"{name}{index}"] = np.asarray(array, kind)
    np.savez_compressed(path, **arrays)
