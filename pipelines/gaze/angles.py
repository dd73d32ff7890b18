"""Directions of gaze in degrees, what each eye adds to them, and a reading of both eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.image.arrays import Points

GazeWord = Literal["contact", "soft", "averted"]

CONTACT_DEG = 2.6
SOFT_DEG = 5.0


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
        """Angle between two gazes, in degrees.

        By the cross and the dot product: the arccosine of a dot product near 1 loses half of its
        digits.
        """
        sine = np.linalg.norm(np.cross(self.vector, other.vector))
        return float(np.degrees(np.arctan2(sine, self.vector @ other.vector)))

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
class Trim:
    """What each eye turns beyond what both do, in degrees and in the signs of `Gaze`.

    Attributes:
        left_yaw: The person's left eye, > 0 towards the right-hand side of the picture.
        left_pitch: The same eye, > 0 up.
        right_yaw: The person's right eye.
        right_pitch: The same eye.
    """

    left_yaw: float = 0.0
    left_pitch: float = 0.0
    right_yaw: float = 0.0
    right_pitch: float = 0.0

    def __bool__(self) -> bool:
        """Whether it turns an eye at all."""
        return any(self.angles)

    @property
    def angles(self) -> tuple[float, float, float, float]:
        """All four, in the order in which they are written."""
        return (self.left_yaw, self.left_pitch, self.right_yaw, self.right_pitch)

    @property
    def eyes(self) -> tuple[Gaze, Gaze]:
        """The turn of the left and of the right eye, as angles."""
        return Gaze(self.left_yaw, self.left_pitch), Gaze(self.right_yaw, self.right_pitch)

    @property
    def widening(self) -> float:
        """By how many degrees it turns the eyes apart; < 0 where it turns them together."""
        return self.left_yaw - self.right_yaw

    def of_both(self, gaze: Gaze) -> Gaze:
        """Where both eyes together look, that without the trim look to `gaze`."""
        return Gaze(
            gaze.yaw + (self.left_yaw + self.right_yaw) / 2,
            gaze.pitch + (self.left_pitch + self.right_pitch) / 2,
        )

    def without(self, both: Gaze) -> Gaze:
        """The inverse of `of_both`."""
        return Gaze(
            both.yaw - (self.left_yaw + self.right_yaw) / 2,
            both.pitch - (self.left_pitch + self.right_pitch) / 2,
        )


NO_TRIM = Trim()


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
