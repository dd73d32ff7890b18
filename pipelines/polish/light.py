"""Dose ``light``: exposure, white balance and haze of the whole picture; gloss and key on the face.

Exposure and white balance are read from the scene, never from how light the skin is, and change the
whole picture alike: the skin keeps its tone relative to what is around it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import blocks, colour
from pipelines.image.arrays import Image, Map, Reals
from pipelines.image.filters import lowpass
from pipelines.polish import gloss, shadows
from pipelines.polish.gloss import Gloss, Matt

# Long side in pixels of the copy on which the picture is measured.
_SIDE = 256
# Value that the brightest channel of the brightest parts of a well exposed picture reaches; 0.86 on
# 95 of 100 portraits of light skin, 0.83 of dark. Below, the exposure rises by so much of what is
# missing, and at most by so many EV.
_BRIGHT_ENOUGH, _RISE, _MOST_EV = 0.80, 1.5, 0.6
# What counts as neutral surroundings: largest chroma, and the least share of the picture.
_NEUTRAL_CHROMA, _LEAST_NEUTRAL = 14.0, 0.10
# Cast of neutral surroundings in CIELAB that is left, and the largest that is corrected.
_CAST, _MOST_CAST = 5.0, 8.0
# Hue in degrees and chroma of skin in white light: the middle of the 5th to 95th percentile of 286
# portraits, alike (within 5 degrees) from very light to dark skin.
_SKIN_HUE = 50.0
# Linear luminance of the darkest part of the eyes (pupil, lashes) and of the picture (1st
# percentile) above which there is haze, what is left of it, and the most that is taken off.
_HAZE, _LEFT, _MOST_HAZE = 0.03, 0.01, 0.10
# Light and shade of a face in EV below which it is flat: at first the key is full, then none.
_FLAT = (0.7, 1.2)
# The key: direction (x right, y down, z towards the camera), its height in EV.
_KEY, _KEY_DEPTH = np.array([-0.25, -0.62, 0.74]), 0.28
# Levels of the tables that map pixels to linear light and back.
_LEVELS, _LINEAR_LEVELS = 4096, 1 << 16


@dataclass(frozen=True)
class Light:
    """How the light of a picture is to change at a dose of 1.

    Attributes:
        ev: Rise of the exposure.
        balance: Gains of linear red, green and blue, whose weighted mean is 1.
        haze: Linear light that is taken off.
        key: Change of the light on the face in EV with a mean of 0, shape (h, w) of its crop.
        gloss: What takes some of the gloss off the face.
    """

    ev: float
    balance: tuple[float, float, float]
    haze: float
    key: Map = field(repr=False)
    gloss: Matt = field(repr=False)

    @property
    def cast(self) -> float:
        """Largest relative change of a channel by the white balance."""
        return max(abs(gain - 1) for gain in self.balance)


def measure(pixels: Image, crop: Closeup, masks: Skin, shine: Gloss) -> Light:
    """Choose the exposure, white balance, haze and key of a picture.

    Args:
        pixels: The whole picture, float32 sRGB in [0, 1], shape (H, W, 3).
        crop: Crop of the face in it.
        masks: Skin masks of the crop.
        shine: The gloss on the face.
    """
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small: Image = np.asarray(reduced, np.float32)
    tone = colour.of(crop.lab, masks.facial)
    return Light(
        ev=_exposure(small, crop),
        balance=_balance(small, tone),
        haze=_haze(small, crop),
        key=_key(crop, masks),
        gloss=gloss.matt(crop, masks, shine),
    )


def apply(pixels: Image, crop: Closeup, light: Light, dose: float) -> Image:
    """Change the light of a whole picture; returns `pixels` itself if nothing is to be done.

    Black and white stay: the curve of the exposure is g x / (1 + (g - 1) x) in linear light, so
    that nothing is clipped, and hues stay.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        crop: The crop of the face that was measured.
        light: From `measure`.
        dose: 0..1.
    """
    gains = np.array([gain**dose for gain in light.balance], np.float32)
    if light.cast * dose < 0.01:
        gains = np.ones(3, np.float32)
    exposes = light.ev * dose >= 0.03 or light.haze * dose >= 0.003 or light.cast * dose >= 0.01
    on_face, falls = light.key + light.gloss.spread, light.gloss.fall
    if not exposes and not on_face.any():
        return pixels
    result = pixels.copy()
    if falls.any():
        view, (falls,) = crop.part(falls > 0, falls)
        unit = crop.face.interocular * crop.shape[1] / crop.pixels.shape[1]
        glossy, falls = result[view], np.float32(dose) * falls
        matt = _encoded(gloss.reduce(_decoded(glossy), light.gloss, falls, unit))
        glossy[:] = np.where((falls > 0)[..., None], matt, glossy)
    if exposes:
        for rows in blocks.rows(pixels.shape):
            result[rows] = _exposed(pixels[rows], gains, 2 ** (light.ev * dose), light.haze * dose)
    if on_face.any():
        view, (rise,) = crop.part(on_face != 0, np.float32(dose / 2.2) * on_face)
        part = result[view]
        for rows in blocks.rows(part.shape):
            block, up = part[rows], rise[rows]
            # No highlight is raised.
            headroom = np.clip((0.95 - colour.brightest(block)) / 0.2, 0, 1)
            block *= np.exp2(np.where(up > 0, up * headroom, up))[..., None]
            np.clip(block, 0, 1, out=block)
    return result


def _exposed(pixels: Image, gains: Reals, gain: float, haze: float) -> Image:
    """Pixels without haze, with other gains of red, green and blue, and another exposure."""
    linear = _decoded(pixels)
    linear -= np.float32(haze)
    np.maximum(linear, 0, out=linear)
    if (gains != 1).any():
        # The curve of the exposure for each channel, so that white stays white.
        linear *= gains / (1 + (gains - 1) * np.minimum(linear, 1))
    peak = colour.brightest(linear)
    # The white of a hazy picture stays white.
    factor = gain / (1 - haze) / (1 + (gain - 1) * np.minimum(peak / (1 - haze), 1))
    linear *= np.asarray(factor, np.float32)[..., None]
    return _encoded(linear)


def _exposure(small: Image, crop: Closeup) -> float:
    """Rise of the exposure in EV of a picture none of whose channels comes near the top.

    A picture is under-exposed only if its brightest parts are dark in every channel: a wall or
    clothes of a strong colour are dark in luma, and still exposed as they should be. On the face
    the brightest parts are catchlights, teeth and gloss, which do not depend on the skin.
    """
    face = colour.brightest(crop.pixels[skin.window(crop.face)])
    brightest = max(
        float(np.percentile(colour.brightest(small), 98)), float(np.percentile(face, 99.7))
    )
    # Starts at 0 where a picture is just bright enough.
    ev = 2.2 * float(np.log2(_BRIGHT_ENOUGH / max(brightest, 0.05)))
    return float(np.clip(_RISE * ev, 0, _MOST_EV))


def _balance(small: Image, tone: colour.Tone | None) -> tuple[float, float, float]:
    """Gains that take the cast off neutral surroundings, if the skin has that cast, too."""
    nothing = (1.0, 1.0, 1.0)
    if tone is None or tone.chroma < colour.COLOURLESS:
        return nothing
    lab = colour.to_lab(small)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    neutral = (chroma < _NEUTRAL_CHROMA) & (lab[..., 0] > 25) & (lab[..., 0] < 92)
    if neutral.mean() < _LEAST_NEUTRAL:
        return nothing
    cast = np.median(lab[neutral][:, 1:], axis=0)
    size = float(np.linalg.norm(cast))
    hue = np.radians(_SKIN_HUE)
    usual = tone.chroma * np.array([np.cos(hue), np.sin(hue)])
    off = np.array([tone.red, tone.yellow]) - usual
    agrees = float(off @ cast) / max(size, 1e-6)
    if size <= _CAST or agrees <= 0:
        return nothing
    removed = min(size - _CAST, _MOST_CAST, agrees)
    # A grey of that cast, and the same grey without it, in linear light.
    lightness = float(np.median(lab[neutral][:, 0]))
    tinted = colour.to_rgb(np.array([[[lightness, *(removed * cast / size)]]], np.float32))
    grey = colour.to_rgb(np.array([[[lightness, 0.0, 0.0]]], np.float32))
    gains = (colour.to_linear(grey) / np.maximum(colour.to_linear(tinted), 1e-4))[0, 0]
    gains /= float(gains @ colour.LUMINANCE)
    return float(gains[0]), float(gains[1]), float(gains[2])


def _haze(small: Image, crop: Closeup) -> float:
    """Linear light of haze, which lies even on pupils and lashes."""
    view = slice(0, crop.face.size[0]), slice(0, crop.face.size[1])
    eyes = skin.both(crop.face, "eye", view, 0.05) > 0
    if not eyes.any():
        return 0.0
    darkest = float(np.percentile(crop.luminance[eyes], 2))
    around = float(np.percentile(colour.to_linear(small).min(axis=2), 1))
    haze = min(darkest, around)
    return 0.0 if haze < _HAZE else min(haze - _LEFT, _MOST_HAZE)


def _key(crop: Closeup, masks: Skin) -> Map:
    """Light of a soft key from above on a face whose light is flat, in EV, with a mean of 0."""
    nothing = np.zeros(crop.pixels.shape[:2], np.float32)
    on_face = masks.facial > 0.5
    if np.count_nonzero(on_face) < 200:
        return nothing
    unit = crop.face.interocular
    smooth = lowpass(np.log2(crop.luminance + 0.02), 0.1 * unit, masks.facial)
    low, high = np.percentile(smooth[on_face], [5, 95])
    share = 1 - float(np.clip((high - low - _FLAT[0]) / (_FLAT[1] - _FLAT[0]), 0, 1))
    if share == 0:
        return nothing
    shade = np.clip(shadows.normals(crop.face) @ _KEY, 0, 1) * _KEY_DEPTH * share
    shade = lowpass(np.asarray(shade, np.float32), 0.05 * unit)
    edge = skin.edge(crop.face)
    weight = masks.facial / max(float(masks.facial.sum()), 1e-6)
    shade -= float((shade * weight).sum())
    change = shade * edge
    change -= float((change * weight).sum()) / max(float((edge * weight).sum()), 1e-6) * edge
    return np.asarray(change, np.float32)


def _decoded(pixels: Image) -> Image:
    """Linear RGB, by a table."""
    return _linear_levels().take(np.rint(pixels * (_LEVELS - 1)).astype(np.uint16))


def _encoded(linear: Image) -> Image:
    """The inverse of `_decoded`, with more levels, because sRGB is steep at black."""
    levels = np.minimum(linear, 1) * np.float32(_LINEAR_LEVELS - 1) + np.float32(0.5)
    return _encoded_levels().take(levels.astype(np.uint16))


@cache
def _linear_levels() -> NDArray[np.float32]:
    return colour.to_linear(np.linspace(0, 1, _LEVELS, dtype=np.float32))


@cache
def _encoded_levels() -> NDArray[np.float32]:
    return colour.from_linear(np.linspace(0, 1, _LINEAR_LEVELS, dtype=np.float32))
