"""From angles to the picture and back: what each eye is asked, and how far its iris travels."""

from __future__ import annotations

import numpy as np

from pipelines.face import HeadPose
from pipelines.gaze.angles import NO_TRIM, Gaze, GazeEstimate, Trim
from pipelines.image.arrays import Points

# A 12 mm eyeball with an iris of 5.85 mm radius: its plane lies sqrt(12² - 5.85²) mm before the
# centre of rotation.
IRIS_PLANE_MM = 10.48
# Beyond 45 degrees an offset no longer says how far.
LARGEST_SINE = 0.707

MAX_YAW = 25.0
MAX_PITCH = 15.0


def upright_rotation(roll: float) -> Points:
    """Rotation from the picture's axes to the head's own."""
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return np.array([[cosine, sine], [-sine, cosine]])


def from_upright(sines: Points, roll: float) -> Gaze:
    """The gaze of sines (right, up) that are upright with a head rolled by `roll` degrees."""
    right, down = upright_rotation(roll).T @ np.array([sines[0], -sines[1]])
    return gaze_along(right, -down)


def to_upright(gaze: Gaze, roll: float) -> Points:
    """Sines of a gaze (right, up), upright with a head rolled by `roll` degrees, shape (2,)."""
    x, y, _ = gaze.vector
    right, down = upright_rotation(roll) @ np.array([x, -y])
    return np.array([right, -down])


def gaze_along(right: float, up: float) -> Gaze:
    """The gaze of sines to the right and up in the picture, at most `LARGEST_SINE` together."""
    length = float(np.hypot(right, up))
    shrink = min(1.0, LARGEST_SINE / max(length, 1e-9))
    right, up = right * shrink, up * shrink
    return Gaze.from_vector(np.array([right, up, np.sqrt(1 - right**2 - up**2)]))


def target_per_eye(now: GazeEstimate, target: Gaze, trim: Trim = NO_TRIM) -> tuple[Gaze, Gaze]:
    """Targets for the person's left and right eye that keep the vergence they have.

    Each eye keeps its own difference to the mean of both, and turns by its trim beyond that: a
    trim of one eye leaves the other where it was.

    Args:
        now: The gaze as photographed.
        target: Where both eyes together shall look before they are trimmed.
        trim: What each eye turns beyond it.
    """
    left, right = (
        Gaze(
            target.yaw + eye.yaw - now.gaze.yaw + own.yaw,
            target.pitch + eye.pitch - now.gaze.pitch + own.pitch,
        )
        for eye, own in zip((now.left, now.right), trim.eyes, strict=True)
    )
    return left, right


def iris_shift_mm(start: Gaze, goal: Gaze) -> Points:
    """How far the iris travels in the picture plane, in mm (x right, y down), shape (2,)."""
    travel = IRIS_PLANE_MM * (goal.vector - start.vector)
    return np.array([travel[0], -travel[1]])


def within_reach(target: Gaze, head: HeadPose, now: Gaze) -> tuple[Gaze, bool]:
    """Clamp a target to what eyes can do in their sockets.

    Eyes turn comfortably about 25 degrees sideways and 15 degrees up or down from the head's
    axis; beyond, the head would have to move. Where these eyes already look further than that,
    they have shown that they can.

    Args:
        target: The gaze asked for.
        head: The head's pose.
        now: The gaze as photographed.

    Returns:
        The reachable target nearest to the one asked for, and whether it had to be clamped.
    """
    yaw = _held(target.yaw, head.yaw, MAX_YAW, now.yaw)
    pitch = _held(target.pitch, head.pitch, MAX_PITCH, now.pitch)
    clamped = abs(yaw - target.yaw) > 1e-9 or abs(pitch - target.pitch) > 1e-9
    return (Gaze(yaw, pitch), True) if clamped else (target, False)


def trim_within_reach(trim: Trim, target: Gaze, head: HeadPose, now: Gaze) -> tuple[Trim, bool]:
    """Clamp a trim so that neither eye turns further than `within_reach` lets both.

    Args:
        trim: The trim asked for.
        target: Where both eyes together shall look, within reach.
        head: The head's pose.
        now: The gaze as photographed.

    Returns:
        The trim that can be done, and whether it had to be clamped.
    """
    angles, clamped = [], False
    for own in trim.eyes:
        asked = Gaze(target.yaw + own.yaw, target.pitch + own.pitch)
        reached, held = within_reach(asked, head, now)
        clamped |= held
        angles += [reached.yaw - target.yaw, reached.pitch - target.pitch]
    return (Trim(*angles), True) if clamped else (trim, False)


def _held(asked: float, middle: float, most: float, now: float) -> float:
    return float(np.clip(asked, min(middle - most, now), max(middle + most, now)))
