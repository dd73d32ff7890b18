"""Face embeddings of dlib, and the distance between two of them as a measure of likeness."""

from __future__ import annotations

import importlib.util
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face, closeup
from pipelines.image.arrays import Image, Points
from pipelines.runtime.errors import EngineUnavailable
from pipelines.runtime.messages import Message

Embedding = NDArray[np.float64]

SAME_PERSON = 0.6
"""Distance at which two portraits count as different people (King 2017, dlib's own threshold)."""

_EMBEDDER = "dlib_face_recognition_resnet_model_v1.dat"

# dlib aligns a face by its canthi and the base of the nose. Its own landmark predictor is accurate
# to a few pixels only, and the embedding varies with it: by 0.04 under grain too fine to see,
# against 0.01 with the landmarks of the mesh (35 portraits, median). These offsets, in interocular
# distances, are the mean differences between the two: the predictor places the inner canthi further
# out and the base of the nose lower.
_INNER_OUTWARDS = 0.03
_BASE_DOWN = 0.06
# Half of the side of the crop, and margin around the face beyond which it only repeats the border,
# in interocular distances; dlib uses less.
_REACH, _MARGIN = 2.0, 0.6
# Largest interocular distance of the crop in pixels. dlib reduces the face to 150 px.
_MOST_INTEROCULAR = 120.0


def embedding(pixels: Image, face: Face) -> Embedding:
    """Compute the face embedding of a portrait, deterministically.

    Thread-safe. The first call loads the model (about 0.3 s).

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.

    Returns:
        float64, shape (128,).

    Raises:
        EngineUnavailable: dlib or its model file is not installed.
    """
    near = closeup.cut(pixels, face, _MARGIN, _MOST_INTEROCULAR)
    points, reach = _alignment_points(near.face), _REACH * near.face.interocular
    extent = max(2, round(2 * reach))
    # dlib takes whole pixels, so that the same face must always lie at the same part of a pixel.
    shift = reach - points.mean(axis=0)
    to_crop = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    size = (extent, extent)
    crop = cv2.warpAffine(near.pixels, to_crop, size, borderMode=cv2.BORDER_REPLICATE)
    crop_u8 = np.rint(np.clip(crop, 0, 1) * 255).astype(np.uint8)
    with _lock:
        dlib, embedder = _models()
        parts = [dlib.point(round(x), round(y)) for x, y in (points + shift).tolist()]
        shape = dlib.full_object_detection(dlib.rectangle(0, 0, extent, extent), parts)
        return np.array(embedder.compute_face_descriptor(crop_u8, shape), np.float64)


def distance(a: Embedding, b: Embedding) -> float:
    """Euclidean distance of two embeddings: 0 for the same picture; see `SAME_PERSON`."""
    return float(np.linalg.norm(a - b))


def _alignment_points(face: Face) -> Points:
    """Dlib's points: outer and inner canthus of left and right eye, base of the nose, (5, 2)."""
    # From the mesh, because fitted lids change with an edit of the eyes.
    left, right = face.region("left_upper_lid"), face.region("right_upper_lid")
    base = (face.region("left_nostril")[-2] + face.region("right_nostril")[-2]) / 2
    down = base - (left.mean(axis=0) + right.mean(axis=0)) / 2
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    outwards = (
        _INNER_OUTWARDS
        * (left[0] - right[0])
        / max(float(np.linalg.norm(left[0] - right[0])), 1e-6)
    )
    unit = face.interocular
    return np.array(
        [
            left[0],
            left[-1] + outwards * unit,
            right[0],
            right[-1] - outwards * unit,
            base + _BASE_DOWN * unit * down,
        ]
    )


_lock = threading.Lock()


@lru_cache(maxsize=1)
def _models() -> tuple[Any, Any]:
    try:
        import dlib
    except ImportError as error:
        raise _unavailable("dlib-bin") from error
    # Not imported, because the package needs pkg_resources; only its folder is used.
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise _unavailable("face-recognition-models")
    file = Path(spec.submodule_search_locations[0]) / "models" / _EMBEDDER
    if not file.is_file():
        raise _unavailable("face-recognition-models")
    return dlib, dlib.face_recognition_model_v1(str(file))


def _unavailable(package: str) -> EngineUnavailable:
    return EngineUnavailable(
        "identity-unavailable",
        Message(
            "Likeness cannot be measured because {package} is not installed. "
            "Run `pip install -r requirements.txt`.",
            package=package,
        ),
    )
