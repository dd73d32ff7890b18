"""Apply the doses of a retouch to a portrait, and reduce it until all guards hold.

All doses are applied in `_apply_doses`; the guards are checked in `within`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from pipelines.face import Face, closeup, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import blocks, colour
from pipelines.image.arrays import Image, Map
from pipelines.image.colour import add
from pipelines.image.filters import lowpass
from pipelines.measure import guards, identity
from pipelines.measure.guards import Guard, HeldBack, Readings, Reference
from pipelines.polish import (
    blemishes,
    contrast,
    evenness,
    focus,
    gloss,
    healing,
    light,
    shadows,
    sharpness,
    under_eyes,
)
from pipelines.polish.done import Done
from pipelines.polish.focus import Focus
from pipelines.polish.gloss import Gloss
from pipelines.runtime.cache import Cache
from presets.schema import Doses

T = TypeVar("T")
Excess = tuple[float, Guard]
"""By how much the worst guard exceeds its bound, as a share of it, and which; 0 or less: it holds.
"""

INTEROCULAR = 100.0
"""Largest interocular distance of the crop on which skin is retouched, in pixels (0.63 mm per
pixel)."""
SHARPNESS_INTEROCULAR = 160.0
"""The same for sharpness, whose detail is finer."""

# Margin of the skin outside which nothing bears on its evenness, and of the cheeks whose blush
# stays, in interocular distances.
_NEAR_SKIN, _AROUND_CHEEKS = 0.3, 0.16
# Largest change of the skin's mean ITA in degrees, or of its L* in black-and-white. The guards
# allow 2 degrees; this is much less, because most doses change it in the same direction for
# everybody.
_MOST_ITA_SHIFT = 0.02
_MOST_GREY_SHIFT = 0.02
# Skin in white light has a hue between red and yellow and is never vivid (CIELAB hue in degrees,
# and chroma).
_NATURAL_HUE = (20.0, 85.0)
_MOST_CHROMA = 48.0
# Nothing is brightened beyond this value of a channel, in [0, 1].
_BRIGHTEST = np.float32(0.992)
# Share of the face that may be too dark to be lifted before it is mentioned.
_MOST_EMPTY = 0.04
# Most steps of the search for the strength at which all guards hold, and the excess of the worst
# guard over its bound that is aimed at, as a share of the bound; light leaves some to the skin.
_STEPS, _AIM, _LIGHT_AIM = 6, -0.004, -0.02
# Share of the largest distance of the embeddings up to which it is not measured again on less of
# the same change.
_ALIKE = 0.9
_UNCHANGED = Readings(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)
# Share of the largest distance of the embeddings that a change of light may use up.
_LIGHT_DISTANCE = 0.92
# Twice the distance by which rounding to 8 bits moves an embedding.
_EMBEDDING_NOISE = 0.02

GREYSCALE = "This photo has hardly any colour or one tone only, so blotches are left as they are."
COLOURED_LIGHT = (
    "The light is strongly coloured and hides the skin’s own colour; evenness is left out."
)
GRAINY = "The photo is too grainy to be sharpened; it is left as soft as it is."
BLURRED = (
    "The face is too blurred to be mended; it stays soft. Take the photo again with the focus on "
    "the eyes."
)
DEEP_SHADOW = (
    "Part of the face lies in a shadow too deep to hold anything; it is left dark. Turn towards a "
    "window and take the photo again."
)
LITTLE_SKIN = (
    "Too little skin can be seen in this photo to judge a retouch by; nothing is retouched."
)


@dataclass(frozen=True)
class Polished:
    """A retouched portrait within its guards.

    Attributes:
        pixels: The result, shape (H, W, 3); the input array itself if nothing is done.
        in_new_light: The crop that the guards see of the portrait with spots healed and light
            changed, before anything else: what the skin's tone and colour are compared with. The
            input array if nothing is done.
        done: What was done, for people to read.
        held_back: By how much and why the retouch was reduced; None if it was not.
        readings: Readings of the guards on the result; None if nothing is done.
        notes: Sentences on what was left out because of the photo.
        doses: The requested doses, without what was left out because of the photo.
    """

    pixels: Image = field(repr=False)
    held_back: HeldBack | None
    readings: Readings | None
    notes: tuple[str, ...]
    doses: Doses
    in_new_light: Image = field(repr=False)
    done: Done = field(default_factory=Done)


@dataclass(frozen=True)
class _Steps:
    """A portrait after each group of doses, without the guards.

    Attributes:
        healed: Its spots are replaced.
        lit: Its light is changed, too.
        result: All doses are applied.
        doses: The doses that suit the photo.
        notes: Sentences on the others, and on what could not be done.
        done: What was done.
    """

    healed: Image = field(repr=False)
    lit: Image = field(repr=False)
    result: Image = field(repr=False)
    doses: Doses
    notes: tuple[str, ...]
    done: Done


class _Sharpened(NamedTuple):
    """Crop for sharpness, change of luma in it at a dose of 1, and its focus."""

    crop: Closeup
    change: Map
    focus: Focus


def apply(pixels: Image, face: Face, doses: Doses, *, masks: Skin | None = None) -> Image:
    """Polish a portrait at full strength, without checking the guards; see `within`.

    Spots are replaced by skin from nearby, or left. Every other dose is a smooth correction in a
    band of scale; the fine band is never replaced, so pores, lines and fine hair stay. Corrections
    are computed on a crop whose size depends on the interocular distance, and their difference is
    added to the picture, so small and large copies of a photo get the same look. Skin is corrected
    in CIELAB, which separates lightness from colour and in which a step is about equally visible on
    dark and light skin. The result is deterministic.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        doses: Strength of each dose, 0..1. More of a dose does more; 0 changes nothing, bit for
            bit.
        masks: Skin masks of `closeup.cut(pixels, face, skin.REACH, ...)`, at any size; computed if
            None.

    Returns:
        A new picture of the same shape, or `pixels` itself if all doses are 0.
    """
    return _apply_doses(pixels, face, doses, masks, Cache()).result


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
    """Polish a portrait as strongly as requested, or as far as all guards hold.

    If a guard is broken at full strength, the changes are reduced to the largest share at which all
    guards hold (to within 1 % of the bound, for light 4 %): at first the changes of skin, and if
    the light alone breaks a guard, that too. Healed spots stay healed, unless they break a guard by
    themselves.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        doses: As for `apply`.
        before: The original that the guards compare with: this picture, or the one before its eyes
            were turned.
        texture_floor: Smallest share of the skin's texture that must be kept, 0..1.
        likeness: Whether the distance of the embeddings is a guard too; it is the slowest.
        cache: Intermediate results shared by all doses for this picture. The result has the same
            bytes with and without it.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    if not any(doses.model_dump().values()):
        return Polished(pixels, None, None, (), doses, pixels)
    if not before.enough_skin:
        return Polished(pixels, HeldBack(0.0, "skin"), None, (LITTLE_SKIN,), doses, pixels)
    steps = _apply_doses(pixels, face, doses, before.seen, cache or Cache())
    if steps.result is pixels:
        return Polished(pixels, None, None, steps.notes, steps.doses, pixels, steps.done)
    bounds = _Bounds(before, texture_floor, likeness)
    lit, full = (before.crop.like(each) for each in (steps.lit, steps.result))
    in_light = guards.in_light(before, lit)
    readings = bounds.read(in_light, full)
    bounds = replace(bounds, most_distance=_most_distance(before, pixels, readings))
    # What else light alone could break is in the readings of the result.
    halo = bounds.excess_of_light(in_light) if steps.done.shadow else (-1.0, "halo")
    over, guard = max(halo, bounds.excess(readings))
    if over <= 0:
        return Polished(steps.result, None, readings, steps.notes, steps.doses, lit, steps.done)
    # A smaller change hardly makes a face less alike.
    unlike = (readings.distance or 0.0) > _ALIKE * bounds.most_distance
    bounds = replace(bounds, likeness=likeness and unlike)
    base, light_share, share = steps.healed, 1.0, 1.0
    healed = before.crop.like(base)
    if steps.healed is not pixels and bounds.excess(bounds.read(before, healed))[0] > 0:
        base, healed = pixels, before.crop.like(pixels)
    difference = full - lit
    lit_result = steps.lit
    best: Readings | None = readings
    worst = max(halo, bounds.excess(bounds.read(in_light, lit)))
    if worst[0] > 0:
        light_share, guard = bounds.strongest_light(healed, lit - healed, worst)
    if light_share < 1 or base is not steps.healed:
        lit_result = _share(base, steps.lit, steps.healed, light_share)
        lit = before.crop.like(lit_result)
        in_light = guards.in_light(before, lit)
        readings = best = bounds.read(in_light, lit + difference)
    worst = bounds.excess(readings)
    if worst[0] > 0:
        share, guard, best = bounds.strongest(in_light, lit, difference, worst)
    result = _share(lit_result, steps.result, steps.lit, share)
    # The share is shown to people in whole percent.
    held_back = HeldBack(min(share, light_share), guard)
    done = steps.done.held_back(light_share, share, healed=base is not pixels)
    return Polished(result, held_back, best, steps.notes, steps.doses, lit, done)


