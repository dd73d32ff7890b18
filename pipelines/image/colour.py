"""Skin tone (Individual Typology Angle), CIELAB conversion, and changes of brightness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.image.arrays import Image, Image8, Map, Reals

# Below this mean chroma (CIELAB) a picture is black-and-white and the ITA is undefined.
COLOURLESS = 3.0

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Luminance of linear RGB, and luma of sRGB (Rec. 709)."""
_LUMA = LUMINANCE[None]
# `add` reduces a rise where the brightest channel is less than this below white.
_HEADROOM = 0.15


@dataclass(frozen=True)
class Tone:
    """Mean colour of an area of skin in CIELAB (D65).

    Attributes:
        lightness: L*.
        red: a*.
        yellow: b*.
    """

    lightness: float
    red: float
    yellow: float

    @property
    def chroma(self) -> float:
        """CIELAB chroma: the distance from grey."""
        return float(np.hypot(self.red, self.yellow))

    @property
    def angle(self) -> float:
        """arctan((L* - 50) / b*) in degrees; larger is lighter.

        Source: Chardon, Cretois & Hourseau 1991, Int. J. Cosmet. Sci. 13(4). b* is taken to be at
        least 1, because the angle jumps where it changes sign.
        """
        return float(np.degrees(np.arctan2(self.lightness - 50, max(self.yellow, 1.0))))

    @property
    def ita(self) -> float | None:
        """The Individual Typology Angle in degrees, or None for black-and-white pictures."""
        return None if self.chroma < COLOURLESS else self.angle


def of(lab: Image, mask: Map) -> Tone | None:
    """Mean tone of a masked area, or None if the mask is empty.

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
    """L* at which a tone with this b* has the Individual Typology Angle `ita` (degrees)."""
    return 50 + max(tone.yellow, 1.0) * float(np.tan(np.radians(ita)))


def to_lab(pixels: Image) -> Image:
    """Convert sRGB in [0, 1] to CIELAB (D65), both float32, shape (H, W, 3)."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2Lab)
    return np.asarray(lab, np.float32)


def to_rgb(lab: Image) -> Image:
    """Convert CIELAB to sRGB, clipped to [0, 1]; the inverse of `to_lab`."""
    rgb = cv2.cvtColor(np.ascontiguousarray(lab), cv2.COLOR_Lab2RGB)
    return np.clip(rgb, 0, 1, dtype=np.float32)


def named(text: str) -> Image:
    """SRGB in [0, 1] of a text such as "#d4d6d8", shape (3,)."""
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / 255


def to_linear(pixels: Image) -> Image:
    """Linear RGB of sRGB in [0, 1] (IEC 61966-2-1)."""
    return np.asarray(decoded(pixels), np.float32)


def from_linear(linear: Image) -> Image:
    """SRGB of linear RGB, clipped to [0, 1]; the inverse of `to_linear`."""
    return np.asarray(encoded(np.clip(linear, 0, 1)), np.float32)


def encoded(light: Reals) -> Reals:
    """The curve of sRGB (IEC 61966-2-1) for light from 0 on; it goes on above 1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def decoded(value: Reals) -> Reals:
    """Light of a value of sRGB from 0 on; the inverse of `encoded`."""
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def is_grey(image_u8: Image8) -> bool:
    """Whether the channels of a uint8 picture are equal everywhere."""
    # A coloured picture shows in a few of its pixels.
    return all(
        np.array_equal(part[..., 0], part[..., 1]) and np.array_equal(part[..., 1], part[..., 2])
        for part in (image_u8[::16, ::16], image_u8)
    )


def without_colour(image_u8: Image8) -> Image8:
    """A uint8 picture with the luma of each pixel in all channels."""
    luma = cv2.transform(image_u8, _LUMA.astype(np.float64))
    return np.asarray(cv2.merge([luma, luma, luma]), np.uint8)


def luma_of(pixels: Image) -> Map:
    """Rec. 709 luma of sRGB in [0, 1], from the gamma-encoded values, shape (H, W)."""
    return np.asarray(cv2.transform(pixels, _LUMA), np.float32)


def brightest(pixels: Image) -> Map:
    """The brightest channel of each pixel; much faster than `max` along the last axis."""
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def add(pixels: Image, change: Map) -> Image:
    """Brighten or darken a picture by a change of luma per pixel; hues stay, and grey stays grey.

    A rise adds the same amount to all channels, less where a channel is close to white. A fall
    multiplies all channels by the same factor, so that none is clipped at black.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        change: Change of luma, shape (H, W).
    """
    red, green, blue = cv2.split(pixels)
    brightest = cv2.max(cv2.max(red, green), blue)
    rise = np.maximum(change, 0)
    rise *= np.clip((1 - brightest) * np.float32(1 / _HEADROOM), 0, 1)
    fall = np.maximum(1 + np.minimum(change, 0) / np.maximum(luma_of(pixels), 1e-3), 0)
    moved = [np.clip(channel * fall + rise, 0, 1) for channel in (red, green, blue)]
    return np.asarray(cv2.merge(moved), np.float32)
