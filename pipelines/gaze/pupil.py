"""Measure the roundness of a pupil, and the radius of a single iris."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Eye
from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.crops import FIT_RADIUS, EyeCrop

# Radii to try, as shares of the radius that `iris.fit` gave both eyes.
_RADII = np.arange(0.82, 1.185, 0.01)
# Moves of the centre to try, in crop pixels.
_MOVES = np.arange(-2.0, 2.1, 0.5)
_RAYS = 72
# Distance from the lid edges, in crop pixels.
_LID_MARGIN = 2.0
# Least number of rays that end inside the lids for an iris to be measured.
_LEAST_RAYS = 16
# Least radius of the iris in the photo, in pixels, for its pupil to be measured.
_LEAST_IRIS = 12.0
# Least difference of brightness between iris and pupil, of full scale. In dark brown eyes the pupil
# cannot be seen.
_STANDS_OUT = 0.07
# Bounds of the pupil's radius relative to the iris. Pupils are 2 to 8 mm across (Watson & Yellott
# 2012, J. Vision 12(10)), in an iris of 11.7 mm.
_SMALLEST, _LARGEST = 0.15, 0.7
# Least share of the pupil that is free of highlights.
_LEAST_SEEN = 0.75


@dataclass(frozen=True)
class Pupil:
    """Measurements of a pupil.

    Attributes:
        radius: Mean radius as a share of the iris's.
        roundness: Intersection over union of the pupil and the ellipse fitted to its edge, 0..1;
            1 for a circle, also one seen from the side.
    """

    radius: float
    roundness: float


def find(pixels: Image, eye: Eye, roll: float) -> Pupil | None:
    """Measure the pupil of an eye; None where it cannot be distinguished from the iris.

    After Guo, Hu, Wang, Chang & Lyu 2022 (ICASSP), who compare the pupil with an ellipse fitted to
    its edge. The pupil is segmented by a threshold halfway between its brightness and the iris's.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        eye: The eye with its fitted iris.
        roll: Roll of the head in degrees.
    """
    if eye.iris_radius < _LEAST_IRIS:
        return None
    crop = crops.around_eye(pixels, eye.contour, eye.iris_radius, roll)
    center = crops.through(crop.to_crop, eye.iris_center)
    light = np.asarray(cv2.GaussianBlur(crop.pixels.max(axis=2), (0, 0), 1.0), np.float32)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    rho = np.hypot(x - center[0], y - center[1]) / FIT_RADIUS
    visible = (crop.depth > _LID_MARGIN) & (rho < 0.85)
    core, ring = light[visible & (rho < 0.22)], light[visible & (rho > 0.55)]
    if core.size < 40 or ring.size < 200:
        return None
    pupil_light, iris_light = float(np.percentile(core, 20)), float(np.percentile(ring, 35))
    if iris_light - pupil_light < _STANDS_OUT:
        return None
    highlight = _highlights(light, visible, iris_light)
    dark = _central_area((light < (pupil_light + iris_light) / 2) & visible, center)
    if dark is None:
        return None
    return _measure(dark, highlight, crop)


def iris_radius(pixels: Image, eye: Eye, roll: float) -> float | None:
    """Radius of a single iris in pixels; None where too little of its edge is visible.

    `iris.fit` gives both eyes the same radius. This searches the circle near it across which the
    picture brightens most.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        eye: The eye with its fitted iris.
        roll: Roll of the head in degrees.
    """
    crop = crops.around_eye(pixels, eye.contour, eye.iris_radius, roll)
    center = crops.through(crop.to_crop, eye.iris_center)
    light = np.asarray(cv2.GaussianBlur(crop.pixels[..., 0], (0, 0), 1.2), np.float32)
    rises = _edge_rises(light, crop.depth, center)
    if rises is None:
        return None
    best = np.unravel_index(int(np.argmax(rises)), rises.shape)[2]
    if best in (0, len(_RADII) - 1):
        return None
    return float(_RADII[best] * eye.iris_radius)


def _edge_rises(light: Map, depth: Map, center: Points) -> Points | None:
    """Mean rise of brightness across each circle, shape (moves, moves, radii)."""
    angle = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    rays = np.stack([np.cos(angle), np.sin(angle)])
    ends = center[:, None] + FIT_RADIUS * rays
    inside = _sample(depth, ends[0], ends[1]) > _LID_MARGIN
    if inside.sum() < _LEAST_RAYS:
        return None
    rays = rays[:, inside]
    dy, dx, radius = np.meshgrid(_MOVES, _MOVES, _RADII * FIT_RADIUS, indexing="ij")
    x, y, r = (grid.reshape(-1, 1) for grid in (center[0] + dx, center[1] + dy, radius))
    step = 1.5
    outer = _sample(light, x + (r + step) * rays[0], y + (r + step) * rays[1])
    inner = _sample(light, x + (r - step) * rays[0], y + (r - step) * rays[1])
    rise = np.clip(outer - inner, -0.1, 0.25)
    return np.asarray(rise.mean(axis=1).reshape(dx.shape), np.float64)


def _sample(image: Map, x: Points, y: Points) -> Points:
    sampled = cv2.remap(
        image,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(sampled.reshape(x.shape), np.float64)


def _highlights(light: Map, visible: NDArray[np.bool_], iris_light: float) -> NDArray[np.bool_]:
    bright = (light > iris_light + 0.15) & visible
    return np.asarray(cv2.dilate(bright.astype(np.uint8), np.ones((5, 5), np.uint8))) > 0


def _central_area(dark: NDArray[np.bool_], center: Points) -> NDArray[np.bool_] | None:
    """The connected dark area nearest to the centre of the iris."""
    count, labels, stats, centers = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
    large = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] > 30]
    if not large:
        return None
    nearest = min(large, key=lambda k: float(np.linalg.norm(centers[k] - center)))
    if np.linalg.norm(centers[nearest] - center) > 0.3 * FIT_RADIUS:
        return None
    return np.asarray(labels == nearest)


def _measure(dark: NDArray[np.bool_], highlight: NDArray[np.bool_], crop: EyeCrop) -> Pupil | None:
    """Compare a segmented pupil with the ellipse fitted to its outline."""
    contours, _ = cv2.findContours(dark.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    if len(outline) < 12:
        return None
    canvas = np.zeros(dark.shape, np.uint8)
    whole = cv2.drawContours(canvas, [outline], -1, (1,), -1) > 0
    # Fit only to those parts of the outline that no highlight covers.
    known = np.array([p for p in outline[:, 0] if not highlight[p[1], p[0]]])
    if len(known) < 0.6 * len(outline) or len(known) < 12:
        return None
    ellipse = cv2.fitEllipse(known.astype(np.float32)[:, None])
    fitted = cv2.ellipse(np.zeros(dark.shape, np.uint8), ellipse, (1,), -1) > 0
    open_eye = (crop.depth > _LID_MARGIN) & ~highlight
    if (fitted & open_eye).sum() < _LEAST_SEEN * fitted.sum():
        return None
    radius = float(np.sqrt(fitted.sum() / np.pi) / FIT_RADIUS)
    if not _SMALLEST < radius < _LARGEST:
        return None
    both, either = (whole & fitted & open_eye).sum(), ((whole | fitted) & open_eye).sum()
    return Pupil(radius, float(both / max(either, 1)))
