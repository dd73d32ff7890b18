"""Convert a linear render to a sample portrait that resembles a photograph."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]


def to_photo(pixels: Picture, factor: float, seed: int) -> npt.NDArray[np.uint8]:
    """Convert a render to 8-bit sRGB with glow, vignetting, a tone curve, lens blur and grain.

    Args:
        pixels: linear RGB, (H, W, 3).
        factor: exposure.
        seed: of the grain.
    """
    x = np.maximum(pixels * factor, 0).astype(np.float32)
    size = x.shape[1]
    x = _add_glow(x, size) * _vignette(x.shape[0], size)
    x = _blur(_tone_curve(x), size)
    return _add_grain(x, seed)


def exposure_gain(albedo: float) -> float:
    """Exposure of a sample portrait relative to `picture.exposure`.

    It rises for darker skin, because photographers expose faces to more similar brightness than
    their reflectances have.

    Args:
        albedo: mean linear reflectance of the skin.
    """
    return 0.62 * albedo**0.5 / (0.88 * albedo**0.75)


def _add_glow(x: Picture, size: int) -> Picture:
    """Add the light that a lens scatters from the brightest parts."""
    bright = np.minimum(np.maximum(x - 0.8, 0), 4)
    wide = cv2.GaussianBlur(bright, (0, 0), size * 0.012)
    mixed: Picture = x + 0.06 * wide
    return mixed


def _vignette(height: int, width: int) -> Picture:
    """Factors that darken the corners, (H, W, 1)."""
    v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    fall: Picture = (1 - 0.16 * np.clip((u**2 + v**2) / 2, 0, 1))[..., None].astype(np.float32)
    return fall


def _tone_curve(x: Picture) -> Picture:
    """Convert to sRGB with an S curve in each channel; white is 12.6 times middle grey."""
    grey, white = 0.18, 4.0
    shoulder = x * (1 + x / white**2) / (1 + x)
    anchor = grey * (1 + grey / white**2) / (1 + grey)
    y = shoulder * (0.195 / anchor)
    srgb = np.where(y <= 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    toe = np.clip(srgb, 0, 1)
    # Slightly more contrast around the middle.
    bent: Picture = (toe + 0.16 * (toe - 0.5) * toe * (1 - toe) * 4).astype(np.float32)
    luma = bent @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return np.clip(luma[..., None] + 1.06 * (bent - luma[..., None]), 0, 1).astype(np.float32)


def _blur(x: Picture, size: int) -> Picture:
    """Blur as a lens does; a render is sharper than any photograph."""
    return cv2.GaussianBlur(x, (0, 0), max(size / 1024 * 0.55, 0.3)).astype(np.float32)


def _add_grain(x: Picture, seed: int) -> npt.NDArray[np.uint8]:
    """Add luma and chroma noise, strongest in the middle tones, and convert to 8 bits."""
    rng = np.random.default_rng(seed)
    height, width = x.shape[:2]
    luma = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 0.6)
    chroma = cv2.GaussianBlur(rng.normal(0, 1, x.shape).astype(np.float32), (0, 0), 0.9)
    mid = 0.35 + 0.65 * 4 * x * (1 - x)
    noisy = x + mid * (0.017 * luma[..., None] + 0.009 * chroma)
    return np.clip(np.round(noisy * 255), 0, 255).astype(np.uint8)
