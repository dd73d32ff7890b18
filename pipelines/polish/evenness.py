"""Even skin: blotches of the middle band, between the pores and the light on the face."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Bands in interoculars: between these lie the blotches. Colour varies more broadly than light.
_COLOUR_BAND = (0.022, 0.26)
_LIGHT_BAND = (0.035, 0.12)
_COLOUR, _LIGHT = 0.85, 0.40
# Differences beyond these are form, make-up or marks, not blotches (CIELAB units).
_LARGEST_COLOUR, _LARGEST_LIGHT = 14.0, 3.5


def change(lab: Image, mask: Map, interocular: float) -> Image:
    """The change of CIELAB that evens blotches of colour and, less, of lightness, all the way.

    Marks that belong to the person are left out.

    Args:
        lab: CIELAB, shape (H, W, 3).
        mask: Skin mask in [0, 1], shape (H, W).
        interocular: Distance between the eyes in pixels.
    """
    weight = mask * (1 - _marks(lab, mask, interocular))
    even = np.empty_like(lab)
    low, high = (lowpass(lab[..., 1:], sigma * interocular, weight) for sigma in _COLOUR_BAND)
    blotch = low - high
    squared = (blotch[..., 0] ** 2 + blotch[..., 1] ** 2)[..., None] / _LARGEST_COLOUR**2
    even[..., 1:] = _lively(lab[..., 1:], -_COLOUR * blotch * np.exp(-squared))
    low, high = (lowpass(lab[..., 0], sigma * interocular, weight) for sigma in _LIGHT_BAND)
    blotch = low - high
    even[..., 0] = -_LIGHT * blotch * np.exp(-((blotch / _LARGEST_LIGHT) ** 2))
    return even * weight[..., None]


def _lively(colour: Image, change: Image) -> Image:
    """Give back half of the chroma that a change of a*, b* would take: even, but not grey."""
    moved = colour + change
    before, after = (np.hypot(ab[..., 0], ab[..., 1]) for ab in (colour, moved))
    lost = np.maximum(before - after, 0) / np.maximum(after, 5)
    return np.asarray(moved * (1 + 0.5 * lost[..., None]) - colour, np.float32)


def _marks(lab: Image, mask: Map, interocular: float) -> Map:
    """Moles and freckles: small and darker than their surroundings, in [0, 1]."""
    lightness = lab[..., 0]
    near = lowpass(lightness, 0.008 * interocular, mask)
    around = lowpass(lightness, 0.05 * interocular, mask)
    depth = (around - near) / np.maximum(around, 20)
    marked = np.clip((depth - 0.05) / 0.05, 0, 1).astype(np.float32)
    reach = max(1, round(0.012 * interocular))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return lowpass(np.asarray(cv2.dilate(marked, disc), np.float32), 0.01 * interocular)
