"""Masks of polygons, and distances to their edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Map, Points

# Binary digits after the point of OpenCV's fixed-point coordinates.
_FRACTION_BITS = 4

Mask8 = NDArray[np.uint8]


def filled(size: tuple[int, ...], *polygons: Points) -> Mask8:
    """1 inside any of some polygons, 0 outside, with edges at parts of a pixel.

    Args:
        size: (height, width) of the mask.
        polygons: In its pixels, each of shape (n, 2).
    """
    mask = np.zeros(size[:2], np.uint8)
    for polygon in polygons:
        fixed = np.rint(polygon * (1 << _FRACTION_BITS)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], (1,), shift=_FRACTION_BITS)
    return mask


def depth(mask: Mask8) -> Map:
    """Distance to the edge of a mask of 0 and 1 in pixels, positive inside, shape (H, W)."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    return np.asarray(inside - outside, np.float32)
