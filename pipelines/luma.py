"""Brightness alone: read it, and change it without touching hues."""

from __future__ import annotations

import numpy as np

from pipelines.arrays import Image, Map

_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Rises fade out where the brightest channel has less than this left to white.
_HEADROOM = 0.15


def luma_of(pixels: Image) -> Map:
    """Brightness of sRGB in [0, 1], by Rec. 709 on the encoded values, shape (H, W)."""
    return np.asarray(pixels @ _WEIGHTS, np.float32)


def add(pixels: Image, change: Map) -> Image:
    """Brighten or darken, keeping hues, and greys grey.

    Rises move all channels by the same step, less and less where one nears white; falls scale all
    channels, so none of them is cut off at black.
    """
    brightest = np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    headroom = np.clip((1 - brightest) / _HEADROOM, 0, 1)
    rise = np.maximum(change, 0) * headroom
    fall = 1 + np.minimum(change, 0) / np.maximum(luma_of(pixels), 1e-3)
    return np.clip(
        pixels * np.maximum(fall, 0)[..., None] + rise[..., None], 0, 1, dtype=np.float32
    )
