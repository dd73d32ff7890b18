"""Dose ``blemishes``: find temporary red spots by redness and shape.

`healing` replaces them; a spot is replaced completely or left alone, and the dose decides how faint
a spot is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face, skin
from pipelines.face.closeup import Closeup
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Radii of the spots that are searched, in interocular distances: 0.7 to 2.1 mm, so spots up to
# about 5 mm across with their soft edges.
_RADII = (0.011, 0.016, 0.023, 0.033)
# Ratio of the standard deviations of the surround and the centre of the filter. Such a filter
# responds most to a disc of radius r at sigma = r / sqrt(2), and the surround is 1.6 times as wide
# (Marr & Hildreth 1980, Proc. R. Soc. B 207). It then gives about 0.3 of the disc's contrast.
_SURROUND = 1.6
_RESPONSE = 0.3
# Standard deviation of the skin's own colour around a spot, in interocular distances.
_SURROUNDINGS = 0.07
# Redness is measured as on skin of L* 65: a change of light scales L* + 16, a* and b* by one
# factor. In deep shadow only noise would be enlarged, so the factor is limited.
_BLACK, _REFERENCE = 16.0, 81.0
_LEAST_LIGHT, _MOST_LIGHT = 0.55, 1.0
# L* of the surroundings below which nothing is searched.
_DARKEST = 12.0
# Robust standard deviations of this skin by which the filter's response stands out.
_RESPONSE_DEVIATIONS = 2.5
_LEAST_RESPONSE = 0.3
# Redness of a peak below which nothing is measured, also in robust deviations of the skin around.
_LEAST_PEAK, _LEAST_DEVIATIONS = 1.0, 2.5
# The spot is where the redness exceeds this share of its peak: the second one if that area runs
# into other redness.
_EXTENTS = (0.45, 0.65)
# Bounds of the radius of that area, in interocular distances.
_LEAST_RADIUS, _MOST_RADIUS = 0.004, 0.055
# Share of the ring around a spot that must be skin, and the ring's radii in radii of the spot.
_RING_OF_SKIN = 0.8
_RING = (1.7, 2.9)
# Standard deviation of the filter that takes the grain off redness, in pixels.
_SMOOTH = 0.7
# Standard deviation that bounds the detail among which redness says little (stubble, strands,
# creases), in interocular distances.
_DETAIL = 0.02
# Logistic regression that tells spots from what else is red on a face. Fitted on 199 portraits with
# eight planted spots each, against the maxima of redness on the same faces as they are, and against
# planted moles and freckles. `_traits` says what the weights belong to.
_WEIGHTS = np.array([3.6, 3.3, 0.25, -2.1, -0.43, -0.70, -1.25, -1.7, -0.70, -1.3])
_BIAS = -6.7
# Clearness of the faintest spot that a dose of 1 removes, and of one that a dose near 0 removes.
_FAINTEST, _CLEAREST = -1.75, 3.2
# Standard deviation of the grain of redness (photographs have 0.2 to 0.7) from which spots are less
# clear, and by how much for each doubling.
_GRAIN, _PER_GRAIN = 0.9, 2.2
# Radius from which a spot must be clearer, and by how much per interocular distance.
_LARGE, _PER_RADIUS = 0.03, 150.0
# The most candidates that are looked at; a face has far fewer spots.
_MOST_CANDIDATES = 80
# Fall of L* on a spot from which it is a mole, however red.
_DARKEST_SPOT = 12.0
# Margins around features in which redness is natural, in interocular distances.
_MARGINS = {"eye": 0.07, "brow": 0.03, "nostril": 0.07}
_LIPS_MARGIN = 0.045


@dataclass(frozen=True)
class Spot:
    """A temporary red spot.

    Attributes:
        x: Centre, in interocular distances from the first column of the crop it was found in.
        y: The same from the first row.
        radius: Radius of the area that is redder than half of the spot's peak, likewise.
        clearness: Log odds that it is a temporary spot that can be seen.
    """

    x: float
    y: float
    radius: float
    clearness: float


class _Maps(NamedTuple):
    """What a candidate is measured on, each of the searched window.

    Attributes:
        contrast: Difference of CIELAB to the skin around each pixel, shape (h, w, 3).
        redness: Its rise of a* that pigment and yellowness do not explain, shape (h, w).
        smooth: The redness without its grain, likewise.
        detail: The part of its L* that is finer than `_DETAIL`, shape (h, w).
        allowed: Skin on which spots are searched, 0..1, shape (h, w).
    """

    contrast: Image
    redness: Map
    smooth: Map
    detail: Map
    allowed: Map


def faintest(dose: float) -> float:
    """Clearness from which a dose removes a spot; most doses leave marks that few would see."""
    return _CLEAREST + (_FAINTEST - _CLEAREST) * dose * (1 + dose) / 2


def find(crop: Closeup, facial: Map) -> tuple[Spot, ...]:
    """Find small round spots that are redder than the skin around them, the clearest first.

    Blood raises a* and darkens little; pigment darkens, and raises b* as much as a*. So the redness
    of a spot is reduced by what its darkness and yellowness explain, which excludes moles, freckles
    and scars. Candidates are maxima of a band-pass of the redness; each is then measured against
    the ring of skin around it.

    Args:
        crop: The crop.
        facial: Facial skin in it, [0, 1], shape (h, w).
    """
    face, unit = crop.face, crop.face.interocular
    view = skin.window(face)
    allowed = _allowed(face, facial[view], view)
    inner = cv2.erode(allowed, _disc(0.012 * unit)) > 0.5
    if np.count_nonzero(inner) < 100:
        return ()
    maps = _maps(np.ascontiguousarray(crop.lab[view]), facial[view], allowed, unit)
    grain = maps.redness - cv2.GaussianBlur(maps.redness, (0, 0), 1.0)
    doubt = _PER_GRAIN * max(0.0, float(np.log2(robust(grain[inner])[1] / _GRAIN + 1e-6)))
    usual_detail = max(robust(maps.detail[inner])[1], 0.3)
    measured = (
        _measured(maps, one, usual_detail, unit) for one in _candidates(maps.redness, inner, unit)
    )
    clear = [replace(spot, clearness=spot.clearness - doubt) for spot in measured if spot]
    found: list[Spot] = []
    for spot in sorted(clear, key=lambda spot: (-spot.clearness, spot.y, spot.x)):
        # A spot is measured at several radii.
        apart = all(
            np.hypot(spot.x - other.x, spot.y - other.y) > 1.5 * other.radius for other in found
        )
        if apart and spot.clearness >= _least_clearness(spot.radius):
            found.append(spot)
    left, top = view[1].start / unit, view[0].start / unit
    return tuple(replace(spot, x=spot.x + left, y=spot.y + top) for spot in found)


def _least_clearness(radius: float) -> float:
    """Clearness that a spot needs at any dose: more if it is large, as blotches and shadows are."""
    return _FAINTEST + max(0.0, radius - _LARGE) * _PER_RADIUS


def _allowed(face: Face, facial: Map, view: skin.Window) -> Map:
    """Skin on which spots are searched, 0..1: away from eyes, brows, lips and nostrils."""
    features = skin.region(face, "lips", view, _LIPS_MARGIN)
    for name, margin in _MARGINS.items():
        features = np.maximum(features, skin.both(face, name, view, margin))
    # The skin mask is weaker on a spot, because its colour deviates from the skin's.
    return np.asarray(np.clip(1.6 * facial, 0, 1) * (1 - features), np.float32)


def _maps(lab: Image, facial: Map, allowed: Map, unit: float) -> _Maps:
    around = lowpass(lab, _SURROUNDINGS * unit, facial)
    light = np.clip((around[..., 0] + _BLACK) / _REFERENCE, _LEAST_LIGHT, 1)
    # What is not skin gets the colour of the skin, so that lips and hair do not affect the filter.
    contrast = (lab - around) * (np.clip(1.5 * facial, 0, 1) / light)[..., None]
    darker, yellower = np.maximum(-contrast[..., 0], 0), np.maximum(contrast[..., 2], 0)
    redness = contrast[..., 1] - 0.25 * darker - 0.6 * yellower
    redness[around[..., 0] < _DARKEST] = 0
    detail = contrast[..., 0] - lowpass(np.ascontiguousarray(contrast[..., 0]), _DETAIL * unit)
    redness = np.asarray(redness, np.float32)
    smooth = np.asarray(cv2.GaussianBlur(redness, (0, 0), _SMOOTH), np.float32)
    return _Maps(contrast, redness, smooth, detail, allowed)


def _candidates(
    redness: Map, inner: NDArray[np.bool_], unit: float
) -> list[tuple[int, int, float]]:
    """Centre (x, y) and radius in pixels of what may be a spot.

    The first are those that stand out most from the redness around: where skin is mottled or ends,
    maxima are many and high.
    """
    found: list[tuple[float, int, int, float]] = []
    for relative in _RADII:
        radius = max(1.2, relative * unit)
        sigma = radius / np.sqrt(2)
        response = lowpass(redness, sigma) - lowpass(redness, _SURROUND * sigma)
        _, deviation = robust(response[inner])
        least = max(_LEAST_RESPONSE, _RESPONSE_DEVIATIONS * deviation)
        peaks = inner & (response > least)
        peaks &= response >= cv2.dilate(response, _disc(0.8 * radius)) - 1e-6
        usual = np.sqrt(lowpass(np.square(response), _SURROUNDINGS * unit)) + deviation
        rows, columns = np.nonzero(peaks)
        found += [
            (float(response[y, x] / usual[y, x]), int(x), int(y), radius)
            for y, x in zip(rows, columns, strict=True)
        ]
    found.sort(key=lambda one: (-one[0], one[1:]))
    return [one[1:] for one in found[:_MOST_CANDIDATES]]


def _measured(
    maps: _Maps, candidate: tuple[int, int, float], usual_detail: float, unit: float
) -> Spot | None:
    """Measure a candidate against the ring around it; None if it has no area of its own."""
    x, y, radius = candidate
    reach = int(np.ceil(_RING[1] * radius)) + 2
    top, left = max(0, y - reach), max(0, x - reach)
    part = _Maps(*(each[top : y + reach + 1, left : x + reach + 1] for each in maps))
    rows, columns = np.indices(part.redness.shape)
    distance = np.hypot(columns + left - x, rows + top - y)
    ring = (distance > _RING[0] * radius) & (distance < _RING[1] * radius)
    clean = ring & (part.allowed > 0.5)
    if np.count_nonzero(clean) < max(8, _RING_OF_SKIN * np.count_nonzero(ring)):
        return None
    red = _without_slope(part.smooth, clean)
    middle, deviation = robust(red[clean])
    red -= middle
    peak = float(red[distance <= max(1.0, 0.6 * radius)].mean())
    if peak <= max(_LEAST_PEAK, _LEAST_DEVIATIONS * deviation):
        return None
    areas = [_area(red > extent * peak, x - left, y - top) for extent in _EXTENTS]
    area = next((one for one in areas if one is not None), None)
    if area is None:
        return None
    size = float(np.sqrt(np.count_nonzero(area) / np.pi)) / unit
    if not _LEAST_RADIUS <= size <= _MOST_RADIUS:
        return None
    lightness = part.contrast[..., 0]
    if float(lightness[area].mean()) < float(np.median(lightness[clean])) - _DARKEST_SPOT:
        return None
    traits = _traits(part, area, clean, red, deviation)
    runs_on = float(areas[0] is None)
    clearness = float(_WEIGHTS @ [*traits, runs_on]) - _WEIGHTS[-2] * np.log(usual_detail) + _BIAS
    center = columns[area].mean() + left + 0.5, rows[area].mean() + top + 0.5
    return Spot(float(center[0] / unit), float(center[1] / unit), size, float(clearness))


def _traits(
    part: _Maps, area: NDArray[np.bool_], clean: NDArray[np.bool_], red: Map, deviation: float
) -> list[float]:
    """What tells a spot from a fold, a hair, a mole or a patch of noise.

    Args:
        part: The maps around the candidate.
        area: Its area.
        clean: The skin around it.
        red: Redness without the slope of the skin around, smoothed.
        deviation: Its robust standard deviation on that skin.

    Returns:
        Logarithms of the level of redness, of its ratio to the deviation around, of the elongation
        and of the slopes of L* and of redness (as shares of the level); the smallest fall of
        redness among eight directions as a share of the mean one; by how much the ratios of the
        falls of L* and rises of b* to the rise of a* differ from those of blood; the logarithm of
        the detail around.
    """
    level = max(float(red[area].mean()), 0.1)
    falls = _falls(part.smooth, area)
    lightness = part.contrast[..., 0]
    slope = float(np.ptp((lightness - _without_slope(lightness, clean))[clean]))
    red_slope = float(np.ptp((part.smooth - red)[clean]))
    lighter, redder, yellower = part.contrast[area].mean(axis=0) - np.median(
        part.contrast[clean], axis=0
    )
    redder = max(float(redder), 0.1)
    rows, columns = np.nonzero(area)
    return [
        float(np.log(level)),
        float(np.log(level / max(deviation, 0.15))),
        max(falls.min() / max(falls.mean(), 0.1), -0.5),
        float(np.log(_elongation(columns, rows))),
        float(np.log(slope / max(level, 0.5) + 0.1)),
        float(np.log(red_slope / max(level, 0.5) + 0.1)),
        abs(float(np.clip(-lighter / redder, -2, 3)) - 0.3),
        abs(float(np.clip(yellower / redder, -2, 2)) - 0.2),
        float(np.log(max(robust(part.detail[clean])[1], 0.05))),
    ]


def _falls(redness: Map, area: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By how much the redness falls from an area to its surroundings in each of 8 directions."""
    rows, columns = np.indices(redness.shape)
    across, down = columns - columns[area].mean(), rows - rows[area].mean()
    distance, size = np.hypot(across, down), float(np.sqrt(np.count_nonzero(area) / np.pi))
    shell = (distance > 1.6 * size + 0.7) & (distance < 2.4 * size + 1.5)
    direction = np.round(np.arctan2(down, across) / (np.pi / 4)).astype(int) % 8
    counts = np.bincount(direction[shell], minlength=8)
    if not counts.any():
        return np.zeros(1)
    sums = np.bincount(direction[shell], redness[shell], minlength=8)
    return float(redness[area].mean()) - sums[counts > 0] / counts[counts > 0]


