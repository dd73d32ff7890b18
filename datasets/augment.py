"""Random photometric changes to an eye patch: light, colour, focus and JPEG, but no geometry."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image


def augment_patch(patch: Image, random: np.random.Generator) -> Image:
    """Change light, focus, noise and compression of a patch at random.

    Args:
        patch: float32 sRGB in [0, 1], (H, W, 3).
        random: Source of every choice.

    Returns:
        A patch of the same shape and range; nothing in it has moved.
    """
    patch = _relight(np.clip(patch, 1e-3, 1), random)
    patch = _refocus(patch, random)
    patch = np.clip(patch + random.normal(0, random.uniform(0, 0.04), patch.shape), 0, 1)
    if random.random() < 0.4:
        patch = _compress(patch, int(random.uniform(25, 90)))
    if random.random() < 0.15:
        patch = _add_reflection(patch, random)
    return np.clip(patch, 0, 1).astype(np.float32)


def _relight(patch: Image, random: np.random.Generator) -> Image:
    """Change gamma, white balance and exposure; sometimes add uneven light or desaturate."""
    patch = patch ** np.exp(random.normal(0, 0.35))
    patch = patch * np.exp(random.normal(0, 0.12, 3)) * np.exp(random.normal(0, 0.2))
    if random.random() < 0.5:
        coarse = random.normal(0, 0.25, (3, 4)).astype(np.float32)
        size = (patch.shape[1], patch.shape[0])
        patch = patch * np.exp(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))[..., None]
    if random.random() < 0.3:
        patch = 0.7 * patch.mean(axis=2, keepdims=True) + 0.3 * patch
    return np.asarray(patch, np.float32)


def _refocus(patch: Image, random: np.random.Generator) -> Image:
    """Sometimes lower the resolution, blur or sharpen."""
    size = (patch.shape[1], patch.shape[0])
    if random.random() < 0.5:
        share = random.uniform(0.3, 1)
        small = cv2.resize(patch, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        patch = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.float32)
    if random.random() < 0.3:
        blurred = cv2.GaussianBlur(patch, (0, 0), random.uniform(0.3, 1.5))
        patch = np.asarray(blurred, np.float32)
    if random.random() < 0.2:
        patch = patch + 0.8 * (patch - cv2.GaussianBlur(patch, (0, 0), 1.2))
    return np.asarray(patch, np.float32)


def _compress(patch: Image, quality: int) -> Image:
    as_u8 = np.rint(patch * 255).astype(np.uint8)
    _, encoded = cv2.imencode(".jpg", as_u8, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.float32) / 255


def _add_reflection(patch: Image, random: np.random.Generator) -> Image:
    """Add a soft white ellipse, like a reflection on glasses."""
    height, width = patch.shape[:2]
    spot = np.zeros((height, width), np.float32)
    center = (int(random.uniform(0, width)), int(random.uniform(0, height)))
    axes = (int(random.uniform(4, 30)), int(random.uniform(2, 10)))
    cv2.ellipse(spot, center, axes, random.uniform(0, 180), 0, 360, (1.0,), -1)
    spot = cv2.GaussianBlur(spot, (0, 0), random.uniform(0.7, 3)) * random.uniform(0.2, 0.7)
    return np.asarray(patch * (1 - spot[..., None]) + spot[..., None], np.float32)
