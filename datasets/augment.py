"""Change how an eye patch looks without moving anything in it: light, colour, lens and file."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image


def changed(patch: Image, random: np.random.Generator) -> Image:
    """A patch under another light and camera, float32 sRGB in [0, 1], the same shape."""
    patch = _lit(np.clip(patch, 1e-3, 1), random)
    patch = _focused(patch, random)
    patch = np.clip(patch + random.normal(0, random.uniform(0, 0.04), patch.shape), 0, 1)
    if random.random() < 0.4:
        patch = _compressed(patch, int(random.uniform(25, 90)))
    if random.random() < 0.15:
        patch = _reflecting(patch, random)
    return np.clip(patch, 0, 1).astype(np.float32)


def _lit(patch: Image, random: np.random.Generator) -> Image:
    patch = patch ** np.exp(random.normal(0, 0.35))
    patch = patch * np.exp(random.normal(0, 0.12, 3)) * np.exp(random.normal(0, 0.2))
    if random.random() < 0.5:
        coarse = random.normal(0, 0.25, (3, 4)).astype(np.float32)
        size = (patch.shape[1], patch.shape[0])
        patch = patch * np.exp(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))[..., None]
    if random.random() < 0.3:
        patch = 0.7 * patch.mean(axis=2, keepdims=True) + 0.3 * patch
    return np.asarray(patch, np.float32)


def _focused(patch: Image, random: np.random.Generator) -> Image:
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


def _compressed(patch: Image, quality: int) -> Image:
    as_u8 = np.rint(patch * 255).astype(np.uint8)
    _, written = cv2.imencode(".jpg", as_u8, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.float32) / 255


def _reflecting(patch: Image, random: np.random.Generator) -> Image:
    """With a soft bright patch, as glasses show."""
    height, width = patch.shape[:2]
    spot = np.zeros((height, width), np.float32)
    place = (int(random.uniform(0, width)), int(random.uniform(0, height)))
    axes = (int(random.uniform(4, 30)), int(random.uniform(2, 10)))
    cv2.ellipse(spot, place, axes, random.uniform(0, 180), 0, 360, (1.0,), -1)
    spot = cv2.GaussianBlur(spot, (0, 0), random.uniform(0.7, 3)) * random.uniform(0.2, 0.7)
    return np.asarray(patch * (1 - spot[..., None]) + spot[..., None], np.float32)
