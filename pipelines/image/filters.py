"""Gaussian low-passes, frequency bands with sizes in interocular distances, and soft steps."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map, Reals

# Standard deviation in interocular distances. Pupils are about 63 mm apart in adults (Dodgson 2004,
# Proc. SPIE 5291: mean 63.36 mm), so this is 0.9 mm: pores, fine lines and hair are finer, blotches
# are coarser.
FINE = 0.015

# In pixels: a narrower Gaussian cannot be sampled.
_SMALLEST_SIGMA = 0.8
# In pixels: a wider Gaussian is computed on a reduced picture.
_DIRECT_SIGMA = 4.0
# Added to weights, so that an area without weight gets its plain low-pass.
_EMPTY = 1e-4
# Weight of what is far around in a local mean, and how much further it reaches.
_FAINT, _FAR = 1e-4, 6.0


def lowpass(image: Image, sigma: float, weight: Map | None = None) -> Image:
    """Gaussian low-pass, optionally weighted per pixel.

    With a weight this is normalised convolution (Knutsson & Westin 1993, CVPR): pixels of weight 0
    do not count, so that lips or hair do not bleed into the skin next to them. Where no pixel
    nearby has weight, the result is the plain low-pass.

    Args:
        image: float32, shape (H, W) or (H, W, C).
        sigma: Standard deviation in pixels; a large one is computed on a reduced picture.
        weight: float32 in [0, 1], shape (H, W).
    """
    height, width = image.shape[:2]
    factor = max(1, int(sigma / _DIRECT_SIGMA))
    small = (max(1, -(-width // factor)), max(1, -(-height // factor)))
    if weight is None:
        return _resize(_blur(_resize(image, small), sigma / factor), (width, height))
    weight = weight + np.float32(_EMPTY)
    weighted = image * (weight if image.ndim == 2 else weight[..., None])
    mass = _blur(_resize(weight, small), sigma / factor)
    total = _blur(_resize(weighted, small), sigma / factor)
    mean = total / (mass if image.ndim == 2 else mass[..., None])
    return _resize(mean, (width, height))


def local_mean(image: Image, weight: Map, sigma: float) -> Image:
    """Mean around each pixel of those with weight; what has none nearby is filled from far around.

    Args:
        image: float32, shape (H, W, C).
        weight: float32 in [0, 1], shape (H, W).
        sigma: Standard deviation of what is near, in pixels.
    """
    weighted, far = image * weight[..., None], _FAR * sigma
    total = lowpass(weighted, sigma) + _FAINT * lowpass(weighted, far)
    mass = lowpass(weight, sigma) + _FAINT * lowpass(weight, far)
    return np.asarray(total / np.maximum(mass, 1e-7)[..., None], np.float32)


def fine(image: Image, interocular: float) -> Image:
    """The fine band of a face, detail below 0.9 mm; same shape as `image`.

    Args:
        image: float32, shape (H, W) or (H, W, C).
        interocular: Distance between the eyes in pixels.
    """
    return image - lowpass(image, fine_sigma(interocular))


def fine_sigma(interocular: float) -> float:
    """Standard deviation that bounds the fine band, in pixels, at least 0.8."""
    return max(_SMALLEST_SIGMA, FINE * interocular)


def noise(luma: Map) -> float:
    """Standard deviation of a picture's grain.

    Source: Immerkær 1996, CVIU 64(2), with a median instead of the mean, so that detail in a
    minority of the pixels does not count as grain.

    Args:
        luma: float32 in [0, 1], shape (H, W).
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = cv2.filter2D(luma, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
    return float(np.median(np.abs(response)) / 0.6745 / 6)


def smoothstep(x: Reals | float, low: float, high: float) -> Map:
    """0 below `low`, 1 above `high`, smooth between (Hermite)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


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
