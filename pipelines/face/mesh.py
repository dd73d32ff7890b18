"""Find the faces of a picture with MediaPipe's face mesh, and refine the landmarks of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import visibility
from pipelines.face.face import Face, from_landmarks
from pipelines.face.landmarks import LEFT_OUTER, RIGHT_OUTER, mirror
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Points
from pipelines.runtime import mediapipe_models
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

# Largest angle between the head's axis and the camera's, in degrees.
LARGEST_TURN = 60.0
# Smallest width of a face, in pixels.
SMALLEST_FACE = 64
# Smallest `Eye.opening` of an open eye.
SHUT_OPENING = 0.12
# Gain of the detection score when the picture is turned by 180 degrees, from which on the face is
# taken to be upside down. It is 0.26 where it is; on 111 upright portraits there was never a gain.
_TURNED_GAIN = 0.1
# Distance of two faces in widths of the larger one, below which they are one found twice.
_SAME_FACE = 0.35
# Side of the square crop on which the mesh is run again, in pixels.
_CROP = 640


def find(
    pixels: Image,
    number: int = 0,
    near: Points | None = None,
    located: Sequence[Points] | None = None,
) -> Face:
    """Find one face of a picture.

    The landmarks are the mean of a plain and a mirrored pass over an upright crop of the face,
    because either pass alone is biased to one side by up to a pixel.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        number: Which face, from 1, counted from the left; 0 for the largest.
        near: A point in pixels; the face nearest to it is taken instead.
        located: What `locate` found, if it is known.

    Raises:
        Refusal: ``no-face``, ``no-such-face``, ``face-too-small``, ``head-turned`` or
            ``eyes-shut``.
    """
    found = locate(pixels) if located is None else located
    if not found:
        raise Refusal(
            "no-face",
            "We can't find a face in this picture. Use a photo that shows one face from the front.",
        )
    index = _choose(found, number, near)
    chosen = found[index]
    if _width(chosen) < SMALLEST_FACE:
        raise Refusal(
            "face-too-small",
            Message(
                "The face is only {width:.0f} pixels wide. "
                "Use a closer crop or a larger photo: at least {least} pixels.",
                width=_width(chosen),
                least=SMALLEST_FACE,
            ),
        )
    size = (pixels.shape[0], pixels.shape[1])
    face = from_landmarks(_refine(_to_u8(pixels), chosen), size, len(found), index + 1)
    check(face)
    return face


def locate(pixels: Image) -> tuple[Points, ...]:
    """Unrefined landmarks of all faces in pixels, each (478, 3), from the left to the right.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
    """
    faces = sorted(all_landmarks(_to_u8(pixels)), key=_width, reverse=True)
    distinct: list[Points] = []
    for one in faces:
        # Two detectors may find one face a little differently.
        if all(_distance(one, other) > _SAME_FACE * _width(other) for other in distinct):
            distinct.append(one)
    return tuple(sorted(distinct, key=lambda one: tuple(_middle(one))))


def _choose(found: Sequence[Points], number: int, near: Points | None) -> int:
    if near is not None:
        return min(range(len(found)), key=lambda i: float(np.linalg.norm(_middle(found[i]) - near)))
    if number > len(found):
        raise Refusal(
            "no-such-face",
            Message(
                "This photo has no face {number}: we find {count}, counted from the left.",
                number=number,
                count=len(found),
            ),
        )
    return number - 1 if number else max(range(len(found)), key=lambda i: _width(found[i]))


def _to_u8(pixels: Image) -> Image8:
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255), np.uint8)


def _middle(landmarks: Points) -> Points:
    """Centre of the bounding box of landmarks, shape (2,)."""
    return np.asarray((landmarks[:, :2].min(axis=0) + landmarks[:, :2].max(axis=0)) / 2, np.float64)


def _distance(one: Points, other: Points) -> float:
    return float(np.linalg.norm(_middle(one) - _middle(other)))


def all_landmarks(image_u8: Image8) -> list[Points]:
    """Unrefined landmarks of all faces, each (478, 3), in pixels; also in upside-down pictures."""
    found, detected = _meshes(image_u8)
    if detected:
        return found
    # In an upside-down picture the mesh reports an upright face that is not there.
    turned_u8 = np.ascontiguousarray(image_u8[::-1, ::-1])
    if _detection_score(turned_u8) < _detection_score(image_u8) + _TURNED_GAIN:
        return found
    corner = np.array(image_u8.shape[1::-1]) - 1
    return [
        np.column_stack([corner - landmarks[:, :2], landmarks[:, 2]])
        for landmarks in _meshes(turned_u8)[0]
    ]


def check(face: Face) -> None:
    """Refuse a face that is turned too far or whose eyes are shut.

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
        raise visibility.eyes_shut()


