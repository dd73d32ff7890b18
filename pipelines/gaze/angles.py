"""Gaze directions in degrees, the trim of each eye, and the estimate for both eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.image.arrays import Points

GazeWord = Literal["contact", "soft", "averted"]

# Largest angles from the lens of the words ``contact`` and ``soft``, in degrees.
CONTACT_DEG = 2.6
SOFT_DEG = 5.0
READING_DEG = 3.0, 4.0
"""By how much the gaze that is read in one photograph is off, sideways and up or down: its robust
scatter over photographs that look into the lens, rounded up (``docs/gaze.md``)."""
LARGEST_DEG = 60.0
"""Largest angle from the lens that is measured: beyond it, a degree moves the iris less than half
as far as near the lens."""


@dataclass(frozen=True)
class Gaze:
    """A gaze direction in the camera's frame, in degrees; (0, 0) looks into the lens.

    Attributes:
        yaw: > 0 towards the right-hand side of the picture.
        pitch: > 0 up.
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
        """Gaze along a vector (x right, y up, z towards the lens) of any length."""
        x, y, z = vector / np.linalg.norm(vector)
        return cls(float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(y))))

    def angle_to(self, other: Gaze) -> float:
        """Angle between two gazes, in degrees."""
        # Not by the arccosine of the dot product, which loses half of its digits near 1.
        sine = np.linalg.norm(np.cross(self.vector, other.vector))
        return float(np.degrees(np.arctan2(sine, self.vector @ other.vector)))

    @property
    def off_lens(self) -> float:
        """Angle between this gaze and the direction of the lens, in degrees."""
        return self.angle_to(Gaze(0.0, 0.0))

    @property
    def measurable(self) -> bool:
        """Whether it is nearer to the lens than the largest angle that is measured."""
        return self.off_lens < LARGEST_DEG - 0.05

    @property
    def word(self) -> GazeWord:
        """Class of the gaze: ``contact`` up to 2.6° off the lens, ``soft`` up to 5°, ``averted``.

        Source: Horstmann & Linke 2021, Perception: the cone of direct gaze is 5.2° across.
        """
        if self.off_lens <= CONTACT_DEG:
            return "contact"
        return "soft" if self.off_lens <= SOFT_DEG else "averted"


@dataclass(frozen=True)
class Trim:
    """Additional turn of each eye in degrees, with the signs of `Gaze`.

    Attributes:
        left_yaw: Yaw of the person's left eye.
        left_pitch: Pitch of the person's left eye.
        right_yaw: Yaw of the person's right eye.
        right_pitch: Pitch of the person's right eye.
    """

    left_yaw: float = 0.0
    left_pitch: float = 0.0
    right_yaw: float = 0.0
    right_pitch: float = 0.0

    def __bool__(self) -> bool:
        """Whether any angle differs from 0."""
        return any(self.angles)

    @property
    def angles(self) -> tuple[float, float, float, float]:
        """The four angles in the order of a look's text."""
        return (self.left_yaw, self.left_pitch, self.right_yaw, self.right_pitch)

    @property
    def eyes(self) -> tuple[Gaze, Gaze]:
        """The turns of the left and of the right eye."""
        return Gaze(self.left_yaw, self.left_pitch), Gaze(self.right_yaw, self.right_pitch)

    @property
    def widening(self) -> float:
        """Degrees by which it turns the eyes apart; < 0 if it turns them towards each other."""
        return self.left_yaw - self.right_yaw

    def of_both(self, gaze: Gaze) -> Gaze:
        """Mean gaze of both eyes with this trim, given their gaze without it."""
        return Gaze(
            gaze.yaw + (self.left_yaw + self.right_yaw) / 2,
            gaze.pitch + (self.left_pitch + self.right_pitch) / 2,
        )

    def without(self, both: Gaze) -> Gaze:
        """Gaze without this trim, given the mean gaze of both eyes with it."""
        return Gaze(
            both.yaw - (self.left_yaw + self.right_yaw) / 2,
            both.pitch - (self.left_pitch + self.right_pitch) / 2,
        )


NO_TRIM = Trim()


@dataclass(frozen=True)
class GazeEstimate:
    """The gaze of a person.

    Attributes:
        gaze: Of both eyes together.
        left: Of the person's left eye.
        right: Of the person's right eye.
        confidence: 0 (a guess) to 1 (the edge of an iris is clear all round).
        seen: Whether an iris was clear enough to tell the gaze from; otherwise it is a guess.
    """

    gaze: Gaze
    left: Gaze
    right: Gaze
    confidence: float
    seen: bool = True

    @property
    def measured(self) -> Gaze | None:
        """Of both eyes; None where it cannot be measured, and is no number to show."""
        return self.gaze if self.seen and self.gaze.measurable else None
