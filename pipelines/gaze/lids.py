"""The lid edges of one eye as curves, and how they follow a vertical turn of the eye."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from pipelines.face import Eye
from pipelines.image.arrays import Map, Points, Reals

# Share of the iris's vertical way in the picture that the middle of a lid's edge follows. Eye and
# upper lid hold the same angle at rest, so it follows upward and downward alike (Becker & Fuchs
# 1988, J. Neurophysiol. 60); its edge stands a little further out than the iris and sees less of
# the turn. The lower lid travels 2.2 to 3 mm where the upper travels 9 (Leite et al. 2006, Braz. J.
# Med. Biol. Res. 39).
UPPER_FOLLOW = 0.9
LOWER_FOLLOW = 0.3
# In iris radii from the upper lid's edge: up to here lashes and lid go with it in one piece, and
# from here on nothing moves.
_RIGID, _STILL = 0.4, 1.75


@dataclass(frozen=True)
class Lids:
    """The opening of one eye on a pixel grid.

    Attributes:
        u: Position along the eye, 0 at the inner, 1 at the outer canthus, (H, W).
        v: Position between the lids, 0 at the upper, 1 at the lower edge, (H, W).
        height: Distance below the canthal line in pixels (negative above), (H, W).
        top: Height of the upper lid's edge at this u, in pixels, (H, W).
        bottom: Height of the lower lid's edge at this u, in pixels, (H, W).
        depth: Distance inside the nearer lid edge in pixels, negative outside, (H, W).
        down: Unit vector from the upper to the lower lid in the picture, shape (2,).
        radius: Iris radius in pixels, the unit of feathering.
    """

    u: Map
    v: Map
    height: Map
    top: Map
    bottom: Map
    depth: Map
    down: Points
    radius: float


@dataclass(frozen=True)
class Canthal:
    """An eye's own axes in the picture: along the canthal line and below it.

    Attributes:
        inner: Inner canthus, the origin, shape (2,).
        across: Unit vector to the outer canthus, shape (2,).
        down: Unit vector from the upper to the lower lid, shape (2,).
        width: Distance between the canthi in pixels.
    """

    inner: Points
    across: Points
    down: Points
    width: float

    @classmethod
    def of(cls, eye: Eye) -> Canthal:
        """The axes of an eye."""
        across = eye.outer - eye.inner
        width = float(np.linalg.norm(across))
        across = across / width
        down = np.array([-across[1], across[0]])
        return cls(eye.inner, across, down if down[1] > 0 else -down, width)

    def place(self, x: Reals, y: Reals) -> tuple[Reals, Reals]:
        """Position along the eye, 0..1 from the inner canthus, and pixels below the line."""
        rel_x, rel_y = x - self.inner[0], y - self.inner[1]
        along = (rel_x * self.across[0] + rel_y * self.across[1]) / self.width
        return along, rel_x * self.down[0] + rel_y * self.down[1]

    def at(self, along: Reals, below: Reals) -> tuple[Reals, Reals]:
        """The way back: x and y in the picture."""
        step = along * self.width
        x = self.inner[0] + step * self.across[0] + below * self.down[0]
        return x, self.inner[1] + step * self.across[1] + below * self.down[1]


def trace(eye: Eye, shape: tuple[int, int], radius: float) -> Lids:
    """Lay the lid edges of `eye` over a grid of `shape` (H, W)."""
    axes = Canthal.of(eye)
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    u, height = axes.place(xs, ys)
    top, bottom = _edge(eye.upper, axes, u), _edge(eye.lower, axes, u)
    return _lids(u, height, top, bottom, axes.down, radius)


def followed(eye: Eye, iris_shift: Points) -> Eye:
    """The eye with its iris moved by `iris_shift` pixels, shape (2,), and its lids after it."""
    axes = Canthal.of(eye)
    travel = float(iris_shift @ axes.down)
    upper_u, lower_u = (axes.place(*edge.T)[0] for edge in (eye.upper, eye.lower))
    upper = UPPER_FOLLOW * travel * _bump(upper_u)
    lower = LOWER_FOLLOW * travel * _bump(lower_u)
    return replace(
        eye,
        upper=eye.upper + upper[:, None] * axes.down,
        lower=eye.lower + lower[:, None] * axes.down,
        iris_center=eye.iris_center + iris_shift,
    )


def follow(lids: Lids, iris_shift: Points) -> tuple[Lids, Map]:
    """Let the lids follow the iris.

    Args:
        lids: The opening as photographed.
        iris_shift: How far the iris moves, in pixels, shape (2,).

    Returns:
        The new opening, and for every pixel of the new picture how far below it (along
        `lids.down`, in pixels) its content stood in the old one, (H, W); 0 where nothing moves.
    """
    travel = float(iris_shift @ lids.down)
    room = np.maximum(lids.bottom - lids.top, 0)
    upper = np.minimum(UPPER_FOLLOW * travel * _bump(lids.u), 0.75 * room)
    lower = LOWER_FOLLOW * travel * _bump(lids.u)
    moved = _lids(
        lids.u, lids.height, lids.top + upper, lids.bottom + lower, lids.down, lids.radius
    )
    reach = max(1.5 * lids.radius, 1.4 * abs(travel))
    off_edge = (moved.top - lids.height) / lids.radius
    above = np.clip((off_edge - _RIGID) / (_STILL - _RIGID), 0, 1)
    below = np.clip((lids.height - moved.bottom) / reach, 0, 1)
    inside = np.clip(moved.depth / (0.35 * lids.radius), 0, 1)
    fade_up = np.where(lids.height < moved.top, _ease(above), 0)
    fade_down = np.where(lids.height > moved.bottom, _ease(below), 0)
    near_top = np.where(moved.depth > 0, _ease(inside) * (moved.v < 0.5), 0)
    near_bottom = np.where(moved.depth > 0, _ease(inside) * (moved.v >= 0.5), 0)
    came_from = -(upper * (fade_up + near_top) + lower * (fade_down + near_bottom))
    return moved, came_from.astype(np.float32)


def _bump(u: Reals) -> Reals:
    """1 in the middle of the eye, 0 at the canthi, which do not move."""
    return np.where((u > 0) & (u < 1), np.clip(1 - np.abs(2 * u - 1) ** 1.8, 0, 1), 0)


def _lids(
    u: Reals,
    height: Reals,
    top: Reals,
    bottom: Reals,
    down: Points,
    radius: float,
) -> Lids:
    opening = np.maximum(bottom - top, 1e-3)
    v = (height - top) / opening
    depth = np.minimum(height - top, bottom - height)
    # Past the canthi there is no opening, whatever the extrapolated curves say.
    outside = np.maximum(-u, u - 1)
    depth = np.where(outside > 0, np.minimum(depth, -4 * radius * outside), depth)
    return Lids(
        u=_map(u),
        v=_map(v),
        height=_map(height),
        top=_map(top),
        bottom=_map(bottom),
        depth=_map(depth),
        down=down,
        radius=radius,
    )


def _map(values: Reals) -> Map:
    return np.asarray(values, np.float32)


def _edge(points: Points, axes: Canthal, u: Reals) -> Points:
    along, heights = axes.place(*points.T)
    order = np.argsort(along)
    along, heights = along[order], heights[order]
    keep = np.concatenate([[True], np.diff(along) > 1e-4])
    curve = PchipInterpolator(along[keep], heights[keep], extrapolate=False)
    return np.asarray(np.nan_to_num(curve(np.clip(u, along[0], along[-1]))), np.float64)


def _ease(t: Reals) -> Reals:
    return np.asarray(1 - t * t * (3 - 2 * t))
