"""Brightness alone: read it, and change it without touching hues."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.arrays import Image, Map

_WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
# Rises fade out where the brightest channel has less than this left to white.
_HEADROOM = 0.15


def luma_of(pixels: Image) -> Map:
    """Brightness of sRGB in [0, 1], by Rec. 709 on the encoded values, shape (H, W)."""
    return np.asarray(cv2.transform(np.ascontiguousarray(pixels), _WEIGHTS), np.float32)


def add(pixels: Image, change: Map) -> Image:
    """Brighten or darken, keeping hues, and greys grey.

    Rises move all channels by the same step, less and less where one nears white; falls scale all
    channels, so none of them is cut off at black.
    """
    red, green, blue = cv2.split(np.ascontiguousarray(pixels))
    brightest = cv2.max(cv2.max(red, green), blue)
    rise = np.maximum(change, 0)
    rise *= np.clip((1 - brightest) * np.float32(1 / _HEADROOM), 0, 1)
    fall = np.maximum(1 + np.minimum(change, 0) / np.maximum(luma_of(pixels), 1e-3), 0)
    moved = [np.clip(channel * fall + rise, 0, 1) for channel in (red, green, blue)]
    return np.asarray(cv2.merge(moved), np.float32)
