"""Passing red spots: find them against the skin around them, and fill them below the pores."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Image, Map
from pipelines.image.filters import fine_sigma, lowpass

# Radii of the spots looked for, in interoculars: 0.8 to 2.3 mm, so spots up to 5 mm across.
_RADII = (0.012, 0.018, 0.026, 0.036)
# A centre-surround filter answers a disc of radius r best at sigma = r / sqrt(2); the surround is
# 1.6 times as wide (Marr & Hildreth 1980, Proc. R. Soc. B 207).
_SURROUND = 1.6
# Least redness of a spot in CIELAB units, and how far it must stand out of this person's skin.
_LEAST_REDNESS = 1.1
_STANDS_OUT = 4.5
# Darker than this for each unit of redness, it is a mole, a freckle or a hair: those stay.
_DARKEST_PER_RED = 2.2
_ROUNDEST = 0.35
# Spots are looked for in a copy in which the eyes are this many pixels apart.
_SEARCH_INTEROCULAR = 110.0


def find(lab: Image, skin: Map, interocular: float) -> Map:
    """Where there are small round spots redder than the skin around them.

    Blood reddens (a* up) and darkens little; pigment darkens, and yellows as much as it reddens.
    So a spot is judged by its redness beyond what its darkness and its yellowness explain, which
    leaves moles, freckles and scars. Creases, vessels and borders are not round.

    Args:
        lab: CIELAB, shape (H, W, 3).
        skin: Skin mask in [0, 1], shape (H, W).
        interocular: Distance between the eyes in pixels.

    Returns:
        Confidence in [0, 1] over the whole area of each spot, shape (H, W).
    """
    height, width = skin.shape
    scale = min(1.0, _SEARCH_INTEROCULAR / interocular)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small_skin = np.asarray(cv2.resize(skin, size, interpolation=cv2.INTER_AREA), np.float32)
    small_lab = np.asarray(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), np.float32)
    found = _search(small_lab, small_skin, scale * interocular)
    found = np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR))
    # A spot strays from the skin's colour and so weakens the mask under itself.
    return np.asarray(found * np.clip(1.5 * skin, 0, 1), np.float32)


def fill(lab: Image, skin: Map, spots: Map, interocular: float) -> Image:
    """The change of CIELAB that gives the spots their surroundings' colour, shape (H, W, 3).

    Of lightness only what is coarser than the fine band is replaced, so pores and down go on
    through a spot; of colour nearly all, because a small spot is itself that fine.
    """
    clean = skin * np.clip(1 - 3 * spots, 0, 1)
    around = lowpass(lab, 0.05 * interocular, clean)
    sigma = fine_sigma(interocular)
    here = np.dstack([lowpass(lab[..., 0], sigma), lowpass(lab[..., 1:], 0.4 * sigma)])
    change = (around - here) * spots[..., None]
    # A pimple's middle may carry a highlight; a spot is never made darker or redder than it was.
    change[..., 0] = np.maximum(change[..., 0], 0)
    change[..., 1] = np.minimum(change[..., 1], 0)
    return np.asarray(change, np.float32)


def _search(lab: Image, skin: Map, interocular: float) -> Map:
    found = np.zeros(skin.shape, np.float32)
    sound = np.clip(2 * np.asarray(cv2.erode(skin, _disc(0.02 * interocular))) - 0.4, 0, 1)
    sound = sound.astype(np.float32)
    if (sound > 0.6).sum() < 100:
        return found
    # Around the skin stands its own blurred colour, so that lips and hair cast nothing onto it.
    ground = lowpass(lab, 0.06 * interocular, skin)
    even = ground + np.clip(1.5 * skin, 0, 1)[..., None] * (lab - ground)
    for radius in _RADII:
        size = max(1.2, radius * interocular)
        found = np.maximum(found, _discs(_centres(even, sound, size), size))
    return found


def _centres(lab: Image, sound: Map, radius: float) -> Map:
    sigma = radius / np.sqrt(2)
    contrast = lowpass(lab, sigma) - lowpass(lab, _SURROUND * sigma)
    red, darker = contrast[..., 1], np.maximum(-contrast[..., 0], 0)
    yellower = np.maximum(contrast[..., 2], 0)
    redness = red - 0.25 * darker - 0.6 * yellower
    usual = 1.48 * float(np.median(np.abs(redness[sound > 0.6])))
    # A centre-surround filter passes about 0.3 of a disc's own contrast.
    threshold = max(0.3 * _LEAST_REDNESS, _STANDS_OUT * usual)
    strength = np.clip((redness - threshold) / (0.4 * threshold), 0, 1)
    strength *= np.clip(2 - darker / np.maximum(_DARKEST_PER_RED * red, 1e-3) * 1.5, 0, 1)
    reach = _disc(0.8 * radius)
    summit = redness >= cv2.dilate(redness, reach) - 1e-6
    centre = strength * sound * _roundness(redness) * summit
    return np.asarray(centre, np.float32)


def _roundness(response: Map) -> Map:
    """1 where a summit falls off alike to all sides, 0 on a ridge (ratio of curvatures)."""
    xx = cv2.Sobel(response, cv2.CV_32F, 2, 0, ksize=3)
    yy = cv2.Sobel(response, cv2.CV_32F, 0, 2, ksize=3)
    xy = cv2.Sobel(response, cv2.CV_32F, 1, 1, ksize=3)
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    least, most = -(mean + half), -(mean - half)
    ratio = least / np.maximum(most, 1e-6)
    return np.asarray(np.clip((ratio - _ROUNDEST) / 0.25, 0, 1), np.float32)


def _discs(centre: Map, radius: float) -> Map:
    """Grow each centre to the spot it marks, soft at its rim."""
    if not centre.any():
        return centre
    spots = cv2.dilate(centre, _disc(1.5 * radius))
    return lowpass(np.asarray(spots, np.float32), 0.4 * radius)


def _disc(radius: float) -> NDArray[np.uint8]:
    reach = max(1, round(radius))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(shape, np.uint8)
