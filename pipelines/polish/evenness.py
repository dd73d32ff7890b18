"""Dose ``evenness``: reduce blotches and unevenness, between pores and the light on the face."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass, smoothstep

# Standard deviations that bound the bands of small and large blotches of colour, in interocular
# distances; those of uneven skin, between pores and blotches, and of blotches of lightness.
_COLOUR_BANDS, _LIGHT_BANDS = (0.018, 0.12, 0.28), (0.014, 0.04, 0.16)
# Share of a blotch that is removed at a dose of 1, and the part of it where it is lighter than the
# skin around: that is mostly where a face turns to the lamp.
_COLOUR, _LIGHT, _LIGHTER = 0.85, 0.55, 0.4
# Length in CIELAB of a large difference on a cheek up to which it is a blush, not a flush, and
# shares of red in it between which it becomes one.
_BLUSH, _RED = 4.0, (0.2, 0.6)
# Scale in CIELAB units above which a difference is shape, make-up or a mark, not a blotch, and not
# uneven skin.
_LARGEST_COLOUR, _LARGEST_LIGHT, _LARGEST_UNEVEN = 14.0, 4.0, 2.0
# Chroma, as a share of that of the skin around, below which a pale patch is no blotch of the skin
# (a collar, a tooth, a highlight), and from which it may be.
_PALE = (0.3, 0.6)
# Coherence of the structure tensor between which unevenness turns into a line, and the standard
# deviation of its surroundings in interocular distances.
_LINE, _ALONG = (0.25, 0.6), 0.04


def change(lab: Image, mask: Map, cheeks: Map, interocular: float) -> Image:
    """Change of CIELAB at a dose of 1: reduces blotches of colour and, less, of lightness.

    Moles, freckles, lines and a blush on the cheeks are left out.

    Args:
        lab: CIELAB, shape (H, W, 3).
        mask: Skin mask in [0, 1], shape (H, W).
        cheeks: Where the cheeks are, in [0, 1], with soft borders, shape (H, W).
        interocular: Interocular distance in pixels.
    """
    weight = mask * (1 - _marks(lab, mask, interocular))
    result = np.empty_like(lab)
    low, middle, high = (
        lowpass(lab[..., 1:], sigma * interocular, weight) for sigma in _COLOUR_BANDS
    )
    large = middle - high
    blotch = low - high - large * (cheeks * _blush(large))[..., None]
    squared = (blotch[..., 0] ** 2 + blotch[..., 1] ** 2)[..., None] / _LARGEST_COLOUR**2
    usual = np.maximum(np.linalg.norm(high, axis=2), 1)
    of_skin = smoothstep(np.linalg.norm(low, axis=2) / usual, *_PALE)[..., None]
    colour = _restore_chroma(lab[..., 1:], -_COLOUR * blotch * np.exp(-squared))
    result[..., 1:] = of_skin * colour
    fine, middle, coarse = (
        lowpass(lab[..., 0], each * interocular, weight) for each in _LIGHT_BANDS
    )
    uneven, blotch = fine - middle, middle - coarse
    uneven *= np.exp(-np.square(uneven / _LARGEST_UNEVEN)) * (1 - _lines(fine, interocular))
    blotch *= np.exp(-np.square(blotch / _LARGEST_LIGHT)) * np.where(blotch > 0, _LIGHTER, 1)
    result[..., 0] = -_LIGHT * (uneven + blotch)
    return result * weight[..., None]


def _blush(large: Image) -> Map:
    """Share of large differences of colour that a cheek may keep, in [0, 1]."""
    length = np.maximum(np.linalg.norm(large, axis=2), 1e-3)
    healthy = np.minimum(np.square(_BLUSH / length), 1)
    return np.asarray(healthy * smoothstep(large[..., 0] / length, *_RED), np.float32)


def _lines(lightness: Map, interocular: float) -> Map:
    """Where lightness runs in lines, 0..1: coherence of its structure tensor.

    Source: Weickert 1999, Int. J. Comput. Vis. 31(2).
    """
    across, down = (cv2.Scharr(lightness, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    products = np.dstack([across * across, down * down, across * down])
    xx, yy, xy = cv2.split(lowpass(products, _ALONG * interocular))
    coherence = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-3)
    return smoothstep(coherence, *_LINE)


def _restore_chroma(colour: Image, change: Image) -> Image:
    """The change of a*, b* with half of the chroma restored that it removes, to avoid grey skin."""
    moved = colour + change
    before, after = (np.hypot(ab[..., 0], ab[..., 1]) for ab in (colour, moved))
    lost = np.maximum(before - after, 0) / np.maximum(after, 5)
    return np.asarray(moved * (1 + 0.5 * lost[..., None]) - colour, np.float32)


def _marks(lab: Image, mask: Map, interocular: float) -> Map:
    """Mask of moles and freckles: small and darker than the skin around them, in [0, 1]."""
    lightness = lab[..., 0]
    near = lowpass(lightness, 0.008 * interocular, mask)
    around = lowpass(lightness, 0.05 * interocular, mask)
    depth = (around - near) / np.maximum(around, 20)
    marked = np.clip((depth - 0.05) / 0.05, 0, 1).astype(np.float32)
    reach = max(1, round(0.012 * interocular))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return lowpass(np.asarray(cv2.dilate(marked, disc), np.float32), 0.01 * interocular)
