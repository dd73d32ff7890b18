"""Where a portrait shows skin: soft masks without eyes, brows, lips, nostrils, hair or glasses."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face.face import Face
from pipelines.image.arrays import Map, Points
from pipelines.image.filters import lowpass

Window = tuple[slice, slice]

OUTLINE_GROWTH = 1.05
REACH = 1.3
"""How far beyond the outline `Skin.visible` may lie, in interoculars (a neck)."""

# The colour model looks at a copy in which the eyes are this many pixels apart.
_MODEL_INTEROCULAR = 72.0
# Lengths in interoculars.
_EDGE = 0.14
_LIGHT = 0.38
_NEAR_LIGHT, _FAR_LIGHT = 0.16, 0.7
_REFINE = 0.05
_GROW = {"eye": 0.045, "brow": 0.02, "lips": 0.025, "nostril": 0.012}
# CIELAB's cube root turns a scaling of light into one of L* + 16, a* and b* alike.
_BLACK = 16.0
# How far skin strays from the skin around it: as log of light, and in a*, b*.
_LEAST_SPREAD = np.array([0.055, 2.2, 3.0], np.float32)
_MOST_SPREAD = np.array([0.13, 5.0, 6.0], np.float32)
_FLUSH = 4.0
_LIGHT_SKIN, _LIGHTER = 56.0, 14.0
# Where the face ends there is shadow (under a chin) but no sheen: how much wider the spread of
# light is towards dark, and towards bright.
_ON_FACE = (1.0, 3.5)
_SHADED = (2.2, 3.5)
_BEYOND = (2.2, 0.8)
_ROUNDS = 4
_CROWN = 0.6


@dataclass(frozen=True)
class Skin:
    """Where a portrait shows skin, each float32 in [0, 1], shape (H, W).

    Attributes:
        facial: Skin of the face; fades to exactly 0 at `outline(face)`. Tone and texture are
            judged here.
        visible: That, the ears, a bald crown and the neck as far as they can be seen.
    """

    facial: Map = field(repr=False)
    visible: Map = field(repr=False)

    def sized(self, shape: tuple[int, ...]) -> Skin:
        """The same skin in a copy of the picture that has another size, (h, w)."""
        height, width = shape[:2]
        if self.facial.shape == (height, width):
            return self
        way = cv2.INTER_AREA if height < len(self.facial) else cv2.INTER_LINEAR
        facial, visible = (
            np.asarray(cv2.resize(each, (width, height), interpolation=way), np.float32)
            for each in (self.facial, self.visible)
        )
        return Skin(facial, visible)


def find(pixels: NDArray[np.float32], face: Face) -> Skin:
    """How much each pixel is skin.

    The mesh says where skin may be; a model of this person's own colour, which follows the light
    across the face, takes out beards, fringes, glasses and coverings. It compares every pixel with
    the skin around it, never with a table of skin colours, so it works alike from very light to
    very dark skin. Shadow and sheen are skin: in CIELAB a change of light scales L* + 16, a* and
    b* alike, and a gloss only pales (dichromatic reflection, Shafer 1985, Color Res. Appl. 10), so
    strays along those two are forgiven. From the face the mask grows over ears, crown and neck as
    far as colour goes on without a border.

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
    place = _Place(face, np.array([columns.start, rows.start]), np.array(size) / (width, height))
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)
    on_face, spread = _on_face(lab, place)
    grown = _refined(_features(place, _grown(lab, on_face, spread, place)), small, place)
    large = np.asarray(cv2.resize(grown, (width, height)), np.float32)
    visible[view] = large * _clear(face, view)
    facial[view] = visible[view] * edge(face)[view]
    return Skin(facial, visible)


def mask(pixels: NDArray[np.float32], face: Face) -> Map:
    """`find(...).facial`: how much each pixel is skin of the face, shape (H, W)."""
    return find(pixels, face).facial


def outline(face: Face) -> Points:
    """The face oval grown by 5 % about its middle, shape (36, 2): no facial skin lies outside."""
    middle = face.oval.mean(axis=0)
    return middle + OUTLINE_GROWTH * (face.oval - middle)


