"""The ControlNet control image, drawn from landmarks in controlnet_aux's MediaPipe-face colours."""

from __future__ import annotations

import numpy as np

from pipelines import lids
from pipelines.arrays import Image8
from pipelines.face import Face, with_eyes
from pipelines.gaze import Gaze, GazeEstimate, iris_shift_mm, target_per_eye

PUPIL_HALF_WIDTH = 2


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

    from pipelines.vision_compat import mediapipe_annotator

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


def look_towards(face: Face, now: GazeEstimate, target: Gaze) -> Face:
    """The face with pupils, and for vertical gaze the lids, where `target` puts them."""
    goals = target_per_eye(now, target)
    left, right = (
        lids.followed(eye, iris_shift_mm(start, goal) / face.mm_per_px)
        for eye, start, goal in zip(face.eyes, (now.left, now.right), goals, strict=True)
    )
    return with_eyes(face, left, right)
