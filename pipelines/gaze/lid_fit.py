"""Fit the lid edges of an eye by the colours of eyeball, skin and lashes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Eye
from pipelines.gaze.lids import Canthal
from pipelines.image import crops
from pipelines.image.arrays import Points
from pipelines.image.crops import FIT_RADIUS, EyeCrop

# Largest distance of an edge from the landmarks', in iris radii.
REACH = 0.42
# Factor of the cost of moving an edge outward.
OUTWARD_PENALTY = 4.0
# Columns across the eye in which the edge is searched, and steps within them in crop pixels.
_COLUMNS = 49
_STEP = 0.5
# Cost of a squared crop pixel between neighbouring columns.
_STIFFNESS = 2.0


def fit(crop: EyeCrop, eye: Eye) -> Eye:
    """Fit the lid edges of an eye whose iris is fitted.

    In columns across the eye, the log-likelihood ratio of eyeball (iris inside its circle, sclera
    outside) to lid (skin or lash) is summed up to every possible edge. Dynamic programming finds
    the edge with the best sum that stays near the landmarks and bends little.

    Args:
        crop: Crop of the eye, with the lid edges of the landmarks.
        eye: The eye with the lid edges of the landmarks, in pixels of the picture.
    """
    scale = float(np.sqrt(abs(np.linalg.det(crop.to_crop[:, :2]))))
    in_crop = eye.mapped(lambda points: crops.through(crop.to_crop, points), scale)
    axes = Canthal.of(in_crop)
    upper_ratio, lower_ratio = _likelihood_ratios(crop, in_crop, axes)
    to_picture = crops.inverse(crop.to_crop)
    upper = crops.through(to_picture, _fit_edge(upper_ratio, axes, in_crop.upper, sign=-1))
    lower = crops.through(to_picture, _fit_edge(lower_ratio, axes, in_crop.lower, sign=1))
    return replace(eye, upper=upper, lower=lower)


def _likelihood_ratios(crop: EyeCrop, eye: Eye, axes: Canthal) -> tuple[Points, Points]:
    """Log-likelihood ratio of eyeball to upper lid and of eyeball to lower lid, per pixel."""
    image = cv2.GaussianBlur(crop.pixels, (0, 0), 0.8).astype(np.float64)
    height, width = image.shape[:2]
    ys, xs = np.mgrid[:height, :width].astype(np.float64)
    rho = np.hypot(xs - eye.iris_center[0], ys - eye.iris_center[1])
    rho = rho / eye.iris_radius
    depth = crop.depth / FIT_RADIUS
    above = axes.place(xs, ys)[1] < 0
    iris = _colours(image, (rho < 0.95) & (rho > 0.45) & (depth > 0.15))
    sclera = _colours(image, (rho > 1.15) & (depth > 0.18))
    # The sclera gets darker towards lids and canthi, so expect it darker and in a wider range.
    sclera = (sclera[0] * 0.94, np.maximum(sclera[1], 0.07))
    ball = np.where(rho < 1.0, _log_likelihood(image, *iris), _log_likelihood(image, *sclera))
    skin_up = _colours(image, (depth < -0.5) & (depth > -1.1) & above)
    lash = (np.percentile(image[(depth < -0.02) & (depth > -0.5) & above], 8, axis=0), skin_up[1])
    skin_down = _colours(image, (depth < -0.25) & (depth > -0.8) & ~above)
    upper_lid = np.maximum(_log_likelihood(image, *skin_up), _log_likelihood(image, *lash))
    lower_lid = _log_likelihood(image, *skin_down)
    # A highlight has the colour of neither, but is always on the eyeball.
    glare = (rho < 0.95) & (image.min(axis=2) > iris[0].max() + 0.12)
    ball = np.where(glare, np.maximum(ball, np.maximum(upper_lid, lower_lid) + 2.5), ball)
    # Limit the influence of a single lash on its column.
    return np.clip(ball - upper_lid, -2.5, 2.5), np.clip(ball - lower_lid, -2.5, 2.5)


def _colours(image: Points, where: NDArray[np.bool_]) -> tuple[Points, Points]:
    """Median and robust standard deviation of the colours in an area, each of shape (3,)."""
    samples = image[where] if where.sum() >= 12 else image.reshape(-1, 3)
    center = np.median(samples, axis=0)
    spread = 1.4826 * np.median(np.abs(samples - center), axis=0)
    return center, np.clip(spread, 0.045, 0.16)


def _log_likelihood(image: Points, center: Points, spread: Points) -> Points:
    """Log-likelihood of each pixel under a normal distribution, up to a constant, (H, W)."""
    misfit = (((image - center) / spread) ** 2).sum(axis=2)
    return np.asarray(-0.5 * misfit - np.log(spread).sum(), np.float64)


def _fit_edge(ratio: Points, axes: Canthal, edge: Points, sign: int) -> Points:
    """Move a lid edge along the columns to its best path.

    Args:
        ratio: From `_likelihood_ratios`.
        axes: Axes of the eye in the crop.
        edge: Edge of the landmarks in crop pixels, shape (9, 2).
        sign: Outward direction along `axes.down`: -1 for the upper, 1 for the lower lid.
    """
    along, heights = axes.place(*edge.T)
    u = np.linspace(0.06, 0.94, _COLUMNS)
    order = np.argsort(along)
    base = np.interp(u, along[order], heights[order])
    offsets = np.arange(-REACH, REACH + 1e-9, _STEP / FIT_RADIUS) * FIT_RADIUS
    x, y = axes.at(u[None, :], base[None, :] + offsets[:, None])
    score = cv2.remap(
        ratio.astype(np.float32),
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float64)
    # Sum over the pixels that lie inside each possible edge.
    inside = np.cumsum(score if sign > 0 else score[::-1], axis=0)
    inside = inside if sign > 0 else inside[::-1]
    taper = 0.04 + 0.2 * np.sin(np.pi * u)
    # Dark lashes are easily taken for a dark iris, but not the other way round.
    outward = np.where(offsets * sign > 0, OUTWARD_PENALTY, 1.0)[:, None]
    cost = -0.12 * inside * _STEP + outward * (offsets[:, None] / (taper * FIT_RADIUS)) ** 2
    path = offsets[_best_path(cost)]
    path = np.convolve(np.pad(path, 2, mode="edge"), np.array([1, 3, 4, 3, 1]) / 12, "valid")
    shift = np.interp(along, np.r_[0, u, 1], np.r_[0, path, 0])
    moved: Points = edge + shift[:, None] * axes.down
    return moved


def _best_path(cost: Points) -> NDArray[np.int64]:
    """Row of each column on the path of least cost, with stiffness (Viterbi 1967)."""
    rows, columns = cost.shape
    index = np.arange(rows)
    bend = _STIFFNESS * ((index[:, None] - index[None, :]) * _STEP) ** 2
    total, back = cost[:, 0], np.zeros((rows, columns), int)
    for column in range(1, columns):
        step = total[None, :] + bend
        back[:, column] = step.argmin(axis=1)
        total = step.min(axis=1) + cost[:, column]
    path = np.empty(columns, int)
    path[-1] = int(total.argmin())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = back[path[column], column]
    return path