def _width(landmarks: Points) -> float:
    return float(np.ptp(landmarks[:, 0]))


def _contains(landmarks: Points, point: Points) -> bool:
    """Whether a point lies in the bounding box of the landmarks."""
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    return bool(np.all(point > low) and np.all(point < high))


def _meshes(image_u8: Image8) -> tuple[list[Points], bool]:
    """Landmarks of every face, and whether the full-range detector detects any face."""
    found = _mesh(image_u8)
    # The mesh's own detector is made for faces within two metres and misses small ones.
    squares = _detect(image_u8)
    for left, top, side in squares:
        center = np.array([left + side / 2, top + side / 2])
        if not any(_contains(landmarks, center) for landmarks in found):
            found += _mesh_in_square(image_u8, left, top, side)
    return found, bool(squares)


def _refine(image_u8: Image8, landmarks: Points) -> Points:
    """Mean landmarks of a plain and a mirrored pass over an upright crop of the face."""
    across = landmarks[LEFT_OUTER, :2] - landmarks[RIGHT_OUTER, :2]
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    scale = _CROP / (1.7 * float(np.max(high - low)))
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    to_crop = crops.upright((low + high) / 2, angle, scale, (_CROP, _CROP))
    crop = crops.cut(image_u8, to_crop, (_CROP, _CROP))
    plain = _mesh(np.ascontiguousarray(crop), faces=1)
    mirrored = _mesh(np.ascontiguousarray(crop[:, ::-1]), faces=1)
    if not plain or not mirrored:
        return landmarks
    unmirrored = mirrored[0][mirror()]
    unmirrored[:, 0] = _CROP - 1 - unmirrored[:, 0]
    mean = (plain[0] + unmirrored) / 2
    refined = mean / scale
    refined[:, :2] = crops.through(crops.inverse(to_crop), mean[:, :2])
    return refined


def _mesh_in_square(image_u8: Image8, left: float, top: float, side: float) -> list[Points]:
    scale = _CROP / side
    to_crop = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    found = _mesh(crops.cut(image_u8, to_crop, (_CROP, _CROP)), faces=1)
    for landmarks in found:
        landmarks /= scale
        landmarks[:, :2] += (left, top)
    return found


def _mesh(image_u8: NDArray[Any], faces: int = 6) -> list[Points]:
    """Landmarks in pixels of the faces that MediaPipe's face mesh finds, each (478, 3)."""
    height, width = image_u8.shape[:2]
    # MediaPipe's origin is the picture's corner, ours the centre of the first pixel.
    return [
        relative * (width, height, width) - (0.5, 0.5, 0)
        for relative in mediapipe_models.face_landmarks(image_u8, faces)
    ]


def _detection_score(image_u8: Image8) -> float:
    """Highest score, 0..1, of an upright face in the short-range and the full-range detector."""
    scores = [
        face.score
        for full_range in (False, True)
        for face in mediapipe_models.face_detections(image_u8, full_range=full_range)
    ]
    return float(max(scores, default=0.0))


def _detect(image_u8: Image8) -> list[tuple[float, float, float]]:
    """Squares (left, top, side) in pixels around the faces of the full-range detector."""
    height, width = image_u8.shape[:2]
    squares = []
    for box in mediapipe_models.face_detections(image_u8, full_range=True):
        side = 2.2 * max(box.width * width, box.height * height)
        center_x = (box.left + box.width / 2) * width
        center_y = (box.top + box.height / 2) * height
        squares.append((center_x - side / 2, center_y - side / 2, side))
    return squares
