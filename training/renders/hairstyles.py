"""The hair of the head in seven styles. NumPy and SciPy; mm in the head frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from training.renders.head import RestHead
from training.renders.strands import Strands, scatter, vertex_normals

Array = npt.NDArray[np.float64]

_POINTS = 8


def scalp(head: RestHead, vertices: Array, mask: Array) -> Strands | None:
    """Grow hair in the identity's style where ``mask`` (N,) allows it; None for a bald head."""
    style = head.identity.style
    if style == "bald":
        return None
    rng = np.random.default_rng(head.identity.seed * 17 + 3)
    count = {"buzz": 30000, "curly": 20000}.get(style, 34000)
    roots, normals = scatter(vertices, mask, count, rng)
    return _STYLES[style](roots, normals, head, rng)


def _buzz(roots: Array, normals: Array, _head: RestHead, rng: np.random.Generator) -> Strands:
    way = normals + rng.normal(0, 0.3, normals.shape)
    return _straight(roots, way, rng.uniform(1.6, 3.0, len(roots)), 0.06)


def _short(roots: Array, normals: Array, head: RestHead, rng: np.random.Generator) -> Strands:
    """Short at the sides; longer on top, swept up and aside."""
    top = _on_top(roots, head)
    aside = 0.9 if head.identity.seed % 2 else -0.9
    sweep = np.stack([aside * top, 0.2 - 1.1 * (1 - top), 0.55 * top - 0.45 * (1 - top)], axis=1)
    size = 13 + 26 * top
    lift = (2.0 + 11 * top) * rng.uniform(0.35, 1.0, len(roots))
    return _along_skull(roots, normals, sweep, size, lift, head, rng)


def _side(roots: Array, normals: Array, head: RestHead, rng: np.random.Generator) -> Strands:
    """Parted on one side and combed to the other."""
    top = _on_top(roots, head)
    flip = 1.0 if head.identity.seed % 2 else -1.0
    across = np.where(roots[:, 0] * flip > 30, 0.9, -1.0) * flip
    sweep = np.stack([across * top, 0.1 - 1.1 * (1 - top), -0.25 - 0.25 * (1 - top)], axis=1)
    size = 16 + 44 * top
    part = np.clip(np.abs(roots[:, 0] * flip - 30) / 12, 0.25, 1)
    lift = (2.5 + 13 * top * part) * rng.uniform(0.35, 1.0, len(roots))
    return _along_skull(roots, normals, sweep, size, lift, head, rng)


def _tied(roots: Array, normals: Array, head: RestHead, rng: np.random.Generator) -> Strands:
    """Pulled back tightly to a knot."""
    way = np.array([0.0, 45.0, -150.0]) - roots
    size = np.minimum(np.linalg.norm(way, axis=1) * 0.9, 60)
    return _along_skull(roots, normals, way, size, rng.uniform(0.6, 4.0, len(roots)), head, rng)


def _on_top(roots: Array, head: RestHead) -> Array:
    """0 for roots at the sides of the head, 1 for roots on top, (n,)."""
    high = head.vertices[:, 1].max()
    return np.clip((roots[:, 1] - 0.45 * high) / (0.40 * high), 0, 1)


def _bob(roots: Array, normals: Array, head: RestHead, rng: np.random.Generator) -> Strands:
    return _falling(roots, normals, head, rng, -75.0)


def _long(roots: Array, normals: Array, head: RestHead, rng: np.random.Generator) -> Strands:
    return _falling(roots, normals, head, rng, -170.0)


def _curly(roots: Array, normals: Array, _head: RestHead, rng: np.random.Generator) -> Strands:
    n, points = len(roots), 26
    s = np.linspace(0, 1, points)[None, :]
    size = rng.uniform(12, 30, n) * (0.6 + 0.4 * np.clip((roots[:, 1] - 20) / 70, 0, 1))
    phase, turns = rng.uniform(0, 7, n), rng.uniform(3.0, 5.0, n)
    a = np.cross(normals, rng.normal(size=(n, 3)))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = np.cross(normals, a)
    coil = 2 * np.pi * turns[:, None] * s + phase[:, None]
    width = 3.2 * np.minimum(s * 4, 1)
    way = normals + rng.normal(0, 0.15, (n, 3)) + 0.2 * _tufts(roots, rng, 9.0)
    path = roots[:, None] + way[:, None] * (size[:, None] * s)[..., None]
    path = path + (np.cos(coil) * width)[..., None] * a[:, None]
    path = path + (np.sin(coil) * width)[..., None] * b[:, None]
    return Strands(path, np.full((n, points), 0.085))


