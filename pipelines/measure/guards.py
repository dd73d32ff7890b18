"""The guards of the polish: limits on what a retouched portrait may lose or gain.

They are measured on a crop of the face whose size depends on the interocular distance, so that a
600 px and a 6000 px copy of one photo are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import cv2
import numpy as np

from pipelines.face import Face, closeup, skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image import colour, filters
from pipelines.image.arrays import Image, Map, Reals
from pipelines.image.colour import Tone, luma_of
from pipelines.measure import identity, texture
from pipelines.measure.identity import Embedding
from pipelines.measure.texture import Texture

Guard = Literal[
    "texture", "tone", "colour", "likeness", "highlights", "halo", "sharpness", "eyes", "skin"
]
"""Name of a guard. All but ``skin`` are computed in `Readings.broken`; ``skin`` means that too
little skin is visible for the others to be measured."""

INTEROCULAR = 256.0
"""Largest interocular distance of the crop on which the guards are measured, in pixels (0.25 mm
per pixel)."""
LEAST_SKIN = 0.15
"""Smallest share of the face outline that must be skin for a polish to be judged."""

MOST_ITA_SHIFT = 2.0
"""Largest change of the Individual Typology Angle, in degrees."""
MOST_DELTA_E = 3.0
"""Largest mean CIEDE2000 on skin; 1 is just visible side by side, so this is small but visible."""
MOST_DISTANCE = 0.2
"""Largest distance between the face embeddings."""
MOST_CLIPPED = 0.002
"""Largest additional share of the face's pixels of which a channel is clipped at white."""
MOST_HALO = 1.5
"""Largest overshoot of the change at the skin's edge beyond its values on both sides, in L*."""
MOST_SHARPER = 1.30
"""Largest growth factor of the standard deviation of fine contrast in hair, lashes or mouth."""
MOST_EYES_OVER_SKIN = 1.30
"""Largest growth of fine contrast around the eyes, divided by that on the skin."""

# Rounding to 8 bits alone can lower the texture by this much.
TEXTURE_SLACK = 0.005
# Share of its bound that a guard must keep to while a retouch is computed (`strict`).
_STRICT = 0.95
# Loss of texture below the floor that counts as much as another guard at twice its bound.
_TEXTURE_STEP = 0.1
# Percentiles of L* between which skin counts as lit: above the shadows, below gloss.
_LIT = (70, 95)
# Number of skin pixels on which CIEDE2000 is computed.
_SAMPLES = 8192
_WHITE = 254.5 / 255
# Added to fine contrast, so that it cannot grow by a large factor from below one 8-bit step.
_LEAST_CONTRAST = 1.5 / 255
# For `_halo`, in interocular distances: width of the skin's edge, distances of the zones inside and
# outside it, and standard deviation of the averaging along it.
_RIM_WIDTH, _SIDE_ZONE, _RIM_SIGMA = 0.02, (0.05, 0.11), 0.05
# Interocular distance in pixels above which the halo is measured at half size.
_HALVE_ABOVE = 100.0
# How far hair is judged beyond the face outline, in interocular distances.
_HAIR_REACH = 0.5
# Areas whose contrast `sharpening` compares.
_SHARPENED_AREAS = ("lashes", "mouth", "hair")


