"""Lashes, eyebrows and beards as strands. NumPy and SciPy; mm in the head frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from training.renders import lids
from training.renders.head import SIDES, RestHead
from training.renders.strands import Strands, scatter

Array = npt.NDArray[np.float64]

_POINTS = 8


def lashes(head: RestHead, vertices: Array, side: str) -> Strands:
    """Upper and lower lashes along the fitted lid edge of one eye."""
    rng = np.random.default_rng(head.identity.seed * 7 + (side == "subject_left"))
    center, sign = head.centers[side], SIDES[side]
    edge = vertices[lids.lid_edge(side, 3.0)] - center
    edge = edge * [sign, 1, 1]
    outer, inner = edge[edge[:, 0].argmax()], edge[edge[:, 0].argmin()]
    chord = np.interp(edge[:, 0], [inner[0], outer[0]], [inner[1], outer[1]])
    rows = []
    for upper, count, length in ((True, 150, 8.0), (False, 70, 3.9)):
        row = edge[(edge[:, 1] > chord) == upper]
        row = row[np.argsort(row[:, 0])]
        t = np.sort(rng.uniform(0.24 if upper else 0.34, 0.97, count))
        share = (row[:, 0] - row[0, 0]) / (row[-1, 0] - row[0, 0])
        root = np.stack([np.interp(t, share, row[:, i]) for i in range(3)], axis=1)
        size = length * head.identity.lashes * (0.55 + 0.45 * np.sin(np.pi * t**1.25))
        size = size * rng.uniform(0.75, 1.1, count)
        rows.append(_lash_row(root, t, size, upper, rng))
    points = np.concatenate(rows) * [sign, 1, 1] + center
    taper = np.linspace(1, 0.15, _POINTS)
    thick = np.where(np.arange(len(points)) < 150, 0.085, 0.045)
    return Strands(points, thick[:, None] * taper)


def _lash_row(root: Array, t: Array, size: Array, upper: bool, rng: np.random.Generator) -> Array:
    out = root / np.linalg.norm(root, axis=1, keepdims=True)
    vertical = 1.0 if upper else -1.0
    fan = (t - 0.48) * 0.85 + rng.normal(0, 0.10, len(t))
    s = np.linspace(0, 1, _POINTS)[None, :, None]
    droop = -0.12 if upper else -0.35
    lift = 0.72 if upper else 0.35
    forward = out * [0.6, 0.2, 1.0]
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    side = np.stack([fan, np.zeros_like(fan), np.zeros_like(fan)], axis=1)
    up = np.array([0, vertical, 0])
    curve = forward[:, None] * (s - 0.25 * s**2) + side[:, None] * s
    curve = curve + up * (droop * s + lift * s**2)
    clump = rng.normal(0, 0.05, (len(t), 1, 3)) * s
    return root[:, None] + (curve + clump) * size[:, None, None]


def brows(head: RestHead, vertices: Array) -> Strands:
    """Both eyebrows, with their roots on the skin above the eyes."""
    rng = np.random.default_rng(head.identity.seed * 11 + 5)
    skin = front_skin(vertices)
    tufts = []
    count = int(430 * head.identity.brow_density)
    lift = rng.uniform(-1.0, 1.0)
    for side, sign in SIDES.items():
        center = head.centers[side]
        t = rng.beta(1.15, 1.25, count)
        x = -13.5 + 34 * t
        arch = 15.8 + lift + 4.4 * np.sin(np.pi * np.clip(t * 0.86 + 0.02, 0, 1)) - 2.2 * t
        half = 3.3 * (1 - t) ** 0.55 + 0.5
        across = np.clip(rng.normal(0, 0.5, count), -1, 1)
        root = project_to_skin(
            skin, center[:2] + np.stack([x * sign, arch + across * half], axis=1)
        )
        lean = np.radians(72 - 62 * np.clip(t * 1.9, 0, 1) - 30 * across * (t > 0.2) - 12 * t)
        lean += rng.normal(0, 0.16, count)
        way = np.stack([np.cos(lean) * sign, np.sin(lean), 0 * t], axis=1)
        size = rng.uniform(4.5, 8.0, count) * (1 - 0.35 * t)
        tufts.append(lay_along_skin(root, skin, way, size, 0.9, rng, 0.02))
    points = np.concatenate(tufts)
    return Strands(points, 0.045 * np.ones((len(points), 1)) * np.linspace(1, 0.2, _POINTS))


def beard(head: RestHead, vertices: Array, mask: Array) -> Strands:
    """Beard or stubble on the fine vertices whose ``mask`` (N,) is above 0."""
    identity = head.identity
    rng = np.random.default_rng(identity.seed * 13 + 1)
    full, short = identity.beard, identity.stubble
    count = int(9000 * max(full, short))
    roots, normals = scatter(vertices, mask, count, rng)
    length = (2.0 + 7.0 * full) if full else 0.7
    size = rng.uniform(0.6, 1.1, len(roots)) * length
    way = normals * 0.55 + np.array([0, -0.8, 0.15])
    curl = rng.normal(0, 0.16, (len(roots), 3))
    s = np.linspace(0, 1, _POINTS)[None, :, None]
    points = roots[:, None] + (way + curl)[:, None] * s * size[:, None, None]
    points = points + rng.normal(0, 0.12 * length / 5, points.shape) * s
    thick = 0.045 if full else 0.035
    return Strands(points, np.full(points.shape[:2], thick))


def lay_along_skin(
    root: Array, skin: tuple[cKDTree, Array], way: Array, size: Array, lift: float,
    rng: np.random.Generator, curl: float,
) -> Array:  # fmt: skip
    """Strands along the skin.

    Args:
        root: roots, (n, 3) mm.
        skin: from :func:`front_skin`.
        way: direction of each strand, (n, 3).
        size: length of each strand, (n,) mm.
        lift: greatest height above the skin, mm.
        rng: of the random curl.
        curl: standard deviation of the curl, as a share of the length.

    Returns:
        Points of the strands, (n, 8, 3) mm.
    """
    s = np.linspace(0, 1, _POINTS)
    bend = rng.normal(0, curl, (len(root), 1))
    flat = root[:, None, :2] + way[:, None, :2] * (s[None, :] * size[:, None])[..., None]
    flat[..., 1] += -(0.10 + bend) * size[:, None] * s**2
    points = project_to_skin(skin, flat.reshape(-1, 2)).reshape(*flat.shape[:2], 3)
    points[..., 2] += lift * np.sin(np.pi * np.minimum(s + 0.05, 0.8))
    return points


def front_skin(vertices: Array) -> tuple[cKDTree, Array]:
    """A k-d tree of the skin around brows and forehead in the frontal plane, and its points."""
    front = vertices[(vertices[:, 2] > -25) & (np.abs(vertices[:, 1] - 15) < 45)]
    return cKDTree(front[:, :2]), front


def project_to_skin(skin: tuple[cKDTree, Array], flat: Array) -> Array:
    """Project points (n, 2) of the frontal plane onto the skin, (n, 3)."""
    distance, i = skin[0].query(flat, k=6)
    weight = 1 / (distance + 0.15) ** 2
    z = (weight * skin[1][i, 2]).sum(1) / weight.sum(1)
    return np.concatenate([flat, z[:, None]], axis=1)
