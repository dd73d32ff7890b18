"""Find an iris whose eyeball is known, so that only the direction of the gaze is unknown."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.renders import TrueEye
from pipelines.face import Eye
from pipelines.image import crops
from pipelines.image.arrays import Image, Map, Points
from pipelines.image.crops import FIT_RADIUS, EyeCrop

RAYS = 72
# On the `calibrate` renders the steepest rise from iris to white lies at this share of the iris's
# radius, and the judge errs least when the rise is taken across this share of it to each side.
EDGE = 0.972
RING = 0.04
# Rays count from this far inside the lids, in crop pixels, of which an iris's radius has 24.
LID_MARGIN, LID_RAMP = 1.5, 4.0
# Limits the rise of one ray, so that a highlight or a lash cannot outweigh the rest of the limbus.
SATURATION = 0.8
# Penalty of a place one radius away from the expected one: on irises of few pixels a lid's shadow
# can pass for the limbus.
HOLD = 0.4
_STEPS = ((9, 1.5), (4, 0.5), (4, 0.15), (4, 0.05))


@dataclass(frozen=True)
class Limbus:
    """An iris that was found.

    Attributes:
        center: In the picture's pixels, shape (2,).
        weight: Number of its 72 rays that lie between the lids, with partial ones.
    """

    center: Points
    weight: float


def find(pixels: Image, eye: Eye, true: TrueEye, roll: float) -> Limbus:
    """Find the iris that fits an eyeball whose centre and size are known.

    For every direction of the eye the outline of its iris is known, foreshortening included. The
    result is the direction across whose outline the picture rises most from iris to sclera inside
    the lids (an integro-differential operator after Daugman 1993, on two unknowns).

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        eye: The eye with its lids and the rough place of the iris, in pixels of the picture.
        true: The eyeball.
        roll: Roll of the head in degrees.
    """
    crop = crops.around_eye(pixels, eye.contour, true.iris_radius, roll)
    start = center = crops.through(crop.to_crop, eye.iris_center)
    channel = _channel(crop, center)
    back = crops.inverse(crop.to_crop)
    for count, step in _STEPS:
        offsets = np.arange(-count, count + 1) * step
        dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
        candidates = center + np.stack([dx, dy], axis=1)
        rise, weight = _rise(channel, crop, candidates, _sines(candidates, back, true))
        score = (rise * weight).sum(axis=1) / (weight.sum(axis=1) + 6.0)
        score -= HOLD * ((candidates - start) ** 2).sum(axis=1) / FIT_RADIUS**2
        best = int(score.argmax())
        center = candidates[best]
    return Limbus(crops.through(back, center), float(weight[best].sum()))


def _sines(candidates: Points, back: Points, true: TrueEye) -> Points:
    """Gaze of an eye whose iris is at each candidate, in crop axes (right, down), (n, 2)."""
    x, y, _ = true.axis.vector
    travel = (crops.through(back, candidates) - true.iris) / true.px_per_mm / true.reach_mm
    upright = np.linalg.inv(back[:, :2])
    upright /= np.sqrt(abs(np.linalg.det(upright)))
    turned: Points = (travel + np.array([x, -y])) @ upright.T
    return turned


def _rise(channel: Map, crop: EyeCrop, centers: Points, sines: Points) -> tuple[Points, Points]:
    """Rise across each outline and weight, each of shape (n, 72)."""
    angle = np.arange(RAYS) * (2 * np.pi / RAYS)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    tilt = np.linalg.norm(sines, axis=1)
    toward = sines / np.maximum(tilt, 1e-9)[:, None]
    squeeze = np.sqrt(np.clip(1 - tilt**2, 0.2, 1)) - 1
    along = toward @ circle.T
    outline = circle[None] + (squeeze[:, None] * along)[..., None] * toward[:, None, :]
    outer, inner, depth = (
        sample_at(source, centers[:, None, :] + FIT_RADIUS * EDGE * share * outline)
        for source, share in (
            (channel, 1 + RING),
            (channel, 1 - RING),
            (crop.depth, 1 + RING / 2),
        )
    )
    rise = np.tanh((outer - inner) / SATURATION) * SATURATION
    return rise, np.clip((depth - LID_MARGIN) / LID_RAMP, 0, 1)


def sample_at(source: Map, at: Points) -> Points:
    """Bilinear samples of a map at (x, y) points, shape (..., 2)."""
    x, y = (np.ascontiguousarray(at[..., axis], np.float32) for axis in (0, 1))
    sampled = cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, np.float64)


def _channel(crop: EyeCrop, center: Points) -> Map:
    """The grey channel, white high, in which iris and white differ by about 1."""
    ys, xs = np.mgrid[: crop.depth.shape[0], : crop.depth.shape[1]]
    rho = np.hypot(xs - center[0], ys - center[1]) / FIT_RADIUS
    iris = crop.pixels[(rho > 0.4) & (rho < 0.85) & (crop.depth > 2)]
    white = crop.pixels[(rho > 1.2) & (rho < 2.6) & (crop.depth > 2)]
    direction = np.array([0.3, 0.5, 0.2])
    if len(iris) > 40 and len(white) > 40:
        within = np.cov(iris.T) + np.cov(white.T) + 2e-3 * np.eye(3)
        found = np.linalg.solve(within, np.median(white, axis=0) - np.median(iris, axis=0))
        found /= np.abs(found).sum() + 1e-9
        direction = 0.5 * direction + 0.5 * found
    grey = cv2.GaussianBlur((crop.pixels @ direction).astype(np.float32), (0, 0), 0.8)
    inside = grey[crop.depth > 2]
    low, high = np.percentile(inside, [10, 90]) if inside.size else (0.0, 1.0)
    return np.asarray((grey - low) / max(high - low, 0.05), np.float32)
