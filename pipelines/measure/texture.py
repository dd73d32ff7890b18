"""How much of the skin's own fine texture a picture keeps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.image import filters
from pipelines.image.arrays import Map

# Skin is judged in squares this many interoculars wide (about 8 mm), so that a patch rubbed smooth
# cannot hide behind wrinkles or grain elsewhere.
_SQUARE = 0.12
_SMALLEST_SQUARE = 6
# Beyond so many robust deviations a value is an edge of something, not texture.
_CLIP = 3.0
# Squares with less texture than 8-bit rounding (variance 1/12 of a step squared) have none to lose.
_LEAST_ENERGY = (100 / 255) ** 2 / 12


@dataclass(frozen=True)
class Texture:
    """The fine band of lightness on the skin of one picture.

    Attributes:
        band: L* below 0.9 mm on the face, trimmed of edges, shape (h, w).
        skin: 1 where it is skin, shape (h, w).
        square: Side of the squares that are judged, in pixels.
        limit: Largest value of the band.
        interocular: Distance between the eyes, in pixels.
    """

    band: Map
    skin: Map
    square: int
    limit: float
    interocular: float


def of(lightness: Map, mask: Map, interocular: float) -> Texture:
    """Texture of a picture.

    Args:
        lightness: CIELAB L*, 0..100, shape (h, w).
        mask: Skin mask in [0, 1], same shape.
        interocular: Distance between the eyes, in pixels.
    """
    skin = (mask > 0.5).astype(np.float32)
    band = filters.fine(lightness, interocular)
    on_skin = band[skin > 0]
    limit = _CLIP * 1.48 * float(np.median(np.abs(on_skin))) if on_skin.size else 0.0
    limit = max(limit, 1.0)
    square = max(_SMALLEST_SQUARE, round(_SQUARE * interocular))
    return Texture(np.clip(band, -limit, limit), skin, square, limit, interocular)


def retention(before: Texture, lightness: Map) -> float:
    """Share of the fine band's energy on skin that a result still has, 0..1.

    In every square the result's fine band is projected on the original's, so only the person's own
    texture counts: grain or sharpening that was put in its place does not, and no square counts for
    more than all of its own. Energy goes with the square of that share.

    Args:
        before: Texture of the original.
        lightness: L* of the result, same window as `before.band`.

    Returns:
        1.0 where nothing was lost, or where there is no skin to judge.
    """
    band = np.clip(filters.fine(lightness, before.interocular), -before.limit, before.limit)
    weight = _squares(before.skin, before.square)
    own = _squares(before.skin * before.band * before.band, before.square)
    shared = _squares(before.skin * before.band * band, before.square)
    counts = (weight > 0.25) & (own > weight * _LEAST_ENERGY)
    if not counts.any():
        return 1.0
    kept = np.clip(shared[counts] / own[counts], 0, 1) ** 2
    return float((kept * weight[counts]).sum() / weight[counts].sum())


def _squares(values: Map, side: int) -> Map:
    height, width = values.shape
    size = (max(1, round(width / side)), max(1, round(height / side)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
