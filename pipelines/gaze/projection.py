"""Convert gaze angles to iris positions and back, and limit them to what eyes can reach."""

from __future__ import annotations

import numpy as np

from pipelines.face import HeadPose
from pipelines.gaze.angles import LARGEST_DEG, NO_TRIM, Gaze, GazeEstimate, Trim
from pipelines.image.arrays import Points

# Distance of the iris from the centre of rotation: sqrt(12² - 5.85²) mm, for an eyeball of 12 mm
# radius and an iris of 5.85 mm radius. The centre of the iris moves on a sphere of this radius.
IRIS_PLANE_MM = 10.48
# Sine of the largest angle from the lens that is measured.
LARGEST_SINE = float(np.sin(np.radians(LARGEST_DEG)))

# Largest angles of the eyes from the head's axis, in degrees: what eyes do with ease, and what is
# drawn well. People reach 46 to the sides, 32 up and 48 down (Lim et al. 2014, Ophthalmology 121:4,
# 104 adults); up it is most of that, because many hold their chin down for a portrait.
MAX_YAW, MAX_UP, MAX_DOWN = 25.0, 25.0, 15.0


def iris_shift_mm(start: Gaze, goal: Gaze) -> Points:
    """Movement of the iris in the picture plane, in mm (x right, y down), shape (2,)."""
    travel = IRIS_PLANE_MM * (goal.vector - start.vector)
    return np.array([travel[0], -travel[1]])


def target_per_eye(now: GazeEstimate, target: Gaze, trim: Trim = NO_TRIM) -> tuple[Gaze, Gaze]:
    """Targets of the person's left and right eye that keep their vergence.

    Each eye keeps its difference to the mean of both, plus its trim. A trim of one eye does not
    move the other.

    Args:
        now: Gaze in the photo.
        target: Target of both eyes without the trim.
        trim: Additional turn of each eye.
    """
    left, right = (
        Gaze(
            target.yaw + eye.yaw - now.gaze.yaw + extra.yaw,
            target.pitch + eye.pitch - now.gaze.pitch + extra.pitch,
        )
        for eye, extra in zip((now.left, now.right), trim.eyes, strict=True)
    )
    return left, right


def within_reach(target: Gaze, head: HeadPose, now: Gaze) -> tuple[Gaze, bool]:
    """Clamp a target to the angles that eyes can reach.

    For more than `MAX_YAW`, `MAX_UP` and `MAX_DOWN` from its axis, the head would have to turn. If
    the eyes in the photo already look further, the limit is extended to where they look.

    Args:
        target: Requested gaze.
        head: Pose of the head.
        now: Gaze in the photo.

    Returns:
        The nearest reachable target, and whether it was clamped.
    """
    yaw = _clamp(target.yaw, head.yaw - MAX_YAW, head.yaw + MAX_YAW, now.yaw)
    pitch = _clamp(target.pitch, head.pitch - MAX_DOWN, head.pitch + MAX_UP, now.pitch)
    clamped = abs(yaw - target.yaw) > 1e-9 or abs(pitch - target.pitch) > 1e-9
    return (Gaze(yaw, pitch), True) if clamped else (target, False)


def trim_within_reach(trim: Trim, target: Gaze, head: HeadPose, now: Gaze) -> tuple[Trim, bool]:
    """Clamp a trim so that each eye stays within the limits of `within_reach`.

    Args:
        trim: Requested trim.
        target: Target of both eyes, within reach.
        head: Pose of the head.
        now: Gaze in the photo.

    Returns:
        The reachable trim, and whether it was clamped.
    """
    angles, any_clamped = [], False
    for extra in trim.eyes:
        requested = Gaze(target.yaw + extra.yaw, target.pitch + extra.pitch)
        reached, clamped = within_reach(requested, head, now)
        any_clamped |= clamped
        angles += [reached.yaw - target.yaw, reached.pitch - target.pitch]
    return (Trim(*angles), True) if any_clamped else (trim, False)


def gaze_from_sines(right: float, up: float) -> Gaze:
    """Gaze of direction components to the right and up in the picture.

    They are scaled down where together they exceed `LARGEST_SINE`.
    """
    length = float(np.hypot(right, up))
    shrink = min(1.0, LARGEST_SINE / max(length, 1e-9))
    right, up = right * shrink, up * shrink
    return Gaze.from_vector(np.array([right, up, np.sqrt(1 - right**2 - up**2)]))


def from_upright(sines: Points, roll: float) -> Gaze:
    """Gaze of direction components (right, up) in a frame that is upright with the head.

    Args:
        sines: Shape (2,).
        roll: Roll of the head in degrees.
    """
    right, down = upright_rotation(roll).T @ np.array([sines[0], -sines[1]])
    return gaze_from_sines(right, -down)


def to_upright(gaze: Gaze, roll: float) -> Points:
    """Direction components (right, up) in a frame upright with the head, shape (2,).

    Args:
        gaze: A gaze in the camera's frame.
        roll: Roll of the head in degrees.
    """
    x, y, _ = gaze.vector
    right, down = upright_rotation(roll) @ np.array([x, -y])
    return np.array([right, -down])


def upright_rotation(roll: float) -> Points:
    """Rotation of (x, y) from the picture's axes to the axes of a rolled head, shape (2, 2)."""
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return np.array([[cosine, sine], [-sine, cosine]])


def _clamp(angle: float, low: float, high: float, now: float) -> float:
    return float(np.clip(angle, min(low, now), max(high, now)))
