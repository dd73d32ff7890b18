"""Skin tone as a number: the Individual Typology Angle of a skin area."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.image.arrays import Image, Map

# Below this mean chroma (CIELAB) a picture is black-and-white and the angle means nothing.
COLOURLESS = 3.0


@dataclass(frozen=True)
class Tone:
    """Mean colour of an area of skin in CIELAB (D65)."""

    lightness: float
    red: float
    yellow: float

    @property
    def chroma(self) -> float:
        """Distance from grey."""
        return float(np.hypot(self.red, self.yellow))

    @property
    def angle(self) -> float:
        """arctan((L* - 50) / b*) in degrees, larger = lighter.

        After Chardon, Cretois & Hourseau 1991, Int. J. Cosmet. Sci. 13(4). b* below 1, where the
        angle jumps, counts as 1.
        """
        return float(np.degrees(np.arctan2(self.lightness - 50, max(self.yellow, 1.0))))

    @property
    def ita(self) -> float | None:
        """The Individual Typology Angle, or None in black-and-white, where it means nothing."""
        return None if self.chroma < COLOURLESS else self.angle


def of(lab: Image, mask: Map) -> Tone | None:
    """Mask-weighted mean tone, or None where the mask is empty.

    Args:
        lab: CIELAB, shape (H, W, 3).
        mask: float32 in [0, 1], shape (H, W).
    """
    mass = float(mask.sum())
    if mass <= 0:
        return None
    mean = mask.ravel() @ lab.reshape(-1, 3) / mass
    return Tone(float(mean[0]), float(mean[1]), float(mean[2]))


def lightness_for(ita: float, tone: Tone) -> float:
    """L* that would give a tone this angle at its own b*."""
    return 50 + max(tone.yellow, 1.0) * float(np.tan(np.radians(ita)))


def to_lab(pixels: Image) -> Image:
    """CIELAB (D65) of sRGB in [0, 1], both float32 of shape (H, W, 3)."""
    lab = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2Lab)
    return np.asarray(lab, np.float32)


def to_rgb(lab: Image) -> Image:
    """Inverse of `to_lab`, clipped to [0, 1]."""
    rgb = cv2.cvtColor(np.ascontiguousarray(lab), cv2.COLOR_Lab2RGB)
    return np.clip(rgb, 0, 1, dtype=np.float32)


_WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
# Rises fade out where the brightest channel has less than this left to white.
_HEADROOM = 0.15


def luma_of(pixels: Image) -> Map:
    """Brightness of sRGB in [0, 1], by Rec. 709 on the encoded values, shape (H, W)."""
    return np.asarray(cv2.transform(np.ascontiguousarray(pixels), _WEIGHTS), np.float32)


def add(pixels: Image, change: Map) -> Image:
    """Brighten or darken, keeping hues, and greys grey.

    Rises move all channels by the same step, less and less where one nears white; falls scale all
    channels, so none of them is cut off at black.
    """
    red, green, blue = cv2.split(np.ascontiguousarray(pixels))
    brightest = cv2.max(cv2.max(red, green), blue)
    rise = np.maximum(change, 0)
    rise *= np.clip((1 - brightest) * np.float32(1 / _HEADROOM), 0, 1)
    fall = np.maximum(1 + np.minimum(change, 0) / np.maximum(luma_of(pixels), 1e-3), 0)
    moved = [np.clip(channel * fall + rise, 0, 1) for channel in (red, green, blue)]
    return np.asarray(cv2.merge(moved), np.float32)
