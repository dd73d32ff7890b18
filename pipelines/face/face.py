"""The face in a picture: landmarks, head pose and both eyes, in pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipelines.face.landmarks import ANCHORS, LEFT_IRIS, RIGHT_IRIS, regions
from pipelines.face.pose import HeadPose, head_pose
from pipelines.image import crops
from pipelines.image.arrays import Points

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Eye:
    """One eye, in pixels (x right, y down).

    Attributes:
        side: The person's own left or right.
        outer: Outer canthus (corner of the lids, towards the temple), shape (2,).
        inner: Inner canthus (towards the nose), shape (2,).
        upper: Edge of the upper lid from the outer to the inner canthus, shape (9, 2).
        lower: Edge of the lower lid from the outer to the inner canthus, shape (9, 2).
        iris_center: Centre of the iris, shape (2,).
        iris_radius: Radius of the iris along its wider axis.
    """

    side: Side
    outer: Points
    inner: Points
    upper: Points
    lower: Points
    iris_center: Points
    iris_radius: float

    @property
    def contour(self) -> Points:
        """The lid edges as a closed polygon, shape (16, 2)."""
        return np.vstack([self.upper, self.lower[-2:0:-1]])

    @property
    def width(self) -> float:
        """Distance between the canthi, in pixels."""
        return float(np.linalg.norm(self.outer - self.inner))

    @property
    def opening(self) -> float:
        """Mean distance of the lids in the middle of the eye, as a share of the eye's width."""
        gap = np.linalg.norm(self.upper[3:6] - self.lower[3:6], axis=1).mean()
        return float(gap / max(self.width, 1e-6))

    def scaled(self, factor: float) -> Eye:
        """The eye in a picture resized by `factor`."""
        return self.mapped(lambda points: _rescale(points, factor), factor)

    def mapped(self, move: Callable[[Points], Points], scale: float = 1.0) -> Eye:
        """The eye with `move` applied to its points, (..., 2), and its radius times `scale`."""
        return replace(
            self,
            outer=move(self.outer),
            inner=move(self.inner),
            upper=move(self.upper),
            lower=move(self.lower),
            iris_center=move(self.iris_center),
            iris_radius=self.iris_radius * scale,
        )

    def through(self, affine: Points) -> Eye:
        """The eye after a similarity of its picture, shape (2, 3)."""
        return self.mapped(lambda points: crops.through(affine, points), crops.scale_of(affine))


