"""Dose ``evenness``: reduce blotches, in the band between pores and the light on the face."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Standard deviations that bound the band of blotches, in interocular distances. Colour varies on a
# larger scale than lightness.
_COLOUR_BAND = (0.022, 0.26)
_LIGHT_BAND = (0.035, 0.12)
# Share of a blotch that is removed at a dose of 1.
_COLOUR, _LIGHT = 0.85, 0.40
# Scale in CIELAB units above which a difference is shape, make-up or a mark, not a blotch.
_LARGEST_COLOUR, _LARGEST_LIGHT = 14.0, 3.5


def change(lab: Image, mask: Map, interocular: float) -> Image:
    """Change of CIELAB at a dose of 1: reduces blotches of colour and, less, of lightness.

    Moles and freckles are left out.

    Args:
        lab: CIELAB, shape (H, W, 3).
        mask: Skin mask in [0, 1], shape (H, W).
        interocular: Interocular distance in pixels.
    """
    weight = mask * (1 - _marks(lab, mask, interocular))
    result = np.empty_like(lab)
    low, high = (lowpass(lab[..., 1:], sigma * interocular, weight) for sigma in _COLOUR_BAND)
    blotch = low - high
    squared = (blotch[..., 0] ** 2 + blotch[..., 1] ** 2)[..., None] / _LARGEST_COLOUR**2
    result[..., 1:] = _restore_chroma(lab[..., 1:], -_COLOUR * blotch * np.exp(-squared))
    low, high = (lowpass(lab[..., 0], sigma * interocular, weight) for sigma in _LIGHT_BAND)
    blotch = low - high
    result[..., 0] = -_LIGHT * blotch * np.exp(-((blotch / _LARGEST_LIGHT) ** 2))
    return result * weight[..., None]


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
