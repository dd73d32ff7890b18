"""The window of a face that hub engines work on, and what they are asked to draw in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.face import Face
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Map, Points

if TYPE_CHECKING:
    from PIL import Image as Pillow

MARGIN = 1.5
"""Side of the square around a face relative to its outline: with some hair and neck, as in the
models' training pictures."""
# Of what a window's sides are multiples, in pixels: several times the blocks that models draw in.
_BLOCK = 64


@dataclass(frozen=True)
class Window:
    """The square crop of a face that an engine works on.

    Attributes:
        to_window: Affine map from the picture to the window, shape (2, 3).
        size: (width, height) of the window.
        pixels: float32 sRGB in [0, 1], shape (height, width, 3).
        face: The face in pixels of the window.
    """

    to_window: Points
    size: tuple[int, int]
    pixels: Image
    face: Face


@dataclass(frozen=True)
class Scene:
    """What a hub engine is asked to draw in a window.

    Attributes:
        window: The picture to start from, for example with its eyes turned.
        photo: The person as photographed: the same window before the eyes were turned, or the face
            from near; float32 sRGB in [0, 1]. None where the face is to be nobody's.
        posed: The face as it shall be, in pixels of the window.
        mask: Where to draw, 0..1, shape (height, width).
        prompt: What to draw, in words.
        strength: 0 keeps the picture, 1 draws it anew.
    """

    window: Window
    photo: Image | None
    posed: Face
    mask: Map
    prompt: str
    strength: float

    @property
    def selection(self) -> Map:
        """The mask without its soft edge: 0 or 1."""
        return (self.mask > 0).astype(np.float32)


def look_at(image_u8: Image8, face: Face, side: int, margin: float = MARGIN) -> Window:
    """Crop the square around a face at the size that the engine works on.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        face: The face in pixels of `image_u8`.
        side: Side of the window in pixels.
        margin: Side of the window relative to the face outline.
    """
    low, high = face.oval.min(axis=0), face.oval.max(axis=0)
    scale = side / (margin * float((high - low).max()))
    to_window = crops.upright((low + high) / 2, 0.0, scale, (side, side))
    return Window(
        to_window=to_window,
        size=(side, side),
        pixels=cut(image_u8, to_window, (side, side)),
        face=moved(face, to_window, (side, side)),
    )


def whole(pixels: Image, face: Face, side: int) -> Window:
    """A whole picture at the size that the engine works on, with its border continued around it.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in them.
        side: Side of the square of as many pixels as the window has at most.
    """
    height, width = pixels.shape[:2]
    most = side / math.sqrt(width * height)
    # Not larger, because models reduce larger pictures.
    across, down = (_BLOCK * max(1, int(each * most / _BLOCK)) for each in (width, height))
    scale = min(across / width, down / height)
    middle = (np.array([width, height]) - 1) / 2
    to_window = crops.upright(middle, 0.0, scale, (across, down))
    return Window(
        to_window=to_window,
        size=(across, down),
        pixels=np.asarray(crops.cut(pixels, to_window, (across, down)), np.float32),
        face=moved(face, to_window, (across, down)),
    )


def cut(image_u8: Image8, to_window: Points, size: tuple[int, int]) -> Image:
    """The pixels of a window, float32 sRGB in [0, 1]."""
    return crops.cut(image_u8, to_window, size).astype(np.float32) / np.float32(255)


def moved(face: Face, affine: Points, size: tuple[int, int]) -> Face:
    """The face in pixels of an upright window.

    Args:
        face: The face in pixels of the picture.
        affine: Affine map from the picture to the window, shape (2, 3).
        size: (width, height) of the window.
    """
    scale = crops.scale_of(affine)
    landmarks = face.landmarks * scale
    landmarks[:, :2] = crops.through(affine, face.landmarks[:, :2])
    left, right = (eye.through(affine) for eye in face.eyes)
    return replace(face, landmarks=landmarks, size=(size[1], size[0]), left=left, right=right)


def to_pillow(pixels: Image | Map) -> Pillow.Image:
    """Pixels of 0..1 as a picture of 8 bits: RGB of shape (h, w, 3), grey of shape (h, w)."""
    from PIL import Image as Pillow

    return Pillow.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
