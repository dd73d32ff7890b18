"""A face cut out of its picture, at a size tied to the distance between the eyes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.face import Face
from pipelines.image.arrays import Image, Map, Points


@dataclass(frozen=True)
class Closeup:
    """Part of a picture around a face, never enlarged.

    Attributes:
        pixels: float32 sRGB in [0, 1], shape (h, w, 3).
        face: The face in it.
        view: Rows and columns of the picture that it shows.
    """

    pixels: Image = field(repr=False)
    face: Face
    view: skin.Window

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the view, in pixels of the picture."""
        rows, columns = self.view
        return rows.stop - rows.start, columns.stop - columns.start

    def like(self, pixels: Image) -> Image:
        """The same part of another state of the picture, at this closeup's size."""
        return _shrunk(pixels[self.view], self.pixels.shape[:2])

    def back(self, values: Image) -> Image:
        """Values per pixel of the closeup, (h, w) or (h, w, C), at the picture's size."""
        height, width = self.shape
        if values.shape[:2] == (height, width):
            return values
        resized = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32)


def cut(pixels: Image, face: Face, margin: float, interocular: float) -> Closeup:
    """Cut a face out of its picture.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        margin: How much to leave around the face's outline, in interoculars.
        interocular: The most pixels between the eyes.
    """
    rows, columns = view = skin.window(face, margin)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    scale = min(1.0, interocular / face.interocular)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    factor = np.array([size[1] / max(width, 1), size[0] / max(height, 1)])
    start = np.array([columns.start, rows.start], np.float64)

    def move(points: Points) -> Points:
        moved: Points = (points - start + 0.5) * factor - 0.5
        return moved

    landmarks = face.landmarks * scale
    landmarks[:, :2] = move(face.landmarks[:, :2])
    placed = replace(
        face,
        landmarks=landmarks,
        size=size,
        left=face.left.mapped(move, scale),
        right=face.right.mapped(move, scale),
    )
    return Closeup(_shrunk(pixels[view], size), placed, view)


def _shrunk(pixels: Image | Map, size: tuple[int, ...]) -> Image:
    if pixels.shape[:2] == size:
        return np.ascontiguousarray(pixels)
    small = cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