def _share(base: Image, after: Image, before: Image, share: float) -> Image:
    """A picture with a share of a change added to it; itself if that is nothing."""
    if not share or after is before:
        return base
    return np.clip(base + np.float32(share) * (after - before), 0, 1, dtype=np.float32)


def _apply_doses(
    pixels: Image, face: Face, doses: Doses, masks: Skin | None, cache: Cache
) -> _Steps:
    if not any(doses.model_dump().values()):
        return _Steps(pixels, pixels, pixels, doses, (), Done())
    crop = cache.get("crop", lambda: closeup.cut(pixels, face, skin.REACH, INTEROCULAR))
    masks = skin.find(crop.pixels, crop.face) if masks is None else masks.sized(crop.pixels.shape)
    shine = cache.get("gloss", lambda: gloss.measure(crop, masks))
    doses, notes = _suitable_doses(crop, masks, doses, shine)
    healed, spots = _heal(pixels, crop, masks, doses.blemishes, cache)
    lit, light_done, light_notes = _change_light(healed, crop, masks, doses, shine, cache)
    crop = Closeup(crop.like(lit), crop.face, crop.view) if lit is not pixels else crop
    sharpened = (
        cache.get("sharpness", lambda: _sharpness_change(pixels, face, crop.face, masks))
        if doses.sharpness
        else None
    )
    if sharpened is not None and sharpened.focus.lost:
        notes = (*notes, BLURRED)
    # Shadows that were softened are not to be deepened again.
    glow = 1 - light_done.shadow
    result, under_eye, steeper = _retouch(lit, face, crop, masks, doses, sharpened, glow)
    mended = sharpened is not None and bool(sharpened.focus.change.any())
    done = replace(light_done, spots=spots, under_eye=under_eye, focus=mended, contrast=steeper)
    return _Steps(healed, lit, result, doses, (*notes, *light_notes), done)