@dataclass(frozen=True)
class Readings:
    """Measurements of a result against its original, one for each guard.

    Attributes:
        texture: Share of the skin's own fine texture that is kept, 0..1.
        ita_shift: Absolute change of the Individual Typology Angle, in degrees.
        delta_e00_mean: Mean CIEDE2000 on facial skin.
        distance: Distance between the face embeddings; None if it was not measured.
        clipped: Additional share of the face's pixels that are clipped at white, 0..1.
        halo: Overshoot of the change at the skin's edge, in L*.
        sharpening: Largest growth factor of fine contrast among lashes, mouth and hair.
        eyes_over_skin: Growth factor of fine contrast around the eyes, divided by that on the skin.
    """

    texture: float
    ita_shift: float
    delta_e00_mean: float
    distance: float | None
    clipped: float
    halo: float
    sharpening: float
    eyes_over_skin: float

    def broken(
        self, texture_floor: float, *, strict: bool = False, most_distance: float = MOST_DISTANCE
    ) -> list[Guard]:
        """Guards that exceed their bound, the worst first.

        Args:
            texture_floor: Smallest share of the texture that must be kept, 0..1.
            strict: Use slightly tighter bounds, so that rounding the result to 8 bits cannot
                break them.
            most_distance: Largest distance between the embeddings.
        """
        slack = 0.0 if strict else TEXTURE_SLACK
        bound = _STRICT if strict else 1.0
        # Each reading relative to its bound, so that they can be ranked.
        relative: dict[Guard, float] = {
            "texture": bound + (texture_floor - slack - self.texture) / _TEXTURE_STEP,
            "tone": self.ita_shift / MOST_ITA_SHIFT,
            "colour": self.delta_e00_mean / MOST_DELTA_E,
            "likeness": (self.distance or 0.0) / most_distance,
            "highlights": self.clipped / MOST_CLIPPED,
            "halo": self.halo / MOST_HALO,
            "sharpness": (self.sharpening - 1) / (MOST_SHARPER - 1),
            "eyes": (self.eyes_over_skin - 1) / (MOST_EYES_OVER_SKIN - 1),
        }
        over: list[Guard] = [guard for guard, value in relative.items() if value > bound]
        return sorted(over, key=lambda guard: -relative[guard])


@dataclass(frozen=True)
class HeldBack:
    """By how much a polish was reduced, and why.

    Attributes:
        share: Applied strength as a share of the requested one, 0..1.
        guard: The guard that a stronger polish would break.
    """

    share: float
    guard: Guard

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return {"share": self.share, "guard": self.guard}


@dataclass(frozen=True)
class Reference:
    """What the guards need of an original to compare its results with it.

    Attributes:
        crop: Crop of the face, with a margin of `skin.REACH`.
        seen: Skin masks of the crop.
        texture: Fine band on facial skin.
        tone: Mean colour of facial skin; None if there is none.
        embedding: Face embedding.
        aligned: The face in the crop by whose landmarks it and those of results are aligned.
        enough_skin: Whether enough skin is visible to judge a polish, see `LEAST_SKIN`.
        lightness: L* of the crop, shape (h, w).
        samples: Some pixels of facial skin in CIELAB, shape (n, 3).
        clipped: Share of the face's pixels that are clipped at white, 0..1.
        areas: Masks of the areas in which fine contrast is measured, by name, each (h, w).
        contrasts: Fine contrast of each of these areas.
    """

    crop: Closeup
    seen: Skin
    texture: Texture = field(repr=False)
    tone: Tone | None
    embedding: Embedding = field(repr=False)
    aligned: Face = field(repr=False)
    enough_skin: bool
    lightness: Map = field(repr=False)
    samples: Reals = field(repr=False)
    clipped: float = field(repr=False)
    areas: dict[str, Map] = field(repr=False)
    contrasts: dict[str, float] = field(repr=False)


