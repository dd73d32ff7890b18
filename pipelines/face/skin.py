"""Soft skin masks of a portrait, without eyes, brows, lips, nostrils, beard, hair and glasses.

The masks come from a colour model of this person's own skin, learned on nose, cheeks and under the
eyes. All lengths are in interocular distances.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face.face import Face
from pipelines.image import polygons
from pipelines.image.arrays import Map, Points
from pipelines.image.filters import lowpass

Window = tuple[slice, slice]

# Size of `outline` relative to the face oval.
OUTLINE_GROWTH = 1.05
REACH = 1.3
"""How far beyond the outline `Skin.visible` may extend (over a neck)."""

# Interocular distance in pixels of the reduced copy on which the colour model works.
_MODEL_INTEROCULAR = 72.0
# Width of the fade of `edge`.
_EDGE = 0.14
# Margin around the region under the eyes into which a dark circle reaches.
_CIRCLES = 0.04
# Standard deviations over which the local skin colour is averaged: on the face, and beyond it.
_LOCAL = 0.38
_LOCAL_NEAR, _LOCAL_FAR = 0.16, 0.7
# Radius of the guided filter.
_REFINE = 0.05
# Margins around facial features that count as features.
_GROW = {"eye": 0.045, "brow": 0.02, "lips": 0.025, "nostril": 0.012}
# A change of light by a factor scales L* + 16, a* and b* by the cube root of it.
_BLACK = 16.0
# Bounds of the standard deviation of skin around the local skin colour: log(L* + 16), a*, b*.
_LEAST_SPREAD = np.array([0.055, 2.2, 3.0], np.float32)
_MOST_SPREAD = np.array([0.13, 5.0, 6.0], np.float32)
# Rise of a* that still counts as (flushed) skin.
_FLUSH = 4.0
# L* below which skin counts as dark, and what is added to that where gloss is allowed.
_DARK_SKIN, _DARK_GLOSSY = 56.0, 14.0
# Factors of the spread of brightness towards dark and towards bright. Beyond the face there is
# shadow (under the chin) but no sheen.
_ON_FACE = (1.0, 3.5)
_SHADED = (2.2, 3.5)
_BEYOND = (2.2, 0.8)
# Chroma of a face, as a share of L* + 16, below which its surroundings are not told from it by
# chroma; and shares of that from which a pixel beyond it may be skin, and may fully.
_WEAK, _PALE = 0.08, (0.4, 0.6)
# Logarithm of the brightness relative to the skin around below which a pale pixel is not glossy.
_DARKER = -0.15
# Steps in which the mask grows beyond the face.
_ROUNDS = 4
# Margin above the forehead in which a bald crown may lie.
_CROWN = 0.6


@dataclass(frozen=True)
class Skin:
    """Skin masks of a portrait, each float32 in [0, 1], shape (H, W).

    Attributes:
        facial: Skin of the face, fading to exactly 0 at `outline(face)`. Tone and texture are
            measured here.
        visible: Facial skin and visible skin of ears, bald crown and neck.
    """

    facial: Map = field(repr=False)
    visible: Map = field(repr=False)

    def sized(self, shape: tuple[int, ...]) -> Skin:
        """The masks resized for a copy of the picture of shape (h, w, ...)."""
        height, width = shape[:2]
        if self.facial.shape == (height, width):
            return self
        method = cv2.INTER_AREA if height < len(self.facial) else cv2.INTER_LINEAR
        facial, visible = (
            np.asarray(cv2.resize(mask, (width, height), interpolation=method), np.float32)
            for mask in (self.facial, self.visible)
        )
        return Skin(facial, visible)


def find(pixels: NDArray[np.float32], face: Face) -> Skin:
    """Compute the skin masks of a portrait.

    1. The landmarks limit where facial skin may be (the oval without eyes, brows, lips, nostrils).
    2. A colour model of this person's skin removes beard, fringe, glasses and coverings. It
       compares each pixel with the average of the skin around it, not with a table of skin
       colours, so it works alike from very light to very dark skin. Shadow and sheen still count
       as skin: a change of light scales L* + 16, a* and b* by the same factor, and gloss adds
       white light (dichromatic reflection, Shafer 1985, Color Res. Appl. 10), so deviations in
       these two directions are tolerated.
    3. The mask grows from the face over ears, crown and neck, as far as the colour continues.
    4. A guided filter aligns the mask with the edges in the picture.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
    """
    facial = np.zeros(pixels.shape[:2], np.float32)
    visible = facial.copy()
    rows, columns = view = window(face, REACH)
    crop = np.ascontiguousarray(pixels[view])
    height, width = crop.shape[:2]
    if not height or not width:
        return Skin(facial, visible)
    scale = min(1.0, _MODEL_INTEROCULAR / face.interocular)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.float32)
    copy = _FaceInCopy(
        face, np.array([columns.start, rows.start]), np.array(size) / (width, height)
    )
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)
    on_face, spread = _facial_skin(lab, copy)
    skin = _without_features(copy, _grow_beyond_face(lab, on_face, spread, copy))
    skin = _align_with_edges(skin, small, copy)
    large = np.asarray(cv2.resize(skin, (width, height)), np.float32)
    visible[view] = large * _outside_features(face, view)
    facial[view] = visible[view] * edge(face)[view]
    return Skin(facial, visible)


def mask(pixels: NDArray[np.float32], face: Face) -> Map:
    """The facial skin mask, `find(...).facial`, shape (H, W)."""
    return find(pixels, face).facial


def outline(face: Face) -> Points:
    """The face oval enlarged by 5 %, shape (36, 2): the limit of the facial skin."""
    center = face.oval.mean(axis=0)
    return center + OUTLINE_GROWTH * (face.oval - center)


def window(face: Face, margin: float = 0.0) -> Window:
    """Rows and columns of the outline's bounding box, wider by `margin`, inside the picture."""
    reach = margin * face.interocular + 1
    low = np.floor(outline(face).min(axis=0) - reach).astype(int)
    high = np.ceil(outline(face).max(axis=0) + reach + 1).astype(int)
    height, width = face.size
    rows = slice(int(np.clip(low[1], 0, height)), int(np.clip(high[1], 0, height)))
    return rows, slice(int(np.clip(low[0], 0, width)), int(np.clip(high[0], 0, width)))


