"""A face in a picture: landmarks, head pose and two eyes, in pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipelines.face.landmarks import (
    _ANCHORS,
    _LEFT_IRIS,
    _RIGHT_IRIS,
    _numbers,
    _regions,
)
from pipelines.face.pose import HeadPose, head_pose
from pipelines.image.arrays import Points

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Eye:
    """One eye, in pixels (x right, y down).

    Attributes:
        side: The person's own left or right.
        outer: Outer canthus, shape (2,).
        inner: Inner canthus, shape (2,).
        upper: Edge of the upper lid from the outer to the inner canthus, shape (9, 2).
        lower: Edge of the lower lid from the outer to the inner canthus, shape (9, 2).
        iris_center: Centre of the iris, shape (2,).
        iris_radius: Radius of the iris across, in pixels.
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
        """The lid edge as a closed polygon, shape (16, 2)."""
        return np.vstack([self.upper, self.lower[-2:0:-1]])

    @property
    def width(self) -> float:
        """Distance between the canthi, in pixels."""
        return float(np.linalg.norm(self.outer - self.inner))

    @property
    def opening(self) -> float:
        """Mean lid distance over the middle of the eye, divided by the eye's width."""
        gap = np.linalg.norm(self.upper[3:6] - self.lower[3:6], axis=1).mean()
        return float(gap / max(self.width, 1e-6))

    def scaled(self, factor: float) -> Eye:
        """The same eye in a picture resized by `factor`."""
        return self.mapped(lambda points: _rescale(points, factor), factor)

    def mapped(self, move: Callable[[Points], Points], scale: float = 1.0) -> Eye:
        """The same eye with its points moved, each (..., 2), and its radius times `scale`."""
        return replace(
            self,
            outer=move(self.outer),
            inner=move(self.inner),
            upper=move(self.upper),
            lower=move(self.lower),
            iris_center=move(self.iris_center),
            iris_radius=self.iris_radius * scale,
        )


@dataclass(frozen=True)
class Face:
    """The largest face of a picture.

    Attributes:
        landmarks: MediaPipe Face Mesh with iris refinement, in pixels, shape (478, 3);
            pixel centres are at whole numbers, z grows away from the camera.
        size: (height, width) of the picture in pixels.
        head: Head pose in degrees.
        left: The person's left eye.
        right: The person's right eye.
        count: How many faces the picture shows; this is the largest of them.
    """

    landmarks: Points
    size: tuple[int, int]
    head: HeadPose
    left: Eye
    right: Eye
    count: int

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
        """Width of the face outline along the eye line, in pixels."""
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
        """Millimetres per pixel, from the human iris, 11.7 mm across in nearly everybody.

        Source: Rüfer, Schröder & Erb 2005, Cornea 24(3), white-to-white 11.71 ± 0.42 mm. The edge
        that `iris.fit` finds lies at 0.967 of that radius, on renders of known size.
        """
        return 0.967 * 5.85 / max((self.left.iris_radius + self.right.iris_radius) / 2, 1e-6)

    def region(self, name: str) -> Points:
        """A closed polygon by name, in pixels, shape (n, 2).

        Names: oval, lips, mouth, nose, forehead, and left_/right_ + upper_lid, lower_lid, brow,
        under_eye, eye_socket, cheek, nostril.

        Raises:
            KeyError: There is no region of this name.
        """
        return self.landmarks[_regions()[name], :2]

    def anchor(self, name: str) -> Points:
        """A point that moves little with the eyes, by name (temples, bridge), in pixels, (2,).

        Raises:
            KeyError: There is no anchor of this name.
        """
        return np.asarray(self.landmarks[_numbers(_ANCHORS[name]), :2].mean(axis=0), np.float64)

    def scaled(self, factor: float, size: tuple[int, int] | None = None) -> Face:
        """The same face in a picture resized by `factor` to `size` (height, width)."""
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
    """The same face with other eyes; its landmarks follow their irises and lid edges."""
    landmarks = face.landmarks.copy()
    for eye, first in ((left, _LEFT_IRIS), (right, _RIGHT_IRIS)):
        old = face.left if eye.side == "left" else face.right
        growth = eye.iris_radius / max(old.iris_radius, 1e-6)
        ring = slice(first, first + 5)
        landmarks[ring, :2] = eye.iris_center + growth * (
            landmarks[ring, :2] - landmarks[first, :2]
        )
        for name, edge in (("upper_lid", eye.upper), ("lower_lid", eye.lower)):
            landmarks[_regions()[f"{eye.side}_{name}"], :2] = edge
    return replace(face, landmarks=landmarks, left=left, right=right)


def from_landmarks(landmarks: Points, size: tuple[int, int], count: int = 1) -> Face:
    """Build a Face from 478 landmarks in pixels, shape (478, 3), without any checks."""
    return Face(
        landmarks=landmarks,
        size=(int(size[0]), int(size[1])),
        head=head_pose(landmarks),
        left=_eye(landmarks, "left"),
        right=_eye(landmarks, "right"),
        count=count,
    )


def _eye(landmarks: Points, side: Side) -> Eye:
    regions = _regions()
    upper = landmarks[regions[f"{side}_upper_lid"], :2]
    lower = landmarks[regions[f"{side}_lower_lid"], :2]
    iris = _LEFT_IRIS if side == "left" else _RIGHT_IRIS
    ring = landmarks[iris + 1 : iris + 5, :2]
    # The ring's horizontal pair is hidden by the lids far less often than its vertical pair.
    across = max(np.linalg.norm(ring[0] - ring[2]), np.linalg.norm(ring[1] - ring[3]))
    return Eye(
        side=side,
        outer=upper[0],
        inner=upper[-1],
        upper=upper,
        lower=lower,
        iris_center=landmarks[iris, :2],
        iris_radius=float(across / 2),
    )


def _rescale(points: Points, factor: float) -> Points:
    """Map pixel-centre coordinates into a picture resized by `factor`."""
    return (points + 0.5) * factor - 0.5
