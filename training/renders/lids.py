"""Fit the lids to an eyeball of human size and to the gaze. NumPy and SciPy.

The base mesh has eyeballs of 14 to 17 mm. The lid edge is turned about the centre of the new
eyeball to the wanted height and placed on its surface (the cornea's bulge lifts it); the skin
around it follows smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from training.renders import eyeball
from training.renders.geometry import angles
from training.renders.head import SIDES, RestHead, shared_mesh

Array = npt.NDArray[np.float64]

UPPER_FOLLOW_UP, UPPER_FOLLOW_DOWN = 0.75, 0.85
LOWER_FOLLOW_UP, LOWER_FOLLOW_DOWN = 0.35, 0.45
"""Share of the eye's vertical turn that a lid follows."""

FRONT_EDGE_MM = 0.75
"""Distance of the front lid edge from the eye; the rear edge touches it."""

_SKIN_REACH_MM = 9.0
_LEAST_OPENING_MM = 3.2


def fit_lids(head: RestHead, gaze_in_head: dict[str, Array], squint: float = 0.0) -> Array:
    """Fit both lids; return the vertices of the head, (N, 3) mm.

    Args:
        head: the head at rest.
        gaze_in_head: optical axis of each eye, unit vector in the head frame.
        squint: 0..1, how far a smile narrows the opening.
    """
    vertices = head.vertices.copy()
    for side in SIDES:
        _fit_one(vertices, head, side, gaze_in_head[side], squint)
    return vertices


def lid_edge(side: str, ring: float = 1.0) -> npt.NDArray[np.int64]:
    """Indices of the fine vertices on one ring of the lids (1 is the visible edge)."""
    return np.flatnonzero(np.abs(shared_mesh().ring[side] - ring) < 0.06).astype(np.int64)


@dataclass(frozen=True)
class _Rim:
    """The lid edge of one eye at rest, from the eyeball's centre, x towards the temple.

    Attributes:
        points: (M, 3) mm.
        along: (M,) -1 at the inner corner, 1 at the outer.
        chord: (M,) height of the line between the corners.
        upper: (M,) whether the point belongs to the upper lid.
    """

    points: Array
    along: Array
    chord: Array
    upper: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Reach:
    """How the vertices around an eye follow its lid edge.

    Attributes:
        distance: (K,) mm to the edge.
        nearest: (K, 6) indices of the nearest points of the rim.
        weight: (K, 6) weights of those points, sum 1.
        fall: (K,) 1 on the lid, decreasing over the skin around it.
    """

    distance: Array
    nearest: npt.NDArray[np.int64]
    weight: Array
    fall: Array

    def spread(self, values: Array) -> Array:
        """Interpolate values of the rim (M,) at the vertices (K,)."""
        return (self.weight * values[self.nearest]).sum(1)


def _fit_one(vertices: Array, head: RestHead, side: str, gaze: Array, squint: float) -> None:
    """Fit the lids of one eye, changing ``vertices`` in place."""
    mirror = np.array([SIDES[side], 1.0, 1.0])
    center = head.centers[side]
    near = _around(vertices, center, side)
    local = (vertices[near] - center) * mirror
    axis = gaze * mirror
    k = shared_mesh().ring[side][near]
    edge = np.flatnonzero(np.abs(k - 1) < 0.06)
    rim = _rim(local[edge])
    reach = _reach(local, rim, k)
    moved = _about_x(local, reach.spread(_edge_turn(head, rim, axis, squint)) * reach.fall)
    fitted = _radii(head, moved, moved[edge], rim, reach, k, axis)
    radius = np.maximum(np.linalg.norm(moved, axis=1), 1e-6)
    vertices[near] = moved * (fitted / radius)[:, None] * mirror + center


def _around(vertices: Array, center: Array, side: str) -> npt.NDArray[np.int64]:
    """Indices of the vertices around an eye, and of those behind its lids."""
    close = np.linalg.norm(vertices - center, axis=1) < 45
    front = np.flatnonzero(close & (vertices[:, 2] > center[2] - 12))
    return np.union1d(front, np.flatnonzero(shared_mesh().ring[side] < 1.5)).astype(np.int64)


def _rim(points: Array) -> _Rim:
    outer, inner = points[points[:, 0].argmax()], points[points[:, 0].argmin()]
    along = np.clip((points[:, 0] - inner[0]) / (outer[0] - inner[0]) * 2 - 1, -1, 1)
    chord = inner[1] + (along + 1) / 2 * (outer[1] - inner[1])
    return _Rim(points, along, chord, points[:, 1] > chord)


def _reach(local: Array, rim: _Rim, k: Array) -> _Reach:
    distance, nearest = cKDTree(rim.points).query(local, k=6)
    weight = np.exp(-(((distance - distance[:, :1]) / 2.0) ** 2))
    weight /= weight.sum(1, keepdims=True)
    fall = np.where(k <= 1.05, 1.0, np.exp(-((distance[:, 0] / _SKIN_REACH_MM) ** 2)))
    return _Reach(distance[:, 0], nearest, weight, fall)


