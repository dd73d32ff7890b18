"""The retouch: doses in, a portrait out that is still the same person's."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import Face, closeup, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import colour
from pipelines.image.arrays import Image, Map
from pipelines.image.colour import add
from pipelines.measure import guards
from pipelines.measure.guards import Guard, HeldBack, Readings, Reference
from pipelines.polish import blemishes, contrast, evenness, shadows, sharpness, under_eyes
from pipelines.runtime.cache import Cache
from presets.schema import Doses

INTEROCULAR = 100.0
"""The most pixels between the eyes at which skin and light are worked on (0.63 mm a pixel)."""
CRISP_INTEROCULAR = 160.0
"""The same for sharpness, which is finer."""

# A polish may not lighten or darken anybody. The guards allow 2 degrees; the retouch keeps to much
# less, because most of its doses pull the same way and a small drift would be one for everybody.
_MOST_ITA_SHIFT = 0.02
_MOST_GREY_SHIFT = 0.02
# Skin under white light lies between red and yellow, and is never vivid (CIELAB hue and chroma).
_NATURAL_HUE = (20.0, 85.0)
_MOST_CHROMA = 48.0
_BRIGHTEST = np.float32(0.992)
_STEPS = 6
# The embedding jitters by half of this between 8 bits and none.
_JITTER = 0.02

GREYSCALE = "This photo has no colour, so nothing is done about redness and blotches."
COLOURED_LIGHT = (
    "The light is strongly coloured and hides the skin’s own colour; evenness is left out."
)
GRAINY = "The photo is too grainy to be sharpened; it is left as soft as it is."
LITTLE_SKIN = (
    "Too little skin can be seen in this photo to judge a retouch by; nothing is retouched."
)


@dataclass(frozen=True)
class Polished:
    """A retouched portrait within its guards.

    Attributes:
        pixels: The result, shape (H, W, 3); the very array that went in where nothing is done.
        held_back: By how much and why less was done than asked; None if all was.
        readings: The guards on the result; None where nothing is done.
        notes: What was left out because of the photo, in sentences.
        doses: What was asked, without what was left out because of the photo.
    """

    pixels: Image = field(repr=False)
    held_back: HeldBack | None
    readings: Readings | None
    notes: tuple[str, ...]
    doses: Doses


def apply(pixels: Image, face: Face, doses: Doses, *, seen: Skin | None = None) -> Image:
    """Polish a portrait, whatever the guards say; see `within` for a polish that heeds them.

    Everything is a smooth correction in a band of scale; the fine band is never replaced, so pores,
    lines and down stay. It is worked out on a copy whose size is tied to the distance between the
    eyes, and its difference is carried over, so small and large copies of a photo get one look. The
    skin is worked on in CIELAB: lightness and colour are apart there, and a step is about as
    visible on dark skin as on light. Nothing is random. Only contrast, and sharpness on the hair
    around the face, reach beyond the skin.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        doses: How much of each part of the retouch, each 0..1. Each acts monotonically; 0 is
            exactly nothing, and with all at 0 `pixels` itself is returned.
        seen: The skin in `closeup.cut(pixels, face, skin.REACH, ...)` at any size, if it is at
            hand already.

    Returns:
        A new picture of the same shape, or `pixels` itself.
    """
    return _apply(pixels, face, doses, seen)[0]


def within(
    pixels: Image,
    face: Face,
    doses: Doses,
    before: Reference,
    texture_floor: float,
    *,
    likeness: bool = True,
    cache: Cache | None = None,
) -> Polished:
    """Polish a portrait as strongly as asked, or as far as every guard holds.

    If a guard is over its bound at the full strength, the whole retouch is laid over the portrait
    more thinly: its strength is halved in on, six times, and the strongest that held is given.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        doses: As for `apply`.
        before: What the result is held against: of this picture, or of the one before its eyes
            were turned.
        texture_floor: Share of the skin's texture that has to stay, 0..1.
        likeness: Whether the embedding is a guard, too; it takes the longest to read.
        cache: Keeps what all doses of these very pixels share. It changes no bit of the result.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    if not any(doses.model_dump().values()):
        return Polished(pixels, None, None, (), doses)
    if not before.enough_skin:
        return Polished(pixels, HeldBack(0.0, "skin"), None, (LITTLE_SKIN,), doses)
    result, doses, notes = _apply(pixels, face, doses, before.seen, cache)
    if result is pixels:
        return Polished(pixels, None, None, notes, doses)
    start = before.near.like(pixels)
    difference = before.near.like(result) - start
    full, _ = guards.read(before, start + difference, likeness=likeness)
    most_distance = _most_distance(before, start, full)
    broken = full.broken(texture_floor, strict=True, most_distance=most_distance)
    if not broken:
        return Polished(result, None, full, notes, doses)
    strongest, guard, readings = _strongest(
        before, start, difference, texture_floor, broken, most_distance
    )
    # Whole percents, as they are told.
    share = np.floor(100 * strongest) / 100
    if share > 0:
        result = np.clip(pixels + np.float32(share) * (result - pixels), 0, 1, dtype=np.float32)
    else:
        result = pixels
    return Polished(result, HeldBack(float(share), guard), readings, notes, doses)


