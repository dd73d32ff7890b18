"""Control images for ControlNets, drawn from landmarks in the colours of controlnet_aux."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Eye, Face, with_eyes
from pipelines.gaze import NO_TRIM, Gaze, GazeEstimate, Trim, iris_shift_mm, lids, target_per_eye
from pipelines.image import crops
from pipelines.image.arrays import Image8, Points
from pipelines.runtime import mediapipe_models

PUPIL_HALF_WIDTH = 2
"""Half of the side of the square that marks a pupil, in pixels of the control image."""
IRIS_COLOUR = (0, 90, 160)
"""RGB of the iris in the control image of a patch; pupil and lines have more red than green."""
# Binary digits after the point in OpenCV's coordinates.
_FRACTION_BITS = 4


def look_towards(face: Face, now: GazeEstimate, target: Gaze, trim: Trim = NO_TRIM) -> Face:
    """The face with irises and lids moved to where a target gaze puts them.

    Args:
        face: The face, at any size.
        now: Its gaze as photographed.
        target: Target of both eyes together, without the trim.
        trim: Additional turn of each eye.
    """
    goals = target_per_eye(now, target, trim)
    left, right = (
        lids.followed(eye, iris_shift_mm(start, goal) / face.mm_per_px)
        for eye, start, goal in zip(face.eyes, (now.left, now.right), goals, strict=True)
    )
    return with_eyes(face, left, right)


def draw(face: Face, size: tuple[int, int] | None = None) -> Image8:
    """Draw the control image that CrucibleAI/ControlNetMediaPipeFace was trained on.

    Colours, lines and pupils are drawn by controlnet_aux; the landmarks may have been moved before.
    For the landmarks of MediaPipe the result equals `MediapipeFaceDetector`'s, pixel for pixel.

    Args:
        face: The face, in pixels of its picture.
        size: (height, width) of the control image; the size of the face's picture if None.

    Returns:
        uint8 RGB, shape (height, width, 3).
    """
    from pipelines.runtime.vision_compat import mediapipe_annotator

    specs = mediapipe_annotator()
    height, width = size or face.size
    relative = (face.landmarks[:, :2] + 0.5) / (face.size[1], face.size[0])
    points = mediapipe_models.landmark_list((x, y) for x, y in relative)
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
    """Draw the control image of an eye patch: lids, brow, iris and pupil.

    It differs from a crop of `draw` in three ways. It is drawn at the patch's scale with sub-pixel
    precision, because whole pixels of the picture are too coarse for a pupil. The iris is filled
    between the lids, so that the model need not learn its size or what a lid hides. Both eyes get
    the colours of a right eye, because the patch of a left eye is mirrored and one model reads
    both.

    Args:
        face: The face, for its brow.
        eye: The eye to draw.
        to_patch: Affine map from the face's picture to the patch, shape (2, 3).
        size: (width, height) of the patch.

    Returns:
        uint8 RGB, shape (height, width, 3).
    """
    from pipelines.runtime.vision_compat import mediapipe_annotator

    specs = mediapipe_annotator()
    patch = _draw_iris(eye, to_patch, size)
    brow = face.region(f"{eye.side}_brow")
    for points, closed, spec in (
        (brow[:5], False, specs.right_eyebrow_draw),
        (brow[5:], False, specs.right_eyebrow_draw),
        (eye.contour, True, specs.right_eye_draw),
    ):
        polyline = _fixed_point(crops.through(to_patch, points))
        colour = spec.color[::-1]
        cv2.polylines(
            patch, [polyline], closed, colour, spec.thickness, cv2.LINE_AA, _FRACTION_BITS
        )
    x, y = crops.through(to_patch, eye.iris_center)
    # Not by OpenCV, whose anti-aliased edges are off by half a pixel.
    coverage = np.outer(_coverage(y, size[1]), _coverage(x, size[0]))[..., None]
    pupil = np.array(specs.right_iris_draw.color[::-1], np.float64)
    return np.rint(patch + coverage * (pupil - patch)).astype(np.uint8)


def _draw_iris(eye: Eye, to_patch: Points, size: tuple[int, int]) -> Image8:
    """The visible part of the iris on black, anti-aliased, uint8 RGB, (height, width, 3)."""
    ys, xs = np.mgrid[: size[1], : size[0]]
    x, y = crops.through(to_patch, eye.iris_center)
    radius = eye.iris_radius * crops.scale_of(to_patch)
    disc = np.clip(radius + 0.5 - np.hypot(xs - x, ys - y), 0, 1)
    opening = np.zeros((size[1], size[0]), np.uint8)
    contour = _fixed_point(crops.through(to_patch, eye.contour))
    cv2.fillPoly(opening, [contour], (255,), cv2.LINE_AA, _FRACTION_BITS)
    coverage = (disc * opening / 255)[..., None]
    return np.rint(coverage * np.array(IRIS_COLOUR)).astype(np.uint8)


def _coverage(center: float, count: int) -> Points:
    """Share of each of `count` pixels in a row that the square of the pupil covers."""
    pixels = np.arange(count)
    right = np.minimum(pixels + 0.5, center + PUPIL_HALF_WIDTH)
    left = np.maximum(pixels - 0.5, center - PUPIL_HALF_WIDTH)
    return np.asarray(np.clip(right - left, 0, 1))


def _fixed_point(points: Points) -> Points:
    return np.asarray(np.round(points * 2**_FRACTION_BITS), np.int32)
