"""Geometry of a render: camera, fixation, angles, projection. Pure NumPy.

World frame: millimetres, x to the right-hand side of the picture, y up, z towards the camera. The
midpoint between the two eyeballs is the origin and lies on the optical axis. Angles are degrees:
yaw > 0 towards the right-hand side of the picture, pitch > 0 up, roll > 0 clockwise in the
picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

SENSOR_MM = 24.0
"""Short side of a full-frame sensor, which a square picture covers."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on the z axis, looking at the origin.

    Attributes:
        f_px: focal length in pixels.
        cx: column of the optical axis, in pixels from the left edge (pixel centres at +0.5).
        cy: row of the optical axis, in pixels from the top edge.
        distance_mm: distance from the origin to the lens.
        res: side of the square picture in pixels.
    """

    f_px: float
    cx: float
    cy: float
    distance_mm: float
    res: int

    @property
    def centre(self) -> Vector:
        """Position of the lens, (3,) mm."""
        return np.array([0.0, 0.0, self.distance_mm])

    @property
    def focal_mm(self) -> float:
        """Focal length in mm on a sensor of 24 mm, the full-frame short side."""
        return self.f_px * SENSOR_MM / self.res

    def project(self, points: Vector) -> Vector:
        """Project world points (..., 3) mm to picture points (..., 2) px."""
        depth = self.distance_mm - points[..., 2]
        u = self.cx + self.f_px * points[..., 0] / depth
        v = self.cy - self.f_px * points[..., 1] / depth
        return np.stack([u, v], axis=-1)


def head_shot_camera(focal_mm: float, res: int, frame_mm: float, eye_line: float) -> Camera:
    """Place a camera so that the picture is ``frame_mm`` high at the depth of the eyes.

    Args:
        focal_mm: focal length, full-frame equivalent, 35 to 105 for head-shots.
        res: side of the square picture, px.
        frame_mm: height of the picture at the depth of the eyes, mm.
        eye_line: height of the eyes in the picture, as a share from the top.

    Returns:
        A camera whose optical axis passes between the eyes (the lens is shifted, not tilted).
    """
    distance = focal_mm * frame_mm / SENSOR_MM
    f_px = focal_mm * res / SENSOR_MM
    return Camera(f_px, res / 2, res * eye_line, distance, res)


def direction(yaw: float, pitch: float) -> Vector:
    """Unit vector (3,) of a direction; (0, 0) is +z, from the origin to the lens."""
    y, p = np.radians([yaw, pitch])
    return np.array([np.sin(y) * np.cos(p), np.sin(p), np.cos(y) * np.cos(p)])


def angles(vector: Vector) -> tuple[float, float]:
    """Yaw and pitch in degrees of a direction (3,); the inverse of :func:`direction`."""
    x, y, z = vector / np.linalg.norm(vector)
    return float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(np.clip(y, -1, 1))))


def fixation(yaw: float, pitch: float, distance_mm: float) -> Vector:
    """The point both eyes look at, (3,) mm: along the gaze, as far away as the camera."""
    return distance_mm * direction(yaw, pitch)


def head_rotation(yaw: float, pitch: float, roll: float) -> Vector:
    """Rotation matrix (3, 3) that turns a head facing the lens: roll, then pitch, then yaw."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def swing(start: Vector, end: Vector) -> Vector:
    """The smallest rotation (3, 3) that takes direction ``start`` to ``end`` (Listing's law)."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    cross, cosine = np.cross(a, b), float(a @ b)
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1 + cosine)
