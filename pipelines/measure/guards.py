"""The guards of the polish: limits on what a retouched portrait may lose or gain.

They are measured on a crop of the face whose size depends on the interocular distance, so that a
600 px and a 6000 px copy of one photo are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

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

# Rounding to 8 bits alone can lower the texture by 0.008. By this much it may lie below the floor;
# for the rest a retouch stays above it while it is computed (`strict`).
TEXTURE_SLACK, _STRICT_TEXTURE = 0.005, 0.003
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

    def excess(
        self, texture_floor: float, *, strict: bool = False, most_distance: float = MOST_DISTANCE
    ) -> dict[Guard, float]:
        """By how much each guard exceeds its bound, as a share of it; 0 or less if it holds.

        Args:
            texture_floor: Smallest share of the texture that must be kept, 0..1.
            strict: Use slightly tighter bounds, so that rounding the result to 8 bits cannot
                break them.
            most_distance: Largest distance between the embeddings.
        """
        slack = -_STRICT_TEXTURE if strict else TEXTURE_SLACK
        bound = _STRICT if strict else 1.0
        return {
            "texture": (texture_floor - slack - self.texture) / _TEXTURE_STEP,
            "tone": self.ita_shift / MOST_ITA_SHIFT - bound,
            "colour": self.delta_e00_mean / MOST_DELTA_E - bound,
            "likeness": (self.distance or 0.0) / most_distance - bound,
            "highlights": self.clipped / MOST_CLIPPED - bound,
            "halo": self.halo / MOST_HALO - bound,
            "sharpness": (self.sharpening - 1) / (MOST_SHARPER - 1) - bound,
            "eyes": (self.eyes_over_skin - 1) / (MOST_EYES_OVER_SKIN - 1) - bound,
        }

    def broken(self, texture_floor: float) -> list[Guard]:
        """Guards that exceed their bound, the worst first."""
        excess = self.excess(texture_floor)
        return sorted(
            (guard for guard in excess if excess[guard] > 0), key=lambda one: -excess[one]
        )


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
class _Areas:
    """Where the guards measure, in the crop of a face.

    Attributes:
        face: Window of the face.
        facial: Facial skin in it, [0, 1], shape (h, w).
        toned: That by which its tone is told, likewise.
        lit: 1 on its lit part, likewise.
        sampled: About `_SAMPLES` pixels of facial skin at equal steps, counted row by row.
        wide: Window of the face and the hair around it.
        contrast: In that window, masks of lashes (with brows), mouth, hair and skin.
    """

    face: skin.Window
    facial: Map
    toned: Map
    lit: Map
    sampled: NDArray[np.int64]
    wide: skin.Window
    contrast: dict[str, Map]


@dataclass(frozen=True)
class Appearance:
    """What the guards measure of one version of a picture.

    Attributes:
        lightness: L* in the window of the face, shape (h, w).
        around: L* of the whole crop at the size at which halos are measured, shape (h, w).
        tone: Mean colour of facial skin outside dark circles; None if there is none.
        lit: Mean colour of its lit part, which softer shadows do not reach; None if there is none.
        samples: Some pixels of facial skin in CIELAB, shape (n, 3).
        clipped: Share of the face's pixels that are clipped at white, 0..1.
        contrasts: Fine contrast of lashes, mouth, hair and skin.
    """

    lightness: Map = field(repr=False)
    around: Map = field(repr=False)
    tone: Tone | None
    lit: Tone | None
    samples: Reals = field(repr=False)
    clipped: float
    contrasts: dict[str, float]


@dataclass(frozen=True)
class Reference:
    """What the guards need of an original to compare its results with it.

    Attributes:
        crop: Crop of the face, with a margin of `skin.REACH`.
        seen: Skin masks of the crop.
        areas: Masks of the areas in which fine contrast is measured, by name, and of the lit skin,
            each (h, w) of a window of the crop.
        appearance: The original, or the original in another light.
        texture: Fine band on facial skin.
        embedding: Face embedding.
        aligned: The face in the crop by whose landmarks it and those of results are aligned.
        enough_skin: Whether enough skin is visible to judge a polish, see `LEAST_SKIN`.
    """

    crop: Closeup
    seen: Skin
    areas: _Areas = field(repr=False)
    appearance: Appearance
    texture: Texture = field(repr=False)
    embedding: Embedding = field(repr=False)
    aligned: Face = field(repr=False)
    enough_skin: bool

    @property
    def tone(self) -> Tone | None:
        """Mean colour of facial skin outside dark circles; None if there is none."""
        return self.appearance.tone


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
    areas = _areas(crop, seen)
    appearance = _appearance(crop.pixels, areas, crop.face.interocular)
    outline = skin.inside(crop.face, skin.outline(crop.face))[areas.face]
    return Reference(
        crop=crop,
        seen=seen,
        areas=areas,
        appearance=appearance,
        texture=texture.of(appearance.lightness, areas.facial, crop.face.interocular),
        embedding=who.embedding if who else identity.embedding(crop.pixels, crop.face),
        aligned=who.aligned if who else crop.face,
        enough_skin=float(areas.facial.sum()) >= LEAST_SKIN * float(outline.sum()),
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
    lit = _appearance(_crop_of(before, pixels), before.areas, before.crop.face.interocular)
    change = lit.lightness - before.appearance.lightness
    return replace(
        before,
        appearance=replace(lit, clipped=before.appearance.clipped),
        texture=texture.off_edges(before.texture, change),
    )


def read(
    before: Reference, after: Image, face_after: Face | None = None, *, likeness: bool = True
) -> tuple[Readings, Appearance]:
    """Measure all guards on a result.

    Args:
        before: The original.
        after: Working copy of the result, same size as the original's; or only its crop.
        face_after: The face in `after`; the original's if None.
        likeness: Whether to measure the distance between the embeddings, the slowest guard.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    pixels, original = _crop_of(before, after), before.appearance
    seen = _appearance(pixels, before.areas, before.crop.face.interocular)
    growth = {
        name: (seen.contrasts[name] + _LEAST_CONTRAST) / (contrast + _LEAST_CONTRAST)
        for name, contrast in original.contrasts.items()
    }
    distance = None
    if likeness:
        picture = (pixels, before.aligned) if face_after is None else (after, face_after)
        distance = identity.distance(before.embedding, identity.embedding(*picture))
    readings = Readings(
        texture=texture.retention(before.texture, seen.lightness),
        ita_shift=_ita_shift(original.tone, seen.tone),
        delta_e00_mean=_delta_e(original.samples, seen.samples),
        distance=distance,
        clipped=max(0.0, seen.clipped - original.clipped),
        halo=_halo(seen.around - original.around, before.crop.face, before.seen.visible),
        sharpening=max(growth[area] for area in _SHARPENED_AREAS),
        eyes_over_skin=growth["lashes"] / max(growth["skin"], 1e-3),
    )
    return readings, seen


