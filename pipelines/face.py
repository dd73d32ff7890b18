"""Find the face: 478 landmarks, the head's pose and two eyes. Landmark numbers live only here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines import crops, native_stderr
from pipelines.arrays import Image, Image8, Points
from pipelines.errors import Refusal
from pipelines.said import Said

Side = Literal["left", "right"]

LARGEST_TURN = 40.0
SMALLEST_FACE = 64
# The mean face stands with its forehead above its chin. A head that looks straight ahead leans
# further back: by 9.7 degrees on renders of known pose, by 6.4 on the median portrait.
LEVEL_DEG = 8.0
SHUT_OPENING = 0.12
# By how much surer a detector is of a face that hangs upside down: 0.26 where it truly does; over
# 111 upright portraits it was never surer at all.
CLEARLY = 0.1
CROP = 640

_RIGHT_OUTER, _RIGHT_INNER = 33, 133
_LEFT_OUTER, _LEFT_INNER = 263, 362
_RIGHT_IRIS, _LEFT_IRIS = 468, 473

# Closed polygons, each in drawing order. Named for the person's own left and right.
_RIGHT = {
    "upper_lid": "33 246 161 160 159 158 157 173 133",
    "lower_lid": "33 7 163 144 145 153 154 155 133",
    "brow": "70 63 105 66 107 55 65 52 53 46",
    "under_eye": "33 7 163 144 145 153 154 155 133 245 128 121 120 119 118 117 111 35",
    "eye_socket": "156 70 63 105 66 107 55 193 245 128 121 120 119 118 117 111 143",
    "cheek": "117 118 119 100 142 203 206 216 207 187 147 123",
    "nostril": "98 235 219 218 79 239 238 20 242 97",
}
_MIDDLE = {
    "oval": "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 "
    "149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
    "lips": "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
    "mouth": "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
    "nose": "168 417 465 343 437 420 360 344 438 309 250 2 20 79 218 115 131 198 217 114 245 193",
    "forehead": "54 103 67 109 10 338 297 332 284 298 293 334 296 336 9 107 66 105 63 68",
}
_ANCHORS = {"temples": "234 454 127 356", "bridge": "6"}
# Points that move little with eyes, mouth and brows: nose bridge, forehead, temples, cheekbones.
_RIGID = (
    "6 168 197 195 5 4 10 109 338 67 297 103 332 54 284 21 251 127 356 234 454 93 323 117 "
    "346 50 280 101 330 9 8 108 337 69 299"
)


@dataclass(frozen=True)
class HeadPose:
    """Where the head points, in degrees.

    yaw > 0: towards the right-hand side of the picture; pitch > 0: up; roll > 0: clockwise.
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def turn(self) -> float:
        """Angle between the head's axis and the camera's, in degrees."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        across = np.hypot(np.sin(yaw) * np.cos(pitch), np.sin(pitch))
        return float(np.degrees(np.arctan2(across, np.cos(yaw) * np.cos(pitch))))


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


def find(pixels: Image) -> Face:
    """Find the largest face of a picture.

    The landmarks are the mean of a plain and a mirrored pass over the upright face, because
    either pass alone leans to one side by up to a pixel.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).

    Raises:
        Refusal: ``no-face``, ``face-too-small``, ``head-turned`` or ``eyes-shut``.
    """
    size = (pixels.shape[0], pixels.shape[1])
    image_u8 = np.ascontiguousarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    found = all_landmarks(image_u8)
    if not found:
        raise Refusal(
            "no-face",
            "We can't find a face in this picture. Use a photo that shows one face from the front.",
        )
    largest = max(found, key=_extent)
    if _extent(largest) < SMALLEST_FACE:
        raise Refusal(
            "face-too-small",
            Said(
                "The face is only {width:.0f} pixels wide. "
                "Use a closer crop or a larger photo: at least {least} pixels.",
                width=_extent(largest),
                least=SMALLEST_FACE,
            ),
        )
    face = from_landmarks(_refine(image_u8, largest), size, len(found))
    check(face)
    return face


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


def rotation(landmarks: Points) -> Points:
    """Rotation of the head in the picture's frame (x right, y down, z away), shape (3, 3).

    Least-squares similarity of the rigid landmarks to the mean face (Umeyama 1991).
    """
    rigid = _numbers(_RIGID)
    model, seen = _mean_face()[rigid], landmarks[rigid]
    model = model - model.mean(axis=0)
    seen = seen - seen.mean(axis=0)
    u, _, vt = np.linalg.svd(seen.T @ model)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    matrix: Points = u @ flip @ vt
    return matrix


def head_pose(landmarks: Points) -> HeadPose:
    """Head pose from 478 landmarks in pixels; see `HeadPose` for the signs."""
    matrix = rotation(landmarks)
    forward = -matrix[:, 2]
    yaw = np.degrees(np.arctan2(forward[0], -forward[2]))
    pitch = np.degrees(np.arcsin(np.clip(-forward[1], -1, 1)))
    across = matrix[:, 0]
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return HeadPose(float(yaw), float(pitch), float(roll))


def all_landmarks(image_u8: Image8) -> list[Points]:
    """Unrefined landmarks of every face that can be found, each (478, 3), in pixels."""
    found, seen = _meshes(image_u8)
    if seen:
        return found
    # Over a photo that stands on its head the mesh dreams up an upright face.
    turned_u8 = np.ascontiguousarray(image_u8[::-1, ::-1])
    if _certainty(turned_u8) < _certainty(image_u8) + CLEARLY:
        return found
    corner = np.array(image_u8.shape[1::-1]) - 1
    return [np.column_stack([corner - one[:, :2], one[:, 2]]) for one in _meshes(turned_u8)[0]]


def check(face: Face) -> None:
    """Refuse a face whose eyes cannot be worked on.

    Raises:
        Refusal: ``head-turned`` or ``eyes-shut``.
    """
    if face.head.turn > LARGEST_TURN:
        raise Refusal(
            "head-turned",
            Said(
                "The head is turned about {turn:.0f}° away; we can work up to {most:.0f}°. "
                "Use a photo taken more from the front.",
                turn=face.head.turn,
                most=LARGEST_TURN,
            ),
        )
    if max(eye.opening for eye in face.eyes) < SHUT_OPENING:
        raise Refusal("eyes-shut", "The eyes are shut in this photo. Use one with open eyes.")


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


def _extent(landmarks: Points) -> float:
    return float(np.ptp(landmarks[:, 0]))


@lru_cache(maxsize=1)
def _regions() -> dict[str, list[int]]:
    mirror = _mirror()
    middle = {name: _numbers(text) for name, text in _MIDDLE.items()}
    right = {f"right_{name}": _numbers(text) for name, text in _RIGHT.items()}
    left = {f"left_{name}": mirror[_numbers(text)].tolist() for name, text in _RIGHT.items()}
    return {**middle, **right, **left}


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split()]


@lru_cache(maxsize=1)
def _data() -> dict[str, NDArray[Any]]:
    with np.load(Path(__file__).parent / "data" / "mean_face.npz") as data:
        return {name: data[name] for name in data.files}


def _mean_face() -> Points:
    """The mean face in millimetres, origin between the eyes, axes as in pictures, (478, 3)."""
    cosine, sine = np.cos(np.radians(LEVEL_DEG)), np.sin(np.radians(LEVEL_DEG))
    nod = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return np.asarray(_data()["vertices_mm"].astype(np.float64) @ nod.T)


def _mirror() -> NDArray[np.int64]:
    """For each landmark, the one at the same place of a mirrored face."""
    return _data()["mirror"].astype(np.int64)


def _holds(landmarks: Points, point: Points) -> bool:
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    return bool(np.all(point > low) and np.all(point < high))


def _meshes(image_u8: Image8) -> tuple[list[Points], bool]:
    """Landmarks of every face, and whether the full-range detector sees any face."""
    found = _mesh(image_u8)
    # The mesh's own detector sees faces within two metres; the full-range one sees small ones.
    squares = _detect(image_u8)
    for left, top, side in squares:
        middle = np.array([left + side / 2, top + side / 2])
        if not any(_holds(landmarks, middle) for landmarks in found):
            found += _mesh_in_square(image_u8, left, top, side)
    return found, bool(squares)


def _refine(image_u8: Image8, landmarks: Points) -> Points:
    across = landmarks[_LEFT_OUTER, :2] - landmarks[_RIGHT_OUTER, :2]
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    scale = CROP / (1.7 * float(np.max(high - low)))
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    to_crop = crops.upright((low + high) / 2, angle, scale, (CROP, CROP))
    crop = crops.cut(image_u8, to_crop, (CROP, CROP))
    plain = _mesh(np.ascontiguousarray(crop), faces=1)
    mirrored = _mesh(np.ascontiguousarray(crop[:, ::-1]), faces=1)
    if not plain or not mirrored:
        return landmarks
    back = mirrored[0][_mirror()]
    back[:, 0] = CROP - 1 - back[:, 0]
    mean = (plain[0] + back) / 2
    refined = mean / scale
    refined[:, :2] = crops.through(crops.inverse(to_crop), mean[:, :2])
    return refined


def _mesh_in_square(image_u8: Image8, left: float, top: float, side: float) -> list[Points]:
    scale = CROP / side
    to_crop = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    found = _mesh(crops.cut(image_u8, to_crop, (CROP, CROP)), faces=1)
    for landmarks in found:
        landmarks /= scale
        landmarks[:, :2] += (left, top)
    return found


def _mesh(image_u8: NDArray[Any], faces: int = 6) -> list[Points]:
    height, width = image_u8.shape[:2]
    with _mediapipe_lock():
        result = _process(_face_mesh(faces), image_u8)
    # MediaPipe counts from the picture's edge, we count from the first pixel's centre.
    return [
        np.array([(p.x * width - 0.5, p.y * height - 0.5, p.z * width) for p in face.landmark])
        for face in result.multi_face_landmarks or []
    ]


def _certainty(image_u8: Image8) -> float:
    """How sure either detector is that there is an upright face, 0..1."""
    with _mediapipe_lock():
        results = [_process(_face_detection(full_range), image_u8) for full_range in (False, True)]
    found = [one.score[0] for result in results for one in result.detections or []]
    return float(max(found, default=0.0))


def _detect(image_u8: Image8) -> list[tuple[float, float, float]]:
    """Squares (left, top, side) in pixels around faces that the full-range detector sees."""
    height, width = image_u8.shape[:2]
    with _mediapipe_lock():
        result = _process(_face_detection(True), image_u8)
    squares = []
    for detection in result.detections or []:
        box = detection.location_data.relative_bounding_box
        side = 2.2 * max(box.width * width, box.height * height)
        middle_x, middle_y = (
            (box.xmin + box.width / 2) * width,
            (box.ymin + box.height / 2) * height,
        )
        squares.append((middle_x - side / 2, middle_y - side / 2, side))
    return squares


@lru_cache(maxsize=1)
def _mediapipe_lock() -> threading.Lock:
    """MediaPipe's solutions are not thread-safe: one call at a time per process."""
    return threading.Lock()


# Each solution has threads of its own, which outlive it: never made anew, so never let go of.
@cache
def _face_mesh(faces: int, /) -> Any:
    with native_stderr.silenced():
        from mediapipe.python.solutions import face_mesh

        return face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=faces, refine_landmarks=True
        )


@cache
def _face_detection(full_range: bool, /) -> Any:
    with native_stderr.silenced():
        from mediapipe.python.solutions import face_detection

        return face_detection.FaceDetection(
            model_selection=int(full_range), min_detection_confidence=0.5
        )


def _process(solution: Any, image_u8: NDArray[Any]) -> Any:
    """Run a solution; its first run talks on stderr about itself, which says nothing to anybody."""
    if getattr(solution, "presence_has_run", False):
        return solution.process(image_u8)
    with native_stderr.silenced():
        solution.presence_has_run = True
        return solution.process(image_u8)
