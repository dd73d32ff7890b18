"""Strands of hair, and random roots on the head. Pure NumPy; mm in the head frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.renders.head import shared_mesh

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Strands:
    """n strands of p points: points (n, p, 3) mm and the radius at each of them (n, p) mm."""

    points: Array
    radius: Array


def scatter(
    vertices: Array, mask: Array, count: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Random points on the head with a density in proportion to a mask, and their normals.

    Args:
        vertices: fine vertices of the head, (N, 3) mm.
        mask: relative density at each vertex, (N,).
        count: number of points.
        rng: source of the random points.
    """
    faces = shared_mesh().faces
    quad = vertices[faces]
    cross = np.cross(quad[:, 2] - quad[:, 0], quad[:, 3] - quad[:, 1])
    area = np.linalg.norm(cross, axis=1) / 2
    share = area * mask[faces].mean(1)
    pick = rng.choice(len(faces), count, p=share / share.sum())
    a, b = rng.uniform(size=(2, count, 1))
    q = quad[pick]
    points = (q[:, 0] * (1 - a) + q[:, 1] * a) * (1 - b) + (q[:, 3] * (1 - a) + q[:, 2] * a) * b
    normals = cross[pick] / np.maximum(np.linalg.norm(cross[pick], axis=1, keepdims=True), 1e-9)
    return points, normals


def vertex_normals(vertices: Array) -> Array:
    """Unit normals (N, 3) of the fine mesh, means of the adjacent faces weighted by area."""
    faces = shared_mesh().faces
    quad = vertices[faces]
    cross = np.cross(quad[:, 2] - quad[:, 0], quad[:, 3] - quad[:, 1])
    total = np.zeros_like(vertices)
    for i in range(4):
        np.add.at(total, faces[:, i], cross)
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
