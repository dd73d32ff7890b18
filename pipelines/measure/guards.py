"""The guards of a polish: what a retouched portrait may lose or gain, measured beside its original.

Everything is measured on the face, cut out at a size tied to the distance between the eyes, so a
600 px and a 6000 px copy of one photo are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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

INTEROCULAR = 256.0
"""The most pixels between the eyes at which a portrait is judged (0.25 mm a pixel)."""
LEAST_SKIN = 0.15
"""Share of the face's outline that has to show skin; with less, no polish can be judged."""

MOST_ITA_SHIFT = 2.0
"""Degrees of the Individual Typology Angle that a polish may shift."""
MOST_DELTA_E = 3.0
"""Mean CIEDE2000 on skin; 1 is just visible side by side, so this is small but plain to see."""
MOST_DISTANCE = 0.2
"""Embedding distance under which a polished portrait has to stay."""
MOST_CLIPPED = 0.002
"""Share of the face's pixels that may newly touch white."""
MOST_HALO = 1.5
"""L* by which a change may overshoot at the skin's edge what it is on either side."""
MOST_SHARPER = 1.30
"""Growth of fine contrast in hair, lashes or mouth, as a factor of its standard deviation."""
MOST_EYES_OVER_SKIN = 1.30
"""Growth of fine contrast around the eyes / that on the skin beside them."""

# Measured on 8 bits, the texture may miss its floor by rounding alone.
TEXTURE_SLACK = 0.005
# How far below its bound a guard is to hold when a retouch is made.
_STRICT = 0.95
# A loss of texture beyond the floor as bad as another guard at twice its bound.
_TEXTURE_STEP = 0.1
_SAMPLES = 8192
_WHITE = 254.5 / 255
# Fine contrast below a step of 8 bits is none; it must not grow from nothing by a large factor.
_LEAST_CONTRAST = 1.5 / 255
# Lengths in interoculars.
_RIM, _BESIDE = 0.02, (0.05, 0.11)
_ALONG = 0.05
_HAIR = 0.5
_HALVED = 100.0
_PARTS = ("lashes", "mouth", "hair")


@dataclass(frozen=True)
class Readings:
    """What the guards read on a result.

    Attributes:
        texture: Share of the skin's own fine texture that stays, 0..1.
        ita_shift: Size of the change of the Individual Typology Angle, in degrees.
        delta_e00_mean: Mean CIEDE2000 on facial skin.
        distance: Distance of the face embeddings; None where it was not measured.
        clipped: Share of the face's pixels that newly touch white, 0..1.
        halo: L* by which the change overshoots at the skin's edge.
        sharpening: Largest growth of fine contrast among lashes, mouth and hair, as a factor.
        eyes_over_skin: Growth of fine contrast around the eyes / on the skin.
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
        """The guards over their bound, the worst first.

        Args:
            texture_floor: Share of the texture that has to stay, 0..1.
            strict: Keep a little below every bound, so that rounding to 8 bits cannot break it.
            most_distance: Largest distance of the embeddings.
        """
        slack = 0.0 if strict else TEXTURE_SLACK
        bound = _STRICT if strict else 1.0
        excess: dict[Guard, float] = {
            "texture": bound + (texture_floor - slack - self.texture) / _TEXTURE_STEP,
            "tone": self.ita_shift / MOST_ITA_SHIFT,
            "colour": self.delta_e00_mean / MOST_DELTA_E,
            "likeness": (self.distance or 0.0) / most_distance,
            "highlights": self.clipped / MOST_CLIPPED,
            "halo": self.halo / MOST_HALO,
            "sharpness": (self.sharpening - 1) / (MOST_SHARPER - 1),
            "eyes": (self.eyes_over_skin - 1) / (MOST_EYES_OVER_SKIN - 1),
        }
        over: list[Guard] = [guard for guard, value in excess.items() if value > bound]
        return sorted(over, key=lambda guard: -excess[guard])


@dataclass(frozen=True)
class HeldBack:
    """A polish that was given less than was asked.

    Attributes:
        share: How much of the asked strength was given, 0..1.
        guard: The guard that would have been broken.
    """

    share: float
    guard: Guard

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return {"share": self.share, "guard": self.guard}


@dataclass(frozen=True)
class Reference:
    """An original, as far as the guards need it; the results are compared with it.

    Attributes:
        near: The face cut out of the original, `skin.REACH` around it.
        seen: Its skin, in the closeup.
        texture: Fine band on facial skin.
        tone: Mean colour of facial skin; None where there is none.
        embedding: Who it is.
        enough_skin: Whether there is skin enough to judge a polish by.
    """

    near: Closeup
    seen: Skin
    texture: Texture = field(repr=False)
    tone: Tone | None
    embedding: Embedding = field(repr=False)
    enough_skin: bool
    _lightness: Map = field(repr=False)
    _samples: Reals = field(repr=False)
    _clipped: float = field(repr=False)
    _contrasts: dict[str, float] = field(repr=False)
    _weights: dict[str, Map] = field(repr=False)

    @property
    def samples(self) -> Reals:
        """Some of the facial skin's pixels in CIELAB, shape (n, 3)."""
        return self._samples


