"""Turn a head and its eyes: from the head frame to the world frame. Pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.renders import eyeball
from training.renders.geometry import direction, fixation, head_rotation, swing
from training.renders.head import SIDES, RestHead

Array = npt.NDArray[np.float64]

BODY_SHARE = 0.35
"""Share of the head's yaw that the shoulders follow."""


@dataclass(frozen=True)
class Pose:
    """One head pose with one gaze, in degrees; signs as in ``geometry``."""

    head_yaw: float
    head_pitch: float
    head_roll: float
    gaze_yaw: float
    gaze_pitch: float

    @property
    def rotation(self) -> Array:
        """The head's rotation matrix (3, 3)."""
        return head_rotation(self.head_yaw, self.head_pitch, self.head_roll)


@dataclass(frozen=True)
class EyePose:
    """One eyeball in the world: centre (3,) mm, optical axis (3,), rotation (3, 3)."""

    center: Array
    axis: Array
    rotation: Array

    @property
    def iris_center(self) -> Array:
        """Centre of the limbus, (3,) mm."""
        return self.center + eyeball.IRIS_PLANE_MM * self.axis


def eye_poses(centers: dict[str, Array], pose: Pose, distance_mm: float) -> dict[str, EyePose]:
    """Turn both eyes to the fixation point.

    Args:
        centers: eyeball centres in the head frame, (3,) mm.
        pose: head pose and gaze.
        distance_mm: distance of the camera, and therefore of the fixation point.
    """
    aim = fixation(pose.gaze_yaw, pose.gaze_pitch, distance_mm)
    head = pose.rotation
    out = {}
    for side in SIDES:
        center = head @ centers[side]
        axis = (aim - center) / np.linalg.norm(aim - center)
        out[side] = EyePose(center, axis, swing(head @ direction(0, 0), axis) @ head)
    return out


def place(head: RestHead, points: Array, turn: Array, pose: Pose) -> Array:
    """Move points (..., 3) of the head frame into the world; ``turn`` (...) is `RestHead.turn`."""
    yaw = pose.head_yaw * (BODY_SHARE + (1 - BODY_SHARE) * turn)
    y = np.radians(yaw)
    p = np.radians(-pose.head_pitch * turn)
    r = np.radians(-pose.head_roll * turn)
    q = points - head.pivot
    x0, y0, z0 = q[..., 0], q[..., 1], q[..., 2]
    x1, y1 = np.cos(r) * x0 - np.sin(r) * y0, np.sin(r) * x0 + np.cos(r) * y0
    y2, z2 = np.cos(p) * y1 - np.sin(p) * z0, np.sin(p) * y1 + np.cos(p) * z0
    x3, z3 = np.cos(y) * x1 + np.sin(y) * z2, -np.sin(y) * x1 + np.cos(y) * z2
    turned = np.stack([x3, y2, z3], axis=-1)
    return turned + pose.rotation @ head.pivot