def _heal(
    pixels: Image, crop: Closeup, masks: Skin, dose: float, cache: Cache
) -> tuple[Image, int]:
    """The picture without the spots that the dose removes, and their number."""
    if not dose:
        return pixels, 0
    found = cache.get("spots", lambda: blemishes.find(crop, masks.facial))
    spots = [spot for spot in found if spot.clearness >= blemishes.faintest(dose)]

    def heal() -> Image:
        return healing.heal(pixels, crop, crop.lab[..., 0], masks.facial, spots, found)

    return cache.get(("healed", len(spots)), heal), len(spots)


def _change_light(
    pixels: Image, crop: Closeup, masks: Skin, doses: Doses, shine: Gloss, cache: Cache
) -> tuple[Image, Done, tuple[str, ...]]:
    """The picture in softer light, what was done, and notes on what could not be done."""
    result, done = pixels, Done()
    notes: tuple[str, ...] = ()
    if doses.shadows:
        relight = cache.get("relight", lambda: shadows.measure(crop, masks, shine))
        strength = _strength(doses.shadows)
        result = shadows.apply(result, crop, relight, strength)
        done = replace(done, shadow=strength * relight.softening)
        notes = (DEEP_SHADOW,) if relight.empty > _MOST_EMPTY else ()
    if doses.light:
        measured = cache.get("light", lambda: light.measure(pixels, crop, masks, shine))
        strength = _strength(doses.light)
        result = light.apply(result, crop, measured, strength)
        done = replace(
            done,
            shine=strength * measured.gloss.share,
            ev=strength * measured.ev,
            cast=strength * measured.cast,
            haze=strength * measured.haze,
        )
    return result, done, notes


