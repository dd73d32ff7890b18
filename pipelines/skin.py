"""Where a face shows skin: a soft mask without eyes, brows, lips, nostrils, hair or glasses."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Map, Points
from pipelines.bands import lowpass
from pipelines.face import Face

Window = tuple[slice, slice]

OUTLINE_GROWTH = 1.05

# The colour model looks at a copy in which the eyes are this many pixels apart.
_MODEL_INTEROCULAR = 72.0
# Lengths in interoculars.
_EDGE = 0.14
_LIGHT = 0.38
_REFINE = 0.05
_GROW = {"eye": 0.045, "brow": 0.02, "lips": 0.025, "nostril": 0.012}
# How far skin strays from its surroundings in L*, a*, b*: never assumed less than this.
_LEAST_SPREAD = np.array([4.0, 2.2, 3.0], np.float32)
_FLUSH = 4.0
_MOST_SPREAD = np.array([9.0, 5.0, 6.0], np.float32)


def mask(pixels: NDArray[np.float32], face: Face) -> Map:
    """How much each pixel is facial skin.

    The mesh says where skin may be; a model of this person's own colour, which follows the light
    across the face, then takes out beards, fringes, glasses, coverings and hands' shadows. It
    compares every pixel with the skin around it, never with a table of skin colours, so it works
    alike from very light to very dark skin. Ears and neck stay out: no retouch may leave the face.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.

    Returns:
        float32 in [0, 1], shape (H, W); exactly 0 outside `outline(face)`.
    """
    result = np.zeros(pixels.shape[:2], np.float32)
    rows, columns = view = window(face)
    scale = min(1.0, _MODEL_INTEROCULAR / face.interocular)
    crop = np.ascontiguousarray(pixels[view])
    height, width = crop.shape[:2]
    if not height or not width:
        return result
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.float32)
    place = _Place(face, np.array([columns.start, rows.start]), np.array(size) / (width, height))
    skin = _features(place, _colour(small, place))
    radius = max(2, round(_REFINE * place.interocular))
    refined = np.asarray(cv2.ximgproc.guidedFilter(small, skin, radius, 4e-4), np.float32)
    firm = np.clip((refined - 0.1) / 0.8, 0, 1)
    large = cv2.resize(firm, (width, height), interpolation=cv2.INTER_LINEAR)
    result[view] = large * edge(face)[view] * _clear(face, view)
    return result


def outline(face: Face) -> Points:
    """The face oval grown by 5 % about its middle, shape (36, 2): no skin lies outside."""
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


def _colour(small: NDArray[np.float32], place: _Place) -> Map:
    """How well each pixel fits the skin around it, 0..1."""
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)
    shape = small.shape[:2]
    allowed = _features(place, place.region(shape, "oval"))
    sure = np.zeros(shape, np.float32)
    for name in ("nose", "left_cheek", "right_cheek", "left_under_eye", "right_under_eye"):
        sure = np.maximum(sure, place.region(shape, name))
    sure = sure * allowed
    if sure.sum() < 20:
        return allowed
    fit = sure * _like_the_majority(lab, sure > 0)
    for support in (sure, allowed):
        light = lowpass(lab, _LIGHT * place.interocular, fit)
        stray = lab - light
        spread = _spread(stray[(fit > 0.5) & (sure > 0)])
        whole = _fits(stray, light, spread)
        fit = support * whole
    return whole


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


def _spread(stray: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(stray) < 10:
        return _MOST_SPREAD
    deviation = 1.48 * np.median(np.abs(stray), axis=0)
    return np.clip(deviation, _LEAST_SPREAD, _MOST_SPREAD).astype(np.float32)


def _fits(
    stray: NDArray[np.float32], light: NDArray[np.float32], spread: NDArray[np.float32]
) -> Map:
    # Hair and frames are darker than the skin they lie on, sheen is brighter yet still skin. On
    # dark skin the same steps of reflectance are smaller steps of L*.
    depth = spread[0] * np.clip(light[..., 0] / 55, 0.45, 1.2)
    lightness = np.where(
        stray[..., 0] < 0, stray[..., 0] / depth, stray[..., 0] / (2.5 * spread[0])
    )
    # Flushed skin is still skin, and blemishes are to be found on it.
    flushed = np.maximum(stray[..., 1] - _FLUSH, 0) / 1.5
    red = np.where(stray[..., 1] < 0, stray[..., 1], flushed) / spread[1]
    distance = lightness**2 + red**2 + (stray[..., 2] / spread[2]) ** 2
    fit: Map = np.exp(-np.maximum(distance - 5, 0) / 5).astype(np.float32)
    return fit