@dataclass(frozen=True)
class Face:
    """One face of a picture.

    Attributes:
        landmarks: MediaPipe Face Mesh with iris refinement, in pixels, shape (478, 3);
            pixel centres are at whole numbers, z increases away from the camera.
        size: (height, width) of the picture in pixels.
        head: Head pose in degrees.
        left: The person's left eye.
        right: The person's right eye.
        count: Number of faces in the picture.
        number: Which of them this is, from 1, counted from the left.
    """

    landmarks: Points
    size: tuple[int, int]
    head: HeadPose
    left: Eye
    right: Eye
    count: int
    number: int = 1

    @property
    def eyes(self) -> tuple[Eye, Eye]:
        """The person's left and right eye."""
        return self.left, self.right

    @property
    def oval(self) -> Points:
        """Outline of the face, shape (36, 2)."""
        return self.region("oval")

    @property
    def width(self) -> float:
        """Width of the face's outline along the line through the outer canthi, in pixels."""
        across = self.left.outer - self.right.outer
        across = across / max(float(np.linalg.norm(across)), 1e-6)
        return float(np.ptp(self.oval @ across))

    @property
    def interocular(self) -> float:
        """Distance between the midpoints of the two eyes, in pixels."""
        middles = [(eye.outer + eye.inner) / 2 for eye in self.eyes]
        return float(np.linalg.norm(middles[0] - middles[1]))

    @property
    def mm_per_px(self) -> float:
        """Millimetres per pixel, from the iris, whose diameter hardly differs between people.

        Source: Rüfer, Schröder & Erb 2005, Cornea 24(3), white-to-white 11.71 ± 0.42 mm, so a
        radius of 5.85 mm. The edge that `gaze.iris.fit` finds lies at 0.967 of that radius, on
        renders of known size.
        """
        return 0.967 * 5.85 / max((self.left.iris_radius + self.right.iris_radius) / 2, 1e-6)

    def region(self, name: str) -> Points:
        """A part of the face as a closed polygon in pixels, shape (n, 2).

        Names: oval, lips, mouth, nose, forehead, and left_/right_ + upper_lid, lower_lid, brow,
        under_eye, eye_socket, cheek, nostril.

        Raises:
            KeyError: Unknown name.
        """
        return self.landmarks[regions()[name], :2]

    def anchor(self, name: str) -> Points:
        """A point that hardly moves with the eyes, in pixels, shape (2,).

        Names: temples (the middle between them), bridge (of the nose).

        Raises:
            KeyError: Unknown name.
        """
        return np.asarray(self.landmarks[ANCHORS[name], :2].mean(axis=0), np.float64)

    def scaled(self, factor: float, size: tuple[int, int] | None = None) -> Face:
        """The face in a picture resized by `factor` to `size` (height, width)."""
        landmarks = self.landmarks * factor
        landmarks[:, :2] = _rescale(self.landmarks[:, :2], factor)
        height, width = size or (round(self.size[0] * factor), round(self.size[1] * factor))
        return replace(
            self,
            landmarks=landmarks,
            size=(height, width),
            left=self.left.scaled(factor),
            right=self.right.scaled(factor),
        )


def with_eyes(face: Face, left: Eye, right: Eye) -> Face:
    """The face with other eyes, and its iris and lid landmarks moved accordingly."""
    landmarks = face.landmarks.copy()
    for eye, first in ((left, LEFT_IRIS), (right, RIGHT_IRIS)):
        old = face.left if eye.side == "left" else face.right
        growth = eye.iris_radius / max(old.iris_radius, 1e-6)
        ring = slice(first, first + 5)
        landmarks[ring, :2] = eye.iris_center + growth * (
            landmarks[ring, :2] - landmarks[first, :2]
        )
        for name, edge in (("upper_lid", eye.upper), ("lower_lid", eye.lower)):
            landmarks[regions()[f"{eye.side}_{name}"], :2] = edge
    return replace(face, landmarks=landmarks, left=left, right=right)


def from_landmarks(
    landmarks: Points, size: tuple[int, int], count: int = 1, number: int = 1
) -> Face:
    """Build a Face from landmarks in pixels, shape (478, 3), without checking it."""
    return Face(
        landmarks=landmarks,
        size=(int(size[0]), int(size[1])),
        head=head_pose(landmarks),
        left=_eye(landmarks, "left"),
        right=_eye(landmarks, "right"),
        count=count,
        number=number,
    )


def _eye(landmarks: Points, side: Side) -> Eye:
    upper = landmarks[regions()[f"{side}_upper_lid"], :2]
    lower = landmarks[regions()[f"{side}_lower_lid"], :2]
    iris = LEFT_IRIS if side == "left" else RIGHT_IRIS
    ring = landmarks[iris + 1 : iris + 5, :2]
    # The larger of both diameters, because the lids often hide the top and bottom of the iris.
    diameter = max(np.linalg.norm(ring[0] - ring[2]), np.linalg.norm(ring[1] - ring[3]))
    return Eye(
        side=side,
        outer=upper[0],
        inner=upper[-1],
        upper=upper,
        lower=lower,
        iris_center=landmarks[iris, :2],
        iris_radius=float(diameter / 2),
    )


def _rescale(points: Points, factor: float) -> Points:
    """Coordinates in a picture resized by `factor`; pixel centres are at whole numbers."""
    return (points + 0.5) * factor - 0.5
