"""Gloss on skin: how much of the light on it is a mirror of the lamp, and taking some of it off.

A part of dose ``light``: a larger light gives broad, faint highlights in place of small, hard ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import colour
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass, smoothstep

# Difference of linear red and blue below which gloss cannot be told, and what is added before
# logarithms.
_COLOURLESS, _LEAST = 0.01, 0.002
# Gloss in EV that stays, because it shows form; gloss beyond it of which half as large a share goes
# as of the strongest, so that a soft glow stays and hot spots go; that share at a dose of 1; the
# largest fall, and the largest mean fall of a face.
_FORM, _ONSET, _SHARE, _MOST_FALL, _MOST_MEAN = 0.35, 0.3, 0.9, 0.6, 0.06
# Share of what a highlight is lighter than the skin around that may go, and what is added to
# luminance before its logarithm.
_MOST_ABOVE, _BLACK = 0.3, 0.02
# Standard deviations of what counts as gloss rather than a pore's glint, and of the border of its
# fall, and largest radius of a highlight, which may be a hole in the skin mask, in interocular
# distances.
_DETAIL, _SOFT, _HIGHLIGHT = 0.02, 0.05, 0.12
# Linear value of a channel from which light holds no more colour: from here to white the colour of
# the skin around is taken.
_BURNT_OUT = 0.85
# Value of the darkest channel from which a pixel is white; shares of white on a face from which
# less gloss is taken off, and by how much less.
_WHITE, _BURNT_SHARE, _LOST = 0.95, (0.005, 0.05), 0.6
# Share of what is burnt out that takes that colour, and the fall in EV from which it does.
_FILLED, _CLEAR = 0.4, 0.2
# Share of the gloss that is taken off as light of the skin's own colour.
_OWN = 0.45
# Steps of brightness in which the colours of a picture are compared, mean deviations of the shares
# of red over green and over blue within a step below which it is toned, and what keeps these shares
# from dark noise. Of 306 portraits the prints of one tone are below both, no coloured light is.
_TONES, _ONE_RED, _ONE_YELLOW, _DARK = 24, 0.019, 0.0255, 0.05
# Mean gloss on a face in EV from which it is seen.
_SEEN = 0.05


@dataclass(frozen=True)
class Gloss:
    """The gloss on a face.

    Attributes:
        stops: EV that gloss adds to the light on skin, shape (h, w) of the crop of the face.
        toned: Whether colour follows from brightness alone, as in a sepia print, so that gloss
            cannot be told.
    """

    stops: Map = field(repr=False)
    toned: bool


def measure(crop: Closeup, masks: Skin) -> Gloss:
    """Tell gloss from the light on skin.

    Gloss adds white light (dichromatic reflection, Shafer 1985), so the difference between red and
    blue shows the light on the skin without it. Without this, gloss, which is a large share of the
    light of dark skin, would be taken for the light and the skin for its shadow.
    """
    luminance, rgb, on_face = crop.luminance, crop.linear, masks.facial > 0.5
    toned = _toned(luminance, rgb)
    nothing = Gloss(np.zeros_like(luminance), toned)
    if toned or not on_face.any():
        return nothing
    difference = rgb[..., 0] - rgb[..., 2]
    stops, diffuse = (np.log2(np.maximum(each, 0) + _LEAST) for each in (luminance, difference))
    brighter = stops > np.median(stops[on_face])
    lit = on_face & brighter
    if not lit.any() or float(np.median(difference[lit])) < _COLOURLESS:
        return nothing
    offset = float(np.percentile((stops - diffuse)[lit], 30))
    gloss = np.maximum(stops - diffuse - offset, 0)
    # In a shadow the light is bluer, which looks the same.
    return Gloss(np.asarray(np.where(brighter, gloss, 0), np.float32), toned)


def _toned(luminance: Map, rgb: Image) -> bool:
    """Whether colour follows from brightness alone, by linear luminance and RGB."""
    # A quarter of the pixels says as much as all.
    luminance, rgb = luminance[::2, ::2], rgb[::2, ::2]
    level = np.minimum((_TONES * np.cbrt(luminance)).astype(np.int64), _TONES - 1).ravel()
    count = np.maximum(np.bincount(level, minlength=_TONES), 1)
    total = rgb.sum(axis=2) + _DARK

    def varies(channel: int) -> float:
        """Mean deviation of a hue from that of pixels as light."""
        hue = ((rgb[..., 0] - rgb[..., channel]) / total).ravel()
        mean = np.bincount(level, hue, _TONES) / count
        return float(np.abs(hue - mean[level]).mean())

    return varies(1) < _ONE_RED and varies(2) < _ONE_YELLOW


@dataclass(frozen=True)
class Matt:
    """How the light on glossy skin is to change at a dose of 1.

    Attributes:
        fall: Its fall in EV, shape (h, w) of the crop of the face.
        spread: What the face loses by that, in EV, over the face; likewise.
        skin_rgb: Linear RGB of the skin without gloss, of luminance 1, shape (3,).
        share: Share of the gloss that goes; 0 if there is too little to be seen.
    """

    fall: Map = field(repr=False)
    spread: Map = field(repr=False)
    skin_rgb: Image = field(repr=False)
    share: float


def matt(crop: Closeup, masks: Skin, gloss: Gloss) -> Matt:
    """How much of the gloss on a face a larger lamp would leave."""
    found, luminance, on_face = gloss.stops, crop.luminance, masks.facial > 0.5
    if np.count_nonzero(on_face) < 200:
        nothing = np.zeros(on_face.shape, np.float32)
        return Matt(nothing, nothing, np.ones(3, np.float32), 0.0)
    unit, view = crop.face.interocular, (slice(0, crop.face.size[0]), slice(0, crop.face.size[1]))
    reach = 2 * max(1, round(_HIGHLIGHT * unit)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    features = skin.region(crop.face, "lips", view, 0.03)
    for name, margin in (("eye", 0.05), ("brow", 0.02), ("nostril", 0.02)):
        features = np.maximum(features, skin.both(crop.face, name, view, margin))
    # Bytes are several times as fast; rounded up, because any skin counts.
    visible = np.ceil(255 * masks.visible).astype(np.uint8)
    closed = cv2.morphologyEx(visible, cv2.MORPH_CLOSE, disc) / np.float32(255)
    bare = np.asarray(closed * (1 - features) * np.clip(2 * skin.edge(crop.face), 0, 1), np.float32)
    beyond = np.maximum(lowpass(found, _DETAIL * unit) - _FORM, 0)
    excess = _SHARE * beyond * beyond / (beyond + _ONSET)
    # Highlights are narrow (white top-hat); a lit side of a face is not, and keeps its light.
    stops = lowpass(np.log2(luminance + _BLACK), _DETAIL * unit)
    above = cv2.morphologyEx(stops, cv2.MORPH_TOPHAT, disc)
    excess = np.minimum(excess, _MOST_ABOVE * above)
    excess = _MOST_FALL * np.tanh(excess / _MOST_FALL)
    fall = lowpass(excess * lowpass(bare, _DETAIL * unit), _SOFT * unit) * (bare > 0)
    # What is burnt out cannot be brought back; it is only toned, and what lies beside it alike.
    white = colour.brightest(1 - crop.pixels) < 1 - _WHITE
    burnt = float(white[on_face | (bare > 0.5)].mean())
    fall *= 1 - _LOST * smoothstep(burnt, *_BURNT_SHARE)
    fall *= min(1.0, _MOST_MEAN / max(float(fall[on_face].mean()), 1e-6))
    lost, edge = float((fall * masks.facial).sum()), skin.edge(crop.face)
    spread = lost / max(float((edge * masks.facial).sum()), 1e-6) * edge
    dull = on_face & (found < _FORM) & (luminance >= np.median(luminance[on_face]))
    mean = crop.linear[dull].mean(axis=0) if dull.any() else np.ones(3, np.float32)
    glossy = float((found * masks.facial).sum())
    share = lost / glossy if glossy >= _SEEN * float(masks.facial.sum()) else 0.0
    skin_rgb = mean / max(float(mean @ colour.LUMINANCE), 1e-4)
    return Matt(fall, np.asarray(spread, np.float32), np.asarray(skin_rgb, np.float32), share)


def reduce(linear: Image, gloss: Matt, falls: Map, interocular: float) -> Image:
    """Light with less of the white light that gloss adds.

    Args:
        linear: Linear RGB in [0, 1], shape (H, W, 3).
        gloss: From `matt`.
        falls: Its fall at the size of the pixels, times the dose.
        interocular: Interocular distance in pixels.
    """
    red, green, blue = cv2.split(linear)
    luminance = np.asarray(cv2.transform(linear, colour.LUMINANCE[None]), np.float32)
    # Half of what goes is a veil over the pores, so that they keep their contrast.
    veil = (lowpass(luminance, _DETAIL * interocular) + luminance) / 2
    taken = np.minimum(veil * (1 - np.exp2(-falls)), cv2.min(cv2.min(red, green), blue))
    left = luminance - taken
    # Where channels are burnt out, what is left after taking off white light is grey.
    brightest = cv2.max(cv2.max(red, green), blue)
    burnt = np.clip((brightest - _BURNT_OUT) / (1 - _BURNT_OUT), 0, 1)
    burnt *= _FILLED * np.clip(falls / _CLEAR, 0, 1)
    # White light alone would leave colours that are too vivid.
    kept, white = 1 - _OWN * taken / np.maximum(luminance, 1e-4), (1 - _OWN) * taken
    matt = [
        (channel * kept - white) * (1 - burnt) + burnt * np.minimum(left * own, brightest)
        for channel, own in zip((red, green, blue), gloss.skin_rgb, strict=True)
    ]
    return np.asarray(cv2.merge(matt), np.float32)
