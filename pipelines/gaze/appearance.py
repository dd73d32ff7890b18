"""A second, independent gaze estimator, by regression from the appearance of the eyes.

It checks `estimation` and shares only the cascade of `eye_shape` with it: no iris is fitted. A
linear regression, trained on renders of known gaze (`training/gaze`), maps gradient and colour
features of each eye, aligned to its canthi, to the gaze.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from pipelines.face import Face, HeadPose, Side
from pipelines.gaze import eye_features, eye_shape
from pipelines.gaze.angles import Gaze
from pipelines.gaze.eye_shape import Linear
from pipelines.gaze.projection import from_upright, to_upright
from pipelines.image.arrays import Image, Points, Reals

WEIGHTS = Path(__file__).parent / "data" / "gaze_appearance.npz"
# Scale of the head's sines: without it the ridge penalty would suppress them among some ten
# thousand features of about 0.2.
_HEAD_WEIGHT = 3.0


def read(pixels: Image, face: Face) -> Gaze:
    """Estimate the gaze of a picture; not calibrated for photographs, only for renders.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: Its face from `face.find`.
    """
    return read_with(pixels, face, eye_shape.trained_cascade(), _trained_regression())


def read_with(pixels: Image, face: Face, cascade: tuple[Linear, ...], regression: Linear) -> Gaze:
    """`read` with other regressions, e.g. ones that were not trained on this person.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: Its face from `face.find`.
        cascade: See `eye_shape.find`.
        regression: From features and head pose of a right eye to the sines of its gaze (right, up).
    """
    sides: tuple[tuple[Side, float], ...] = (("left", -1.0), ("right", 1.0))
    sines = []
    for side, sign in sides:
        _, frame = eye_shape.run_cascade(pixels, eye_shape.first_frame(face, side), cascade)
        features = eye_features.describe(np.clip(eye_features.cut(pixels, frame), 0, 1))
        right, up = regression(np.concatenate([features, head_terms(face.head, side)]))
        sines.append((sign * right, up))
    return from_upright(np.mean(sines, axis=0), face.head.roll)


def head_terms(head: HeadPose, side: Side) -> Reals:
    """Features of the head's pose, in the frame of a right eye, shape (2,)."""
    yaw = np.sin(np.radians(head.yaw)) * (1 if side == "right" else -1)
    return np.array([yaw, np.sin(np.radians(head.pitch))], np.float32) * _HEAD_WEIGHT


def upright_sines(gaze: Gaze, head: HeadPose, side: Side) -> Points:
    """Sines of a gaze (right, up), upright with the head, in the frame of a right eye, (2,)."""
    right, up = to_upright(gaze, head.roll)
    return np.array([right if side == "right" else -right, up])


@cache
def _trained_regression() -> Linear:
    return eye_shape.load(WEIGHTS)[0]
