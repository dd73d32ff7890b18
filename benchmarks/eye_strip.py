"""Both eyes of a picture side by side, without the nose between them."""

from __future__ import annotations

import numpy as np

from pipelines.face import Eye
from pipelines.image.arrays import Image8

_AROUND = np.array([0.7, 1.5])


def strip(picture_u8: Image8, eyes: tuple[Eye, Eye]) -> Image8:
    """Cut both eyes out, the right one first, as they stand in the picture.

    Args:
        picture_u8: uint8 RGB, (H, W, 3).
        eyes: Left and right eye in pixels of the picture; they may lie in part outside of it.

    Returns:
        uint8 RGB; its size depends on the eyes alone.
    """
    halves = np.array([np.ptp(eye.contour, axis=0) / 2 for eye in eyes]).max(axis=0)
    reach = np.ceil(halves + _AROUND * eyes[0].iris_radius).astype(int)
    padded = np.pad(picture_u8, [(reach[1],) * 2, (reach[0],) * 2, (0, 0)], mode="edge")
    windows = []
    for eye in (eyes[1], eyes[0]):
        middle = (eye.contour.max(axis=0) + eye.contour.min(axis=0)) / 2
        left, top = np.clip(np.rint(middle), 0, np.array(picture_u8.shape[1::-1]) - 1).astype(int)
        windows.append(padded[top : top + 2 * reach[1], left : left + 2 * reach[0]])
    return np.hstack(windows)
