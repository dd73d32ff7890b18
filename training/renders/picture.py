"""From linear render to a picture: exposure, a gentle film curve, sRGB; strips feathered in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]


def exposure(pixels: Picture, box: tuple[int, int, int, int], albedo: float) -> float:
    """The factor that brings skin in ``box`` to where a photographer would put it.

    A very light skin lands near 0.55 linear, a very dark one is lifted by half a stop at most.

    Args:
        pixels: linear RGB.
        box: left, top, right, bottom of the cheeks and forehead, px.
        albedo: mean linear reflectance of the skin.
    """
    left, top, right, bottom = box
    # The lit side counts: under hard light the median would burn it out.
    seen = float(np.percentile(pixels[top:bottom, left:right].mean(-1), 75))
    return 0.88 * float(albedo**0.75) / max(seen, 1e-6)


def develop(pixels: Picture, factor: float) -> npt.NDArray[np.uint8]:
    """Linear RGB to 8-bit sRGB with a soft shoulder above 0.7."""
    x = np.maximum(pixels * factor, 0)
    knee = 0.7
    over = np.maximum(x - knee, 0)
    x = np.where(x > knee, knee + (1 - knee) * (1 - np.exp(-over / (1 - knee))), x)
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(np.round(srgb * 255), 0, 255).astype(np.uint8)


def feather_in(base: Picture, strip: Picture, box: tuple[int, int, int, int], soft: int) -> Picture:
    """Lay ``strip`` over ``base`` inside ``box`` with an edge ``soft`` px wide."""
    height, width = base.shape[:2]
    left, top, right, bottom = box
    x = np.minimum(np.arange(width) - left, right - 1 - np.arange(width))
    y = np.minimum(np.arange(height) - top, bottom - 1 - np.arange(height))
    inside = np.clip(np.minimum(x[None, :], y[:, None]) / soft, 0, 1)
    weight = (inside * inside * (3 - 2 * inside)).astype(np.float32)[..., None]
    mixed: Picture = base + (strip - base) * weight
    return mixed


def grain(image: npt.NDArray[np.uint8], seed: int, sigma: float = 1.1) -> npt.NDArray[np.uint8]:
    """Fine sensor noise on an 8-bit picture, so that it is not cleaner than any photograph."""
    rng = np.random.default_rng(seed)
    luma = rng.normal(0, sigma, image.shape[:2])[..., None]
    chroma = rng.normal(0, sigma * 0.35, image.shape)
    return np.clip(np.round(image + luma + chroma), 0, 255).astype(np.uint8)
