"""Catchlights (reflections of a light in the cornea): locate them and compare both eyes."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Eye, Face
from pipelines.image import polygons
from pipelines.image.arrays import Image, Points

# Radius in pixels to which each iris is resized.
_RADIUS = 24
# In iris radii: further out, a highlight cannot be told from the sclera.
_SEARCH = 0.85
# In iris radii: distance from the lid edges.
_LID_MARGIN = 0.12
# Brightness of a catchlight above the iris, of full scale; the lower one counts in one eye if the
# other has a catchlight.
_STANDS_OUT, _WEAK = 0.22, 0.11
# Largest area of a catchlight as a share of the iris; a larger one is a brighter part of the iris.
_LARGEST_SHARE = 0.2


def agreement(pixels: Image, face: Face) -> float | None:
    """Agreement of both eyes' catchlights, 0..1.

    A light is reflected at nearly the same place of both corneas.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.

    Returns:
        1 if both have the same offset from the centre of their iris; 0 if the offsets are an iris
        radius apart or one eye has none; None if neither eye has a catchlight.
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
    """Locate the brightest catchlight of an eye; None if there is none.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        eye: The eye with its fitted iris.
        stands_out: Required brightness above the iris, of full scale.

    Returns:
        Offset from the centre of the iris in iris radii (x right, y down), shape (2,).
    """
    scale = _RADIUS / max(eye.iris_radius, 1e-6)
    reach = round(1.1 * _RADIUS)
    side = 2 * reach + 1
    shift = reach - scale * eye.iris_center
    to_patch = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    patch = cv2.warpAffine(
        pixels, to_patch, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    bright = patch.min(axis=2)
    open_eye = polygons.filled((side, side), eye.contour * scale + shift)
    # The tear film along the lids is bright, too.
    margin = round(_LID_MARGIN * _RADIUS)
    open_eye = np.asarray(cv2.erode(open_eye, np.ones((2 * margin + 1, 1), np.uint8)), np.uint8)
    y, x = np.mgrid[:side, :side] - reach
    iris = (np.hypot(x, y) <= _SEARCH * _RADIUS) & (open_eye > 0)
    if iris.sum() < 50:
        return None
    base = float(np.median(bright[iris]))
    peak = float(bright[iris].max())
    if peak - base < stands_out:
        return None
    light = np.where(iris, np.clip(bright - (base + peak) / 2, 0, None), 0)
    light = _around_peak(light)
    if (light > 0).sum() > _LARGEST_SHARE * iris.sum():
        return None
    total = float(light.sum())
    return np.array([(light * x).sum(), (light * y).sum()]) / total / _RADIUS


def _around_peak(light: Points) -> Points:
    """Keep only the connected highlight with the brightest pixel."""
    _, labels = cv2.connectedComponents((light > 0).astype(np.uint8))
    label = labels[np.unravel_index(int(light.argmax()), light.shape)]
    return np.where(labels == label, light, 0.0)
