"""What a look changed, as a picture: amplified and signed, or as the eye would see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image import colour

Pixels = NDArray[np.uint8]
Mode = Literal["how", "where"]

VISIBLE = 1.0
"""CIEDE2000 from which two colours side by side can just be told apart."""

FACTORS = (32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
"""How many times stronger a difference may be shown, so that the number is a round one."""

GREY = (18.0, 104.0)
"""Black and white of the portrait under the colours of `heat`."""

MOST_SHOWN = 10.0
"""CIEDE2000 at the end of the scale, at the most."""

# This many pixels on the longer side are plenty to see where something changed.
_LONG_SIDE = 720
_MIDDLE = 128
# Pixels, of pictures that are seen at about this size.
_EYE_BLUR = 1.2
# In L*, a* and b*: far below what can be seen.
_SAME = 0.02
# What hardly differs stays grey; from here to there the colours fade in.
_FADE = (0.7, 1.6)
# How much of the amplified differences may fall off the scale: a few pixels of an iris.
_OFF_SCALE = 0.002


@dataclass(frozen=True)
class Difference:
    """A look against its original, both uint8 sRGB of one size, (H, W, 3)."""

    before: Pixels = field(repr=False)
    after: Pixels = field(repr=False)

    @cached_property
    def signed(self) -> NDArray[np.int16]:
        """Look minus original in steps of 255, (H, W, 3)."""
        return self.after.astype(np.int16) - self.before.astype(np.int16)

    @cached_property
    def seen(self) -> NDArray[np.float32]:
        """CIEDE2000 of the two as an eye blurs them, (H, W)."""
        from skimage.color import deltaE_ciede2000

        old, new = _as_seen(self.before), _as_seen(self.after)
        seen = np.zeros(old.shape[:2], np.float32)
        # The formula is slow, and most of a picture did not change.
        changed = (np.abs(new - old) > _SAME).any(axis=2)
        seen[changed] = deltaE_ciede2000(old[changed], new[changed])
        return seen

    @property
    def most_steps(self) -> int:
        """The largest difference of any colour channel, in steps of 255."""
        return int(np.abs(self.signed).max(initial=0))

    @property
    def most_seen(self) -> float:
        """The largest CIEDE2000."""
        return float(self.seen.max(initial=0))

    @property
    def share_seen(self) -> float:
        """Share of the picture that differs visibly, 0..1."""
        return float(np.mean(self.seen >= VISIBLE))


def between(before_u8: Pixels, after_u8: Pixels) -> Difference:
    """What differs between two pictures.

    Args:
        before_u8: The original, uint8 sRGB, (H, W, 3).
        after_u8: The look, same size.

    Raises:
        ValueError: Their sizes differ.
    """
    if before_u8.shape != after_u8.shape:
        raise ValueError(f"{before_u8.shape} and {after_u8.shape} cannot be compared")
    return Difference(_small(before_u8), _small(after_u8))


def factor(differences: list[Difference]) -> int:
    """The strongest of `FACTORS` at which next to nothing falls off the scale; one for all."""
    sizes = np.concatenate([np.abs(one.signed).max(axis=2).ravel() for one in differences])
    most = max(float(np.quantile(sizes, 1 - _OFF_SCALE)), 1.0)
    return next((one for one in FACTORS if one * most < _MIDDLE), FACTORS[-1])


def amplified(one: Difference, times: int) -> Pixels:
    """Mid grey plus the difference, so many times stronger, uint8 (H, W, 3)."""
    shown = _MIDDLE + times * one.signed.astype(np.int32)
    return np.clip(shown, 0, 255).astype(np.uint8)


def top(differences: list[Difference]) -> float:
    """End of the scale in CIEDE2000: whole, at least 2, one for all."""
    most = max(float(np.quantile(one.seen, 1 - _OFF_SCALE)) for one in differences)
    return float(np.clip(np.ceil(most), 2, MOST_SHOWN))


def heat(one: Difference, end: float) -> Pixels:
    """The portrait in dark grey, and over it where colours differ, uint8 (H, W, 3).

    The colours rise in lightness all along, so they read without colour vision, too.

    Args:
        one: The difference.
        end: CIEDE2000 that gets the last colour.
    """
    scaled = np.clip(one.seen / end, 0, 1)
    colours = colour_map()[np.rint(255 * scaled).astype(np.uint8)].astype(np.float32)
    light = _as_seen(one.before)[..., :1] / 100
    grey = GREY[0] + (GREY[1] - GREY[0]) * light
    low, high = _FADE
    over = np.clip((one.seen - low) / (high - low), 0, 1)[..., None]
    return np.rint(grey * (1 - over) + colours * over).astype(np.uint8)


def colour_map() -> Pixels:
    """The colours of `heat` from nothing to the end of its scale, (256, 3): inferno."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[0, :, ::-1])


def _as_seen(image_u8: Pixels) -> NDArray[np.float32]:
    """CIELAB a little blurred: nobody sees single pixels, and steps of 255 would flicker."""
    blurred = cv2.GaussianBlur(image_u8 / np.float32(255), (0, 0), _EYE_BLUR)
    return colour.to_lab(np.asarray(blurred, np.float32))


def _small(image_u8: Pixels) -> Pixels:
    scale = _LONG_SIDE / max(image_u8.shape[:2])
    if scale >= 1:
        return image_u8
    height, width = (max(1, round(side * scale)) for side in image_u8.shape[:2])
    return np.asarray(cv2.resize(image_u8, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
