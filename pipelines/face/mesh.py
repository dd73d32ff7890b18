"""Find the face: 478 landmarks, the head's pose and two eyes. Landmark numbers live only here."""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.face.face import Face, from_landmarks
from pipelines.face.landmarks import (
    _LEFT_OUTER,
    _RIGHT_OUTER,
    _mirror,
)
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Points
from pipelines.runtime import native_stderr
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

LARGEST_TURN = 40.0
SMALLEST_FACE = 64
SHUT_OPENING = 0.12
# By how much surer a detector is of a face that hangs upside down: 0.26 where it truly does; over
# 111 upright portraits it was never surer at all.
CLEARLY = 0.1
CROP = 640


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
            Message(
                "The face is only {width:.0f} pixels wide. "
                "Use a closer crop or a larger photo: at least {least} pixels.",
                width=_extent(largest),
                least=SMALLEST_FACE,
            ),
        )
    face = from_landmarks(_refine(image_u8, largest), size, len(found))
    check(face)
    return face


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
            Message(
                "The head is turned about {turn:.0f}° away; we can work up to {most:.0f}°. "
                "Use a photo taken more from the front.",
                turn=face.head.turn,
                most=LARGEST_TURN,
            ),
        )
    if max(eye.opening for eye in face.eyes) < SHUT_OPENING:
        raise Refusal("eyes-shut", "The eyes are shut in this photo. Use one with open eyes.")


def _extent(landmarks: Points) -> float:
    return float(np.ptp(landmarks[:, 0]))


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