def reference(
    pixels: Image, face: Face, *, seen: Skin | None = None, who: Reference | None = None
) -> Reference:
    """Measure an original, for comparison with its results.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        seen: Skin masks of the crop of this face, at any size; computed if None.
        who: The photo before its eyes were turned, whose embedding is kept (of this size, if the
            likeness of results is to be measured); None if these are it.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    crop = closeup.cut(pixels, face, skin.REACH, INTEROCULAR)
    seen = skin.find(crop.pixels, crop.face) if seen is None else seen.sized(crop.pixels.shape)
    view = skin.window(crop.face)
    mask = seen.facial[view]
    lab = colour.to_lab(crop.pixels)
    outline = skin.inside(crop.face, skin.outline(crop.face))[view]
    areas = _contrast_areas(crop.face, seen)
    return Reference(
        crop=crop,
        seen=seen,
        texture=texture.of(lab[view][..., 0], mask, crop.face.interocular),
        tone=colour.of(lab[view], mask),
        embedding=who.embedding if who else identity.embedding(crop.pixels, crop.face),
        aligned=who.aligned if who else crop.face,
        enough_skin=float(mask.sum()) >= LEAST_SKIN * float(outline.sum()),
        lightness=lab[..., 0],
        samples=_samples(lab[view], mask),
        clipped=_clipped(crop.pixels[view]),
        areas=areas,
        contrasts=_contrasts(luma_of(crop.pixels), areas, crop.face.interocular),
    )


def in_light(before: Reference, pixels: Image) -> Reference:
    """The original with what the guards compare in the light of the result.

    Light changes the colour of all skin it falls on, and a shadow has edges; the guards of tone,
    colour, halo and fine contrast are to see what changes the skin itself. Texture, highlights and
    likeness are still compared with the original, texture without the edges of softened shadows.

    Args:
        before: The original.
        pixels: The original in the light of the result, or its crop; unretouched otherwise.
    """
    crop = before.crop
    if pixels.shape[:2] != crop.pixels.shape[:2]:
        pixels = crop.like(pixels)
    view = skin.window(crop.face)
    mask = before.seen.facial[view]
    lab = colour.to_lab(pixels)
    return replace(
        before,
        texture=texture.off_edges(before.texture, (lab[..., 0] - before.lightness)[view]),
        tone=colour.of(lab[view], mask),
        samples=_samples(lab[view], mask),
        lightness=lab[..., 0],
        contrasts=_contrasts(luma_of(pixels), before.areas, crop.face.interocular),
    )


def read(
    before: Reference, after: Image, face_after: Face | None = None, *, likeness: bool = True
) -> tuple[Readings, Tone | None]:
    """Measure all guards on a result.

    Args:
        before: The original.
        after: Working copy of the result, same size as the original's; or only its crop.
        face_after: The face in `after`; the original's if None.
        likeness: Whether to measure the distance between the embeddings, the slowest guard.

    Returns:
        The readings, and the mean skin tone of the result.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    crop, face = before.crop, before.crop.face
    pixels = after if after.shape[:2] == crop.pixels.shape[:2] else crop.like(after)
    view = skin.window(face)
    mask = before.seen.facial[view]
    lab = colour.to_lab(pixels)
    tone = colour.of(lab[view], mask)
    growth = _contrast_growth(before, luma_of(pixels))
    distance = None
    if likeness:
        if face_after is not None:
            crop_after = closeup.cut(after, face_after, skin.REACH, INTEROCULAR)
            embedding = identity.embedding(crop_after.pixels, crop_after.face)
        else:
            embedding = identity.embedding(pixels, before.aligned)
        distance = identity.distance(before.embedding, embedding)
    readings = Readings(
        texture=texture.retention(before.texture, lab[view][..., 0]),
        ita_shift=_ita_shift(before.tone, tone),
        delta_e00_mean=_delta_e(before.samples, _samples(lab[view], mask)),
        distance=distance,
        clipped=max(0.0, _clipped(pixels[view]) - before.clipped),
        halo=halo(before, lab[..., 0]),
        sharpening=max(growth[area] for area in _SHARPENED_AREAS),
        eyes_over_skin=growth["lashes"] / max(growth["skin"], 1e-3),
    )
    return readings, tone


def tone_of_lit(before: Reference, pixels: Image) -> Tone | None:
    """Mean colour of the lit part of the face, which softer shadows do not reach.

    Args:
        before: The original; it decides which part is lit.
        pixels: The original or a version of it, of the same size; or its crop.
    """
    crop, mask = before.crop, before.seen.facial > 0.5
    if not mask.any():
        return None
    lightness = colour.to_lab(crop.pixels)[..., 0]
    low, high = np.percentile(lightness[mask], _LIT)
    lit = mask & (lightness >= low) & (lightness <= high)
    pixels = pixels if pixels.shape[:2] == crop.pixels.shape[:2] else crop.like(pixels)
    return colour.of(colour.to_lab(pixels), lit.astype(np.float32))


def _ita_shift(before: Tone | None, after: Tone | None) -> float:
    if before is None or after is None or before.ita is None:
        return 0.0
    return abs(after.angle - before.ita)


def _delta_e(before: Reals, after: Reals) -> float:
    from skimage.color import deltaE_ciede2000

    return float(np.mean(deltaE_ciede2000(before, after))) if len(before) else 0.0