def _without_slope(values: Map, where: NDArray[np.bool_]) -> Map:
    """The values minus the plane that fits best to some of them, as beside a shadow or gloss."""
    height, width = values.shape
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    rows, columns = np.nonzero(where)
    known = np.stack([np.ones(len(rows), np.float32), x[columns], y[rows, 0]])
    # The normal equations; the small term keeps them solvable where the places lie on a line.
    squares = known @ known.T + 1e-3 * np.eye(3, dtype=np.float32)
    level, across, down = np.linalg.solve(squares, known @ values[where])
    return np.asarray(values - (level + across * x + down * y), np.float32)


def robust(values: NDArray[np.float32]) -> tuple[float, float]:
    """Median and robust standard deviation."""
    middle = values.size // 2
    median = float(np.partition(values, middle)[middle])
    return median, 1.48 * float(np.partition(np.abs(values - median), middle)[middle])


def _area(redder: NDArray[np.bool_], x: int, y: int) -> NDArray[np.bool_] | None:
    """The connected area around a point; None if it reaches the border or misses the point."""
    _, labels = cv2.connectedComponents(redder.astype(np.uint8), connectivity=4)
    if labels[y, x] == 0:
        return None
    area = labels == labels[y, x]
    if area[0].any() or area[-1].any() or area[:, 0].any() or area[:, -1].any():
        return None
    return np.asarray(area)


def _elongation(columns: NDArray[np.int64], rows: NDArray[np.int64]) -> float:
    """Ratio of the axes of the ellipse with the same second moments."""
    if len(columns) < 3:
        return 1.0
    across, down = columns - columns.mean(), rows - rows.mean()
    shares = len(columns) - 1
    wide, tall = across @ across / shares + 1 / 12, down @ down / shares + 1 / 12
    # The eigenvalues of the matrix of moments.
    middle, apart = (wide + tall) / 2, np.hypot((wide - tall) / 2, across @ down / shares)
    return float(np.sqrt((middle + apart) / max(middle - apart, 1e-6)))


def _disc(radius: float) -> NDArray[np.uint8]:
    """Structuring element."""
    reach = max(1, round(radius))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(shape, np.uint8)