def halo_of_light(before: Reference, lit: Reference) -> float:
    """Halo of a change of light, which goes on over eyes, brows, lips and beard.

    Only the edge towards hair, clothes and background counts.

    Args:
        before: The original.
        lit: The original in the light of the result, from `in_light`.
    """
    face = before.crop.face
    on_face = np.clip(2 * skin.edge(face), 0, 1)
    change = lit.appearance.around - before.appearance.around
    return _halo(change, face, np.maximum(before.seen.visible, on_face))


def _crop_of(before: Reference, pixels: Image) -> Image:
    """The crop of a picture; itself if it is that already."""
    is_crop = pixels.shape[:2] == before.crop.pixels.shape[:2]
    return pixels if is_crop else before.crop.like(pixels)


def _appearance(pixels: Image, areas: _Areas, interocular: float) -> Appearance:
    """What the guards measure of a crop."""
    face = pixels[areas.face]
    lab, unclipped = colour.to_lab(face), cv2.inRange(face, np.full(3, -np.inf), np.full(3, _WHITE))
    luma = luma_of(pixels[areas.wide])
    energy = np.square(filters.fine(luma, interocular)).ravel()
    return Appearance(
        lightness=np.ascontiguousarray(lab[..., 0]),
        around=colour.to_lab(_halved(pixels, interocular))[..., 0],
        tone=colour.of(lab, areas.toned),
        lit=colour.of(lab, areas.lit),
        samples=lab.reshape(-1, 3)[areas.sampled].astype(np.float64),
        clipped=1 - cv2.countNonZero(unclipped) / unclipped.size,
        contrasts={
            name: float(np.sqrt(mask.ravel() @ energy / max(float(mask.sum()), 1.0)))
            for name, mask in areas.contrast.items()
        },
    )


