"""The ControlNet control image, drawn from landmarks in controlnet_aux's MediaPipe-face colours."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Eye, Face, with_eyes
from pipelines.gaze import NO_TRIM, Gaze, GazeEstimate, Trim, iris_shift_mm, lids, target_per_eye
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points

PUPIL_HALF_WIDTH = 2
IRIS_COLOUR = (0, 90, 160)
"""Of a patch's iris, RGB: with less red than green it is told from the pupil and all lines."""
# OpenCV draws at sixteenths of a pixel.
_FRACTION_BITS = 4


def draw(face: Face, size: tuple[int, int] | None = None) -> Image8:
    """Draw a face the way CrucibleAI/ControlNetMediaPipeFace was trained to read it.

    Colours, lines and pupils are controlnet_aux's own; only the landmarks are ours, so they can
    be moved before drawing. For landmarks as MediaPipe gives them the picture equals
    `MediapipeFaceDetector`'s, pixel for pixel.

    Args:
        face: The face, in pixels of its own picture.
        size: (height, width) of the control image; the face's own picture size if None.

    Returns:
        uint8 RGB, shape (height, width, 3).
    """
    from mediapipe.framework.formats import landmark_pb2

    from pipelines.runtime.vision_compat import mediapipe_annotator

    specs = mediapipe_annotator()
    height, width = size or face.size
    relative = (face.landmarks[:, :2] + 0.5) / (face.size[1], face.size[0])
    points = landmark_pb2.NormalizedLandmarkList(
        landmark=[landmark_pb2.NormalizedLandmark(x=x, y=y) for x, y in relative]
    )
    bgr = np.zeros((height, width, 3), np.uint8)
    specs.mp_drawing.draw_landmarks(
        bgr,
        points,
        connections=specs.face_connection_spec.keys(),
        landmark_drawing_spec=None,
        connection_drawing_spec=specs.face_connection_spec,
    )
    specs.draw_pupils(bgr, points, specs.iris_landmark_spec, PUPIL_HALF_WIDTH)
    return np.ascontiguousarray(bgr[:, :, ::-1])


def draw_eye(face: Face, eye: Eye, to_patch: Points, size: tuple[int, int]) -> Image8:
    """Draw one eye of a face inside a patch, in the colours of a right eye.

    Beside what the annotator draws, the iris is filled between the lids: how large it is and where
    a lid hides it need not be learned. Drawn from the moved landmarks at the patch's own scale,
    with soft edges: a crop of `draw` would put the pupil at whole pixels of a picture that is far
    larger. A left eye belongs into a mirrored patch; it takes the right one's colours, so that one
    model reads both.

    Args:
        face: The face, for the brow.
        eye: The eye to draw.
        to_patch: Affine map from the face's picture to the patch, shape (2, 3).
        size: (width, height) of the patch.

    Returns:
        uint8 RGB, shape (height, width, 3).
    """
    from pipelines.runtime.vision_compat import mediapipe_annotator

    specs = mediapipe_annotator()
    patch = _iris(eye, to_patch, size)
    brow = face.region(f"{eye.side}_brow")
    for points, closed, spec in (
        (brow[:5], False, specs.right_eyebrow_draw),
        (brow[5:], False, specs.right_eyebrow_draw),
        (eye.contour, True, specs.right_eye_draw),
    ):
        line = _sixteenths(crops.through(to_patch, points))
        colour = spec.color[::-1]
        cv2.polylines(patch, [line], closed, colour, spec.thickness, cv2.LINE_AA, _FRACTION_BITS)
    x, y = crops.through(to_patch, eye.iris_center)
    # A square whose edges cover pixels in part: OpenCV's soft edges are off by half a pixel.
    share = np.outer(_covered(y, size[1]), _covered(x, size[0]))[..., None]
    pupil = np.array(specs.right_iris_draw.color[::-1], np.float64)
    return np.rint(patch + share * (pupil - patch)).astype(np.uint8)


def look_towards(face: Face, now: GazeEstimate, target: Gaze, trim: Trim = NO_TRIM) -> Face:
    """The face with pupils, and for vertical gaze the lids, where target and trim put them."""
    goals = target_per_eye(now, target, trim)
    left, right = (
        lids.followed(eye, iris_shift_mm(start, goal) / face.mm_per_px)
        for eye, start, goal in zip(face.eyes, (now.left, now.right), goals, strict=True)
    )
    return with_eyes(face, left, right)


def _iris(eye: Eye, to_patch: Points, size: tuple[int, int]) -> Image8:
    """The iris as a disc between the lids, with soft edges, uint8 RGB, (height, width, 3)."""
    ys, xs = np.mgrid[: size[1], : size[0]]
    x, y = crops.through(to_patch, eye.iris_center)
    radius = eye.iris_radius * np.sqrt(abs(np.linalg.det(to_patch[:, :2])))
    disc = np.clip(radius + 0.5 - np.hypot(xs - x, ys - y), 0, 1)
    opening = np.zeros((size[1], size[0]), np.uint8)
    contour = _sixteenths(crops.through(to_patch, eye.contour))
    cv2.fillPoly(opening, [contour], (255,), cv2.LINE_AA, _FRACTION_BITS)
    share = (disc * opening / 255)[..., None]
    return np.rint(share * np.array(IRIS_COLOUR)).astype(np.uint8)


def _covered(middle: float, count: int) -> Points:
    """Share of each of `count` pixels in a row that the pupil's square covers."""
    pixels = np.arange(count)
    right = np.minimum(pixels + 0.5, middle + PUPIL_HALF_WIDTH)
    left = np.maximum(pixels - 0.5, middle - PUPIL_HALF_WIDTH)
    return np.asarray(np.clip(right - left, 0, 1))


def _sixteenths(points: Points) -> Points:
    return np.asarray(np.round(points * 2**_FRACTION_BITS), np.int32)