def _most_distance(before: Reference, start: Image, full: Readings) -> float:
    if full.distance is None or full.distance <= 0.9 * guards.MOST_DISTANCE:
        return guards.MOST_DISTANCE
    # Where turning the eyes alone took up the likeness, the retouch is not to blame for it.
    turned, _ = guards.read(before, start)
    return max(guards.MOST_DISTANCE, (turned.distance or 0.0) + _JITTER)


def _strongest(
    before: Reference,
    start: Image,
    difference: Image,
    texture_floor: float,
    broken: list[Guard],
    most_distance: float,
) -> tuple[float, Guard, Readings | None]:
    low, high, guard, held = 0.0, 1.0, broken[0], None
    likeness = "likeness" in broken
    for _ in range(_STEPS):
        share = (low + high) / 2
        readings, _ = guards.read(before, start + np.float32(share) * difference, likeness=likeness)
        over = readings.broken(texture_floor, strict=True, most_distance=most_distance)
        if over:
            high, guard = share, over[0]
        else:
            low, held = share, readings
    return low, guard, held


def _apply(
    pixels: Image, face: Face, doses: Doses, seen: Skin | None, cache: Cache | None = None
) -> tuple[Image, Doses, tuple[str, ...]]:
    if not any(doses.model_dump().values()):
        return pixels, doses, ()
    cache = cache or Cache()
    near = cache.get("near", lambda: closeup.cut(pixels, face, skin.REACH, INTEROCULAR))
    seen = skin.find(near.pixels, near.face) if seen is None else seen.sized(near.pixels.shape)
    doses, notes = _fitting(near, seen, doses)
    if not any(doses.model_dump().values()):
        return pixels, doses, notes
    retouched = _retouch(near, seen, doses, cache)
    result = _carried(pixels, face, near, retouched - near.pixels)
    if doses.contrast:
        small = Closeup(retouched, near.face, near.view)
        curve = contrast.read(result, small, seen.facial)
        result = contrast.apply(result, near, curve, doses.contrast)
        whole = Closeup(retouched, near.face, _whole(retouched))
        retouched = contrast.apply(retouched, whole, curve, doses.contrast)
    kept = _keep_tone(near.pixels, retouched, seen.facial)
    result = _carried(result, face, near, kept - retouched)
    if doses.sharpness:
        large, full = cache.get("crisp", lambda: _crisp(pixels, face, seen))
        crisp = doses.sharpness * full
        if crisp.any():
            result = result.copy() if result is pixels else result
            result[large.view] = _lit(result[large.view], large.back(crisp))
    return result, doses, notes


def _crisp(pixels: Image, face: Face, seen: Skin) -> tuple[Closeup, Map]:
    large = closeup.cut(pixels, face, skin.REACH, CRISP_INTEROCULAR)
    return large, sharpness.change(large, seen.sized(large.pixels.shape))


def _fitting(near: Closeup, seen: Skin, doses: Doses) -> tuple[Doses, tuple[str, ...]]:
    """The doses that make sense on this photo, and what is left out."""
    notes: list[str] = []
    left_out: dict[str, float] = {}
    mean = colour.of(colour.to_lab(near.pixels), seen.facial)
    colourless = _colourless(near.pixels) or (mean is not None and mean.chroma < colour.COLOURLESS)
    if colourless and (doses.blemishes or doses.evenness):
        notes.append(GREYSCALE)
        left_out |= {"blemishes": 0.0, "evenness": 0.0}
    elif doses.evenness and mean is not None and not natural(mean):
        notes.append(COLOURED_LIGHT)
        left_out["evenness"] = 0.0
    if doses.sharpness and sharpness.calm(near) == 0:
        notes.append(GRAINY)
        left_out["sharpness"] = 0.0
    return doses.model_copy(update=left_out), tuple(notes)