def _ita_shift(before: Tone | None, after: Tone | None) -> float:
    if before is None or after is None or before.ita is None:
        return 0.0
    return abs(after.angle - before.ita)


def _delta_e(before: Reals, after: Reals) -> float:
    from skimage.color import deltaE_ciede2000

    return float(np.mean(deltaE_ciede2000(before, after))) if len(before) else 0.0


def _areas(crop: Closeup, seen: Skin) -> _Areas:
    # Wider than the hair that is judged, for the low-pass at its border.
    view, wide = skin.window(crop.face), skin.window(crop.face, _HAIR_REACH + 0.1)
    facial = np.ascontiguousarray(seen.facial[view])
    sampled = np.flatnonzero(facial > 0.5)
    lightness = colour.to_lab(crop.pixels[view])[..., 0]
    low, high = np.percentile(lightness[facial > 0.5], _LIT) if sampled.size else (0.0, 0.0)
    lit = (facial > 0.5) & (lightness >= low) & (lightness <= high)
    return _Areas(
        face=view,
        facial=facial,
        toned=skin.without_circles(crop.face, facial, view),
        lit=lit.astype(np.float32),
        sampled=sampled[:: max(1, len(sampled) // _SAMPLES)],
        wide=wide,
        contrast=_contrast_areas(crop.face, seen, wide),
    )


def _contrast_areas(face: Face, seen: Skin, view: skin.Window) -> dict[str, Map]:
    """Masks of lashes (with brows), mouth, hair and skin in a window, for the contrast guards."""
    unit = face.interocular
    # Without the lid openings, which turning the gaze changes.
    lashes = skin.both(face, "eye", view, 0.05) - skin.both(face, "eye", view)
    lashes = np.maximum(lashes, skin.both(face, "brow", view, 0.02))
    outline = skin.inside(face, skin.outline(face))[view]
    away = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    around = (away > 0) & (away < _HAIR_REACH * unit)
    bare = cv2.dilate(seen.visible[view], np.ones((3, 3), np.uint8))
    eyes = np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0)
    above = np.arange(view[0].start, view[0].stop)[:, None] < eyes[1] + 0.6 * unit
    return {
        "lashes": lashes,
        "mouth": skin.region(face, "lips", view, 0.01),
        "hair": (around & above & (bare < 0.1)).astype(np.float32),
        "skin": np.ascontiguousarray(seen.facial[view]),
    }


def _halved(values: Image, interocular: float) -> Image:
    """Values of a crop at the size at which halos are measured."""
    # A halo is broad, so half size is enough on a large face.
    if interocular <= _HALVE_ABOVE:
        return values
    height, width = (side // 2 for side in values.shape[:2])
    even = values[: 2 * height, : 2 * width]
    halved = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(halved, np.float32)


def _halo(change: Map, face: Face, visible: Map) -> float:
    """By how much the change at the skin's edge exceeds the changes on both sides of it, in L*.

    A retouch that fades out changes gradually from the inside to the outside; an edge that is
    lighter or darker than both sides is a halo.

    Args:
        change: Change of L*, of the size of `Appearance.around`.
        face: The face in the crop.
        visible: Visible skin in the crop, [0, 1].
    """
    inner = (_halved(visible, face.interocular) > 0.5).astype(np.uint8)
    if not inner.any() or inner.all():
        return 0.0
    unit = face.interocular * len(inner) / len(visible)
    change = filters.lowpass(change, 0.01 * unit)
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
