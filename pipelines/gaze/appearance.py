"""A second reading of the gaze, by how the eyes look, for judging the first.

No iris is fitted here and no offset measured: edge directions and colours of each eye, aligned to
its canthi, go through one linear regression to the gaze, which learned it from renders of known
gaze (`training/gaze`). It shares the cascade of `eye_shape` with the first reading, nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from pipelines.face import Face, HeadPose, Side
from pipelines.gaze import eye_features, eye_shape
from pipelines.gaze.angles import Gaze
from pipelines.gaze.eye_shape import Linear
from pipelines.gaze.projection import from_upright, to_upright
from pipelines.image.arrays import Image, Points, Reals

WEIGHTS = Path(__file__).parent / "data" / "gaze_appearance.npz"
# Beside some ten thousand features of about 0.2 the head's sines would drown in the penalty.
_HEAD_WEIGHT = 3.0


def read(pixels: Image, face: Face) -> Gaze:
    """Read the gaze of a picture, on the scale of renders (their zero, not that of photographs).

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: Its face as `face.find` gives it.
    """
    return read_with(pixels, face, eye_shape.stages(), _weights())


def read_with(pixels: Image, face: Face, shape: tuple[Linear, ...], looks: Linear) -> Gaze:
    """Read the gaze with regressions of one's own, e.g. ones that never saw this person."""
    sides: tuple[tuple[Side, float], ...] = (("left", -1.0), ("right", 1.0))
    sines = []
    for side, sign in sides:
        _, frame = eye_shape.descend(pixels, eye_shape.first_frame(face, side), shape)
        features = eye_features.describe(np.clip(eye_features.cut(pixels, frame), 0, 1))
        right, up = looks(np.concatenate([features, head_terms(face.head, side)]))
        sines.append((sign * right, up))
    return from_upright(np.mean(sines, axis=0), face.head.roll)


def head_terms(head: HeadPose, side: Side) -> Reals:
    """What the regression knows of the head, in the frame of a right eye, shape (2,)."""
    yaw = np.sin(np.radians(head.yaw)) * (1 if side == "right" else -1)
    return np.array([yaw, np.sin(np.radians(head.pitch))], np.float32) * _HEAD_WEIGHT


def upright_sines(gaze: Gaze, head: HeadPose, side: Side) -> Points:
    """Sines of a gaze (right, up) upright with the head, in the frame of a right eye, (2,)."""
    right, up = to_upright(gaze, head.roll)
    return np.array([right if side == "right" else -right, up])


@lru_cache(maxsize=1)
def _weights() -> Linear:
    return eye_shape.load(WEIGHTS)[0]