def _radii(
    head: RestHead, moved: Array, edge: Array, rim: _Rim, reach: _Reach, k: Array, axis: Array
) -> Array:
    """Fitted distance of each vertex from the eyeball's centre, (K,) mm; ``k`` is its ring."""
    ball = _ball_radius(edge, axis) + FRONT_EDGE_MM
    rest = np.linalg.norm(edge, axis=1)
    # Towards the nose the lids leave the eyeball and follow the face.
    medial = _smooth((-rim.along - 0.62) / 0.38)
    want = (1 - medial) * ball + medial * np.maximum(rest - 0.3, ball)
    first = reach.nearest[:, 0]
    crease = _crease(head, reach.distance, k, rim.upper[first], rim.along[first])
    radius = np.linalg.norm(moved, axis=1)
    under = _ball_radius(moved, axis)

    fitted = radius + reach.spread(want - rest) * reach.fall + crease
    clear = under + FRONT_EDGE_MM * np.where(reach.distance > 2, 0.7, 1.0)
    skin = (k > 1.0) & (k < 9) & (moved[:, 2] > -2)
    fitted = np.where(skin, np.maximum(fitted, clear), fitted)
    lip = np.clip(k, 0, 1)
    rear = under - 0.25 - 0.9 * reach.spread(medial)
    margin = rear * (1 - lip) + reach.spread(want) * lip
    fitted = np.where((k <= 1.0) & (k >= 0), margin, fitted)
    return np.where(k < 0, np.minimum(under - 0.8, radius), fitted)


def _edge_turn(head: RestHead, rim: _Rim, axis: Array, squint: float) -> Array:
    """Turn of each point of the rim about the x axis, in radians, upwards positive, (M,)."""
    up, low = _lid_turns(head, rim, axis, squint)
    arch = np.maximum(1 - rim.along**2, 0) ** 0.8
    return np.where(rim.upper, up, low) * arch + _inner_corner(rim)


def _inner_corner(rim: _Rim) -> Array:
    """Additional turn of each point that opens the lids at the inner corner, for the caruncle."""
    share = np.clip((rim.along + 1) / 0.5, 0, 1)
    want = 1.45 * np.sqrt(share) * np.clip((1 - share) * 4, 0, 1)
    gap = np.maximum(want - np.abs(rim.points[:, 1] - rim.chord), 0)
    return np.where(rim.upper, gap, -gap * 0.8) / eyeball.SCLERA_MM


def _crease(
    head: RestHead, spread: Array, k: Array, upper: npt.NDArray[np.bool_], along: Array
) -> Array:
    """Relief of the lids, (K,) mm: the upper lid's crease and the fold above it; a lower furrow."""
    height = 4.6 - 2.2 * head.identity.fold
    depth = 0.9 - 0.4 * head.identity.fold
    ends = np.clip((0.96 - np.abs(along)) / 0.25, 0, 1)
    above = np.clip(spread - height * (0.75 + 0.25 * ends), -8, 12)
    groove = -depth * np.exp(-((above / 0.9) ** 2))
    roll = (0.5 + 0.8 * head.identity.fold) * np.exp(-(((above - 2.6) / 1.9) ** 2))
    low = -0.25 * np.exp(-(((spread - 5.5) / 1.2) ** 2))
    return np.where(k > 1.05, np.where(upper, (groove + roll) * ends, low * ends), 0.0)


def _lid_turns(head: RestHead, rim: _Rim, gaze: Array, squint: float) -> tuple[float, float]:
    """Turn of the middle of the upper and the lower lid about the x axis, radians upwards."""
    mrd_up, mrd_low = head.identity.lid
    mrd_up, mrd_low = mrd_up - 0.5 * squint, mrd_low - 1.1 * squint
    pitch = angles(gaze)[1]
    up = UPPER_FOLLOW_UP if pitch > 0 else UPPER_FOLLOW_DOWN
    low = LOWER_FOLLOW_UP if pitch > 0 else LOWER_FOLLOW_DOWN
    reach = eyeball.SCLERA_MM + FRONT_EDGE_MM
    want_up = np.arcsin(mrd_up / reach) + np.radians(pitch * up)
    want_low = np.arcsin(-mrd_low / reach) + np.radians(pitch * low)
    want_up = max(want_up, want_low + _LEAST_OPENING_MM / reach)
    middle = np.abs(rim.points[:, 0] + 0.5) < 2.2
    height = np.arctan2(rim.points[:, 1], rim.points[:, 2])
    now_up = height[middle & rim.upper].mean()
    now_low = height[middle & ~rim.upper].mean()
    return float(want_up - now_up), float(want_low - now_low)


def _ball_radius(points: Array, axis: Array) -> Array:
    """Radius of sclera or cornea in the direction of each point, (n,) mm."""
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return eyeball.surface_radius(np.arccos(np.clip(unit @ axis, -1, 1)))


def _about_x(points: Array, angle: Array) -> Array:
    """Turn points about the x axis; a positive angle moves the front of the face upwards."""
    c, s = np.cos(angle), np.sin(angle)
    y = c * points[:, 1] + s * points[:, 2]
    z = -s * points[:, 1] + c * points[:, 2]
    return np.stack([points[:, 0], y, z], axis=1)


def _smooth(t: Array) -> Array:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def opening(side: str) -> npt.NDArray[np.int64]:
    """Indices of the fine vertices around the lid opening, in order (a closed polygon)."""
    numbers = lid_edge(side)
    rim = shared_mesh().base_rest[numbers]
    middle = (rim.max(0) + rim.min(0)) / 2
    order = np.argsort(np.arctan2(rim[:, 1] - middle[1], rim[:, 0] - middle[0]))
    return np.asarray(numbers[order], np.int64)
