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
# The sine of the gaze per millimetre by which the irises stand off parts of the face: sideways off
# the lids, the temples and the bridge of the nose, up or down off the canthi. It is not 1/10.48 mm,
# because the mesh's lids and canthi follow the eye. Fitted on renders of known gaze together with
# portraits that look into the lens (docs/gaze.md).
SIDE_PER_MM = {"lids": 0.0621, "temples": 0.0235, "bridge": 0.0255}
UP_PER_MM = 0.165
UP_ZERO = -0.41
OUTWARD_ZERO = 0.028
# A face has constants of its own: among portraits that look into the lens the raw value scatters
# by 4 degrees sideways and 5 up and down. Most portraits do look there, so a pitch that is read for
# the first time is believed only in part (the weight of a normal prior around the lens); gazes to
# the side are common enough to be believed.
UP_DOUBT = 0.4
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
    """Estimate the gaze of a photo whose irises were fitted (`iris.fit`).

    The offsets of the irises from parts of the face, in millimetres by the iris's known size and
    upright with the head, are linear in the sine of the gaze. The constants stand at the top of
    this file with their origin.

    Args:
        face: Face with fitted irises and the landmarks' lids.
        confidence: Of the left and the right iris, 0..1; weighs the two eyes.
    """
    weights = _weights(confidence)
    upright = _upright(face.head.roll)
    eyes = np.array([_off_lids(eye, upright) for eye in face.eyes]) * face.mm_per_px
    mean = _raw(face, upright, weights @ eyes) * [1, 1 - UP_DOUBT]
    own = (eyes - weights @ eyes) * [SIDE_PER_MM["lids"], -UP_PER_MM]
    own[:, 0] -= np.array([1, -1]) * OUTWARD_ZERO
    left, right = (_gaze(mean + eye, upright) for eye in own)
    return GazeEstimate(_gaze(mean, upright), left, right, float(max(confidence)))


def follow(
    before: GazeEstimate, face: Face, edited: Face, confidence: tuple[float, float]
) -> GazeEstimate:
    """Read the gaze of a picture that was edited from a photo whose gaze is known.

    Head and camera are the same, so an iris that stands elsewhere has turned about the same
    eyeball: the change follows from its way in the picture alone.

    Args:
        before: The photo's gaze.
        face: The photo's face with fitted irises.
        edited: The edited picture's face with irises fitted anew, in the same pixels.
        confidence: Of the left and the right iris in the edited picture, 0..1.
    """
    turned = [
        _turned(start, (new.iris_center - old.iris_center) * face.mm_per_px)
        for start, old, new in zip((before.left, before.right), face.eyes, edited.eyes, strict=True)
    ]
    weights = _weights(confidence)
    changes = np.array(
        [
            (after.yaw - start.yaw, after.pitch - start.pitch)
            for after, start in zip(turned, (before.left, before.right), strict=True)
        ]
    )
    yaw, pitch = weights @ changes
    mean = Gaze(before.gaze.yaw + float(yaw), before.gaze.pitch + float(pitch))
    return GazeEstimate(mean, turned[0], turned[1], float(max(confidence)))


def _turned(start: Gaze, travel_mm: Points) -> Gaze:
    x, y, _ = start.vector
    return _direction(x + travel_mm[0] / IRIS_PLANE_MM, y - travel_mm[1] / IRIS_PLANE_MM)


def _weights(confidence: tuple[float, float]) -> Points:
    weights = np.maximum(np.array(confidence, float), 1e-3)
    return np.asarray(weights / weights.sum())


def _upright(roll: float) -> Points:
    """Rotation from the picture's axes to the head's own."""
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return np.array([[cosine, sine], [-sine, cosine]])


def _off_lids(eye: Eye, upright: Points) -> Points:
    """Offset of one iris, upright, in pixels: (right of the lids, below the canthi)."""
    lids = upright @ (eye.iris_center - eye.contour.mean(axis=0))
    canthi = upright @ (eye.iris_center - (eye.inner + eye.outer) / 2)
    return np.array([lids[0], canthi[1]])


def _raw(face: Face, upright: Points, off_lids: Points) -> Points:
    """Sines of the gaze (right, up), upright with the head."""
    middle = (face.left.iris_center + face.right.iris_center) / 2
    right = SIDE_PER_MM["lids"] * off_lids[0]
    for name in ("temples", "bridge"):
        offset = upright @ (middle - face.anchor(name))
        right += SIDE_PER_MM[name] * offset[0] * face.mm_per_px
    return np.array([right, UP_ZERO - UP_PER_MM * off_lids[1]])


def _gaze(sines: Points, upright: Points) -> Gaze:
    right, down = upright.T @ np.array([sines[0], -sines[1]])
    return _direction(right, -down)


def _direction(right: float, up: float) -> Gaze:
    length = float(np.hypot(right, up))
    shrink = min(1.0, LARGEST_SINE / max(length, 1e-9))
    right, up = right * shrink, up * shrink
    return Gaze.from_vector(np.array([right, up, np.sqrt(1 - right**2 - up**2)]))


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


def _held(asked: float, middle: float, most: float, now: float) -> float:
    return float(np.clip(asked, min(middle - most, now), max(middle + most, now)))