def inside(face: Face, polygon: Points) -> NDArray[np.bool_]:
    """Pixels of the face's picture inside a polygon given in pixels, shape (H, W)."""
    return polygons.filled(face.size, polygon) > 0


def edge(face: Face) -> Map:
    """1 well inside the outline, falling smoothly to exactly 0 at the outline, shape (H, W)."""
    result = np.zeros(face.size, np.float32)
    view = window(face)
    within = np.pad(inside(face, outline(face))[view].astype(np.uint8), 1)
    depth = cv2.distanceTransform(within, cv2.DIST_L2, 3)[1:-1, 1:-1]
    ramp = np.clip((depth - 1) / (_EDGE * face.interocular), 0, 1)
    result[view] = ramp * ramp * (3 - 2 * ramp)
    return result


def region(face: Face, name: str, view: Window, grow: float = 0.0) -> Map:
    """Mask of a region of the face, 0 or 1, cropped to a window.

    Args:
        face: The face.
        name: A name of `Face.region`, or left_eye, right_eye (the lid opening).
        view: Rows and columns, as from `window`.
        grow: Margin around the region, in interocular distances.
    """
    return _regions(face, (name,), view, grow)


def without_circles(face: Face, mask: Map, view: Window) -> Map:
    """A mask of skin without that under the eyes: by this, a person's tone is told.

    Else lifting a dark circle would count as a lighter person, and be made up for by darker cheeks.

    Args:
        face: The face.
        mask: Skin in `view`, [0, 1], shape (h, w).
        view: Window of the picture.
    """
    return np.asarray(mask * (1 - both(face, "under_eye", view, _CIRCLES)), np.float32)


def both(face: Face, name: str, view: Window, grow: float = 0.0) -> Map:
    """Union of the left and the right `region`; `name` is without the side."""
    return _regions(face, (f"left_{name}", f"right_{name}"), view, grow)