def reference(
    pixels: Image, face: Face, *, seen: Skin | None = None, who: Embedding | None = None
) -> Reference:
    """Learn from an original what its results are compared with.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        seen: Skin in this closeup, if it is known already.
        who: The embedding, if it is known already.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    near = closeup.cut(pixels, face, skin.REACH, INTEROCULAR)
    seen = skin.find(near.pixels, near.face) if seen is None else seen.sized(near.pixels.shape)
    view = skin.window(near.face)
    mask = seen.facial[view]
    lab = colour.to_lab(near.pixels)
    outline = skin.inside(near.face, skin.outline(near.face))[view]
    weights = _weights(near.face, seen)
    return Reference(
        near=near,
        seen=seen,
        texture=texture.of(lab[view][..., 0], mask, near.face.interocular),
        tone=colour.of(lab[view], mask),
        embedding=identity.embedding(near.pixels, near.face) if who is None else who,
        enough_skin=float(mask.sum()) >= LEAST_SKIN * float(outline.sum()),
        _lightness=lab[..., 0],
        _samples=_samples(lab[view], mask),
        _clipped=_clipped(near.pixels[view]),
        _contrasts=_contrasts(luma_of(near.pixels), weights, near.face.interocular),
        _weights=weights,
    )


def read(
    before: Reference, after: Image, face_after: Face | None = None, *, likeness: bool = True
) -> tuple[Readings, Tone | None]:
    """Read all guards on a result.

    Args:
        before: Of the original.
        after: Working copy of the result, same size as the original's; or only its closeup.
        face_after: The face in `after`, where it is not the original's.
        likeness: Whether to measure the embedding, too; it takes the longest.

    Returns:
        The readings, and the mean tone of the skin after.

    Raises:
        EngineUnavailable: The models of `identity` are not installed.
    """
    near, face = before.near, before.near.face
    pixels = after if after.shape[:2] == near.pixels.shape[:2] else near.like(after)
    view = skin.window(face)
    mask = before.seen.facial[view]
    lab = colour.to_lab(pixels)
    now = colour.of(lab[view], mask)
    growth = _growth(before, luma_of(pixels))
    distance = None
    if likeness:
        if face_after is not None:
            placed = closeup.cut(after, face_after, skin.REACH, INTEROCULAR)
            who = identity.embedding(placed.pixels, placed.face)
        else:
            who = identity.embedding(pixels, face)
        distance = identity.distance(before.embedding, who)
    readings = Readings(
        texture=texture.retention(before.texture, lab[view][..., 0]),
        ita_shift=_shift(before.tone, now),
        delta_e00_mean=_delta_e(before.samples, _samples(lab[view], mask)),
        distance=distance,
        clipped=max(0.0, _clipped(pixels[view]) - before._clipped),
        halo=_halo(before, lab[..., 0]),
        sharpening=max(growth[part] for part in _PARTS),
        eyes_over_skin=growth["lashes"] / max(growth["skin"], 1e-3),
    )
    return readings, now


def _shift(before: Tone | None, after: Tone | None) -> float:
    if before is None or after is None or before.ita is None:
        return 0.0
    return abs(after.angle - before.ita)


def _delta_e(before: Reals, after: Reals) -> float:
    from skimage.color import deltaE_ciede2000

    return float(np.mean(deltaE_ciede2000(before, after))) if len(before) else 0.0


def _samples(lab: Image, mask: Map) -> Reals:
    on_skin = lab[mask > 0.5]
    return on_skin[:: max(1, len(on_skin) // _SAMPLES)].astype(np.float64)


def _clipped(pixels: Image) -> float:
    white = np.count_nonzero((pixels >= _WHITE).any(axis=2))
    return white / max(pixels.shape[0] * pixels.shape[1], 1)


def _weights(face: Face, seen: Skin) -> dict[str, Map]:
    """Where fine contrast is watched: lashes with brows, mouth, hair; and the skin, beside them."""
    view = slice(0, face.size[0]), slice(0, face.size[1])
    unit = face.interocular
    # The eyes' own surface is left out: turning the gaze changes it, and that is no retouch.
    lashes = skin.both(face, "eye", view, 0.05) - skin.both(face, "eye", view)
    lashes = np.maximum(lashes, skin.both(face, "brow", view, 0.02))
    outline = skin.inside(face, skin.outline(face))
    away = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 3)
    around = (away > 0) & (away < _HAIR * unit)
    bare = cv2.dilate(seen.visible, np.ones((3, 3), np.uint8))
    eyes = np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0)
    above = np.indices(face.size)[0] < eyes[1] + 0.6 * unit
    return {
        "lashes": lashes,
        "mouth": skin.region(face, "lips", view, 0.01),
        "hair": (around & above & (bare < 0.1)).astype(np.float32),
        "skin": seen.facial,
    }


def _contrasts(luma: Map, weights: dict[str, Map], interocular: float) -> dict[str, float]:
    energy = np.square(filters.fine(luma, interocular))
    return {
        part: float(np.sqrt((weight * energy).sum() / max(float(weight.sum()), 1.0)))
        for part, weight in weights.items()
    }


def _growth(before: Reference, luma: Map) -> dict[str, float]:
    after = _contrasts(luma, before._weights, before.near.face.interocular)
    return {
        part: (after[part] + _LEAST_CONTRAST) / (was + _LEAST_CONTRAST)
        for part, was in before._contrasts.items()
    }


def _halo(before: Reference, lightness: Map) -> float:
    """How far the change at the skin's edge leaves what it is inside and outside, in L*.

    A retouch that ends softly goes from one to the other; a rim that is lighter or darker than
    both sides is a halo.
    """
    unit = before.near.face.interocular
    # Half size is plenty on a large face: a halo is broad.
    factor = 2 if unit > _HALVED else 1
    step = slice(None, None, factor)
    visible = before.seen.visible[step, step]
    change = filters.lowpass(lightness - before._lightness, 0.01 * unit)[step, step]
    unit = unit / factor
    inner = (visible > 0.5).astype(np.uint8)
    if not inner.any() or inner.all():
        return 0.0
    depth = cv2.distanceTransform(inner, cv2.DIST_L2, 3) / unit
    height = cv2.distanceTransform(1 - inner, cv2.DIST_L2, 3) / unit
    low, high = _BESIDE
    zones = (
        depth + height <= max(_RIM, 1.5 / unit),
        (depth > low) & (depth < high),
        (height > low) & (height < high),
    )
    rim, inside, outside = (
        _along(change, zone.astype(np.float32), _ALONG * unit) for zone in zones
    )
    over = np.maximum(rim - np.maximum(inside, outside), np.minimum(inside, outside) - rim)
    return max(0.0, float(np.percentile(over[zones[0]], 98)))


def _along(change: Map, zone: Map, sigma: float) -> Map:
    mass = filters.lowpass(zone, 2 * sigma)
    return np.asarray(
        filters.lowpass(change * zone, 2 * sigma) / np.maximum(mass, 1e-4), np.float32
    )
