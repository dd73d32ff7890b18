"""Catmull-Clark subdivision of a quad mesh as one sparse matrix.

The rule is linear in the vertices, so one matrix serves every identity, expression and pose. Rules:
Catmull and Clark (1978), boundary edges as cubic B-splines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse


@dataclass(frozen=True)
class Subdivision:
    """``fine = matrix @ coarse``.

    Attributes:
        matrix: (fine vertices, coarse vertices).
        faces: (F, 4) fine faces.
    """

    matrix: sparse.csr_matrix
    faces: npt.NDArray[np.int64]


def subdivide(faces: npt.NDArray[np.int64], vertices: int, levels: int) -> Subdivision:
    """Subdivide a mesh ``levels`` times.

    Args:
        faces: (F, 4) vertex indices; every index below ``vertices`` must be used.
        vertices: number of coarse vertices.
        levels: how many times; each level has four times as many faces.
    """
    matrix = sparse.identity(vertices, format="csr")
    for _ in range(levels):
        step, faces = _subdivide_once(faces, matrix.shape[0])
        matrix = step @ matrix
    return Subdivision(matrix.tocsr(), faces)


def _subdivide_once(
    faces: npt.NDArray[np.int64], n: int
) -> tuple[sparse.csr_matrix, npt.NDArray[np.int64]]:
    """Matrix from n vertices to those of the next level, and its faces."""
    f = len(faces)
    ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, edge_of = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    edge_of = edge_of.reshape(f, 4)
    e = len(edges)

    def build(
        rows: npt.NDArray[np.int64], cols: npt.NDArray[np.int64], shape: tuple[int, int]
    ) -> sparse.csr_matrix:
        return sparse.csr_matrix((np.ones(rows.size), (rows.ravel(), cols.ravel())), shape=shape)

    face_points = build(np.repeat(np.arange(f), 4), faces, (f, n)) / 4
    edge_ends = build(np.repeat(np.arange(e), 2), edges, (e, n))
    edge_faces = build(edge_of, np.repeat(np.arange(f), 4).reshape(f, 4), (e, f))
    faces_at_edge = np.asarray(edge_faces.sum(1)).ravel()
    inner = sparse.diags((faces_at_edge == 2).astype(float))
    rim = sparse.diags((faces_at_edge != 2).astype(float))
    edge_points = inner @ ((edge_ends + edge_faces @ face_points) / 4) + rim @ (edge_ends / 2)

    vertex_faces = build(faces, np.repeat(np.arange(f), 4).reshape(f, 4), (n, f))
    valence = np.asarray(vertex_faces.sum(1)).ravel()
    vertex_edges = build(edges, np.repeat(np.arange(e), 2).reshape(e, 2), (n, e))
    edges_at = np.asarray(vertex_edges.sum(1)).ravel()
    on_rim = np.asarray(vertex_edges @ (faces_at_edge != 2)).ravel() > 0
    safe = np.maximum(valence, 1)
    smooth = (
        sparse.diags(1 / safe**2) @ (vertex_faces @ face_points)
        + sparse.diags(2 / (safe * np.maximum(edges_at, 1))) @ (vertex_edges @ (edge_ends / 2))
        + sparse.diags((safe - 3) / safe)
    )
    rim_edges = vertex_edges @ rim
    rims_at = np.maximum(np.asarray(rim_edges.sum(1)).ravel(), 1)
    along = sparse.diags(0.5 / rims_at) @ (rim_edges @ (edge_ends / 2)) + sparse.identity(n) / 2
    vertex_points = (
        sparse.diags((~on_rim).astype(float)) @ smooth + sparse.diags(on_rim.astype(float)) @ along
    )
    fine = np.stack(
        [
            faces,
            n + edge_of,
            np.broadcast_to((n + e + np.arange(f))[:, None], (f, 4)),
            n + np.roll(edge_of, 1, axis=1),
        ],
        axis=-1,
    ).reshape(-1, 4)
    return sparse.vstack([vertex_points, edge_points, face_points]).tocsr(), fine