def _retouch(
    pixels: Image,
    face: Face,
    crop: Closeup,
    masks: Skin,
    doses: Doses,
    sharpened: _Sharpened | None,
    glow: float,
) -> tuple[Image, float, float]:
    """Change the skin, contrast and sharpness; returns `under_eye` and `contrast` of `Done`, too.

    Contrast deepens light and shade: its glow is reduced to the share `glow`, its curve by half as
    much.
    """
    # 1. Evenness and under_eye, on the crop.
    retouched, under_eye = _retouch_skin(crop, masks, doses)
    toned, curve, steeper = retouched, None, 0.0
    strength = _strength(doses.contrast) * (1 + glow) / 2
    if doses.contrast:
        height, width = retouched.shape[:2]
        whole = Closeup(retouched, crop.face, (slice(0, height), slice(0, width)))
        curve = contrast.measure(pixels, whole, masks.facial)
        curve = replace(curve, glow=np.float32(glow) * curve.glow)
        toned = contrast.apply(retouched, whole, curve, strength)
        steeper = strength * curve.steepness
    # 2. Undo any change of the skin's mean tone, by these and by the contrast that follows.
    corrected = _keep_tone(crop, toned, masks.facial)
    result = _add_difference(pixels, face, crop, retouched - crop.pixels + (corrected - toned))
    # 3. Contrast, on the whole picture.
    if curve is not None:
        result = contrast.apply(result, crop, curve, strength)
    # 4. Sharpness, on a larger crop.
    if sharpened is not None:
        large = sharpened.crop
        change = _strength(doses.sharpness) * (sharpened.change + sharpened.focus.change)
        if change.any():
            result = result.copy() if result is pixels else result
            view, (change,) = large.part(change != 0, change)
            part = result[view]
            for rows in blocks.rows(part.shape):
                part[rows] = add(part[rows], change[rows])
    return result, under_eye, steeper


def _retouch_skin(crop: Closeup, masks: Skin, doses: Doses) -> tuple[Image, float]:
    """The crop after the doses that change skin, and by how much dark circles were lifted."""
    if not (doses.evenness or doses.under_eye) or not masks.visible.any():
        return crop.pixels, 0.0
    lab, face, unit = crop.lab, crop.face, crop.face.interocular
    change, under_eye = np.zeros_like(lab), 0.0
    if doses.evenness:
        # Far from skin there is nothing to even out.
        near = closeup.box(masks.visible > 0, round(_NEAR_SKIN * unit))
        cheeks = lowpass(skin.both(face, "cheek", near, _AROUND_CHEEKS), _AROUND_CHEEKS * unit)
        even = evenness.change(lab[near], masks.visible[near], cheeks, unit)
        change[near] = _strength(doses.evenness) * even
    if doses.under_eye:
        lift = under_eyes.measure(lab + change, masks.facial, face)
        under_eye = _strength(doses.under_eye) * lift.share
        change += _strength(doses.under_eye) * lift.change
    return _add_lab_change(crop.pixels, lab, change), under_eye


def _strength(dose: float) -> float:
    """Factor of a change of skin, 0..1; steep in the lower half, where the contexts' doses are."""
    return 1 - (1 - dose) ** 2


def _sharpness_change(pixels: Image, face: Face, small: Face, masks: Skin) -> _Sharpened:
    """What `sharpness` and `focus` change; `small` is the face in the picture of the masks."""
    crop = closeup.cut(pixels, face, skin.REACH, SHARPNESS_INTEROCULAR)
    height, width = crop.pixels.shape[:2]
    where = np.asarray(cv2.resize(sharpness.area(small, masks), (width, height)), np.float32)
    masks = masks.sized(crop.pixels.shape)
    return _Sharpened(crop, sharpness.change(crop, where), focus.measure(crop, masks))


