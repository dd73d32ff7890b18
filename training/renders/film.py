"""From linear render to something a camera might have given: tone curve, glow, corners, grain."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]


def develop(pixels: Picture, factor: float, seed: int) -> npt.NDArray[np.uint8]:
    """Linear RGB (H, W, 3) to 8-bit sRGB.

    Args:
        pixels: linear RGB of the render.
        factor: exposure.
        seed: of the grain.
    """
    x = np.maximum(pixels * factor, 0).astype(np.float32)
    size = x.shape[1]
    x = _glow(x, size) * _corners(x.shape[0], size)
    x = _lens(_curve(x), size)
    return _grain(x, seed)


def lift(albedo: float) -> float:
    """How much more light than in the measured sets skin of this reflectance is given.

    Faces are exposed closer to one another than their reflectances are.
    """
    return 0.62 * albedo**0.5 / (0.88 * albedo**0.75)


def _glow(x: Picture, size: int) -> Picture:
    """What a lens scatters from the brightest parts."""
    bright = np.minimum(np.maximum(x - 0.8, 0), 4)
    wide = cv2.GaussianBlur(bright, (0, 0), size * 0.012)
    mixed: Picture = x + 0.06 * wide
    return mixed


def _corners(height: int, width: int) -> Picture:
    v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    fall: Picture = (1 - 0.16 * np.clip((u**2 + v**2) / 2, 0, 1))[..., None].astype(np.float32)
    return fall


def _curve(x: Picture) -> Picture:
    """A film's S in each channel: soft toe, long shoulder that reaches white at 6 times grey."""
    grey, white = 0.18, 4.0
    shoulder = x * (1 + x / white**2) / (1 + x)
    anchor = grey * (1 + grey / white**2) / (1 + grey)
    y = shoulder * (0.195 / anchor)
    srgb = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    toe = np.clip(srgb, 0, 1)
    # A little contrast about the middle.
    bent: Picture = (toe + 0.16 * (toe - 0.5) * toe * (1 - toe) * 4).astype(np.float32)
    luma = bent @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(luma[..., None] + 1.06 * (bent - luma[..., None]), 0, 1).astype(np.float32)


def _lens(x: Picture, size: int) -> Picture:
    """No lens draws a pixel-sharp edge."""
    return cv2.GaussianBlur(x, (0, 0), max(size / 1024 * 0.55, 0.3)).astype(np.float32)


def _grain(x: Picture, seed: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    height, width = x.shape[:2]
    luma = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 0.6)
    chroma = cv2.GaussianBlur(rng.normal(0, 1, x.shape).astype(np.float32), (0, 0), 0.9)
    mid = 0.35 + 0.65 * 4 * x * (1 - x)
    noisy = x + mid * (0.017 * luma[..., None] + 0.009 * chroma)
    return np.clip(np.round(noisy * 255), 0, 255).astype(np.uint8)
