"""The geometry of gaze: degrees off the lens, read from a face and projected back to irises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.arrays import Points
from pipelines.face import Eye, Face, HeadPose

GazeWord = Literal["contact", "soft", "averted"]

CONTACT_DEG = 2.6
SOFT_DEG = 5.0

# A 12 mm eyeball with an iris of 5.85 mm radius: its plane lies sqrt(12² - 5.85²) mm before the
# centre of rotation.
IRIS_PLANE_MM = 10.48
# Offsets of the iris from the lids per unit of the gaze's sine. Lids follow the iris, which is why
# these are shorter than the 10.48 mm that the iris itself travels.
YAW_MM = 8.75
PITCH_MM = 7.7
# Fitted on portraits that look into the lens; see docs/gaze.md.
HEAD_YAW_SHARE = 0.76
PITCH_ZERO = -0.338
OUTWARD = -0.049
# Beyond 45 degrees an offset no longer says how far.
LARGEST_SINE = 0.707

MAX_YAW = 25.0
MAX_PITCH = 15.0


@dataclass(frozen=True)
class Gaze:
    """A direction of gaze in the camera's frame, in degrees.

    (0, 0) looks into the lens; yaw > 0 towards the right-hand side of the picture, pitch > 0 up.
    """

    yaw: float
    pitch: float

    @property
    def vector(self) -> Points:
        """Unit vector (x right, y up, z towards the lens)."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])

    @classmethod
    def from_vector(cls, vector: Points) -> Gaze:
        """The gaze along a vector (x right, y up, z towards the lens)."""
        x, y, z = vector / np.linalg.norm(vector)
        return cls(float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(y))))

    def angle_to(self, other: Gaze) -> float:
        """Angle between two gazes, in degrees."""
        cosine = float(np.clip(self.vector @ other.vector, -1, 1))
        return float(np.degrees(np.arccos(cosine)))

    @property
    def off_lens(self) -> float:
        """Angle between this gaze and the lens, in degrees."""
        return self.angle_to(Gaze(0.0, 0.0))

    @property
    def word(self) -> GazeWord:
        """How the gaze reads: ``contact`` up to 2.6°, ``soft`` up to 5°, else ``averted``.

        Source: Horstmann & Linke 2021, Perception: the cone of direct gaze is 5.2° across.
        """
        if self.off_lens <= CONTACT_DEG:
            return "contact"
        return "soft" if self.off_lens <= SOFT_DEG else "averted"


@dataclass(frozen=True)
class GazeEstimate:
    """Where a person looks.

    Attributes:
        gaze: Both eyes together.
        left: The person's left eye alone.
        right: The person's right eye alone.
        confidence: 0 (a guess) to 1 (both irises clearly seen).
    """

    gaze: Gaze
    left: Gaze
    right: Gaze
    confidence: float


def estimate(face: Face, confidence: tuple[float, float] = (1.0, 1.0)) -> GazeEstimate:
    """Estimate the gaze of a face whose irises were fitted (`iris.fit`).

    The offset of the iris from the lids, in millimetres by the iris's known size and upright with
    the head, is linear in the sine of the gaze; the eyeball's centre lies behind the lids, so a
    turned head adds its share. The constants stand at the top of this file with their origin.

    Args:
        face: Face with fitted irises.
        confidence: Of the left and the right iris, 0..1; weighs the two eyes.
    """
    left, right = (_eye_gaze(eye, face) for eye in face.eyes)
    weights = np.maximum(np.array(confidence, float), 1e-3)
    mean = (weights[0] * left.vector + weights[1] * right.vector) / weights.sum()
    return GazeEstimate(Gaze.from_vector(mean), left, right, float(max(confidence)))


def target_per_eye(now: GazeEstimate, target: Gaze) -> tuple[Gaze, Gaze]:
    """Targets for the person's left and right eye that keep the vergence they have.

    Each eye keeps its own difference to the mean of both.
    """
    left, right = (
        Gaze(
            target.yaw + eye.yaw - now.gaze.yaw,
            target.pitch + eye.pitch - now.gaze.pitch,
        )
        for eye in (now.left, now.right)
    )
    return left, right


def iris_shift_mm(start: Gaze, goal: Gaze) -> Points:
    """How far the iris travels in the picture plane, in mm (x right, y down), shape (2,)."""
    travel = IRIS_PLANE_MM * (goal.vector - start.vector)
    return np.array([travel[0], -travel[1]])


def within_reach(target: Gaze, head: HeadPose) -> tuple[Gaze, bool]:
    """Clamp a target to what eyes can do in their sockets.

    Eyes turn comfortably about 25 degrees sideways and 15 degrees up or down from the head's
    axis; beyond, the head would have to move.

    Returns:
        The reachable target nearest to the one asked for, and whether it had to be clamped.
    """
    yaw = float(np.clip(target.yaw, head.yaw - MAX_YAW, head.yaw + MAX_YAW))
    pitch = float(np.clip(target.pitch, head.pitch - MAX_PITCH, head.pitch + MAX_PITCH))
    clamped = abs(yaw - target.yaw) > 1e-9 or abs(pitch - target.pitch) > 1e-9
    return (Gaze(yaw, pitch), True) if clamped else (target, False)


def _eye_gaze(eye: Eye, face: Face) -> Gaze:
    roll = np.radians(face.head.roll)
    upright = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    lids = eye.contour.mean(axis=0)
    canthi = (eye.inner + eye.outer) / 2
    across = (upright @ (eye.iris_center - lids))[0] * face.mm_per_px
    down = (upright @ (eye.iris_center - (lids + canthi) / 2))[1] * face.mm_per_px
    turned = np.sin(np.radians(face.head.yaw))
    outward = 1 if eye.side == "left" else -1
    sine_x = across / YAW_MM + HEAD_YAW_SHARE * turned + outward * OUTWARD
    sine_up = -down / PITCH_MM + PITCH_ZERO
    x, y = upright.T @ np.array([sine_x, -sine_up])
    length = float(np.hypot(x, y))
    if length > LARGEST_SINE:
        x, y = x * LARGEST_SINE / length, y * LARGEST_SINE / length
    return Gaze.from_vector(np.array([x, -y, np.sqrt(1 - x * x - y * y)]))
