"""Make ``pipelines/face/data/mean_face.npz``: the mean of MediaPipe's mesh over many portraits.

``python -m training.mean_face FOLDER --out FILE``. The file holds no picture and nobody's face: 478
averaged points in millimetres (x right, y down, z away from the camera, origin between the eyes,
the forehead straight above the chin) and, for each landmark, the number of its mirror image.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from tqdm import tqdm

from pipelines.face import mesh as faces
from pipelines.image import loading
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal

OUTER_CANTHI, INNER_CANTHI = (33, 263), (133, 362)
PUPILS = (468, 473)
TEMPLES, FOREHEAD, CHIN = (234, 454), 10, 152
PUPIL_DISTANCE_MM = 62.4
ROUNDS = 10


def main() -> int:
    """Average the portraits of a folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.mean_face", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    pairs = [
        pair for path in tqdm(sorted(options.folder.iterdir())) if (pair := _landmark_pair(path))
    ]
    mirror = mirrored_numbers(pairs)
    shapes = [(plain + mirrored[mirror]) / 2 for plain, mirrored in pairs]
    vertices = upright(mean_shape(shapes, mirror), mirror)
    np.savez_compressed(
        options.out, vertices_mm=vertices.astype(np.float32), mirror=mirror.astype(np.int16)
    )
    return 0


def mirrored_numbers(pairs: list[tuple[Points, Points]]) -> Points:
    """For each landmark, the number of the landmark at its place in a mirrored picture, (478,)."""
    cost = sum(cdist(plain[:, :2], mirrored[:, :2]) for plain, mirrored in pairs)
    return np.asarray(linear_sum_assignment(cost)[1])


def mean_shape(shapes: list[Points], mirror: Points) -> Points:
    """Symmetric mean of shapes, each (478, 3), by generalised Procrustes analysis (Gower 1975)."""
    mean = shapes[0] - shapes[0].mean(axis=0)
    for _ in range(ROUNDS):
        mean = np.mean([align(shape, mean) for shape in shapes], axis=0)
        flipped = (mean * [-1, 1, 1])[mirror]
        mean = (mean + align(flipped, mean)) / 2
        mean = mean - mean.mean(axis=0)
    return np.asarray(mean)


def align(shape: Points, target: Points) -> Points:
    """Move, rotate and scale `shape` onto `target` by least squares (Umeyama 1991)."""
    a, b = shape - shape.mean(axis=0), target - target.mean(axis=0)
    u, singular, vt = np.linalg.svd(a.T @ b)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = np.trace(np.diag(singular) @ flip) / (a**2).sum()
    return np.asarray(scale * a @ u @ flip @ vt + target.mean(axis=0))


def upright(mean: Points, mirror: Points) -> Points:
    """Turn a symmetric shape to face the camera and scale it to millimetres."""
    across = (mean - mean[mirror])[np.arange(len(mean)) < mirror]
    x = np.linalg.svd(across / np.linalg.norm(across, axis=1)[:, None])[2][0]
    x = x * np.sign((mean[TEMPLES[1]] - mean[TEMPLES[0]]) @ x)
    down = mean[CHIN] - mean[FOREHEAD]
    down = down - x * (down @ x)
    y = down / np.linalg.norm(down)
    turned = mean @ np.stack([x, y, np.cross(x, y)], axis=1)
    turned = (turned + (turned * [-1, 1, 1])[mirror]) / 2
    turned *= PUPIL_DISTANCE_MM / np.linalg.norm(turned[PUPILS[0]] - turned[PUPILS[1]])
    return np.asarray(turned - turned[[*OUTER_CANTHI, *INNER_CANTHI]].mean(axis=0))


def _landmark_pair(path: Path) -> tuple[Points, Points] | None:
    """Landmarks of a portrait, and of its mirror image mapped back, each (478, 3).

    Returns:
        None if the picture is refused or shows no face.
    """
    try:
        picture = loading.load(path).original_u8
    except Refusal:
        return None
    plain = _widest_face(picture)
    mirrored = _widest_face(np.ascontiguousarray(picture[:, ::-1]))
    if plain is None or mirrored is None:
        return None
    mirrored[:, 0] = picture.shape[1] - 1 - mirrored[:, 0]
    scale = 640 / (1.7 * np.ptp(plain[:, 1]))
    return plain * scale, mirrored * scale


def _widest_face(picture: Image8) -> Points | None:
    detected = faces.all_landmarks(picture)
    return max(detected, key=lambda landmarks: float(np.ptp(landmarks[:, 0])), default=None)


if __name__ == "__main__":
    sys.exit(main())
