"""Cut upright, resized crops out of a picture, e.g. around an eye, and map points to and from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image import polygons
from pipelines.image.arrays import Image, Map, Points, Reals

# Radius that the iris is expected to have in an `EyeCrop`, in pixels.
FIT_RADIUS = 24.0
# (width, height) of an `EyeCrop`.
_EYE_SIZE = (168, 120)


@dataclass(frozen=True)
class EyeCrop:
    """An upright crop around one eye in which the expected iris radius is 24 px.

    Attributes:
        pixels: float32 sRGB, shape (120, 168, 3).
        to_crop: Affine map from picture to crop coordinates, shape (2, 3).
        depth: Distance inside the lid edges in crop pixels, negative outside them, (120, 168).
    """

    pixels: Image
    to_crop: Points
    depth: Map


def around_eye(pixels: Image, contour: Points, radius: float, roll: float) -> EyeCrop:
    """Crop an eye so that an iris radius of `radius` picture pixels becomes `FIT_RADIUS`.

    Args:
        pixels: float32 sRGB, shape (H, W, 3).
        contour: Lid edges as a polygon in picture pixels, shape (n, 2).
        radius: Expected radius of the iris in picture pixels.
        roll: Roll of the head in degrees; the crop is upright with the head.
    """
    to_crop = upright(contour.mean(axis=0), roll, FIT_RADIUS / max(radius, 1e-3), _EYE_SIZE)
    crop = np.asarray(cut(pixels, to_crop, _EYE_SIZE), np.float32)
    opening = polygons.filled(_EYE_SIZE[::-1], through(to_crop, contour))
    return EyeCrop(crop, to_crop, polygons.depth(opening))


def upright(
    center: Points,
    roll: float,
    scale: float,
    size: tuple[int, int],
    mirrored: bool = False,
) -> Points:
    """Affine map that undoes a roll, scales, and moves `center` to the middle of a crop.

    Args:
        center: In picture pixels, shape (2,).
        roll: Clockwise roll to undo, in degrees.
        scale: Crop pixels per picture pixel.
        size: (width, height) of the crop.
        mirrored: Whether the crop is mirrored left to right.

    Returns:
        Map from picture to crop coordinates, shape (2, 3).
    """
    matrix = np.asarray(
        cv2.getRotationMatrix2D((float(center[0]), float(center[1])), roll, scale), np.float64
    )
    matrix[:, 2] += (np.array(size, np.float64) - 1) / 2 - center
    if mirrored:
        matrix[0] *= -1
        matrix[0, 2] += size[0] - 1
    return matrix


def cut(image: NDArray[Any], to_crop: Points, size: tuple[int, int]) -> NDArray[Any]:
    """Resample part of a picture without aliasing.

    Args:
        image: uint8 or float32, shape (H, W, C).
        to_crop: Map from picture to crop coordinates, shape (2, 3).
        size: (width, height) of the crop.
    """
    scale = scale_of(to_crop)
    window, offset = _window(image, to_crop, size)
    local = to_crop.copy()
    local[:, 2] += to_crop[:, :2] @ offset
    if scale < 0.9:
        # warpAffine does not average, so lashes and pores would alias into edges.
        window = cv2.GaussianBlur(window, (0, 0), 0.4 / scale)
    return cv2.warpAffine(
        window, local, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def through(affine: Reals, points: Points) -> Points:
    """Apply an affine map, shape (2, 3), to points, shape (..., 2)."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float64)


def scale_of(affine: Reals) -> float:
    """Factor of lengths of a similarity, shape (2, 3), mirrored or not."""
    return float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))


def inverse(affine: Points) -> Points:
    """Inverse of an affine map, shape (2, 3)."""
    return np.asarray(cv2.invertAffineTransform(affine), np.float64)


def _window(
    image: NDArray[Any], to_crop: Points, size: tuple[int, int]
) -> tuple[NDArray[Any], Points]:
    """The part of a picture that a crop needs, and the (x, y) of its first pixel."""
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], [size[0], size[1]]], np.float64)
    corners = through(inverse(to_crop), corners)
    height, width = image.shape[:2]
    low = np.clip(np.floor(corners.min(axis=0)) - 3, 0, [width - 2, height - 2]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 4, low + 2, [width, height]).astype(int)
    return image[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)
