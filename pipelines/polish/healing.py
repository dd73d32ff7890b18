"""Replace spots by skin from nearby, with its pores, blended into the light around each spot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face.closeup import Closeup
from pipelines.image import colour
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass
from pipelines.polish.blemishes import Spot, robust

# Radius that is replaced: in radii of a spot, at which it has fallen to half of its peak, and in
# pixels more, because the blocks of a JPEG spread the colour of a small spot.
_REPLACED, _MARGIN = 2.0, 1.5
# Width of the blend at its border, as a share of that radius.
_BLEND = 0.35
# Outer radius of the ring whose values are continued into a patch, in replaced radii.
_RING = 1.35
# Distances and number of directions at which skin is looked for, in replaced radii.
_DISTANCES, _DIRECTIONS = (2.4, 3.2, 4.4), 12
# Weights of the difference in mean colour and in texture of two places, against that in form.
_COLOUR_WEIGHT, _TEXTURE_WEIGHT = 0.05, 2.0
# Deviation of L* from the skin around, in robust standard deviations and at least in L*, that
# makes a mark, a line or a strand.
_MARK_DEVIATIONS, _LEAST_MARK = 4.0, 1.2
# Standard deviation that separates the darkness of a spot from the detail on it, in replaced radii.
_REDDENED = 0.4
# Standard deviation of the detail around a spot, of full scale, above which it is made of lines and
# folds that no patch continues.
_MOST_TEXTURE = 0.03
# Standard deviation of the form of a place, in replaced radii; largest difference in luma between a
# patch and the place around a spot (root mean square) and on it.
_FORM_SCALE, _MOST_FORM, _MOST_MOVED = 0.25, 0.02, 0.09
# Share of a place that may be marks or lines for its detail to be replaced.
_MOST_MARKED = 0.1


@dataclass(frozen=True)
class _Skin:
    """Where patches may come from, at the size of the crop.

    Attributes:
        clean: 1 on skin without features, marks, lines and spots, shape (h, w).
        plain: 1 on skin without marks and lines, spots included, shape (h, w).
        per_pixel: Pixels of the crop per pixel of the picture.
    """

    clean: NDArray[np.uint8] = field(repr=False)
    plain: NDArray[np.uint8] = field(repr=False)
    per_pixel: float


@dataclass(frozen=True)
class _Place:
    """The square around one spot in the picture's part that the crop covers.

    Attributes:
        row: Row of its centre.
        column: Column of its centre.
        reach: Half of its side, in pixels.
        radius: Radius that is replaced, in pixels.
        distance: Distance of each pixel from the centre, shape (2 * reach + 1, 2 * reach + 1).
        ring: 1 on the ring around the replaced disc, likewise.
    """

    row: int
    column: int
    reach: int
    radius: float
    distance: Map = field(repr=False)
    ring: Map = field(repr=False)


def heal(
    pixels: Image,
    crop: Closeup,
    lightness: Map,
    allowed: Map,
    spots: Sequence[Spot],
    found: Sequence[Spot],
) -> Image:
    """Replace spots by near skin; returns a new picture, or `pixels` if there is no spot.

    Each spot is replaced by the patch of skin nearby that fits best, moved by a smooth difference
    so that it continues the light around the spot (as in Pérez, Gangnet & Blake 2003, ACM TOG
    22(3), with normalised convolution for the membrane). Pores come with the patch. Where no clean
    skin is near, or a line passes, only colour and light are replaced, and the place keeps its
    detail.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        crop: Crop of the face in which the spots were found.
        lightness: L* of the crop, shape (h, w).
        allowed: Skin of the crop from which patches may come, [0, 1], shape (h, w).
        spots: The spots to replace.
        found: All spots: no patch is taken from one.
    """
    if not spots:
        return pixels
    result = pixels.copy()
    part = result[crop.view]
    per_pixel = crop.pixels.shape[1] / max(crop.shape[1], 1)
    skin = _clean_skin(lightness, allowed, crop.face.interocular, found, per_pixel)
    unit = crop.face.interocular / per_pixel
    for spot in sorted(spots, key=lambda one: (one.radius, one.x, one.y)):
        place = _place(spot, unit)
        target = _square(part, place.row, place.column, place.reach)
        if target is None:
            continue
        source = None
        if _texture(target, place.ring) < _MOST_TEXTURE and _plain(skin, place, spot, unit):
            source = _best_source(part, skin, place, target)
        patch = None if source is None else _moved(source, target, place)
        if patch is None or not _fits(patch, target, place):
            patch = _recoloured(target, place)
        alpha = (place.radius * (1 + _BLEND / 2) - place.distance) / (_BLEND * place.radius)
        alpha = np.clip(alpha, 0, 1)
        alpha = (alpha * alpha * (3 - 2 * alpha))[..., None]
        target += alpha * (np.clip(patch, 0, 1) - target)
    return result


def _clean_skin(
    lightness: Map, allowed: Map, unit: float, found: Sequence[Spot], per_pixel: float
) -> _Skin:
    skin = allowed > 0.6
    detail = lowpass(lightness, 0.008 * unit) - lowpass(lightness, 0.05 * unit, allowed)
    if not skin.any():
        nothing = np.zeros(skin.shape, np.uint8)
        return _Skin(nothing, nothing, per_pixel)
    _, deviation = robust(detail[skin])
    least = max(_MARK_DEVIATIONS * deviation, _LEAST_MARK)
    plain = (skin & (np.abs(detail) < least)).astype(np.uint8)
    clean = plain.copy()
    for spot in found:
        center = round(spot.x * unit - 0.5), round(spot.y * unit - 0.5)
        cv2.circle(clean, center, max(1, round(_REPLACED * spot.radius * unit)), (0,), -1)
    return _Skin(clean, plain, per_pixel)


def _place(spot: Spot, unit: float) -> _Place:
    radius = _REPLACED * spot.radius * unit + _MARGIN
    reach = int(np.ceil(_RING * radius)) + 1
    offset = np.arange(-reach, reach + 1, dtype=np.float32)
    distance = np.hypot(offset[None, :], offset[:, None])
    ring = ((distance > radius) & (distance <= _RING * radius)).astype(np.float32)
    row, column = round(spot.y * unit - 0.5), round(spot.x * unit - 0.5)
    return _Place(row, column, reach, radius, distance, ring)


def _square(picture: Image, row: int, column: int, reach: int) -> Image | None:
    """A square of the picture (a view of it), or None if it does not lie inside."""
    height, width = picture.shape[:2]
    if row < reach or column < reach or row + reach >= height or column + reach >= width:
        return None
    return picture[row - reach : row + reach + 1, column - reach : column + reach + 1]


def _plain(skin: _Skin, place: _Place, spot: Spot, unit: float) -> bool:
    """Whether no line and no other mark lies in what is replaced around a spot."""
    reach = max(1, round(place.radius * skin.per_pixel))
    row, column = (int((at + 0.5) * skin.per_pixel) for at in (place.row, place.column))
    top, left = max(0, row - reach), max(0, column - reach)
    part = skin.plain[top : row + reach + 1, left : column + reach + 1]
    rows, columns = np.indices(part.shape)
    distance = np.hypot(rows + top - row, columns + left - column) / skin.per_pixel
    around = (distance <= place.radius) & (distance > 1.2 * spot.radius * unit)
    marked = np.count_nonzero(part[around] == 0)
    return marked <= _MOST_MARKED * max(np.count_nonzero(around), 1)


def _best_source(picture: Image, skin: _Skin, place: _Place, target: Image) -> Image | None:
    """The clean patch whose form, texture and colour fit best to the ring around a spot."""
    ring, weight = place.ring[..., None], float(place.ring.sum())
    texture = _texture(target, place.ring)
    best, least = None, np.inf
    for row, column in _clean_places(skin, place):
        source = _square(picture, row, column, place.reach)
        if source is None:
            continue
        apart = (target - source) * ring
        mean = apart.sum(axis=(0, 1)) / weight
        cost = float((np.square(apart - mean) * ring).sum()) / weight
        cost += _COLOUR_WEIGHT * float(np.square(mean).sum())
        cost += _TEXTURE_WEIGHT * (_texture(source, np.ones_like(place.ring)) - texture) ** 2
        if cost < least:
            best, least = source, cost
    return best


def _clean_places(skin: _Skin, place: _Place) -> Iterator[tuple[int, int]]:
    """Rows and columns around a spot where a patch of its size is clean."""
    needed = max(1, round(1.1 * place.radius * skin.per_pixel))
    height, width = skin.clean.shape
    for distance in _DISTANCES:
        for angle in 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
            row = place.row + round(distance * place.radius * float(np.sin(angle)))
            column = place.column + round(distance * place.radius * float(np.cos(angle)))
            y, x = (int((at + 0.5) * skin.per_pixel) for at in (row, column))
            if needed <= y < height - needed and needed <= x < width - needed:
                part = skin.clean[y - needed : y + needed + 1, x - needed : x + needed + 1]
                if part.all():
                    yield row, column


def _moved(source: Image, target: Image, place: _Place) -> Image:
    """A patch that continues the light around a spot."""
    return source + _spread((target - source) * place.ring[..., None], place)


def _fits(patch: Image, target: Image, place: _Place) -> bool:
    """Whether a patch has the form of the place: not so beside a nose, a fold or a shadow."""
    apart = np.ascontiguousarray(colour.luma_of(patch) - colour.luma_of(target))
    apart = cv2.GaussianBlur(apart, (0, 0), max(0.7, _FORM_SCALE * place.radius))
    around = (place.distance > 0.6 * place.radius) & (place.distance < place.radius)
    inside = place.distance < 0.6 * place.radius
    return bool(
        np.sqrt(np.mean(np.square(apart[around]))) < _MOST_FORM
        and np.abs(apart[inside]).max(initial=0) < _MOST_MOVED
    )


def _recoloured(target: Image, place: _Place) -> Image:
    """The place with its own detail of L*, and the colour that such skin has in the ring around it.

    a* and b* continue the ring, and follow the detail of L* as they do in the ring: a pore or a
    line is not only darker but also redder.
    """
    lab = colour.to_lab(target)
    ring = place.ring[..., None]
    smooth = _spread(lab * ring, place)
    detail = lab - smooth
    light = detail[..., 0] * place.ring
    slope = (light[..., None] * detail[..., 1:]).sum(axis=(0, 1)) / (np.square(light).sum() + 1.0)
    darkness = np.ascontiguousarray(detail[..., 0])
    darkness = cv2.GaussianBlur(darkness, (0, 0), _REDDENED * place.radius)
    # The spot's own darkness is no detail of the skin.
    own = np.minimum(darkness, 0)
    lab[..., 0] -= own
    lab[..., 1:] = smooth[..., 1:] + slope * (detail[..., 0] - own)[..., None]
    return colour.to_rgb(lab)


def _texture(patch: Image, weight: Map) -> float:
    """Standard deviation of the detail of a patch."""
    green = np.ascontiguousarray(patch[..., 1])
    detail = green - cv2.GaussianBlur(green, (0, 0), 1.5)
    return float(np.sqrt((np.square(detail) * weight).sum() / max(float(weight.sum()), 1.0)))


def _spread(values: Image, place: _Place) -> Image:
    """Continue values known in the ring (0 elsewhere) smoothly into its inside."""
    sigma = 0.55 * place.radius
    total = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    mass = cv2.GaussianBlur(place.ring, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(total / np.maximum(mass, 1e-6)[..., None], np.float32)
