"""Every call to MediaPipe: face mesh, face detection, person segmentation, record of landmarks.

MediaPipe stays at 0.10.21 (requirements.txt says why). To leave it, the four functions here have to
run the models that its wheel bundles in another runtime. Tried with ai-edge-litert 2.3.0 on random
input, on one thread: both detectors (1.1 and 3.6 ms), the segmentation (3.5 ms), the mesh of 468
points (1.2 ms) and `iris_landmark` (1.3 ms an eye) run as they are; the mesh with irises that is
used here, `face_landmark_with_attention`, does not, for its operator `Landmarks2TransformMatrix`.
What would have to be written is what MediaPipe's graphs do around the models: letterboxing, the
detectors' anchors, the rotated crop of a face and of its eyes, and the way back; and the
calibration of the gaze would have to be fitted again, because the plain mesh has other eyelids.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.runtime import native_stderr

# A solution is not thread-safe.
_lock = threading.Lock()


@dataclass(frozen=True)
class Detection:
    """An upright face that a detector found.

    Attributes:
        score: Confidence, 0..1.
        left, top, width, height: Its box, relative to the picture's size.
    """

    score: float
    left: float
    top: float
    width: float
    height: float


def face_landmarks(image_u8: NDArray[np.uint8], most: int) -> list[NDArray[np.float64]]:
    """Landmarks of at most so many faces, with irises.

    Args:
        image_u8: uint8 RGB, shape (H, W, 3).
        most: Largest number of faces.

    Returns:
        For each face x, y and z, relative to the picture's width and height (z to the width), from
        the picture's upper left corner; shape (478, 3).
    """
    with _lock:
        result = _process(_face_mesh(most), image_u8)
    faces = result.multi_face_landmarks or []
    return [np.array([(p.x, p.y, p.z) for p in face.landmark]) for face in faces]


def face_detections(image_u8: NDArray[np.uint8], *, full_range: bool) -> list[Detection]:
    """Faces that the full-range or the short-range detector finds in a uint8 RGB picture."""
    with _lock:
        result = _process(_face_detection(full_range), image_u8)
    found = []
    for face in result.detections or []:
        box = face.location_data.relative_bounding_box
        found.append(Detection(face.score[0], box.xmin, box.ymin, box.width, box.height))
    return found


def person_segmentation(image_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Confidence that a pixel belongs to a person, 0..1, shape (H, W), of a uint8 RGB picture."""
    with _lock:
        return np.asarray(_process(_segmentation(), image_u8).segmentation_mask, np.float32)


def landmark_list(points: Iterable[tuple[float, float]]) -> Any:
    """Relative points (x, y) as the record that MediaPipe's drawing functions take."""
    from mediapipe.framework.formats import landmark_pb2

    return landmark_pb2.NormalizedLandmarkList(
        landmark=[landmark_pb2.NormalizedLandmark(x=x, y=y) for x, y in points]
    )


# Solutions are kept for the life of the process, because each starts threads that outlive it.
@cache
def _face_mesh(most: int, /) -> Any:
    with native_stderr.silenced():
        from mediapipe.python.solutions import face_mesh

        return face_mesh.FaceMesh(static_image_mode=True, max_num_faces=most, refine_landmarks=True)


@cache
def _face_detection(full_range: bool, /) -> Any:
    with native_stderr.silenced():
        from mediapipe.python.solutions import face_detection

        return face_detection.FaceDetection(
            model_selection=int(full_range), min_detection_confidence=0.5
        )


@cache
def _segmentation() -> Any:
    with native_stderr.silenced():
        from mediapipe.python.solutions import selfie_segmentation

        return selfie_segmentation.SelfieSegmentation(model_selection=0)


def _process(solution: Any, image_u8: NDArray[Any]) -> Any:
    """Run a solution; its first run logs to stderr, which is silenced."""
    if getattr(solution, "presence_has_run", False):
        return solution.process(image_u8)
    with native_stderr.silenced():
        solution.presence_has_run = True
        return solution.process(image_u8)
