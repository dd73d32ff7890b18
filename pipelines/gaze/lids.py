"""The lid opening of an eye on a pixel grid, and how the lids follow a vertical turn of the eye."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.face import Eye
from pipelines.image.arrays import Map, Points, Reals

# Vertical movement of the middle of a lid's edge in the picture, as a share of the iris's. At rest
# the upper lid has the same angle as the eye, so it follows upward and downward alike (Becker &
# Fuchs 1988, J. Neurophysiol. 60); its edge is a little further out than the iris, so that less of
# the turn is visible. The lower lid moves by 2.2 to 3 mm where the upper moves by 9 mm (Leite et
# al. 2006, Braz. J. Med. Biol. Res. 39).
UPPER_FOLLOW = 0.9
LOWER_FOLLOW = 0.3
# Distances from the upper lid's edge in iris radii: up to the first, skin and lashes move as much
# as the edge; from the second on, nothing moves.
_RIGID, _STILL = 0.4, 1.75


@dataclass(frozen=True)
class Lids:
    """The lid opening of one eye on a pixel grid.

    Attributes:
        u: Position along the canthal line, 0 at the inner, 1 at the outer canthus, (H, W).
        v: Position between the lids, 0 at the upper, 1 at the lower edge, (H, W).
        height: Distance below the canthal line in pixels (negative above), (H, W).
        top: Height of the upper lid's edge at this u, in pixels, (H, W).
        bottom: Height of the lower lid's edge at this u, in pixels, (H, W).
        depth: Distance inside the nearer lid edge in pixels, negative outside, (H, W).
        down: Unit vector from the upper to the lower lid in the picture, shape (2,).
        radius: Radius of the iris in pixels.
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
    """Coordinate axes of an eye: along the line through its canthi, and down from it.

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
        """Coordinates of points: along (0 inner to 1 outer canthus), and pixels below the line."""
        rel_x, rel_y = x - self.inner[0], y - self.inner[1]
        along = (rel_x * self.across[0] + rel_y * self.across[1]) / self.width
        return along, rel_x * self.down[0] + rel_y * self.down[1]

    def at(self, along: Reals, below: Reals) -> tuple[Reals, Reals]:
        """Inverse of `place`: x and y in the picture."""
        step = along * self.width
        x = self.inner[0] + step * self.across[0] + below * self.down[0]
        return x, self.inner[1] + step * self.across[1] + below * self.down[1]


def trace(eye: Eye, shape: tuple[int, int], radius: float) -> Lids:
    """Lid opening of an eye on a grid.

    Args:
        eye: The eye in pixels of the grid.
        shape: (H, W) of the grid.
        radius: Radius of the iris in pixels.
    """
    axes = Canthal.of(eye)
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    u, height = axes.place(xs, ys)
    top, bottom = _edge(eye.upper, axes, u), _edge(eye.lower, axes, u)
    return _lids(u, height, top, bottom, axes.down, radius)


def followed(eye: Eye, iris_shift: Points) -> Eye:
    """The eye with its iris moved by `iris_shift` pixels, shape (2,), and its lids following."""
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
    """Move the lids with the iris, and the skin around them.

    Args:
        lids: Opening in the photo.
        iris_shift: Movement of the iris in pixels, shape (2,).

    Returns:
        The new opening, and the displacement field: for every pixel of the new picture how far
        below it (along `lids.down`, in pixels) its content is in the photo, (H, W).
    """
    travel = float(iris_shift @ lids.down)
    opening = np.maximum(lids.bottom - lids.top, 0)
    upper = np.minimum(UPPER_FOLLOW * travel * _bump(lids.u), 0.75 * opening)
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
    """Share of a lid's movement along the eye: 1 in the middle, 0 at the canthi."""
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
    # There is no opening beyond the canthi; ignore the extrapolated curves.
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
    """Height of a lid edge below the canthal line at each u, by monotone cubic interpolation."""
    from scipy.interpolate import PchipInterpolator

    along, heights = axes.place(*points.T)
    order = np.argsort(along)
    along, heights = along[order], heights[order]
    keep = np.concatenate([[True], np.diff(along) > 1e-4])
    curve = PchipInterpolator(along[keep], heights[keep], extrapolate=False)
    return np.asarray(np.nan_to_num(curve(np.clip(u, along[0], along[-1]))), np.float64)


def _ease(t: Reals) -> Reals:
    """1 at t = 0, falling smoothly to 0 at t = 1."""
    return np.asarray(1 - t * t * (3 - 2 * t))
