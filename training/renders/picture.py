"""Convert a linear render to a picture: exposure, sRGB, noise; blend in the strip of the eyes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]


def exposure(pixels: Picture, box: tuple[int, int, int, int], albedo: float) -> float:
    """Exposure factor that gives the skin in ``box`` the brightness of a photographed face.

    Very light skin comes out near 0.55 linear, very dark skin is lifted by half a stop at most.

    Args:
        pixels: linear RGB.
        box: left, top, right, bottom of cheeks and nose, px.
        albedo: mean linear reflectance of the skin.
    """
    left, top, right, bottom = box
    # The 75th percentile meters the lit side; with the median, hard light would overexpose it.
    brightness = float(np.percentile(pixels[top:bottom, left:right].mean(-1), 75))
    return 0.88 * float(albedo**0.75) / max(brightness, 1e-6)


def to_srgb(pixels: Picture, factor: float) -> npt.NDArray[np.uint8]:
    """Convert linear RGB times an exposure to 8-bit sRGB, with a soft shoulder above 0.7."""
    x = np.maximum(pixels * factor, 0)
    knee = 0.7
    over = np.maximum(x - knee, 0)
    x = np.where(x > knee, knee + (1 - knee) * (1 - np.exp(-over / (1 - knee))), x)
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(np.round(srgb * 255), 0, 255).astype(np.uint8)


def feather_in(base: Picture, strip: Picture, box: tuple[int, int, int, int], soft: int) -> Picture:
    """Blend ``strip`` over ``base`` inside ``box`` with an edge ``soft`` px wide."""
    height, width = base.shape[:2]
    left, top, right, bottom = box
    x = np.minimum(np.arange(width) - left, right - 1 - np.arange(width))
    y = np.minimum(np.arange(height) - top, bottom - 1 - np.arange(height))
    inside = np.clip(np.minimum(x[None, :], y[:, None]) / soft, 0, 1)
    weight = (inside * inside * (3 - 2 * inside)).astype(np.float32)[..., None]
    mixed: Picture = base + (strip - base) * weight
    return mixed


def add_grain(image: npt.NDArray[np.uint8], seed: int, sigma: float = 1.1) -> npt.NDArray[np.uint8]:
    """Add fine sensor noise to an 8-bit picture, so that it is not cleaner than a photograph."""
    rng = np.random.default_rng(seed)
    luma = rng.normal(0, sigma, image.shape[:2])[..., None]
    chroma = rng.normal(0, sigma * 0.35, image.shape)
    return np.clip(np.round(image + luma + chroma), 0, 255).astype(np.uint8)