def natural(mean: colour.Tone) -> bool:
    """Whether skin of this mean colour may be lit by white light."""
    hue = float(np.degrees(np.arctan2(mean.yellow, mean.red)))
    return _NATURAL_HUE[0] <= hue <= _NATURAL_HUE[1] and mean.chroma <= _MOST_CHROMA


def _retouch(near: Closeup, seen: Skin, doses: Doses, cache: Cache) -> Image:
    if not (doses.blemishes or doses.evenness or doses.under_eye or doses.shadows):
        return near.pixels
    if not seen.visible.any():
        return near.pixels
    lab, face, eyes = colour.to_lab(near.pixels), near.face, near.face.interocular
    change = np.zeros_like(lab)
    if doses.blemishes:
        change += _strength(doses.blemishes) * cache.get("filled", lambda: _filled(lab, seen, eyes))
    if doses.evenness:
        change += _strength(doses.evenness) * evenness.change(lab + change, seen.visible, eyes)
    if doses.under_eye:
        change += _strength(doses.under_eye) * under_eyes.under_eyes(
            lab + change, seen.facial, face
        )
    if doses.shadows:
        change += _strength(doses.shadows) * shadows.shadows(lab + change, seen.facial, face)
    return _changed(near.pixels, lab, change)


def _filled(lab: Image, seen: Skin, interocular: float) -> Image:
    spots = blemishes.find(lab, seen.visible, interocular)
    return blemishes.fill(lab, seen.visible, spots, interocular)


def _colourless(pixels: Image) -> bool:
    red, green, blue = cv2.split(np.ascontiguousarray(pixels))
    apart = max(
        float(cv2.norm(red, green, cv2.NORM_INF)), float(cv2.norm(green, blue, cv2.NORM_INF))
    )
    return apart < 2 / 255


def _strength(dose: float) -> float:
    # The contexts live in the lower half of the scale; this spreads that half out.
    return 1 - (1 - dose) ** 2


def _changed(pixels: Image, lab: Image, change: Image) -> Image:
    """Carry a change of CIELAB over to sRGB, leaving unchanged pixels bit-identical."""
    difference = colour.to_rgb(lab + change) - colour.to_rgb(lab)
    if _colourless(pixels):
        difference = difference[..., 1:2]
    touched = (change[..., 0] != 0) | (change[..., 1] != 0) | (change[..., 2] != 0)
    moved = np.clip(pixels + difference, 0, 1)
    return np.where(touched[..., None], moved, pixels).astype(np.float32)


def _carried(pixels: Image, face: Face, near: Closeup, difference: Image) -> Image:
    """Add a closeup's difference to the picture; where it is 0 the picture stays as it is."""
    if not difference.any():
        return pixels
    result = pixels.copy()
    large = near.back(difference)
    # Enlarging smears by a pixel of the closeup; the eyes' own surface is not skin.
    large[skin.both(face, "eye", near.view) > 0] = 0
    part = np.ascontiguousarray(pixels[near.view])
    # Nothing is lifted into plain white; what is white already stays.
    large = np.minimum(large, np.maximum(_BRIGHTEST - part, 0))
    result[near.view] = np.maximum(cv2.add(part, large), 0)
    return result


def _lit(pixels: Image, change: Map) -> Image:
    return np.where((change != 0)[..., None], add(pixels, change), pixels)


def _keep_tone(before: Image, after: Image, mask: Map) -> Image:
    """Shift the skin's lightness so that its ITA stays within bounds; usually nothing."""
    if after is before:
        return after
    lab = colour.to_lab(after)
    was, is_now = colour.of(colour.to_lab(before), mask), colour.of(lab, mask)
    if was is None or is_now is None:
        return after
    offset = _offset(was, is_now)
    if offset == 0:
        return after
    change = np.zeros_like(lab)
    change[..., 0] = offset * mask * float(mask.sum() / np.square(mask).sum())
    return _changed(after, lab, change)


def _offset(was: colour.Tone, is_now: colour.Tone) -> float:
    """Change of mean L* that brings the tone back within bounds."""
    if was.ita is None:
        low, high = was.lightness - _MOST_GREY_SHIFT, was.lightness + _MOST_GREY_SHIFT
    else:
        low = colour.lightness_for(was.ita - _MOST_ITA_SHIFT, is_now)
        high = colour.lightness_for(was.ita + _MOST_ITA_SHIFT, is_now)
    return float(np.clip(is_now.lightness, low, high)) - is_now.lightness


def _whole(pixels: Image) -> skin.Window:
    return slice(0, pixels.shape[0]), slice(0, pixels.shape[1])