_STYLES = {
    "buzz": _buzz,
    "short": _short,
    "side": _side,
    "tied": _tied,
    "bob": _bob,
    "long": _long,
    "curly": _curly,
}


def _falling(
    roots: Array, normals: Array, head: RestHead, rng: np.random.Generator, lowest: float
) -> Strands:
    """Hair parted in the middle that follows the skull and then hangs down to ``lowest`` mm."""
    n, points = len(roots), 22
    part = np.where(roots[:, 0] + rng.normal(0, 1.0, n) > 3, 1.0, -1.0)
    body = cKDTree(head.vertices)
    normal_of = vertex_normals(head.vertices)
    at, way = roots.copy(), normals * 0.5
    path = [at]
    total = np.maximum(roots[:, 1] - lowest + rng.uniform(0, 22, n), 25)
    lift = rng.uniform(3.0, 13.0, n)
    step = total / (points - 1) * 1.12
    for _ in range(points - 1):
        aside = np.clip((74 - np.abs(at[:, 0])) / 30, 0, 1)
        high = np.clip((at[:, 1] - 10) / 40, 0, 1)
        aim = np.stack([part * aside * high, -0.8 + 0 * part, -0.5 * high], axis=1)
        way = 0.55 * way + 0.45 * aim
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        at = at + way * step[:, None]
        _, i = body.query(at)
        out = ((at - head.vertices[i]) * normal_of[i]).sum(1)
        at = at + normal_of[i] * np.clip(lift - out, -1.5, 12)[:, None] * (at[:, 1:2] > -70)
        clear_of_face = -42 + lift + 75 * np.clip((at[:, 1] - 2) / 48, 0, 1)
        at[:, 2] = np.where(at[:, 1] < 48, np.minimum(at[:, 2], clear_of_face), at[:, 2])
        behind_neck = (at[:, 1] < -30) & (np.abs(at[:, 0]) < 50)
        at[:, 2] = np.where(behind_neck, np.minimum(at[:, 2], -95 + lift), at[:, 2])
        path.append(at)
    curve = np.stack(path, axis=1)
    curve = curve + rng.normal(0, 1.2, (n, 1, 3)) * np.linspace(0, 1, points)[None, :, None]
    return Strands(curve, np.full((n, points), 0.10))


def _along_skull(
    roots: Array, normals: Array, way: Array, size: Array, lift: Array, head: RestHead,
    rng: np.random.Generator,
) -> Strands:  # fmt: skip
    """Strands along the skull in the direction ``way`` (n, 3), up to ``lift`` (n,) mm above it."""
    body = cKDTree(head.vertices)
    normal_of = vertex_normals(head.vertices)
    steps = _POINTS + 3
    tangent = way - normals * (way * normals).sum(1, keepdims=True)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    tangent = tangent + 0.16 * _tufts(roots, rng, 9.0) + rng.normal(0, 0.07, roots.shape)
    at, path = roots.copy(), [roots]
    length = size * rng.uniform(0.7, 1.1, len(roots)) / steps
    for k in range(steps):
        at = at + tangent * length[:, None]
        _, i = body.query(at)
        out = ((at - head.vertices[i]) * normal_of[i]).sum(1)
        rise = lift * np.sin(np.pi / 2 * min(1.0, (k + 1) / 5)) * (1 - 0.25 * k / steps)
        at = at + normal_of[i] * np.clip(rise - out, -3, 6)[:, None]
        path.append(at)
    curve = np.stack(path, axis=1)
    return Strands(curve, 0.09 * np.ones((len(roots), 1)) * np.linspace(1, 0.5, steps + 1))


def _straight(roots: Array, way: Array, size: Array, thick: float) -> Strands:
    s = np.linspace(0, 1, 4)[None, :, None]
    curve = roots[:, None] + way[:, None] * s * size[:, None, None]
    return Strands(curve, np.full(curve.shape[:2], thick))


def _tufts(roots: Array, rng: np.random.Generator, apart: float) -> Array:
    """Random directions (n, 3) that vary over about ``apart`` mm, which gathers hair in tufts."""
    seeds = roots[rng.choice(len(roots), max(len(roots) // 60, 1), replace=False)]
    lean = rng.normal(0, 1, (len(seeds), 3))
    distance, i = cKDTree(seeds).query(roots, k=min(3, len(seeds)))
    weight = np.exp(-((distance / apart) ** 2)) + 1e-6
    return (weight[..., None] * lean[i]).sum(1) / weight.sum(1, keepdims=True)
