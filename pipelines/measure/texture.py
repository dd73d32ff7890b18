"""Share of the skin's fine texture that a result keeps of its original."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.image import filters
from pipelines.image.arrays import Map

# Side of the squares in which texture is compared, in interocular distances (about 8 mm) and at
# least in pixels. Squares, because wrinkles or grain elsewhere must not make up for a smooth area.
_SQUARE = 0.12
_SMALLEST_SQUARE = 6
# Values beyond this many robust standard deviations are edges, not texture.
_CLIP = 3.0
# Detail in a change of light that counts as an edge, as a share of the largest texture.
_EDGE = 0.5
# Variance of rounding to 8 bits (1/12 of a step squared): squares below it have no texture to lose.
_LEAST_ENERGY = (100 / 255) ** 2 / 12


@dataclass(frozen=True)
class Texture:
    """The fine band of lightness on the skin of a picture.

    Attributes:
        band: Detail of L* finer than 0.9 mm on the face, clipped to ±`limit`, shape (h, w).
        skin: 1 on skin, 0 elsewhere, shape (h, w).
        square: Side of the squares that are compared, in pixels.
        limit: Largest absolute value of the band.
        interocular: Interocular distance in pixels.
    """

    band: Map
    skin: Map
    square: int
    limit: float
    interocular: float


def of(lightness: Map, mask: Map, interocular: float) -> Texture:
    """Extract the texture of a picture.

    Args:
        lightness: CIELAB L*, 0..100, shape (h, w).
        mask: Skin mask in [0, 1], same shape.
        interocular: Interocular distance in pixels.
    """
    skin = (mask > 0.5).astype(np.float32)
    band = filters.fine(lightness, interocular)
    on_skin = band[skin > 0]
    limit = _CLIP * 1.48 * float(np.median(np.abs(on_skin))) if on_skin.size else 0.0
    limit = max(limit, 1.0)
    square = max(_SMALLEST_SQUARE, round(_SQUARE * interocular))
    return Texture(np.clip(band, -limit, limit), skin, square, limit, interocular)


def off_edges(texture: Texture, change: Map) -> Texture:
    """A texture without the places at which a change of light has an edge.

    Args:
        texture: Texture of the original.
        change: Change of L* by light, same window as `texture.band`.
    """
    steps = np.abs(filters.fine(change, texture.interocular)) > _EDGE * texture.limit
    if not steps.any():
        return texture
    reach = 2 * round(2 * filters.fine_sigma(texture.interocular)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return replace(texture, skin=texture.skin * (1 - cv2.dilate(steps.astype(np.uint8), disc)))


def retention(before: Texture, lightness: Map) -> float:
    """Share of the energy of the original's fine band on skin that a result keeps, 0..1.

    In every square the fine band of the result is projected on that of the original, so that added
    grain does not count as texture. The coefficient is clipped to 0..1, so that sharpening one
    square does not make up for another, and squared, because energy is quadratic in amplitude.

    Args:
        before: Texture of the original.
        lightness: L* of the result, same window as `before.band`.

    Returns:
        1.0 if nothing was lost or there is no skin to compare.
    """
    band = np.clip(filters.fine(lightness, before.interocular), -before.limit, before.limit)
    weight = _square_means(before.skin, before.square)
    energy = _square_means(before.skin * before.band * before.band, before.square)
    product = _square_means(before.skin * before.band * band, before.square)
    valid = (weight > 0.25) & (energy > weight * _LEAST_ENERGY)
    if not valid.any():
        return 1.0
    share = np.clip(product[valid] / energy[valid], 0, 1) ** 2
    return float((share * weight[valid]).sum() / weight[valid].sum())


def _square_means(values: Map, side: int) -> Map:
    """Mean of each square."""
    height, width = values.shape
    size = (max(1, round(width / side)), max(1, round(height / side)))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
