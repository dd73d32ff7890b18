"""Bands of scale on a face: Gaussian low-passes measured in interoculars, not in pixels."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map

# Standard deviations in interoculars. Pupils are about 63 mm apart in adults (Dodgson 2004,
# Proc. SPIE 5291: mean 63.36 mm), so these are 0.9 mm and 13 mm: pores, fine lines and hair lie
# below the first, blotches between the two, the light on the face above the second.
FINE = 0.015
LARGE = 0.20

_SMALLEST_SIGMA = 0.8
_DIRECT_SIGMA = 4.0
_EMPTY = 1e-4


def lowpass(image: Image, sigma: float, weight: Map | None = None) -> Image:
    """Gaussian low-pass, optionally one that looks only at weighted pixels.

    With a weight this is normalised convolution (Knutsson & Westin 1993, CVPR): pixels of weight
    0 neither give nor hide anything, so that lips or hair do not bleed into the skin beside them.
    Where nothing at all is weighted nearby, the plain low-pass is returned.

    Args:
        image: float32, shape (H, W) or (H, W, C).
        sigma: Standard deviation in pixels; large ones are computed on a smaller picture.
        weight: float32 in [0, 1], shape (H, W).
    """
    height, width = image.shape[:2]
    factor = max(1, int(sigma / _DIRECT_SIGMA))
    small = (max(1, -(-width // factor)), max(1, -(-height // factor)))
    if weight is None:
        return _resize(_blur(_resize(image, small), sigma / factor), (width, height))
    floored = weight + np.float32(_EMPTY)
    spread = floored if image.ndim == 2 else floored[..., None]
    mass = _blur(_resize(floored, small), sigma / factor)
    total = _blur(_resize(image * spread, small), sigma / factor)
    mean = total / (mass if image.ndim == 2 else mass[..., None])
    return _resize(mean, (width, height))


def fine(image: Image, interocular: float) -> Image:
    """The fine band: what lies below 0.9 mm on the face. Same shape as `image`."""
    return image - lowpass(image, fine_sigma(interocular))


def fine_sigma(interocular: float) -> float:
    """Border of the fine band in pixels, never finer than the pixel grid can carry."""
    return max(_SMALLEST_SIGMA, FINE * interocular)


def noise(luma: Map) -> float:
    """Standard deviation of the grain of a picture with values in [0, 1].

    Source: Immerkær 1996, CVIU 64(2), with a median instead of the mean, so that detail in a
    minority of the pixels is not taken for grain.

    Args:
        luma: float32, shape (H, W).
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = cv2.filter2D(luma, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
    return float(np.median(np.abs(response)) / 0.6745 / 6)


def _blur(image: Image, sigma: float) -> Image:
    if sigma <= 0:
        return image
    blurred = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _resize(image: Image, size: tuple[int, int]) -> Image:
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    grows = size[0] > width
    resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if grows else cv2.INTER_AREA)
    return np.asarray(resized, np.float32)
