"""Lid edges of an eye from where the network sees its eyeball."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Eye
from pipelines.gaze.eye_network import RADIUS, SeenEye, largest_area
from pipelines.gaze.lids import Canthal
from pipelines.image import crops
from pipelines.image.arrays import Map, Points

# Least area of a seen eyeball, as a share of the area of an iris.
LEAST_AREA = 0.35
# Columns across the eye in which the edges are measured, and their distance from one another in
# pixels of the network.
_REACH = 48.0
_STEP = 0.5
# Width in pixels of the network up to which a gap in the eyeball is a lash or a catchlight.
_GAP = 5
# Standard deviation of the smoothing of the edges along the eye, in columns.
_SMOOTHING = 3.0


def fit(seen: SeenEye, eye: Eye) -> Eye:
    """Lid edges and canthi of an eye, from the connected area in which its eyeball is seen.

    Where a nose or hair covers a canthus, the edges end there. Points keep their share of the
    distance between the canthi. An eye of which too little is seen keeps its edges.

    Args:
        seen: What the network finds in the eye.
        eye: The eye with the lid edges of the landmarks, in pixels of the picture.
    """
    area = _area(seen)
    if area is None:
        return eye
    in_frame = eye.through(seen.to_frame)
    axes = Canthal.of(in_frame)
    columns, top, bottom = _edges(seen.eyeball, area, axes)
    if len(columns) < RADIUS:
        return eye
    start, end = columns[0], columns[-1]
    middle = (top + bottom) / 2
    inner, outer = axes.at(start / axes.width, middle[0]), axes.at(end / axes.width, middle[-1])
    back = crops.inverse(seen.to_frame)

    def moved(edge: Points, heights: Points) -> Points:
        along = np.clip(axes.place(*edge.T)[0], 0, 1)
        x = start + along * (end - start)
        points = np.column_stack(axes.at(x / axes.width, np.interp(x, columns, heights)))
        points[0], points[-1] = outer, inner
        return np.asarray(crops.through(back, points))

    upper, lower = moved(in_frame.upper, top), moved(in_frame.lower, bottom)
    return replace(eye, upper=upper, lower=lower, outer=upper[0], inner=upper[-1])


def _area(seen: SeenEye) -> NDArray[np.uint8] | None:
    """Mask of the connected area in which the eyeball is seen; None if it is too small."""
    mask = (seen.eyeball > 0.5).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP, _GAP))
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), np.uint8)
    area = largest_area(mask)
    return None if area.sum() < LEAST_AREA * np.pi * RADIUS**2 else area


def _edges(eyeball: Map, area: NDArray[np.uint8], axes: Canthal) -> tuple[Points, Points, Points]:
    """Upper and lower edge of an area in columns along the line through the canthi.

    Returns:
        Position of each column from the inner canthus, and the heights of the upper and the lower
        edge below the line there, in pixels of the network, each of shape (n,).
    """
    middle = axes.width / 2
    along = np.arange(middle - _REACH, middle + _REACH, _STEP)
    below = np.arange(-_REACH / 2, _REACH / 2, _STEP)
    x, y = axes.at(along[None, :] / axes.width, below[:, None])
    at_x, at_y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    inside = cv2.remap(area.astype(np.float32), at_x, at_y, cv2.INTER_LINEAR) > 0.5
    seen = np.asarray(cv2.remap(eyeball, at_x, at_y, cv2.INTER_LINEAR), np.float32)
    filled = np.flatnonzero(inside.any(axis=0))
    if len(filled) == 0:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    first, last = filled[0], filled[-1] + 1
    top = _crossing(seen, inside, below)[first:last]
    bottom = -_crossing(seen[::-1], inside[::-1], -below[::-1])[first:last]
    return along[first:last], _smoothed(top), _smoothed(bottom)


def _crossing(seen: Map, inside: NDArray[np.bool_], heights: Points) -> Points:
    """Height at which each column's probability passes one half into the area, (columns,)."""
    columns = np.arange(inside.shape[1])
    row = np.maximum(inside.argmax(axis=0), 1)
    before, after = seen[row - 1, columns], seen[row, columns]
    part = np.clip((0.5 - before) / np.where(after > before + 1e-3, after - before, 1.0), 0, 1)
    result: Points = heights[row - 1] + part * (heights[row] - heights[row - 1])
    return result


def _smoothed(edge: Points) -> Points:
    """An edge without jags, by a Gaussian along the eye; its ends are mirrored at their values."""
    reach = min(len(edge) - 1, round(4 * _SMOOTHING))
    padded = np.pad(edge, reach, "reflect", reflect_type="odd")
    kernel = cv2.getGaussianKernel(2 * reach + 1, _SMOOTHING)[:, 0]
    return np.convolve(padded, kernel, "valid")
