"""Eyes of renders with their true canthi, lids and eyeballs, in the frame the estimator uses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pipelines import face as faces
from pipelines.face import Face, Side
from pipelines.gaze import Gaze, eye_shape, iris
from pipelines.gaze.iris import EyesFit
from pipelines.image import crops, loading
from pipelines.image.arrays import Image8, Points
from pipelines.runtime.errors import Refusal


@dataclass(frozen=True)
class ReadFace:
    """One picture whose eyes are known.

    Attributes:
        identity: Who it is; people are held out whole.
        split: ``calibrate`` or ``test``.
        pixels_u8: The picture, uint8 sRGB, (H, W, 3).
        face: Its face with fitted irises.
        fit: The iris fit.
        gaze: The true gaze; None on a photograph.
        truth: Per eye (left, right) the true points, each (9, 2), order as
            `eye_shape.EyeShape.points`; None on a photograph.
    """

    identity: str
    split: str
    pixels_u8: Image8
    face: Face
    fit: EyesFit
    gaze: Gaze | None
    truth: tuple[Points, Points] | None


@dataclass(frozen=True)
class EyeOf:
    """One eye of a sitter, as the cascade meets it."""

    sitter: ReadFace
    side: Side

    @property
    def start(self) -> Points:
        """Similarity from the picture to the frame before anything is known, (2, 3)."""
        return eye_shape.first_frame(self.sitter.face, self.side)

    @property
    def truth(self) -> Points:
        """The true points in pixels of the picture, (9, 2)."""
        if self.sitter.truth is None:
            raise ValueError("This eye's truth is not known.")
        return self.sitter.truth[0 if self.side == "left" else 1]


def renders(folders: Sequence[Path], split: str | None = "calibrate") -> list[ReadFace]:
    """Every picture of some sets of renders that is not refused.

    Raises:
        FileNotFoundError: A folder has no `truth.json`.
    """
    found = []
    for folder in folders:
        images = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["images"]
        for image in tqdm(images, desc=folder.name, disable=None):
            if split in (None, image.get("split", split)) and (folder / image["file"]).exists():
                sitter = _sitter(folder / image["file"], image)
                found += [sitter] if sitter else []
    return found


def photographs(paths: Sequence[Path]) -> list[ReadFace]:
    """Photographs whose people presumably look into the lens; the folder is their identity."""
    found = [_sitter(path, None) for path in tqdm(paths, desc="photographs", disable=None)]
    return [sitter for sitter in found if sitter]


def _sitter(path: Path, image: dict[str, Any] | None) -> ReadFace | None:
    try:
        photo = loading.load(path)
        face = faces.find(photo.pixels)
    except Refusal:
        return None
    fit = iris.fit(photo.pixels, face)
    face = faces.with_eyes(face, fit.left, fit.right)
    pixels_u8 = np.rint(photo.pixels * 255).astype(np.uint8)
    if image is None:
        return ReadFace(path.parent.name, "photo", pixels_u8, face, fit, None, None)
    left, right = (
        _points(image["eyes"][f"subject_{side}"], face.head.roll, side) for side in _SIDES
    )
    gaze = Gaze(float(image["gaze_yaw"]), float(image["gaze_pitch"]))
    split = str(image.get("split", "calibrate"))
    return ReadFace(str(image["identity"]), split, pixels_u8, face, fit, gaze, (left, right))


_SIDES: tuple[Side, Side] = ("left", "right")


def _points(eye: dict[str, Any], roll: float, side: Side) -> Points:
    """Canthi, three points of each lid and the eyeball's centre from an eye of `truth.json`."""
    # The truth counts from the picture's edge, we count from the first pixel's centre.
    lids = np.array(eye["lids_px"], np.float64) - 0.5
    turn = crops.upright(np.zeros(2), roll, 1.0, (1, 1))
    upright = crops.through(turn, lids)
    ends = int(np.argmin(upright[:, 0])), int(np.argmax(upright[:, 0]))
    outer, inner = ends if side == "right" else ends[::-1]
    one, other = _arc(upright, outer, inner), _arc(upright[::-1], *_flipped(lids, outer, inner))
    upper, lower = sorted((one, other), key=lambda path: float(path[:, 1].mean()))
    edges = np.vstack([_thirds(path, upright[outer], upright[inner]) for path in (upper, lower)])
    center = np.array(eye["center_px"], np.float64) - 0.5
    return np.vstack([lids[outer], lids[inner], crops.through(crops.inverse(turn), edges), center])


def _flipped(lids: Points, *indices: int) -> tuple[int, ...]:
    return tuple(len(lids) - 1 - index for index in indices)


def _arc(points: Points, first: int, last: int) -> Points:
    count = (last - first) % len(points)
    return points[[(first + step) % len(points) for step in range(count + 1)]]


def _thirds(path: Points, outer: Points, inner: Points) -> Points:
    """Points of a lid edge at a quarter, half and three quarters of the eye's width, (3, 2)."""
    order = np.argsort(path[:, 0])
    x = outer[0] + np.array([0.25, 0.5, 0.75]) * (inner[0] - outer[0])
    return np.column_stack([x, np.interp(x, path[order, 0], path[order, 1])])
