"""Hair for the sample portraits: clumps, stray strands, natural brows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.renders import face_hair
from training.renders.head import SIDES, RestHead
from training.renders.strands import Strands

Array = npt.NDArray[np.float64]


def children(guides: Strands, count: int, seed: int, frizz: float = 0.5) -> Strands:
    """Replace each guide by ``count`` thinner strands that converge at its tip; a few stray.

    Args:
        guides: strands of a hair style.
        count: strands for each guide.
        seed: of the random offsets.
        frizz: how far strands deviate from their guide, mm.
    """
    rng = np.random.default_rng(seed)
    points = np.repeat(guides.points, count, axis=0)
    n, steps = points.shape[:2]
    s = np.linspace(0, 1, steps)[None, :, None]
    apart = rng.normal(0, 0.9, (n, 1, 3)) * (1 - 0.55 * s)
    wander = np.cumsum(rng.normal(0, 1, (n, steps, 3)), axis=1) / np.sqrt(steps)
    stray = np.where(rng.random(n) < 0.035, rng.uniform(3, 9, n), 1.0)[:, None, None]
    points = points + apart + wander * s * frizz * stray
    # Some strands end early, because hair of uniform length looks like a wig.
    reach = np.where(rng.random(n) < 0.4, rng.uniform(0.6, 1.0, n), 1.0)
    points = _shorten(points, reach)
    taper = np.linspace(1, 0.35, steps)[None, :]
    return Strands(points, 0.038 * rng.uniform(0.75, 1.25, (n, 1)) * taper)


def _shorten(points: Array, reach: Array) -> Array:
    """Cut each strand to a share of its length, (n,), keeping its number of points."""
    steps = points.shape[1]
    at = reach[:, None] * np.arange(steps)[None, :]
    low = np.minimum(at.astype(int), steps - 2)
    rest = (at - low)[..., None]
    row = np.arange(len(points))[:, None]
    return points[row, low] * (1 - rest) + points[row, low + 1] * rest


def brows(head: RestHead, vertices: Array) -> Strands:
    """Both eyebrows: low and soft near the nose, rising, and thinner past the arch."""
    rng = np.random.default_rng(head.identity.seed * 19 + 7)
    skin = face_hair.front_skin(vertices)
    tufts = []
    count = int(520 * head.identity.brow_density)
    lift = rng.uniform(-1.0, 0.8) - 1.2 * head.identity.male
    for side, sign in SIDES.items():
        center = head.centers[side]
        t = np.clip(rng.beta(1.05, 1.25, count), 0, 1)
        x = -14.0 + 35 * t
        arch = 15.6 + lift + 5.0 * np.sin(np.pi * np.clip(t * 0.78 - 0.02, 0, 1)) - 1.6 * t
        half = (2.7 + 0.6 * head.identity.male) * (1 - t) ** 0.5 * np.minimum(0.55 + 3 * t, 1) + 0.5
        across = np.clip(rng.normal(0, 0.52, count), -1, 1)
        root = face_hair.project_to_skin(
            skin, center[:2] + np.stack([x * sign, arch + across * half], 1)
        )
        lean = np.radians(58 - 50 * np.clip(t * 2.0, 0, 1) - 26 * across * (t > 0.15) - 16 * t)
        lean += rng.normal(0, 0.22, count)
        way = np.stack([np.cos(lean) * sign, np.sin(lean), 0 * t], axis=1)
        size = rng.uniform(3.6, 8.0, count) * (1 - 0.35 * t) * np.minimum(0.6 + 2 * t, 1)
        tufts.append(face_hair.lay_along_skin(root, skin, way, size, 0.8, rng, 0.05))
    points = np.concatenate(tufts)
    steps = points.shape[1]
    width = 0.034 * rng.uniform(0.7, 1.2, (len(points), 1))
    return Strands(points, width * np.linspace(1, 0.25, steps))