def _samples(lab: Image, mask: Map) -> Reals:
    """About `_SAMPLES` of the masked pixels at equal steps, shape (n, 3)."""
    on_skin = lab[mask > 0.5]
    return on_skin[:: max(1, len(on_skin) // _SAMPLES)].astype(np.float64)


def _clipped(pixels: Image) -> float:
    """Share of pixels of which a channel is clipped at white."""
    white = np.count_nonzero((pixels >= _WHITE).any(axis=2))
    return white / max(pixels.shape[0] * pixels.shape[1], 1)


def _contrast_areas(face: Face, seen: Skin) -> dict[str, Map]:
    """Masks of lashes (with brows), mouth, hair and skin, for the contrast guards."""
    view = slice(0, face.size[0]), slice(0, face.size[1])
    unit = face.interocular
    # Without the lid openings, which turning the gaze changes.
    lashes = skin.both(face, "eye", view, 0.05) - skin.both(face, "eye", view)
    lashes = np.maximum(lashes, skin.both(face, "brow", view, 0.02))
    outline = skin.inside(face, skin.outline(face))
    away = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    around = (away > 0) & (away < _HAIR_REACH * unit)
    bare = cv2.dilate(seen.visible, np.ones((3, 3), np.uint8))
    eyes = np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0)
    above = np.indices(face.size)[0] < eyes[1] + 0.6 * unit
    return {
        "lashes": lashes,
        "mouth": skin.region(face, "lips", view, 0.01),
        "hair": (around & above & (bare < 0.1)).astype(np.float32),
        "skin": seen.facial,
    }


def _contrasts(luma: Map, areas: dict[str, Map], interocular: float) -> dict[str, float]:
    """Standard deviation of the fine band in each area."""
    energy = np.square(filters.fine(luma, interocular))
    return {
        name: float(np.sqrt((mask * energy).sum() / max(float(mask.sum()), 1.0)))
        for name, mask in areas.items()
    }


def _contrast_growth(before: Reference, luma: Map) -> dict[str, float]:
    """Factor by which the fine contrast of each area grew."""
    after = _contrasts(luma, before.areas, before.crop.face.interocular)
    return {
        name: (after[name] + _LEAST_CONTRAST) / (contrast + _LEAST_CONTRAST)
        for name, contrast in before.contrasts.items()
    }


def halo_of_light(before: Reference, lightness: Map) -> float:
    """`halo` of a change of light, which goes on over eyes, brows, lips and beard.

    Only the edge towards hair, clothes and background counts.
    """
    on_face = np.clip(2 * skin.edge(before.crop.face), 0, 1)
    return halo(before, lightness, np.maximum(before.seen.visible, on_face))


def halo(before: Reference, lightness: Map, visible: Map | None = None) -> float:
    """By how much the change at the skin's edge exceeds the changes on both sides of it, in L*.

    A retouch that fades out changes gradually from the inside to the outside; an edge that is
    lighter or darker than both sides is a halo.
    """
    unit = before.crop.face.interocular
    # A halo is broad, so half size is enough on a large face.
    factor = 2 if unit > _HALVE_ABOVE else 1
    step = slice(None, None, factor)
    visible = (before.seen.visible if visible is None else visible)[step, step]
    change = filters.lowpass(lightness - before.lightness, 0.01 * unit)[step, step]
    unit = unit / factor
    inner = (visible > 0.5).astype(np.uint8)
    if not inner.any() or inner.all():
        return 0.0
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 3) / unit
    distance = cv2.distanceTransform(1 - inner, cv2.DIST_L2, 3) / unit
    low, high = _SIDE_ZONE
    zones = (
        depth + distance <= max(_RIM_WIDTH, 1.5 / unit),
        (depth > low) & (depth < high),
        (distance > low) & (distance < high),
    )
    rim, inside, outside = (
        _local_mean(change, zone.astype(np.float32), _RIM_SIGMA * unit) for zone in zones
    )
    over = np.maximum(rim - np.maximum(inside, outside), np.minimum(inside, outside) - rim)
    return max(0.0, float(np.percentile(over[zones[0]], 98)))


def _local_mean(change: Map, zone: Map, sigma: float) -> Map:
    """Mean of the change in a zone, around each pixel."""
    mass = filters.lowpass(zone, 2 * sigma)
    return np.asarray(
        filters.lowpass(change * zone, 2 * sigma) / np.maximum(mass, 1e-4), np.float32
    )