def _suitable_doses(
    crop: Closeup, masks: Skin, doses: Doses, shine: Gloss
) -> tuple[Doses, tuple[str, ...]]:
    """The doses without those that do not suit the photo, and a note on each of these."""
    notes: list[str] = []
    left_out: dict[str, float] = {}
    mean = colour.of(crop.lab, masks.facial)
    if doses.evenness and (shine.toned or (mean and mean.chroma < colour.COLOURLESS)):
        notes.append(GREYSCALE)
        left_out["evenness"] = 0.0
    elif doses.evenness and mean is not None and not _in_white_light(mean):
        notes.append(COLOURED_LIGHT)
        left_out["evenness"] = 0.0
    if doses.sharpness and sharpness.allowed(crop) == 0:
        notes.append(GRAINY)
        left_out["sharpness"] = 0.0
    return doses.model_copy(update=left_out), tuple(notes)


def _in_white_light(mean: colour.Tone) -> bool:
    """Whether this mean colour is possible for skin in white light."""
    hue = float(np.degrees(np.arctan2(mean.yellow, mean.red)))
    return _NATURAL_HUE[0] <= hue <= _NATURAL_HUE[1] and mean.chroma <= _MOST_CHROMA


def _colourless(pixels: Image) -> bool:
    """Whether the channels are equal everywhere, up to rounding."""
    red, green, blue = cv2.split(np.ascontiguousarray(pixels))
    difference = max(
        float(cv2.norm(red, green, cv2.NORM_INF)), float(cv2.norm(green, blue, cv2.NORM_INF))
    )
    return difference < 2 / 255


def _add_lab_change(pixels: Image, lab: Image, change: Image) -> Image:
    """Add a change of CIELAB to sRGB pixels; unchanged pixels stay bit-identical."""
    touched = (change[..., 0] != 0) | (change[..., 1] != 0) | (change[..., 2] != 0)
    if not touched.any():
        return pixels
    view, result = closeup.box(touched), pixels.copy()
    difference = colour.to_rgb(lab[view] + change[view]) - colour.to_rgb(lab[view])
    if _colourless(pixels):
        difference = difference[..., 1:2]
    changed = np.clip(result[view] + difference, 0, 1)
    np.copyto(result[view], changed, where=touched[view][..., None])
    return result


def _add_difference(pixels: Image, face: Face, crop: Closeup, difference: Image) -> Image:
    """Add a difference computed on a crop to the picture; where it is 0, pixels stay the same."""
    if not difference.any():
        return pixels
    result, (view, (large,)) = pixels.copy(), crop.part(difference.any(axis=2), difference)
    # Enlarging spreads the difference by up to a pixel of the crop, which must not reach the eyes.
    large[skin.both(face, "eye", view) > 0] = 0
    part = result[view]
    for rows in blocks.rows(part.shape):
        block = part[rows]
        # Nothing is brightened to white; what is brighter already stays.
        rise = np.minimum(large[rows], np.maximum(_BRIGHTEST - block, 0))
        rise += block
        np.maximum(rise, 0, out=block)
    return result


def _keep_tone(before: Closeup, after: Image, mask: Map) -> Image:
    """Correct the skin's lightness so that its mean ITA stays within `_MOST_ITA_SHIFT`."""
    if after is before.pixels:
        return after
    view = skin.window(before.face)
    lab, mask = colour.to_lab(after[view]), np.ascontiguousarray(mask[view])
    told = skin.without_circles(before.face, mask, view)
    old, new = colour.of(np.ascontiguousarray(before.lab[view]), told), colour.of(lab, told)
    if old is None or new is None:
        return after
    correction = _lightness_correction(old, new)
    if correction == 0:
        return after
    change = np.zeros_like(lab)
    change[..., 0] = correction * mask * float(told.sum() / (mask * told).sum())
    result = after.copy()
    result[view] = _add_lab_change(after[view], lab, change)
    return result


def _lightness_correction(old: colour.Tone, new: colour.Tone) -> float:
    """Change of the mean L* that brings the new tone within bounds of the old one."""
    if old.ita is None:
        low, high = old.lightness - _MOST_GREY_SHIFT, old.lightness + _MOST_GREY_SHIFT
    else:
        low = colour.lightness_for(old.ita - _MOST_ITA_SHIFT, new)
        high = colour.lightness_for(old.ita + _MOST_ITA_SHIFT, new)
    return float(np.clip(new.lightness, low, high)) - new.lightness


