"""Where the head points, from landmarks that do not move with eyes, mouth and brows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.face.landmarks import (
    _data,
    _numbers,
)
from pipelines.image.arrays import Points

# The mean face stands with its forehead above its chin. A head that looks straight ahead leans
# further back: by 9.7 degrees on renders of known pose, by 6.4 on the median portrait.
LEVEL_DEG = 8.0
# Points that move little with eyes, mouth and brows: nose bridge, forehead, temples, cheekbones.
_RIGID = (
    "6 168 197 195 5 4 10 109 338 67 297 103 332 54 284 21 251 127 356 234 454 93 323 117 "
    "346 50 280 101 330 9 8 108 337 69 299"
)


@dataclass(frozen=True)
class HeadPose:
    """Where the head points, in degrees.

    yaw > 0: towards the right-hand side of the picture; pitch > 0: up; roll > 0: clockwise.
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def turn(self) -> float:
        """Angle between the head's axis and the camera's, in degrees."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        across = np.hypot(np.sin(yaw) * np.cos(pitch), np.sin(pitch))
        return float(np.degrees(np.arctan2(across, np.cos(yaw) * np.cos(pitch))))


def rotation(landmarks: Points) -> Points:
    """Rotation of the head in the picture's frame (x right, y down, z away), shape (3, 3).

    Least-squares similarity of the rigid landmarks to the mean face (Umeyama 1991).
    """
    rigid = _numbers(_RIGID)
    model, seen = _mean_face()[rigid], landmarks[rigid]
    model = model - model.mean(axis=0)
    seen = seen - seen.mean(axis=0)
    u, _, vt = np.linalg.svd(seen.T @ model)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    matrix: Points = u @ flip @ vt
    return matrix


def head_pose(landmarks: Points) -> HeadPose:
    """Head pose from 478 landmarks in pixels; see `HeadPose` for the signs."""
    matrix = rotation(landmarks)
    forward = -matrix[:, 2]
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))
    across = matrix[:, 0]
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return HeadPose(float(yaw), float(pitch), float(roll))


def _mean_face() -> Points:
    """The mean face in millimetres, origin between the eyes, axes as in pictures, (478, 3)."""
    cosine, sine = np.cos(np.radians(LEVEL_DEG)), np.sin(np.radians(LEVEL_DEG))
    nod = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return np.asarray(_data()["vertices_mm"].astype(np.float64) @ nod.T)
