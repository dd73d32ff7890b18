"""Apply an edit made at working size to the full-size picture."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Image8


def deliver(full_u8: Image8, before: Image, after: Image) -> Image8:
    """Add the difference between two working copies to the full-size picture.

    Only the difference is enlarged, so the photo keeps its own detail and grain. Where `before`
    and `after` are equal, the full-size pixels stay bit-identical.

    Args:
        full_u8: The full-size picture, uint8 (H, W, 3).
        before: Its working copy, float32 (h, w, 3).
        after: The edited working copy, same shape.
    """
    if after is before:
        return full_u8
    height, width = full_u8.shape[:2]
    difference = (after - before) * np.float32(255)
    if not difference.any():
        return full_u8
    result = np.empty_like(full_u8)
    # One channel at a time: at 40 megapixels the differences of all three are half a gigabyte.
    for channel in range(full_u8.shape[2]):
        change = np.ascontiguousarray(difference[..., channel])
        if change.shape != (height, width):
            change = np.asarray(cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR))
        # cv2.add rounds and saturates; adding 0 keeps a pixel.
        result[..., channel] = cv2.add(full_u8[..., channel], change, dtype=cv2.CV_8U)
    return result
