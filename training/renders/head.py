"""Build a person's head at rest: fine vertices in the head's own frame.

Head frame: mm, origin midway between the eyeball centres, x to the person's left (the right-hand
side of the picture when the head faces the lens), y up, z forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import sparse

from training.renders import assets, eyeball
from training.renders.identities import Identity
from training.renders.subdivide import subdivide

Array = npt.NDArray[np.float64]

INNER_LID = {
    "subject_right": [
        1095, 1096, 1097, 5104, 1098, 1105, 1104, 1103, 1102, 1106, 1101, 1100, 1099, 1082,
        1081, 1083, 1084, 1085, 1086, 1087, 1088, 1089, 1090, 5103, 1091, 1092, 1093, 1094,
    ]
}  # fmt: skip
"""The edge loop of the base mesh along the rear edge of the right lids (indices in base.obj)."""

SIDES = {"subject_left": 1.0, "subject_right": -1.0}
"""The eyes, and the sign of x towards their temple."""

_LEVELS = 2
_LOWEST_MM = 400.0
_WIDEST_MM = 300.0
_MARGIN_TO_BALL_MM = eyeball.SCLERA_MM + 0.9


@dataclass(frozen=True)
class SharedMesh:
    """The part of the mesh that is the same for all heads.

    Attributes:
        vertices: (C,) indices of the base vertices that are used, from chest to crown.
        matrix: (N, C) subdivision, which makes the fine vertices from those.
        faces: (F, 4) fine faces.
        uv: (N, 2) texture coordinate of each fine vertex (averaged at seams; for masks only).
        ring: per eye (N,), the number of the ring around the lid opening: below 0 inside, 0 rear
            lid edge, 1 front lid edge, then outwards over the skin; 20 far away.
        base_rest: (N, 3) the fine vertices of the mesh without blend targets.
    """

    vertices: npt.NDArray[np.int64]
    matrix: sparse.csr_matrix
    faces: npt.NDArray[np.int64]
    uv: Array
    ring: dict[str, Array]
    base_rest: Array


@dataclass(frozen=True)
class RestHead:
    """One identity with one expression, facing forward.

    Attributes:
        identity: the rendered person.
        vertices: (N, 3) mm, head frame, lids not yet fitted to the eyeballs.
        centers: eyeball centre of each eye, (3,) mm.
        pivot: (3,) mm, the joint about which the head turns.
        turn: (N,) share of the head's turn that a vertex follows, 0..1.
    """

    identity: Identity
    vertices: Array
    centers: dict[str, Array]
    pivot: Array
    turn: Array


def rest_head(identity: Identity, smile: float = 0.0) -> RestHead:
    """Build the head of ``identity`` with a smile of 0..1."""
    coarse = _morph(identity, smile)
    neutral = _morph(identity, 0.0)
    shared = shared_mesh()
    slit = {side: _slit_middle(shared.matrix @ neutral[shared.vertices], side) for side in SIDES}
    apart = slit["subject_left"][0] - slit["subject_right"][0]
    scale = (identity.ipd - 2 * identity.ball[0]) / apart
    fine = shared.matrix @ (coarse[shared.vertices] * scale)
    still = shared.matrix @ (neutral[shared.vertices] * scale)
    centers = {side: _ball_center(still, slit[side] * scale, side, identity.ball) for side in SIDES}
    origin = (centers["subject_left"] + centers["subject_right"]) / 2
    pivot = _joint(neutral, "joint-head") * scale - origin
    vertices = fine - origin
    return RestHead(
        identity,
        vertices,
        {side: center - origin for side, center in centers.items()},
        pivot,
        _turn_weight(vertices, pivot),
    )


@cache
def shared_mesh() -> SharedMesh:
    """Crop and subdivide the base mesh; cached."""
    base = assets.base_mesh()
    keep = _kept(base)
    faces = base.faces[keep]
    used, compact = np.unique(faces, return_inverse=True)
    compact = compact.reshape(faces.shape)
    sub = subdivide(compact, len(used), _LEVELS)
    uv = _vertex_uv(base.uv[base.face_uv[keep]], sub.faces, sub.matrix.shape[0])
    ring = {
        side: sub.matrix
        @ _rings(compact, _inner_loop(used, base.vertices, side), base.vertices[used, 2])
        for side in SIDES
    }
    return SharedMesh(used, sub.matrix, sub.faces, uv, ring, sub.matrix @ base.vertices[used])


def _morph(identity: Identity, smile: float) -> Array:
    """The base vertices with all blend targets of an identity and a smile, (V, 3) mm."""
    vertices = assets.base_mesh().vertices.copy()
    for name, weight in identity.targets().items():
        vertices += weight * assets.target(name)
    for name, weight in SMILE.items():
        if smile:
            vertices += smile * weight * assets.target(name)
    return vertices


SMILE = {
    "mouthSmileLeft": 0.62,
    "mouthSmileRight": 0.58,
    "mouthDimpleLeft": 0.25,
    "mouthDimpleRight": 0.25,
    "cheekSquintLeft": 0.35,
    "cheekSquintRight": 0.35,
}
"""Face units of a light closed-mouth smile, and their weights at smile = 1."""


def _slit_middle(fine: Array, side: str) -> Array:
    """Midpoint of the two corners of the lids, (3,)."""
    edge = fine[np.abs(shared_mesh().ring[side] - 1) < 0.05]
    return (edge[edge[:, 0].argmin()] + edge[edge[:, 0].argmax()]) / 2


def _joint(vertices: Array, group: str) -> Array:
    """Mean of the vertices of a joint's helper geometry, (3,)."""
    base = assets.base_mesh()
    return vertices[np.unique(base.faces[base.groups == group])].mean(0)


