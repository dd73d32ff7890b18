"""Read portraits, crops of eyes and renders: the face, its irises and its gaze."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pictures
from tqdm import tqdm

from datasets.eye_set import person_of
from datasets.renders import Render
from pipelines import face as faces
from pipelines import gaze
from pipelines.engines import geometry
from pipelines.face import Eye, Face, Side
from pipelines.gaze import PEOPLE, RENDERED, GazeEstimate, iris
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal
from pipelines.studio import analysis

# Distance between the canthi in pixels of the photo; in a smaller eye the iris is only five pixels
# wide.
_SMALLEST_WIDTH = 26.0
# Below this `_fine_share` an eye is out of focus. Set by looking at sheets of the eyes on either
# side.
_LEAST_FINE_SHARE = 0.12
# Height of the lid opening as a share of its width (`face.SHUT_OPENING` refuses less).
_LEAST_OPENING = 0.16


@dataclass(frozen=True)
class ReadPortrait:
    """A picture whose face, irises and gaze have been read.

    Attributes:
        name: Stem of the file name.
        person: The person, as far as is known.
        source: ``photo``, ``render`` or the name that a set of crops gives.
        picture_u8: uint8 sRGB, (H, W, 3).
        face: With fitted irises and lids.
        gaze: The estimated gaze; the true one of a render.
        confidence: Of the left and the right iris, 0..1.
    """

    name: str
    person: str
    source: str
    picture_u8: Image8
    face: Face
    gaze: GazeEstimate
    confidence: tuple[float, float]


def read_folder(folder: Path) -> Iterator[ReadPortrait]:
    """Read every portrait in a folder and its subfolders that is not refused.

    Raises:
        FileNotFoundError: There is no such folder, or no picture in it.
    """
    for file in tqdm(picture_files(folder), desc="Portraits", disable=None):
        try:
            photo = loading.load(file)
            face = faces.find(photo.pixels)
        except Refusal:
            continue
        pixels_u8 = np.rint(photo.pixels * 255).astype(np.uint8)
        yield _read(file.stem, person_of(file, folder), "photo", pixels_u8, face)


def read_crops(folder: Path) -> Iterator[ReadPortrait]:
    """Read crops around both eyes whose landmarks are known, without running MediaPipe.

    Args:
        folder: JPEGs and ``landmarks.npz`` with names (n,), landmarks (n, 478, 3) in pixels of each
            crop, and source (n,).

    Raises:
        FileNotFoundError: There is no ``landmarks.npz``.
    """
    with np.load(folder / "landmarks.npz", allow_pickle=False) as known:
        rows = list(zip(known["names"], known["landmarks"], known["source"], strict=True))
    for name, landmarks, source in tqdm(rows, desc="Crops", disable=None):
        pixels_u8 = _load_rgb(folder / str(name))
        size = (pixels_u8.shape[0], pixels_u8.shape[1])
        face = faces.from_landmarks(np.asarray(landmarks, np.float64), size)
        if face.head.turn <= geometry.LARGEST_HEAD_TURN:
            stem = Path(str(name)).stem
            yield _read(stem, stem, str(source), pixels_u8, face)


def read_render(render: Render) -> ReadPortrait | None:
    """Read a render and replace the measured iris centres and gaze by the true ones.

    Returns:
        None if the picture is refused.
    """
    picture_u8 = _load_rgb(render.path)
    try:
        face = faces.find(picture_u8.astype(np.float32) / np.float32(255))
    except Refusal:
        return None
    portrait = _read(render.path.stem, render.identity, "render", picture_u8, face)
    left, right = (
        replace(eye, iris_center=true.iris)
        for eye, true in zip(portrait.face.eyes, (render.left, render.right), strict=True)
    )
    true_gaze = GazeEstimate(render.gaze, render.left.axis, render.right.axis, 1.0)
    return replace(portrait, face=replace(portrait.face, left=left, right=right), gaze=true_gaze)


def usable_eyes(portrait: ReadPortrait) -> tuple[Side, ...]:
    """The sides whose eye is large enough, open, not hidden and in focus."""
    sides: tuple[Side, Side] = ("left", "right")
    return tuple(
        side
        for side, eye, confidence in zip(
            sides, portrait.face.eyes, portrait.confidence, strict=True
        )
        if eye.width >= _SMALLEST_WIDTH
        and eye.opening >= _LEAST_OPENING
        and confidence >= analysis.CLEAR_IRIS
        and _fine_share(portrait.picture_u8, eye) >= _LEAST_FINE_SHARE
    )


def picture_files(folder: Path) -> list[Path]:
    """Every picture file in a folder and its subfolders, sorted.

    Raises:
        FileNotFoundError: There is none.
    """
    endings = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in endings)
    if not files:
        raise FileNotFoundError(f"There is no picture in {folder}.")
    return files


def _read(name: str, person: str, source: str, picture_u8: Image8, face: Face) -> ReadPortrait:
    """Fit irises and estimate the gaze as `studio` does, without its refusals."""
    pixels = picture_u8.astype(np.float32) / np.float32(255)
    fit = iris.fit(pixels, face)
    snapped, estimate = gaze.read(pixels, face, fit, RENDERED if source == "render" else PEOPLE)
    # A circle with hardly any contrast to the sclera is no visible iris, however well it fits.
    visible = fit.contrast >= analysis.CLEAR_CONTRAST
    confidence = fit.confidence if visible else (0.0, 0.0)
    return ReadPortrait(name, person, source, picture_u8, snapped, estimate, confidence)


def _fine_share(picture_u8: Image8, eye: Eye) -> float:
    """Share of an eye's contrast in details finer than a twelfth of its iris radius, 0..1."""
    low = np.maximum(np.floor(eye.contour.min(axis=0)), 0).astype(int)
    high = np.ceil(eye.contour.max(axis=0)).astype(int) + 1
    crop = picture_u8[low[1] : high[1], low[0] : high[0]]
    if min(crop.shape[:2]) < 3:
        return 0.0
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), max(0.7, eye.iris_radius / 12))
    return float(fine.std() / max(float(grey.std()), 1.0))


def _load_rgb(path: Path) -> Image8:
    with Pictures.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)