def window(face: Face, margin: float = 0.0) -> Window:
    """Rows and columns around the outline, `margin` interoculars wider, inside the picture."""
    reach = margin * face.interocular + 1
    low = np.floor(outline(face).min(axis=0) - reach).astype(int)
    high = np.ceil(outline(face).max(axis=0) + reach + 1).astype(int)
    height, width = face.size
    rows = slice(int(np.clip(low[1], 0, height)), int(np.clip(high[1], 0, height)))
    return rows, slice(int(np.clip(low[0], 0, width)), int(np.clip(high[0], 0, width)))


def inside(face: Face, polygon: Points) -> NDArray[np.bool_]:
    """Pixels whose centres lie in a polygon given in pixels, shape (H, W)."""
    canvas = np.zeros(face.size, np.uint8)
    return _fill(canvas, polygon) > 0


def edge(face: Face) -> Map:
    """1 well inside the outline, falling smoothly to exactly 0 at it, shape (H, W)."""
    result = np.zeros(face.size, np.float32)
    view = window(face)
    within = np.pad(inside(face, outline(face))[view].astype(np.uint8), 1)
    depth = cv2.distanceTransform(within, cv2.DIST_L2, 3)[1:-1, 1:-1]
    ramp = np.clip((depth - 1) / (_EDGE * face.interocular), 0, 1)
    result[view] = ramp * ramp * (3 - 2 * ramp)
    return result


def region(face: Face, name: str, view: Window, grow: float = 0.0) -> Map:
    """A named polygon of the face, or left_eye, right_eye, cut to a window: 0 or 1.

    Args:
        face: The face.
        name: See `Face.region`.
        view: Rows and columns, as from `window`.
        grow: How far to grow it, in interoculars.
    """
    rows, columns = view
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    place = _Place(face, np.array([columns.start, rows.start]), np.ones(2))
    return place.region(shape, name, grow)


def both(face: Face, name: str, view: Window, grow: float = 0.0) -> Map:
    """`region` of the left and the right side together; `name` without the side."""
    return np.maximum(*(region(face, f"{side}_{name}", view, grow) for side in ("left", "right")))


class _Place:
    """A face as it lies in a shifted and resized copy of its picture."""

    def __init__(self, face: Face, start: Points, factor: Points) -> None:
        self.face, self.start, self.factor = face, start, factor
        self.interocular = face.interocular * float(factor.mean())

    def to_copy(self, points: Points) -> Points:
        moved: Points = (points - self.start + 0.5) * self.factor - 0.5
        return moved

    def region(self, shape: tuple[int, ...], name: str, grow: float = 0.0) -> Map:
        if name in ("left_eye", "right_eye"):
            eye = self.face.left if name == "left_eye" else self.face.right
            polygon = eye.contour
        else:
            polygon = self.face.region(name)
        canvas = _fill(np.zeros(shape, np.uint8), self.to_copy(polygon))
        if grow > 0:
            away = cv2.distanceTransform(1 - canvas, cv2.DIST_L2, 3)
            canvas = np.asarray(away <= grow * self.interocular, np.uint8)
        return canvas.astype(np.float32)


