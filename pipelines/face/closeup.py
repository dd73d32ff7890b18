"""Crop a face out of its picture, reduced to at most a given interocular distance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import skin
from pipelines.face.face import Face
from pipelines.image import colour, filters
from pipelines.image.arrays import Image, Map, Points


@dataclass(frozen=True)
class Closeup:
    """A crop around a face, reduced or at the picture's own scale.

    Attributes:
        pixels: float32 sRGB in [0, 1], shape (h, w, 3).
        face: The face in pixels of the crop.
        view: Rows and columns of the picture that the crop covers.
    """

    pixels: Image = field(repr=False)
    face: Face
    view: skin.Window

    @cached_property
    def lab(self) -> Image:
        """CIELAB of the crop, shape (h, w, 3)."""
        return colour.to_lab(self.pixels)

    @cached_property
    def linear(self) -> Image:
        """Linear RGB of the crop, shape (h, w, 3)."""
        return colour.to_linear(self.pixels)

    @cached_property
    def luminance(self) -> Map:
        """Linear luminance of the crop, shape (h, w)."""
        return np.asarray(cv2.transform(self.linear, colour.LUMINANCE[None]), np.float32)

    @cached_property
    def luma(self) -> Map:
        """Luma of the crop, shape (h, w)."""
        return colour.luma_of(self.pixels)

    @cached_property
    def grain(self) -> float:
        """Standard deviation of the crop's grain, of full scale."""
        return filters.noise(self.luma)

    @property
    def shape(self) -> tuple[int, int]:
        """Size of `view`, (rows, columns) in pixels of the picture."""
        rows, columns = self.view
        return rows.stop - rows.start, columns.stop - columns.start

    def like(self, pixels: Image) -> Image:
        """The same crop of another version of the picture, shape (h, w, 3)."""
        return _reduced(pixels[self.view], self.pixels.shape[:2])

    def back(self, values: Image) -> Image:
        """Resize values per pixel of the crop, (h, w) or (h, w, C), to the size of `view`."""
        height, width = self.shape
        if values.shape[:2] == (height, width):
            return values
        resized = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32)

    def part(
        self, where: NDArray[np.bool_], *values: Image
    ) -> tuple[skin.Window, tuple[Image, ...]]:
        """The bounding box of some pixels of the crop and those next to them.

        Args:
            where: Which pixels, shape (h, w); at least one.
            values: Values per pixel of the crop, each (h, w) or (h, w, C).

        Returns:
            Rows and columns of the box in the picture, and the values there at its size.
        """
        # Whole pixels of the picture, so that the part lies exactly on it.
        inside, start = [], []
        for side, size, length, seen in zip(
            # One pixel more, because resizing spreads values by up to that much.
            box(where, 1),
            where.shape,
            self.shape,
            self.view,
            strict=True,
        ):
            first = int(side.start * length / size)
            last = min(int(np.ceil(side.stop * length / size)), length)
            inside.append(slice(first, last))
            start.append(slice(seen.start + first, seen.start + last))
        return (start[0], start[1]), tuple(self.back(each)[inside[0], inside[1]] for each in values)


def box(mask: NDArray[np.bool_], margin: int = 0) -> skin.Window:
    """Bounding box of a mask that is not empty, wider by some pixels inside the picture."""
    seen = (np.flatnonzero(mask.any(axis=1 - axis)) for axis in (0, 1))
    rows, columns = (
        slice(max(int(each[0]) - margin, 0), min(int(each[-1]) + 1 + margin, size))
        for each, size in zip(seen, mask.shape, strict=True)
    )
    return rows, columns


def cut(pixels: Image, face: Face, margin: float, interocular: float) -> Closeup:
    """Crop a face out of its picture.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        margin: Margin around the face's outline, in interocular distances.
        interocular: Largest interocular distance of the crop, in pixels.
    """
    rows, columns = view = skin.window(face, margin)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    scale = min(1.0, interocular / face.interocular)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    factor = np.array([size[1] / max(width, 1), size[0] / max(height, 1)])
    start = np.array([columns.start, rows.start], np.float64)

    def to_crop(points: Points) -> Points:
        placed: Points = (points - start + 0.5) * factor - 0.5
        return placed

    landmarks = face.landmarks * scale
    landmarks[:, :2] = to_crop(face.landmarks[:, :2])
    face_in_crop = replace(
        face,
        landmarks=landmarks,
        size=size,
        left=face.left.mapped(to_crop, scale),
        right=face.right.mapped(to_crop, scale),
    )
    return Closeup(_reduced(pixels[view], size), face_in_crop, view)


def _reduced(pixels: Image | Map, size: tuple[int, ...]) -> Image:
    if pixels.shape[:2] == size:
        return np.ascontiguousarray(pixels)
    reduced = cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.float32)
