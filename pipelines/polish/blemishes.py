"""Dose ``blemishes``: find small red spots, and fill them from the skin around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Image, Map
from pipelines.image.filters import fine_sigma, lowpass

# Radii of the spots that are searched, in interocular distances: 0.8 to 2.3 mm, so spots up to 5 mm
# across.
_RADII = (0.012, 0.018, 0.026, 0.036)
# Ratio of the standard deviations of the surround and the centre of the filter. Such a filter
# responds most to a disc of radius r at sigma = r / sqrt(2), and the surround is 1.6 times as wide
# (Marr & Hildreth 1980, Proc. R. Soc. B 207).
_SURROUND = 1.6
# Smallest redness of a spot: in CIELAB units, and in robust standard deviations of this skin.
_LEAST_REDNESS = 1.1
_LEAST_DEVIATIONS = 4.5
# Drop of L* per rise of a* above which a spot is a mole, a freckle or a hair, and is kept.
_DARKEST_PER_RED = 2.2
# Ratio of the curvatures of a response below which it is a ridge, not a spot.
_LEAST_ROUNDNESS = 0.35
# Interocular distance in pixels of the reduced copy in which spots are searched.
_SEARCH_INTEROCULAR = 110.0


def find(lab: Image, skin: Map, interocular: float) -> Map:
    """Find small round spots that are redder than the skin around them.

    Blood raises a* and darkens little; pigment darkens, and raises b* as much as a*. So the redness
    of a spot is reduced by what its darkness and yellowness explain, which excludes moles, freckles
    and scars. Creases, vessels and borders are excluded because they are not round.

    Args:
        lab: CIELAB, shape (H, W, 3).
        skin: Skin mask in [0, 1], shape (H, W).
        interocular: Interocular distance in pixels.

    Returns:
        Confidence in [0, 1] over the whole area of each spot, shape (H, W).
    """
    height, width = skin.shape
    scale = min(1.0, _SEARCH_INTEROCULAR / interocular)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small_skin = np.asarray(cv2.resize(skin, size, interpolation=cv2.INTER_AREA), np.float32)
    small_lab = np.asarray(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), np.float32)
    spots = _search(small_lab, small_skin, scale * interocular)
    spots = np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_LINEAR))
    # The skin mask is weaker on a spot, because its colour deviates from the skin's.
    return np.asarray(spots * np.clip(1.5 * skin, 0, 1), np.float32)


def fill(lab: Image, skin: Map, spots: Map, interocular: float) -> Image:
    """Change of CIELAB that gives spots the colour of the skin around them, shape (H, W, 3).

    Only the part of L* that is coarser than the fine band is replaced, so that pores and fine hair
    continue through a spot. Nearly all of a* and b* is replaced, because a small spot is as fine.

    Args:
        lab: CIELAB, shape (H, W, 3).
        skin: Skin mask in [0, 1], shape (H, W).
        spots: From `find`.
        interocular: Interocular distance in pixels.
    """
    clean = skin * np.clip(1 - 3 * spots, 0, 1)
    around = lowpass(lab, 0.05 * interocular, clean)
    sigma = fine_sigma(interocular)
    here = np.dstack([lowpass(lab[..., 0], sigma), lowpass(lab[..., 1:], 0.4 * sigma)])
    change = (around - here) * spots[..., None]
    # A highlight in the middle of a pimple would otherwise be darkened or reddened.
    change[..., 0] = np.maximum(change[..., 0], 0)
    change[..., 1] = np.minimum(change[..., 1], 0)
    return np.asarray(change, np.float32)


def _search(lab: Image, skin: Map, interocular: float) -> Map:
    """Confidence of spots of all sizes, at the size of `lab`."""
    spots = np.zeros(skin.shape, np.float32)
    inner = np.clip(2 * np.asarray(cv2.erode(skin, _disc(0.02 * interocular))) - 0.4, 0, 1)
    inner = inner.astype(np.float32)
    if (inner > 0.6).sum() < 100:
        return spots
    # Replace what is not skin by the blurred colour of the skin, so that lips and hair do not
    # affect the filter.
    background = lowpass(lab, 0.06 * interocular, skin)
    only_skin = background + np.clip(1.5 * skin, 0, 1)[..., None] * (lab - background)
    for radius in _RADII:
        size = max(1.2, radius * interocular)
        spots = np.maximum(spots, _areas(_centres(only_skin, inner, size), size))
    return spots


def _centres(lab: Image, inner: Map, radius: float) -> Map:
    """Confidence at the centres of spots of a radius in pixels, 0 elsewhere."""
    sigma = radius / np.sqrt(2)
    contrast = lowpass(lab, sigma) - lowpass(lab, _SURROUND * sigma)
    red, darker = contrast[..., 1], np.maximum(-contrast[..., 0], 0)
    yellower = np.maximum(contrast[..., 2], 0)
    redness = red - 0.25 * darker - 0.6 * yellower
    deviation = 1.48 * float(np.median(np.abs(redness[inner > 0.6])))
    # The filter's response to a disc is about 0.3 of the disc's contrast.
    threshold = max(0.3 * _LEAST_REDNESS, _LEAST_DEVIATIONS * deviation)
    confidence = np.clip((redness - threshold) / (0.4 * threshold), 0, 1)
    confidence *= np.clip(2 - darker / np.maximum(_DARKEST_PER_RED * red, 1e-3) * 1.5, 0, 1)
    is_maximum = redness >= cv2.dilate(redness, _disc(0.8 * radius)) - 1e-6
    return np.asarray(confidence * inner * _roundness(redness) * is_maximum, np.float32)


def _roundness(response: Map) -> Map:
    """1 where the response falls equally in all directions, 0 on a ridge (ratio of curvatures)."""
    xx = cv2.Sobel(response, cv2.CV_32F, 2, 0, ksize=3)
    yy = cv2.Sobel(response, cv2.CV_32F, 0, 2, ksize=3)
    xy = cv2.Sobel(response, cv2.CV_32F, 1, 1, ksize=3)
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    least, most = -(mean + half), -(mean - half)
    ratio = least / np.maximum(most, 1e-6)
    return np.asarray(np.clip((ratio - _LEAST_ROUNDNESS) / 0.25, 0, 1), np.float32)


def _areas(centres: Map, radius: float) -> Map:
    """Grow centres to the areas of their spots, with soft edges."""
    if not centres.any():
        return centres
    spots = cv2.dilate(centres, _disc(1.5 * radius))
    return lowpass(np.asarray(spots, np.float32), 0.4 * radius)


def _disc(radius: float) -> NDArray[np.uint8]:
    """Structuring element."""
    reach = max(1, round(radius))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(shape, np.uint8)
