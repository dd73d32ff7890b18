"""Pictures of what a look changed, as a map of CIEDE2000 over the portrait."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image import colour
from pipelines.image.arrays import Image8

VISIBLE = 1.0
"""CIEDE2000 from which two colours side by side are just distinguishable."""

GREY = (18.0, 104.0)
"""Grey levels for black and white of the portrait under the colours of `heat_map`."""

MOST_DELTA_E = 10.0
"""Largest CIEDE2000 at the end of the scale."""

# Pixels on the longer side; enough to see where something changed.
_LONG_SIDE = 720
# Blur of the eye in pixels, for a picture viewed at about this size.
_EYE_BLUR = 1.2
# In L*, a* and b*; far below what is visible.
_SAME = 0.02
# CIEDE2000 between which the colours fade in over the grey portrait.
_FADE = (0.7, 1.6)
# Share of the differences that may exceed the scale: a few pixels of an iris.
_OFF_SCALE = 0.002


@dataclass(frozen=True)
class Difference:
    """A look and its original, both uint8 sRGB of one size, (H, W, 3)."""

    before: Image8 = field(repr=False)
    after: Image8 = field(repr=False)

    @property
    def nothing(self) -> bool:
        """Whether the two are equal, bit for bit."""
        return np.array_equal(self.before, self.after)

    @cached_property
    def delta_e(self) -> NDArray[np.float32]:
        """CIEDE2000 of the two after the blur of the eye, (H, W)."""
        from skimage.color import deltaE_ciede2000

        old, new = _blurred_lab(self.before), _blurred_lab(self.after)
        delta_e = np.zeros(old.shape[:2], np.float32)
        # The formula is slow, and most of a picture did not change.
        changed = (np.abs(new - old) > _SAME).any(axis=2)
        delta_e[changed] = deltaE_ciede2000(old[changed], new[changed])
        return delta_e

    @property
    def largest_delta_e(self) -> float:
        """The largest CIEDE2000."""
        return float(self.delta_e.max(initial=0))

    @property
    def visible_share(self) -> float:
        """Share of the picture that differs visibly, 0..1."""
        return float(np.mean(self.delta_e >= VISIBLE))


def between(before_u8: Image8, after_u8: Image8) -> Difference:
    """The difference of two pictures, scaled down for display.

    Args:
        before_u8: The original, uint8 sRGB, (H, W, 3).
        after_u8: The look, same size.

    Raises:
        ValueError: Their sizes differ.
    """
    if before_u8.shape != after_u8.shape:
        raise ValueError(f"{before_u8.shape} and {after_u8.shape} cannot be compared")
    return Difference(_scaled_down(before_u8), _scaled_down(after_u8))


def scale_end(differences: list[Difference]) -> float:
    """CIEDE2000 at the end of the scale, one for all looks: a whole number from 2 up."""
    most = max(float(np.quantile(one.delta_e, 1 - _OFF_SCALE)) for one in differences)
    return float(np.clip(np.ceil(most), 2, MOST_DELTA_E))


def heat_map(difference: Difference, end: float) -> Image8:
    """CIEDE2000 as colours over the portrait in dark grey, uint8 (H, W, 3).

    The lightness of the colours rises steadily, so the map is readable without colour vision.

    Args:
        difference: The difference.
        end: CIEDE2000 of the last colour.
    """
    scaled = np.clip(difference.delta_e / end, 0, 1)
    colours = colour_map()[np.rint(255 * scaled).astype(np.uint8)].astype(np.float32)
    light = _blurred_lab(difference.before)[..., :1] / 100
    grey = GREY[0] + (GREY[1] - GREY[0]) * light
    low, high = _FADE
    over = np.clip((difference.delta_e - low) / (high - low), 0, 1)[..., None]
    return np.rint(grey * (1 - over) + colours * over).astype(np.uint8)


def colour_map() -> Image8:
    """The colours of `heat_map` from 0 to the end of its scale, (256, 3): inferno."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[0, :, ::-1])


def _blurred_lab(image_u8: Image8) -> NDArray[np.float32]:
    """CIELAB with the blur of the eye, which does not see single steps of single pixels."""
    blurred = cv2.GaussianBlur(image_u8 / np.float32(255), (0, 0), _EYE_BLUR)
    return colour.to_lab(np.asarray(blurred, np.float32))


def _scaled_down(image_u8: Image8) -> Image8:
    scale = _LONG_SIDE / max(image_u8.shape[:2])
    if scale >= 1:
        return image_u8
    height, width = (max(1, round(side * scale)) for side in image_u8.shape[:2])
    return np.asarray(cv2.resize(image_u8, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
