"""Head pose (yaw, pitch, roll), from landmarks that hardly move with eyes, mouth and brows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.face.landmarks import RIGID, mean_face
from pipelines.image.arrays import Points

# How far a level head leans back against the mean face, whose forehead is straight above its chin:
# 9.7 degrees on renders of known pose, 6.4 on the median portrait.
LEVEL_DEG = 8.0


@dataclass(frozen=True)
class HeadPose:
    """Orientation of the head in degrees; (0, 0, 0) faces the camera upright.

    Attributes:
        yaw: > 0 towards the right-hand side of the picture.
        pitch: > 0 up.
        roll: > 0 clockwise in the picture.
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


def head_pose(landmarks: Points) -> HeadPose:
    """Head pose from landmarks in pixels, shape (478, 3)."""
    matrix = rotation(landmarks)
    forward = -matrix[:, 2]
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))
    across = matrix[:, 0]
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return HeadPose(float(yaw), float(pitch), float(roll))


def rotation(landmarks: Points) -> Points:
    """Rotation of the head in the picture's frame (x right, y down, z away), shape (3, 3).

    Least-squares similarity from the mean face to the rigid landmarks (Umeyama 1991).

    Args:
        landmarks: In pixels, shape (478, 3).
    """
    model, observed = _level_mean_face()[RIGID], landmarks[RIGID]
    model = model - model.mean(axis=0)
    observed = observed - observed.mean(axis=0)
    u, _, vt = np.linalg.svd(observed.T @ model)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    matrix: Points = u @ flip @ vt
    return matrix


def _level_mean_face() -> Points:
    """The mean face with its head level, in millimetres, shape (478, 3)."""
    cosine, sine = np.cos(np.radians(LEVEL_DEG)), np.sin(np.radians(LEVEL_DEG))
    pitch = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return np.asarray(mean_face() @ pitch.T)