def _regions(face: Face, names: tuple[str, ...], view: Window, grow: float) -> Map:
    rows, columns = view
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    copy = _FaceInCopy(face, np.array([columns.start, rows.start]), np.ones(2))
    return copy.region(shape, *names, grow=grow)


class _FaceInCopy:
    """A face in a cropped and resized copy of its picture.

    Args:
        face: The face in pixels of the picture.
        start: The crop's first pixel (x, y).
        factor: Scale in x and y.
    """

    def __init__(self, face: Face, start: Points, factor: Points) -> None:
        self.face, self.start, self.factor = face, start, factor
        self.interocular = face.interocular * float(factor.mean())

    def to_copy(self, points: Points) -> Points:
        """Points of the picture in pixels of the copy."""
        placed: Points = (points - self.start + 0.5) * self.factor - 0.5
        return placed

    def region(self, shape: tuple[int, ...], *names: str, grow: float = 0.0) -> Map:
        """Mask of the union of some regions; see the function `region`."""
        outlines = [self.to_copy(self._outline(name)) for name in names]
        points, reach = np.concatenate(outlines), grow * self.interocular
        # Only the part of the mask that the regions may touch; the distances are up to 5 % short.
        size, around = shape[1::-1], 1.05 * reach + 1
        low = np.clip(np.floor(points.min(axis=0) - around), 0, size).astype(int)
        high = np.clip(np.ceil(points.max(axis=0) + around) + 1, low, size).astype(int)
        result = np.zeros(shape[:2], np.float32)
        if not (low < high).all():
            return result
        inside = polygons.filled((high - low)[::-1], *(outline - low for outline in outlines))
        near = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3) <= reach if grow > 0 else inside
        result[low[1] : high[1], low[0] : high[0]] = near
        return result

    def _outline(self, name: str) -> Points:
        if name in ("left_eye", "right_eye"):
            return (self.face.left if name == "left_eye" else self.face.right).contour
        return self.face.region(name)


