"""The retouch: doses in, a portrait out that is still the same person's."""

from __future__ import annotations

import numpy as np

from pipelines import blemishes, contrast, crispness, evenness, shading, skin, tone
from pipelines.arrays import Image, Map
from pipelines.face import Face
from presets.schema import Doses

# A polish may not lighten or darken anybody. The guards allow 2 degrees; the retouch keeps to much
# less, because most of its doses pull the same way and a small drift would be one for everybody.
_MOST_ITA_SHIFT = 0.1
_MOST_GREY_SHIFT = 0.05


def apply(pixels: Image, face: Face, doses: Doses, *, skin_mask: Map | None = None) -> Image:
    """Polish a portrait.

    Everything is a smooth correction in a band of scale; the fine band is never replaced, so pores,
    lines and down stay. Nothing is random. Only contrast, and sharpness on the hair around the
    face, reach outside `skin.outline(face)`.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        doses: How much of each part of the retouch, each 0..1. Each acts monotonically; 0 is
            exactly nothing, and with all at 0 `pixels` itself is returned.
        skin_mask: `skin.mask(pixels, face)` if it is at hand already.

    Returns:
        A new picture of the same shape, or `pixels` itself.
    """
    on_skin = doses.blemishes or doses.evenness or doses.under_eye or doses.shadows
    if not (on_skin or doses.contrast or doses.sharpness):
        return pixels
    mask = skin.mask(pixels, face) if skin_mask is None else skin_mask
    result = pixels.copy()
    view = skin.window(face)
    if on_skin and mask.any():
        result[view] = _retouch(pixels, mask, face, doses)
    if doses.contrast:
        result = contrast.apply(result, face, mask, doses.contrast)
    if mask.any():
        result[view] = _keep_tone(pixels[view], result[view], mask[view])
    if doses.sharpness:
        result = crispness.apply(result, face, mask, doses.sharpness)
    return result


def _retouch(pixels: Image, mask: Map, face: Face, doses: Doses) -> Image:
    view = skin.window(face)
    pixels, mask, eyes = pixels[view], mask[view], face.interocular
    lab = tone.to_lab(pixels)
    change = np.zeros_like(lab)
    colourless = _colourless(pixels)
    if doses.blemishes and not colourless:
        spots = blemishes.find(lab, mask, eyes)
        filled = blemishes.fill(lab, mask, spots, eyes)
        change += _strength(doses.blemishes) * filled
    if doses.evenness:
        change += _strength(doses.evenness) * evenness.change(lab + change, mask, eyes)
    if doses.under_eye:
        change += _strength(doses.under_eye) * shading.under_eyes(lab + change, mask, face)
    if doses.shadows:
        change += _strength(doses.shadows) * shading.shadows(lab + change, mask, face)
    return _changed(pixels, lab, change)


def _colourless(pixels: Image) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    apart = max(float(np.abs(red - green).max()), float(np.abs(green - blue).max()))
    return apart < 2 / 255


def _strength(dose: float) -> float:
    # The contexts live in the lower half of the scale; this spreads that half out.
    return 1 - (1 - dose) ** 2


def _changed(pixels: Image, lab: Image, change: Image) -> Image:
    """Carry a change of CIELAB over to sRGB, leaving unchanged pixels bit-identical."""
    difference = tone.to_rgb(lab + change) - tone.to_rgb(lab)
    if _colourless(pixels):
        difference = difference[..., 1:2]
    touched = (change[..., 0] != 0) | (change[..., 1] != 0) | (change[..., 2] != 0)
    moved = np.clip(pixels + difference, 0, 1)
    return np.where(touched[..., None], moved, pixels).astype(np.float32)


def _keep_tone(before: Image, after: Image, mask: Map) -> Image:
    """Shift the skin's lightness so that its ITA stays within bounds; usually nothing."""
    was, is_now = (tone.of(tone.to_lab(picture), mask) for picture in (before, after))
    if was is None or is_now is None:
        return after
    offset = _offset(was, is_now)
    if offset == 0:
        return after
    lab = tone.to_lab(after)
    change = np.zeros_like(lab)
    change[..., 0] = offset * mask * float(mask.sum() / np.square(mask).sum())
    return _changed(after, lab, change)


def _offset(was: tone.Tone, is_now: tone.Tone) -> float:
    """Change of mean L* that brings the tone back within bounds."""
    if was.ita is None:
        low, high = was.lightness - _MOST_GREY_SHIFT, was.lightness + _MOST_GREY_SHIFT
    else:
        low = tone.lightness_for(was.ita - _MOST_ITA_SHIFT, is_now)
        high = tone.lightness_for(was.ita + _MOST_ITA_SHIFT, is_now)
    return float(np.clip(is_now.lightness, low, high)) - is_now.lightness
