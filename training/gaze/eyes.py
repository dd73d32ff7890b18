"""Read renders with their true canthi, lids and eyeballs, and photographs without them."""

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
class LabelledPicture:
    """A picture with its face and, if it is a render, the true gaze and eye shapes.

    Attributes:
        identity: The rendered person, or the folder of a photograph.
        split: ``calibrate`` or ``test`` for a render, ``photo`` for a photograph.
        pixels_u8: The picture, uint8 sRGB, (H, W, 3).
        face: Its face with fitted irises.
        fit: The iris fit.
        gaze: The true gaze; None for a photograph.
        truth: The true points of the left and the right eye, each (9, 2), in the order of
            `eye_shape.EyeShape.of`; None for a photograph.
    """

    identity: str
    split: str
    pixels_u8: Image8
    face: Face
    fit: EyesFit
    gaze: Gaze | None
    truth: tuple[Points, Points] | None


@dataclass(frozen=True)
class LabelledEye:
    """One eye of a labelled picture."""

    picture: LabelledPicture
    side: Side

    @property
    def start(self) -> Points:
        """Similarity from the picture to the frame, placed by the landmarks, (2, 3)."""
        return eye_shape.first_frame(self.picture.face, self.side)

    @property
    def truth(self) -> Points:
        """The true points in pixels of the picture, (9, 2).

        Raises:
            ValueError: The picture is a photograph.
        """
        if self.picture.truth is None:
            raise ValueError("This eye's truth is not known.")
        return self.picture.truth[0 if self.side == "left" else 1]


def read_renders(folders: Sequence[Path], split: str | None = "calibrate") -> list[LabelledPicture]:
    """Read sets of renders, leaving out pictures that are refused.

    Args:
        folders: Each with ``truth.json``.
        split: Which part of each set; all if None.

    Raises:
        FileNotFoundError: A folder has no ``truth.json``.
    """
    pictures = []
    for folder in folders:
        images = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["images"]
        for image in tqdm(images, desc=folder.name, disable=None):
            if split in (None, image.get("split", split)) and (folder / image["file"]).exists():
                picture = _read(folder / image["file"], image)
                pictures += [picture] if picture else []
    return pictures


def read_photographs(paths: Sequence[Path]) -> list[LabelledPicture]:
    """Read photographs that presumably look into the lens, leaving out those that are refused."""
    pictures = [_read(path, None) for path in tqdm(paths, desc="photographs", disable=None)]
    return [picture for picture in pictures if picture]


def _read(path: Path, image: dict[str, Any] | None) -> LabelledPicture | None:
    """Find face and irises; `image` is the entry of ``truth.json``, None for a photograph."""
    try:
        photo = loading.load(path)
        face = faces.find(photo.pixels)
    except Refusal:
        return None
    fit = iris.fit(photo.pixels, face)
    face = faces.with_eyes(face, fit.left, fit.right)
    pixels_u8 = np.rint(photo.pixels * 255).astype(np.uint8)
    if image is None:
        return LabelledPicture(path.parent.name, "photo", pixels_u8, face, fit, None, None)
    left = _true_points(image["eyes"]["subject_left"], face.head.roll, "left")
    right = _true_points(image["eyes"]["subject_right"], face.head.roll, "right")
    return LabelledPicture(
        identity=str(image["identity"]),
        split=str(image.get("split", "calibrate")),
        pixels_u8=pixels_u8,
        face=face,
        fit=fit,
        gaze=Gaze(float(image["gaze_yaw"]), float(image["gaze_pitch"])),
        truth=(left, right),
    )


def _true_points(eye: dict[str, Any], roll: float, side: Side) -> Points:
    """Canthi, three points of each lid and the centre of the eyeball, (9, 2).

    Args:
        eye: Entry of an eye in ``truth.json``.
        roll: Of the head in degrees; the canthi are the outermost points across an upright eye.
        side: Which eye.
    """
    # truth.json has pixel centres at +0.5; here they are at whole numbers.
    lids = np.array(eye["lids_px"], np.float64) - 0.5
    turn = crops.upright(np.zeros(2), roll, 1.0, (1, 1))
    upright = crops.through(turn, lids)
    ends = int(np.argmin(upright[:, 0])), int(np.argmax(upright[:, 0]))
    outer, inner = ends if side == "right" else ends[::-1]
    last = len(lids) - 1
    arcs = _arc(upright, outer, inner), _arc(upright[::-1], last - outer, last - inner)
    upper, lower = sorted(arcs, key=lambda arc: float(arc[:, 1].mean()))
    edges = np.vstack([_quarters(arc, upright[outer], upright[inner]) for arc in (upper, lower)])
    center = np.array(eye["center_px"], np.float64) - 0.5
    return np.vstack([lids[outer], lids[inner], crops.through(crops.inverse(turn), edges), center])


def _arc(points: Points, first: int, last: int) -> Points:
    """The points of a closed polygon from one index forwards to another."""
    count = (last - first) % len(points)
    return points[[(first + step) % len(points) for step in range(count + 1)]]


def _quarters(arc: Points, outer: Points, inner: Points) -> Points:
    """Points of a lid edge at a quarter, half and three quarters of the eye's width, (3, 2)."""
    order = np.argsort(arc[:, 0])
    x = outer[0] + np.array([0.25, 0.5, 0.75]) * (inner[0] - outer[0])
    return np.column_stack([x, np.interp(x, arc[order, 0], arc[order, 1])])