def _most_distance(before: Reference, start: Image, full: Readings) -> float:
    """Largest allowed distance of the embeddings.

    If turning the eyes alone has used up the usual bound, it is the distance after turning them.
    """
    if full.distance is None or full.distance <= 0.9 * guards.MOST_DISTANCE:
        return guards.MOST_DISTANCE
    turned = identity.embedding(before.crop.like(start), before.aligned)
    distance = identity.distance(before.embedding, turned)
    return max(guards.MOST_DISTANCE, distance + _EMBEDDING_NOISE)


@dataclass(frozen=True)
class _Bounds:
    """The guards with the bounds of one request.

    Attributes:
        before: The original.
        texture_floor: Smallest share of the skin's texture that must be kept.
        likeness: Whether the distance of the embeddings is a guard.
        most_distance: Largest distance of the embeddings.
    """

    before: Reference
    texture_floor: float
    likeness: bool
    most_distance: float = guards.MOST_DISTANCE

    def read(self, before: Reference, crop: Image, *, likeness: bool = True) -> Readings:
        """Measure all guards on the crop of a result."""
        return guards.read(before, crop, likeness=self.likeness and likeness)[0]

    def excess(self, readings: Readings) -> Excess:
        """By how much the worst guard exceeds its bound, and which."""
        over = readings.excess(self.texture_floor, strict=True, most_distance=self.most_distance)
        return max((value, guard) for guard, value in over.items())

    def excess_of_light(self, lit: Reference) -> Excess:
        """The same for the halo of light alone."""
        return guards.halo_of_light(self.before, lit) / guards.MOST_HALO - 1, "halo"

    def strongest_light(
        self, start: Image, difference: Image, whole: Excess
    ) -> tuple[float, Guard]:
        """Like `strongest`, for a difference of light: tone and colour are those in that light.

        A part of the likeness is left to the changes of skin.
        """
        bounds = replace(self, most_distance=_LIGHT_DISTANCE * self.most_distance)

        def measure(share: float) -> tuple[Excess, None]:
            lit = start + np.float32(share) * difference
            in_light = guards.in_light(self.before, lit)
            return max(
                self.excess_of_light(in_light), bounds.excess(self.read(in_light, lit))
            ), None

        share, guard, _ = self._largest_share(measure, whole, _LIGHT_AIM)
        return share, guard

    def strongest(
        self, before: Reference, start: Image, difference: Image, whole: Excess
    ) -> tuple[float, Guard, Readings | None]:
        """Largest share of a difference at which all guards hold; `whole` is that of all of it.

        Returns:
            The share in whole percent, the guard that a larger one breaks, and the readings at the
            share that was found; None if none above 0 was found.
        """

        def measure(share: float) -> tuple[Excess, Readings]:
            readings = self.read(before, start + np.float32(share) * difference)
            return self.excess(readings), readings

        return self._largest_share(measure, whole, _AIM)

    def _largest_share(
        self, measure: Callable[[float], tuple[Excess, T]], whole: Excess, aim: float
    ) -> tuple[float, Guard, T | None]:
        """Search for the largest share that breaks no guard by false position (Illinois).

        Readings are nearly proportional to the change, so one or two steps are enough mostly.

        Args:
            measure: The excess at a share, and what goes with it.
            whole: The excess of the whole.
            aim: The excess that is aimed at, below 0.

        Returns:
            The share in whole percent, the guard that a larger one breaks, and what goes with the
            share that was found; None if none above 0 was found.
        """
        low, high, best = 0.0, 1.0, None
        under, (over, guard) = min(self.excess(_UNCHANGED)[0], 2 * aim), whole
        for _ in range(_STEPS):
            share = low + (high - low) * (aim - under) / (over - under)
            (excess, broken), measured = measure(share)
            if excess > 0:
                # The other end counts half, or it would stay where it is.
                high, over, guard, under = share, excess, broken, aim + (under - aim) / 2
            else:
                low, under, best = share, excess, measured
                if excess >= 2 * aim:
                    break
        return float(np.floor(100 * low) / 100), guard, best
