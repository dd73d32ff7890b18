"""Faces: landmarks, head pose, close-ups, visibility of the eyes, skin masks."""

from pipelines.face.face import Eye, Face, Side, from_landmarks, with_eyes
from pipelines.face.mesh import find
from pipelines.face.pose import HeadPose

__all__ = [
    "Eye",
    "Face",
    "HeadPose",
    "Side",
    "find",
    "from_landmarks",
    "with_eyes",
]