def _clear(face: Face, view: Window) -> Map:
    """Exactly 0 in eyes, brows, lips and nostrils, rising to 1 beside them."""
    features = np.maximum(both(face, "eye", view), both(face, "nostril", view))
    features = np.maximum(features, both(face, "brow", view))
    features = np.maximum(features, region(face, "lips", view))
    away = cv2.distanceTransform((features == 0).astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip(away / (_GROW["eye"] * face.interocular), 0, 1, dtype=np.float32)


def _fill(canvas: NDArray[np.uint8], polygon: Points) -> NDArray[np.uint8]:
    # OpenCV takes fixed-point coordinates: 4 binary digits after the point.
    cv2.fillPoly(canvas, [np.rint(polygon * 16).astype(np.int32)], (1,), shift=4)
    return canvas


def _features(place: _Place, skin: Map) -> Map:
    for name in ("eye", "brow", "nostril"):
        for side in ("left", "right"):
            skin = skin * (1 - place.region(skin.shape, f"{side}_{name}", _GROW[name]))
    return skin * (1 - place.region(skin.shape, "lips", _GROW["lips"]))


def _refined(skin: Map, small: NDArray[np.float32], place: _Place) -> Map:
    """The mask drawn to the picture's own edges, and firm where it is nearly sure."""
    radius = max(2, round(_REFINE * place.interocular))
    refined = np.asarray(cv2.ximgproc.guidedFilter(small, skin, radius, 4e-4), np.float32)
    return np.clip((refined - 0.1) / 0.8, 0, 1)


def _on_face(lab: NDArray[np.float32], place: _Place) -> tuple[Map, NDArray[np.float32]]:
    """How well each pixel fits the facial skin around it, 0..1, and this person's spread."""
    shape = lab.shape[:2]
    allowed = _features(place, place.region(shape, "oval"))
    sure = np.zeros(shape, np.float32)
    for name in ("nose", "left_cheek", "right_cheek", "left_under_eye", "right_under_eye"):
        sure = np.maximum(sure, place.region(shape, name))
    sure = sure * allowed
    spread = _MOST_SPREAD
    if sure.sum() < 20:
        return allowed, spread
    glossy = np.maximum(1 - _beard(place, shape), np.float32(0.01))
    fit = sure * _like_the_majority(lab, sure > 0)
    for support in (sure, allowed):
        light = lowpass(lab, _LIGHT * place.interocular, fit)
        stray = _stray(lab, light, glossy)
        counts = (fit > 0.5) & (sure > 0)
        spread = _spread(np.column_stack([each[counts] for each in stray]))
        fit = support * _fits(stray, spread, _ON_FACE)
    return fit, spread


def _grown(
    lab: NDArray[np.float32], on_face: Map, spread: NDArray[np.float32], place: _Place
) -> Map:
    """The facial skin and what goes on from it over ears, crown and neck, 0..1."""
    room, rough = _room(place, lab.shape[:2]), _roughness(lab[..., 0], on_face, place)
    smooth = np.exp(-np.maximum(rough - 2.5, 0) / 1.5)
    glossy = np.maximum(1 - _beard(place, rough.shape), np.float32(0.01))
    within, oval = _within(place, rough), place.region(rough.shape, "oval")
    skin = on_face
    for _ in range(_ROUNDS):
        near = lowpass(skin, _NEAR_LIGHT * place.interocular)
        share = np.clip(4 * near, 0, 1)[..., None]
        weight = skin * skin
        light = share * lowpass(lab, _NEAR_LIGHT * place.interocular, weight)
        light += (1 - share) * lowpass(lab, _FAR_LIGHT * place.interocular, weight)
        beyond = _fits(_stray(lab, light, 0.0), spread, _BEYOND, 1.0) * smooth * room
        shaded = _fits(_stray(lab, light, glossy), spread, _SHADED, 1.0) * within
        # Only what touches skin that is known can be skin.
        touches = np.clip(6 * near - 0.3, 0, 1)
        beyond = np.maximum(beyond, _enclosed(shaded, beyond, within, oval))
        skin = np.maximum(on_face, beyond * touches)
        skin = _connected(skin, on_face)
    return skin


def _connected(skin: Map, seed: Map) -> Map:
    _, labels = cv2.connectedComponents((skin > 0.4).astype(np.uint8), connectivity=4)
    reached = np.unique(labels[(seed > 0.5) & (skin > 0.4)])
    island = (labels > 0) & ~np.isin(labels, reached)
    return np.where(island, 0, skin).astype(np.float32)


def _enclosed(shaded: Map, beyond: Map, within: Map, oval: Map) -> Map:
    """`shaded` without the patches above the face that run on: a bright wall, not a bald crown."""
    extra = (shaded > 0.4) & (beyond <= 0.4) & (oval == 0)
    _, labels = cv2.connectedComponents(extra.astype(np.uint8), connectivity=4)
    rim = cv2.dilate(((within <= 0) & (oval == 0)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    leaks = np.unique(labels[rim & extra])
    return np.where(np.isin(labels, leaks) & extra, 0, shaded).astype(np.float32)


def _room(place: _Place, shape: tuple[int, ...]) -> Map:
    """Where ears, crown and neck may be, 0..1: so far around the oval."""
    face, unit = place.face, place.interocular
    oval = place.region(shape, "oval")
    # Beards lie inside the oval and are not to be taken back: only its rim and beyond is open.
    inner = cv2.erode(oval, np.ones((3, 3), np.uint8))
    away = cv2.distanceTransform((inner == 0).astype(np.uint8), cv2.DIST_L2, 5) / unit
    eyes = place.to_copy(np.mean([eye.contour.mean(axis=0) for eye in face.eyes], axis=0))
    # The oval begins at the top of the forehead; half-way round is the chin.
    chin = place.to_copy(face.oval[len(face.oval) // 2])
    down = (chin - eyes) / max(float(np.linalg.norm(chin - eyes)), 1e-6)
    rows, columns = np.indices(shape)
    along = ((columns - eyes[0]) * down[0] + (rows - eyes[1]) * down[1]) / unit
    across = np.abs((columns - eyes[0]) * -down[1] + (rows - eyes[1]) * down[0]) / unit
    jaw = float(np.linalg.norm(chin - eyes)) / unit
    half = 0.5 * face.width / face.interocular
    reach = np.interp(along, [-0.6, -0.3, 0.8 * jaw, jaw], [0.85, 0.34, 0.34, REACH - 0.05])
    # A neck is as wide as the jaw, shoulders are no neck.
    neck = np.clip((1.05 * half - across) / 0.1, 0, 1)
    fade = np.interp(along, [0.8 * jaw, 1.1 * jaw], [0.08, 0.5])
    within = np.clip((reach - away) / fade, 0, 1) * (away > 0)
    below = np.clip((along - 0.9 * jaw) / 0.2, 0, 1)
    return np.asarray(within * (1 - below * (1 - neck)), np.float32)


def _within(place: _Place, rough: Map) -> Map:
    """Where a dark or glossy patch of the face is skin, 0..1: if smooth, above all in a beard."""
    oval = np.maximum(
        place.region(rough.shape, "oval"), place.region(rough.shape, "forehead", _CROWN)
    )
    allowed = 3.0 - 1.6 * _beard(place, rough.shape)
    return np.asarray(oval * np.exp(-np.maximum(rough - allowed, 0) / 0.8), np.float32)


def _beard(place: _Place, shape: tuple[int, ...]) -> Map:
    """Where beards grow, 0..1: around the mouth and along the jaw."""
    lips = place.to_copy(place.face.region("lips"))
    nose = place.to_copy(place.face.region("nose")).max(axis=0)
    rows = np.arange(shape[0])[:, None]
    below = np.clip((rows - nose[1]) / (0.1 * place.interocular) + 1, 0, 1)
    oval = place.region(shape, "oval")
    rim = lowpass(1 - oval, 0.12 * place.interocular)
    mouth = place.region(shape, "lips", 0.22)
    lower = np.clip((rows - lips[:, 1].mean()) / (0.15 * place.interocular), 0, 1)
    zone = np.maximum(mouth, np.maximum(lower, np.clip(2.5 * rim, 0, 1)))
    return lowpass(np.asarray(below * zone, np.float32), 0.05 * place.interocular)


def _roughness(lightness: Map, on_face: Map, place: _Place) -> Map:
    """Grain of the picture: 1 where it is that of this face's skin, several in hair."""
    log_light = np.log(np.maximum(lightness, 0) + np.float32(_BLACK))
    detail = log_light - lowpass(log_light, 0.03 * place.interocular)
    energy = np.sqrt(lowpass(detail * detail, 0.06 * place.interocular))
    known = energy[on_face > 0.7]
    usual = max(float(np.median(known)) if known.size else 0.0, 0.008)
    return np.asarray(energy / usual, np.float32)


def _like_the_majority(lab: NDArray[np.float32], sure: NDArray[np.bool_]) -> Map:
    """Lashes, frames and hair are the minority where skin is expected: trim them."""
    samples = lab[sure].astype(np.float64)
    middle = np.median(samples, axis=0)
    kept = samples
    for _ in range(3):
        covariance = np.cov(kept.T) + np.diag([16.0, 3.0, 4.0])
        distance = _mahalanobis(samples, middle, covariance)
        kept = samples[distance < 7.8]
        if len(kept) < 10:
            kept = samples
        middle = kept.mean(axis=0)
    distance = _mahalanobis(lab.reshape(-1, 3).astype(np.float64), middle, covariance)
    return (distance < 7.8).astype(np.float32).reshape(lab.shape[:2])


def _mahalanobis(
    samples: NDArray[np.float64], middle: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    centred = samples - middle
    squared: NDArray[np.float64] = np.einsum(
        "ij,jk,ik->i", centred, np.linalg.inv(covariance), centred
    )
    return squared


def _stray(
    lab: NDArray[np.float32], light: NDArray[np.float32], gloss: Map | float
) -> tuple[Map, Map, Map]:
    """How much brighter than its surroundings (log), and what of a*, b* that does not explain.

    Where `gloss` is 1, a pixel may be paler than its light explains (it is glossy) or richer (what
    surrounds it is); where 0, it may not: grey and red hair of the same light are.
    """
    black = np.float32(_BLACK)
    ratio = (np.maximum(lab[..., 0], 0) + black) / (np.maximum(light[..., 0], 0) + black)
    (red, yellow), (usual_red, usual_yellow) = (
        (each[..., 1], each[..., 2]) for each in (lab, light)
    )
    chroma = np.maximum(usual_red * usual_red + usual_yellow * usual_yellow, np.float32(1e-3))
    along = (red * usual_red + yellow * usual_yellow) / chroma
    brighter = np.maximum(ratio - 1, 0)
    # Gloss adds the same light to any skin, so on dark skin it is much of what is seen, and skin
    # beside it is darker, yet richer in colour.
    dark = np.clip((_LIGHT_SKIN + _LIGHTER * gloss - light[..., 0]) / 20, 0, 1)
    palest = np.where(ratio > 1, ratio - gloss * np.minimum(ratio, 4 * brighter), ratio)
    richest = np.where(ratio > 1, ratio, ratio + (1.15 - ratio) * dark * (gloss > 0))
    factor = np.clip(along, palest, np.maximum(richest, palest))
    # Gloss mirrors the sky or the room, whose colour is not the skin's.
    mirrored = 1 / (1 + 4 * brighter * gloss)
    red, yellow = (red - factor * usual_red) * mirrored, (yellow - factor * usual_yellow) * mirrored
    return np.log(ratio), np.asarray(red, np.float32), np.asarray(yellow, np.float32)


def _spread(stray: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(stray) < 10:
        return _MOST_SPREAD
    deviation = 1.48 * np.median(np.abs(stray), axis=0)
    return np.clip(deviation, _LEAST_SPREAD, _MOST_SPREAD).astype(np.float32)


def _fits(
    stray: tuple[Map, Map, Map],
    spread: NDArray[np.float32],
    wider: tuple[float, float],
    flush: float = _FLUSH,
) -> Map:
    # Hair and frames are darker than the skin they lie on, sheen is brighter yet still skin.
    (brightness, red, yellow), (darker, brighter) = stray, wider
    light = brightness / (spread[0] * np.where(brightness < 0, darker, brighter))
    # Flushed skin is still skin, and blemishes are to be found on it.
    red = np.where(red < 0, red, np.maximum(red - flush, 0) / 1.5) / spread[1]
    yellow = yellow / spread[2]
    distance = light * light + red * red + yellow * yellow
    fit: Map = np.exp(-np.maximum(distance - 5, 0) / 5).astype(np.float32)
    return fit