def _ball_center(fine: Array, slit: Array, side: str, ball: tuple[float, float]) -> Array:
    """Centre of a ball of human size whose surface is just behind the front edge of the lids."""
    edge = fine[np.abs(shared_mesh().ring[side] - 1) < 0.05]
    center = slit + np.array([ball[0] * SIDES[side], ball[1], -8.0])
    middle = edge[np.abs(edge[:, 0] - center[0]) < 9]
    for _ in range(40):
        gap = np.linalg.norm(middle - center, axis=1) - _MARGIN_TO_BALL_MM
        center = center + np.array([0, 0, gap.mean()])
    return center


def _inner_loop(used: npt.NDArray[np.int64], vertices: Array, side: str) -> npt.NDArray[np.int64]:
    """The rear lid edge of one eye, as indices into the used vertices."""
    loop = np.array(INNER_LID["subject_right"])
    if side == "subject_left":
        mirrored = vertices[loop] * [-1, 1, 1]
        gap = np.linalg.norm(vertices[used][None] - mirrored[:, None], axis=-1)
        return gap.argmin(1)
    return np.searchsorted(used, loop)


def _kept(base: assets.BaseMesh) -> npt.NDArray[np.bool_]:
    """Mask of the skin faces from chest to crown, (F,)."""
    center = base.vertices[base.faces].mean(1)
    trunk = (center[:, 1] > _LOWEST_MM) & (np.abs(center[:, 0]) < _WIDEST_MM)
    return trunk & (base.groups == "body")


def _rings(faces: npt.NDArray[np.int64], loop: npt.NDArray[np.int64], depth: Array) -> Array:
    """Number the rings of vertices around a loop: 1, 2 ... over the skin, -1, -2 ... inwards.

    Args:
        faces: (F, 4) vertex indices.
        loop: the vertices of ring 0.
        depth: z of each vertex, (n,); the side of the loop that is further forward is the skin.

    Raises:
        ValueError: the loop does not separate two sides.
    """
    n = len(depth)
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for face in faces:
        for a in face:
            neighbours[a].update(face)
    ring = np.full(n, np.nan)
    ring[loop] = 0
    parts = _components({v for a in loop for v in neighbours[a]} - set(loop.tolist()), neighbours)
    if len(parts) != 2:
        raise ValueError(f"The lid loop has {len(parts)} sides, not 2.")
    front = sorted(parts, key=lambda part: -float(depth[list(part)].mean()))
    for sign, part in ((1, front[0]), (-1, front[1])):
        layer, distance = part, 1
        while layer and distance < 14:
            for v in layer:
                ring[v] = sign * distance
            layer = {w for v in layer for w in neighbours[v] if np.isnan(ring[w])}
            distance += 1
    ring[np.isnan(ring)] = 20
    return ring


def _components(members: set[int], neighbours: list[set[int]]) -> list[set[int]]:
    rest, parts = set(members), []
    while rest:
        part, edge = set(), {rest.pop()}
        while edge:
            part |= edge
            edge = {w for v in edge for w in neighbours[v] if w in rest}
            rest -= edge
        parts.append(part)
    return parts


def _vertex_uv(corners: Array, faces: npt.NDArray[np.int64], n: int) -> Array:
    """Subdivide the texture coordinates of face corners and average them at the n fine vertices."""
    for _ in range(_LEVELS):
        mid = (corners + np.roll(corners, -1, axis=1)) / 2
        center = np.broadcast_to(corners.mean(1, keepdims=True), corners.shape)
        corners = np.stack([corners, mid, center, np.roll(mid, 1, axis=1)], axis=2)
        corners = corners.reshape(-1, 4, 2)
    total, count = np.zeros((n, 2)), np.zeros(n)
    np.add.at(total, faces.ravel(), corners.reshape(-1, 2))
    np.add.at(count, faces.ravel(), 1)
    return total / np.maximum(count, 1)[:, None]


def _turn_weight(vertices: Array, pivot: Array) -> Array:
    """`RestHead.turn`: 0 at the collar, 1 from the jaw up; it reaches lower in front."""
    height = vertices[:, 1] - pivot[1] + 0.55 * (vertices[:, 2] - pivot[2])
    share = np.clip((height + 95) / 100, 0, 1)
    return share * share * (3 - 2 * share)
