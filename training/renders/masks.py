"""Masks of skin regions: lips, scalp, beard, redness, lid edge. One value for each fine vertex."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from training.renders import assets
from training.renders.head import SIDES, RestHead, shared_mesh

Array = npt.NDArray[np.float64]


@cache
def painted(name: str) -> Array:
    """Sample a mask of MPFB2 at the fine vertices, (N,) 0..1."""
    picture = cv2.imread(str(assets.texture_path(name)), cv2.IMREAD_GRAYSCALE)
    height, width = picture.shape
    uv = shared_mesh().uv
    x = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    y = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    return picture[y, x] / 255.0


def scalp(head: RestHead) -> Array:
    """Where hair grows on the head, (N,) 0..1: above the forehead, behind temple and sideburn."""
    x, y, z = head.vertices.T
    rng = np.random.default_rng(head.identity.seed * 3)
    line = crown(head) * (0.47 + 0.03 * rng.normal()) + 5 * head.identity.age
    recess = 10 * head.identity.male * head.identity.age
    recess = recess * np.exp(-(((np.abs(x) - 35) / 14) ** 2))
    temple = np.clip((np.abs(x) - 38) / 26, 0, 1)
    above = (y - (line + recess - temple * 26)) / 9
    ear = head.pivot[2] + 22
    before_ear = ear + 9 + 0.28 * np.clip(y + 5, 0, 55)
    beside = np.minimum((before_ear - z) / 9, (y + 8) / 8)
    beside = np.where(np.abs(x) > 35, beside, -1.0)
    nape = np.minimum((ear - 4 - z) / 6, (y - head.pivot[1] + 24) / 8)
    hair = np.clip(np.maximum.reduce([above, beside, nape]), 0, 1)
    hair = soften(hair, 4)
    return np.where(_ear() > 0.2, 0.0, hair)


def crown(head: RestHead) -> float:
    """Height of the skull's top above the eyes, mm."""
    return float(head.vertices[:, 1].max())


def beard(head: RestHead) -> Array:
    """Where a beard grows, (N,) 0..1: moustache, chin and jaw, without the lips."""
    x, y, z = head.vertices.T
    mouth = painted("mpfb_lips.jpg") > 0.3
    lip_y = head.vertices[mouth, 1].mean()
    lip_x = np.abs(head.vertices[mouth, 0]).max()
    side = np.clip((np.abs(x) - lip_x * 0.7) / 30, 0, 1)
    top = lip_y + 11 + side * 22
    front = z > head.pivot[2] + 28
    above_neck = y > lip_y - 62 + 14 * side
    area = (y < top) & front & above_neck & (painted("mpfb_lips.jpg") < 0.15)
    inside = painted("mpfb_inside-mouth.jpg") > 0.2
    nose = (np.abs(x) < 15) & (y > lip_y + 10)
    gap = (
        (np.abs(x) > lip_x * 0.55) & (np.abs(x) < lip_x * 0.95) & (y < lip_y - 4) & (y > lip_y - 14)
    )
    out = (area & ~inside & ~nose).astype(float)
    return soften(np.where(gap, out * 0.35, out), 14)


def soften(mask: Array, rounds: int) -> Array:
    """Blur a mask (N,) over the mesh; each round spreads it by one vertex."""
    faces = shared_mesh().faces
    count = np.bincount(faces.ravel(), minlength=len(mask))
    for _ in range(rounds):
        mean = np.repeat(mask[faces].mean(1), 4)
        mask = np.bincount(faces.ravel(), mean, len(mask)) / np.maximum(count, 1)
    return mask


def _ear() -> Array:
    return painted("mpfb_ears.jpg")


def lid_margin(side: str) -> Array:
    """1 on the moist edge between the rear and the front ridge of the lids, (N,)."""
    ring = shared_mesh().ring[side]
    return np.where(ring > -3, np.clip((2.9 - ring) / 0.8, 0, 1), 0.0)


def lash_line(head: RestHead, side: str) -> Array:
    """Up to 1 along the front ridge of the lids, at the roots of the lashes, (N,); less below."""
    ring = shared_mesh().ring[side]
    height = (head.vertices - head.centers[side])[:, 1]
    upper = 0.3 + 0.7 * _smooth((height + 1.5) / 2.5)
    lateral = ((head.vertices - head.centers[side])[:, 0] * SIDES[side] + 9) / 5
    width = np.where(ring > 3.0, 1.0 + 1.3 * upper, 1.0)
    return np.exp(-(((ring - 3.0) / width) ** 2)) * upper * np.clip(lateral, 0, 1)


def lid_skin(head: RestHead) -> Array:
    """1 on the thin skin around the eyes, falling to 0 over about a centimetre, (N,)."""
    out = np.zeros(len(head.vertices))
    for side in SIDES:
        d = np.linalg.norm((head.vertices - head.centers[side]) / [1.35, 1.0, 1.3], axis=1)
        out = np.maximum(out, 1 - _smooth((d - 13) / 9))
    return out


def blood(head: RestHead) -> Array:
    """Where skin is redder, (N,) 0..1: cheeks, nose tip, chin and ears."""
    z = head.vertices[:, 2]
    nose_tip = head.vertices[z.argmax()]
    spots = [
        (nose_tip, 15.0, 1.0),
        (np.array([38, nose_tip[1] + 4, nose_tip[2] - 35]), 19.0, 0.75),
        (np.array([-38, nose_tip[1] + 4, nose_tip[2] - 35]), 19.0, 0.75),
        (np.array([0, nose_tip[1] - 62, nose_tip[2] - 25]), 16.0, 0.45),
    ]
    out = 0.7 * _ear()
    for at, size, strength in spots:
        d2 = ((head.vertices - at) ** 2).sum(1)
        out = np.maximum(out, strength * np.exp(-d2 / size**2))
    return out


def under_eye(head: RestHead) -> Array:
    """The hollows below the eyes, (N,) 0..1."""
    out = np.zeros(len(head.vertices))
    for side, sign in SIDES.items():
        d = (head.vertices - head.centers[side]) * [sign, 1, 1] - np.array([-4, -13, 8])
        out = np.maximum(out, np.exp(-((d / [11, 5, 14]) ** 2).sum(1)))
    return out


def _smooth(t: Array) -> Array:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
