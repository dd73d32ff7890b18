"""A working-size edit brought back to the full-size picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from pipelines.image.arrays import Image, Image8

if TYPE_CHECKING:
    pass


def deliver(full_u8: Image8, before: Image, after: Image) -> Image8:
    """Paste a working-size edit back at full size.

    Only the difference travels, so the photo's own detail and grain stay; where `before` and
    `after` are equal the full-size pixels stay bit-identical.

    Args:
        full_u8: The full-size picture that `before` is the working copy of, uint8 (H, W, 3).
        before: Working copy, float32 (h, w, 3).
        after: The edited working copy, same shape.
    """
    if after is before:
        return full_u8
    height, width = full_u8.shape[:2]
    difference = (after - before) * np.float32(255)
    if not difference.any():
        return full_u8
    result = np.empty_like(full_u8)
    # One channel after the other: at 40 megapixels all differences at once are half a gigabyte.
    for channel in range(full_u8.shape[2]):
        part = np.ascontiguousarray(difference[..., channel])
        if part.shape != (height, width):
            part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR))
        # Rounds and saturates; adding 0 leaves a pixel as it is.
        result[..., channel] = cv2.add(full_u8[..., channel], part, dtype=cv2.CV_8U)
    return result
