"""Catchlights: where the light is mirrored in each eye, and whether the two eyes agree."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Eye, Face
from pipelines.image.arrays import Image, Points

# Each iris is looked at with this radius in pixels.
_RADIUS = 24
# The sclera begins near 1; a highlight on the limbus cannot be told from it.
_SEARCH = 0.85
_LID_MARGIN = 0.12
# How much brighter than the iris a highlight is, of full scale; once one eye shows one, a weaker
# one is believed in the other.
_STANDS_OUT, _WEAK = 0.22, 0.11
# A mirrored window is small; a brighter half of an iris is not a catchlight.
_LARGEST_SHARE = 0.2


def agreement(pixels: Image, face: Face) -> float | None:
    """How well the two eyes' catchlights agree, 0..1.

    One light is mirrored at nearly the same place of both corneas. 1: the same offset from the
    middle of the iris; 0: an iris radius apart, or one eye has none. None: no catchlight is seen.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
    """
    places = [locate(pixels, eye) for eye in face.eyes]
    if all(place is None for place in places):
        return None
    left, right = (
        locate(pixels, eye, _WEAK) if place is None else place
        for eye, place in zip(face.eyes, places, strict=True)
    )
    if left is None or right is None:
        return 0.0
    return float(np.clip(1 - np.linalg.norm(left - right), 0, 1))


def locate(pixels: Image, eye: Eye, stands_out: float = _STANDS_OUT) -> Points | None:
    """Middle of the brightest catchlight from the iris centre, in iris radii (x right, y down)."""
    scale = _RADIUS / max(eye.iris_radius, 1e-6)
    reach = round(1.1 * _RADIUS)
    side = 2 * reach + 1
    shift = reach - scale * eye.iris_center
    to_patch = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    patch = cv2.warpAffine(
        pixels, to_patch, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    bright = patch.min(axis=2)
    open_eye = np.zeros((side, side), np.uint8)
    lids = np.rint((eye.contour * scale + shift) * 16).astype(np.int32)
    cv2.fillPoly(open_eye, [lids], (1,), shift=4)
    # The tear film along the lids shines, too.
    margin = round(_LID_MARGIN * _RADIUS)
    open_eye = np.asarray(cv2.erode(open_eye, np.ones((2 * margin + 1, 1), np.uint8)), np.uint8)
    y, x = np.mgrid[:side, :side] - reach
    iris = (np.hypot(x, y) <= _SEARCH * _RADIUS) & (open_eye > 0)
    if iris.sum() < 50:
        return None
    ground = float(np.median(bright[iris]))
    peak = float(bright[iris].max())
    if peak - ground < stands_out:
        return None
    light = np.where(iris, np.clip(bright - (ground + peak) / 2, 0, None), 0)
    light = _around_peak(light)
    if (light > 0).sum() > _LARGEST_SHARE * iris.sum():
        return None
    total = float(light.sum())
    return np.array([(light * x).sum(), (light * y).sum()]) / total / _RADIUS


def _around_peak(light: Points) -> Points:
    """Keep the one connected highlight that holds the brightest pixel."""
    _, labels = cv2.connectedComponents((light > 0).astype(np.uint8))
    label = labels[np.unravel_index(int(light.argmax()), light.shape)]
    return np.where(labels == label, light, 0.0)