def _outside_features(face: Face, view: Window) -> Map:
    """Exactly 0 in eyes, brows, lips and nostrils, rising to 1 around them."""
    features = np.maximum(both(face, "eye", view), both(face, "nostril", view))
    features = np.maximum(features, both(face, "brow", view))
    features = np.maximum(features, region(face, "lips", view))
    distance = cv2.distanceTransform((features == 0).astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip(distance / (_GROW["eye"] * face.interocular), 0, 1, dtype=np.float32)


def _without_features(copy: _FaceInCopy, skin: Map) -> Map:
    """The mask without eyes, brows, nostrils and lips and their margins."""
    for name in ("eye", "brow", "nostril"):
        sides = f"left_{name}", f"right_{name}"
        skin = skin * (1 - copy.region(skin.shape, *sides, grow=_GROW[name]))
    return skin * (1 - copy.region(skin.shape, "lips", grow=_GROW["lips"]))


def _align_with_edges(skin: Map, small: NDArray[np.float32], copy: _FaceInCopy) -> Map:
    """Guided filter of the mask by the picture; values below 0.1 become 0, above 0.9 become 1."""
    radius = max(2, round(_REFINE * copy.interocular))
    refined = np.asarray(cv2.ximgproc.guidedFilter(small, skin, radius, 4e-4), np.float32)
    return np.clip((refined - 0.1) / 0.8, 0, 1)


def _facial_skin(lab: NDArray[np.float32], copy: _FaceInCopy) -> tuple[Map, NDArray[np.float32]]:
    """Facial skin, 0..1, and the spread of its colour in this person (see `_spread`).

    The colour model is fitted twice: first on nose, cheeks and under the eyes, then on the face.
    """
    shape = lab.shape[:2]
    allowed = _without_features(copy, copy.region(shape, "oval"))
    names = "nose", "left_cheek", "right_cheek", "left_under_eye", "right_under_eye"
    core = copy.region(shape, *names) * allowed
    spread = _MOST_SPREAD
    if core.sum() < 20:
        return allowed, spread
    gloss = np.maximum(1 - _beard_zone(copy, shape), np.float32(0.01))
    skin = core * _majority_colour(lab, core > 0)
    for support in (core, allowed):
        local = lowpass(lab, _LOCAL * copy.interocular, skin)
        deviation = _deviation(lab, local, gloss)
        samples = (skin > 0.5) & (core > 0)
        spread = _spread(np.column_stack([channel[samples] for channel in deviation]))
        skin = support * _likelihood(deviation, spread, _ON_FACE)
    return skin, spread


def _grow_beyond_face(
    lab: NDArray[np.float32], on_face: Map, spread: NDArray[np.float32], copy: _FaceInCopy
) -> Map:
    """Facial skin and the skin of ears, crown and neck that continues it, 0..1."""
    allowed, rough = _beyond_zone(copy, lab.shape[:2]), _roughness(lab[..., 0], on_face, copy)
    smooth = np.exp(-np.maximum(rough - 2.5, 0) / 1.5)
    gloss = np.maximum(1 - _beard_zone(copy, rough.shape), np.float32(0.01))
    smooth_face, oval = _smooth_face(copy, rough), copy.region(rough.shape, "oval")
    coloured = _coloured(lab, on_face)
    allowed = allowed * coloured
    skin = on_face
    for _ in range(_ROUNDS):
        near = lowpass(skin, _LOCAL_NEAR * copy.interocular)
        share = np.clip(4 * near, 0, 1)[..., None]
        weight = skin * skin
        local = share * lowpass(lab, _LOCAL_NEAR * copy.interocular, weight)
        local += (1 - share) * lowpass(lab, _LOCAL_FAR * copy.interocular, weight)
        beyond = _likelihood(_deviation(lab, local, 0.0), spread, _BEYOND, 1.0) * smooth * allowed
        deviation = _deviation(lab, local, gloss)
        shaded = _likelihood(deviation, spread, _SHADED, 1.0) * smooth_face
        shaded *= np.where((oval > 0) | (deviation[0] > _DARKER), 1, coloured)
        # Only what touches known skin can be skin.
        touches = np.clip(6 * near - 0.3, 0, 1)
        beyond = np.maximum(beyond, _enclosed(shaded, beyond, smooth_face, oval))
        skin = np.maximum(on_face, beyond * touches)
        skin = _connected(skin, on_face)
    return skin


def _coloured(lab: NDArray[np.float32], on_face: Map) -> Map:
    """0 where colour is much weaker than on the face, as on a white wall beside it; 1 on skin."""
    # A change of light by a factor scales L* + 16 and chroma alike.
    colour = np.hypot(lab[..., 1], lab[..., 2]) / (lab[..., 0] + _BLACK)
    usual = float((colour * on_face).sum()) / max(float(on_face.sum()), 1e-6)
    if usual < _WEAK:
        return np.ones_like(colour)
    low, high = _PALE
    return np.asarray(np.clip((colour / usual - low) / (high - low), 0, 1), np.float32)


def _connected(skin: Map, seed: Map) -> Map:
    """The mask without islands that are not connected to the seed."""
    _, labels = cv2.connectedComponents((skin > 0.4).astype(np.uint8), connectivity=4)
    reached = np.unique(labels[(seed > 0.5) & (skin > 0.4)])
    island = (labels > 0) & ~np.isin(labels, reached)
    return np.where(island, 0, skin).astype(np.float32)


def _enclosed(shaded: Map, beyond: Map, smooth_face: Map, oval: Map) -> Map:
    """`shaded` without patches above the face that reach the border of `smooth_face`.

    Such a patch continues beyond the head: it is a bright wall and not a bald crown.
    """
    extra = (shaded > 0.4) & (beyond <= 0.4) & (oval == 0)
    _, labels = cv2.connectedComponents(extra.astype(np.uint8), connectivity=4)
    outside = ((smooth_face <= 0) & (oval == 0)).astype(np.uint8)
    border = cv2.dilate(outside, np.ones((3, 3), np.uint8)) > 0
    leaks = np.unique(labels[border & extra])
    return np.where(np.isin(labels, leaks) & extra, 0, shaded).astype(np.float32)


def _beyond_zone(copy: _FaceInCopy, shape: tuple[int, ...]) -> Map:
    """Where ears, crown and neck may be, 0..1, by the distance from the face oval."""
    face, unit = copy.face, copy.interocular
    oval = copy.region(shape, "oval")
    # Without the inside of the oval, where a beard that was removed must not come back.
    inner = cv2.erode(oval, np.ones((3, 3), np.uint8))
    distance = cv2.distanceTransform((inner == 0).astype(np.uint8), cv2.DIST_L2, 5) / unit
    eyes = copy.to_copy(np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0))
    # The oval begins at the top of the forehead; half-way round is the chin.
    chin = copy.to_copy(face.oval[len(face.oval) // 2])
    down = (chin - eyes) / max(float(np.linalg.norm(chin - eyes)), 1e-6)
    rows, columns = np.indices(shape)
    along = ((columns - eyes[0]) * down[0] + (rows - eyes[1]) * down[1]) / unit
    across = np.abs((columns - eyes[0]) * -down[1] + (rows - eyes[1]) * down[0]) / unit
    jaw = float(np.linalg.norm(chin - eyes)) / unit
    half = 0.5 * face.width / face.interocular
    reach = np.interp(along, [-0.6, -0.3, 0.8 * jaw, jaw], [0.85, 0.34, 0.34, REACH - 0.05])
    # The neck is as wide as the jaw; this excludes the shoulders.
    neck = np.clip((1.05 * half - across) / 0.1, 0, 1)
    fade = np.interp(along, [0.8 * jaw, 1.1 * jaw], [0.08, 0.5])
    around = np.clip((reach - distance) / fade, 0, 1) * (distance > 0)
    below = np.clip((along - 0.9 * jaw) / 0.2, 0, 1)
    return np.asarray(around * (1 - below * (1 - neck)), np.float32)


def _smooth_face(copy: _FaceInCopy, rough: Map) -> Map:
    """Smooth parts of face and crown, 0..1, in which dark or glossy patches count as skin.

    Where beards grow it must be smoother than elsewhere.
    """
    oval = np.maximum(
        copy.region(rough.shape, "oval"), copy.region(rough.shape, "forehead", grow=_CROWN)
    )
    allowed = 3.0 - 1.6 * _beard_zone(copy, rough.shape)
    return np.asarray(oval * np.exp(-np.maximum(rough - allowed, 0) / 0.8), np.float32)


def _beard_zone(copy: _FaceInCopy, shape: tuple[int, ...]) -> Map:
    """Where beards grow, 0..1: around the mouth and along the jaw."""
    lips = copy.to_copy(copy.face.region("lips"))
    nose = copy.to_copy(copy.face.region("nose")).max(axis=0)
    rows = np.arange(shape[0])[:, None]
    below = np.clip((rows - nose[1]) / (0.1 * copy.interocular) + 1, 0, 1)
    oval = copy.region(shape, "oval")
    rim = lowpass(1 - oval, 0.12 * copy.interocular)
    mouth = copy.region(shape, "lips", grow=0.22)
    lower = np.clip((rows - lips[:, 1].mean()) / (0.15 * copy.interocular), 0, 1)
    zone = np.maximum(mouth, np.maximum(lower, np.clip(2.5 * rim, 0, 1)))
    return lowpass(np.asarray(below * zone, np.float32), 0.05 * copy.interocular)


def _roughness(lightness: Map, on_face: Map, copy: _FaceInCopy) -> Map:
    """Fine detail relative to this face's skin: 1 on skin, several times that in hair."""
    log_light = np.log(np.maximum(lightness, 0) + np.float32(_BLACK))
    detail = log_light - lowpass(log_light, 0.03 * copy.interocular)
    energy = np.sqrt(lowpass(detail * detail, 0.06 * copy.interocular))
    known = energy[on_face > 0.7]
    usual = max(float(np.median(known)) if known.size else 0.0, 0.008)
    return np.asarray(energy / usual, np.float32)


def _majority_colour(lab: NDArray[np.float32], core: NDArray[np.bool_]) -> Map:
    """1 for the colours of most of the core, 0 for others, e.g. lashes, frames and hair.

    A Gaussian is fitted three times without the samples outside its 95 % (chi-squared 7.8).
    """
    samples = lab[core].astype(np.float64)
    center = np.median(samples, axis=0)
    inliers = samples
    for _ in range(3):
        covariance = np.cov(inliers.T) + np.diag([16.0, 3.0, 4.0])
        distance = _mahalanobis(samples, center, covariance)
        inliers = samples[distance < 7.8]
        if len(inliers) < 10:
            inliers = samples
        center = inliers.mean(axis=0)
    distance = _mahalanobis(lab.reshape(-1, 3).astype(np.float64), center, covariance)
    return (distance < 7.8).astype(np.float32).reshape(lab.shape[:2])


def _mahalanobis(
    samples: NDArray[np.float64], center: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared Mahalanobis distances, shape (n,)."""
    centred = samples - center
    squared: NDArray[np.float64] = np.einsum(
        "ij,jk,ik->i", centred, np.linalg.inv(covariance), centred
    )
    return squared


def _deviation(
    lab: NDArray[np.float32], local: NDArray[np.float32], gloss: Map | float
) -> tuple[Map, Map, Map]:
    """Deviation of each pixel from the local skin colour: log of brightness, and a*, b*.

    What a change of light explains is taken off a* and b*.

    Args:
        lab: CIELAB, shape (H, W, 3).
        local: Local average of the skin, likewise.
        gloss: 1 where a pixel may also be paler than its light explains (because it is glossy) or
            more saturated (because the skin around it is glossy); 0 where it may not, because grey
            or red hair would pass.
    """
    black = np.float32(_BLACK)
    ratio = (np.maximum(lab[..., 0], 0) + black) / (np.maximum(local[..., 0], 0) + black)
    (red, yellow), (usual_red, usual_yellow) = (
        (colour[..., 1], colour[..., 2]) for colour in (lab, local)
    )
    chroma = np.maximum(usual_red * usual_red + usual_yellow * usual_yellow, np.float32(1e-3))
    along = (red * usual_red + yellow * usual_yellow) / chroma
    brighter = np.maximum(ratio - 1, 0)
    # Gloss adds the same light to any skin, so it is a large share of the light of dark skin, and
    # the skin next to it is darker and more saturated than the local average.
    dark = np.clip((_DARK_SKIN + _DARK_GLOSSY * gloss - local[..., 0]) / 20, 0, 1)
    palest = np.where(ratio > 1, ratio - gloss * np.minimum(ratio, 4 * brighter), ratio)
    richest = np.where(ratio > 1, ratio, ratio + (1.15 - ratio) * dark * (gloss > 0))
    factor = np.clip(along, palest, np.maximum(richest, palest))
    # Gloss reflects the sky or the room, so its colour says less about the skin.
    certainty = 1 / (1 + 4 * brighter * gloss)
    red = (red - factor * usual_red) * certainty
    yellow = (yellow - factor * usual_yellow) * certainty
    return np.log(ratio), np.asarray(red, np.float32), np.asarray(yellow, np.float32)


def _spread(deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Robust standard deviation of deviations, shape (n, 3), within bounds, shape (3,)."""
    if len(deviations) < 10:
        return _MOST_SPREAD
    spread = 1.48 * np.median(np.abs(deviations), axis=0)
    return np.clip(spread, _LEAST_SPREAD, _MOST_SPREAD).astype(np.float32)


def _likelihood(
    deviation: tuple[Map, Map, Map],
    spread: NDArray[np.float32],
    light_factors: tuple[float, float],
    flush: float = _FLUSH,
) -> Map:
    """How likely each pixel is skin, 0..1, by its deviation from the local skin colour.

    Args:
        deviation: From `_deviation`.
        spread: From `_spread`.
        light_factors: Factors of the spread of brightness, towards dark and towards bright.
        flush: Rise of a* that is not counted.
    """
    # Hair and frames are darker than skin; sheen is brighter, but still skin.
    (brightness, red, yellow), (darker, brighter) = deviation, light_factors
    light = brightness / (spread[0] * np.where(brightness < 0, darker, brighter))
    # Flushed skin must count as skin, because blemishes are searched on it.
    red = np.where(red < 0, red, np.maximum(red - flush, 0) / 1.5) / spread[1]
    yellow = yellow / spread[2]
    distance = light * light + red * red + yellow * yellow
    likelihood: Map = np.exp(-np.maximum(distance - 5, 0) / 5).astype(np.float32)
    return likelihood
