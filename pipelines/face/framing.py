"""Crops of a portrait for showing it: head and shoulders, the head alone, a wide one."""

from __future__ import annotations

import numpy as np

from pipelines.face.face import Face

# In face heights: half the crop's width, half its height, and the shift of its centre downwards.
_SHOULDERS = (1.05, 1.3, 0.06)
_HEAD = (0.72, 0.9, -0.04)
# In face heights: half the crop's height, and the shift of its centre downwards.
_WIDE = (1.05, 0.1)
_WIDE_RATIO = 16 / 9

Window = tuple[slice, slice]


def head_and_shoulders(face: Face, shape: tuple[int, ...]) -> Window:
    """Rows and columns of the head and shoulders, clipped to the picture.

    Args:
        face: The face, in pixels of any resized copy of the picture.
        shape: (height, width, ...) of the picture to crop.
    """
    return _around(face, shape, *_SHOULDERS)


def head(face: Face, shape: tuple[int, ...]) -> Window:
    """Rows and columns of the head alone, for small pictures in which the eyes must be visible.

    Args:
        face: The face, in pixels of any resized copy of the picture.
        shape: (height, width, ...) of the picture to crop.
    """
    return _around(face, shape, *_HEAD)


def wide(face: Face, shape: tuple[int, ...]) -> Window | None:
    """Rows and columns of a 16:9 crop around the head, moved and shrunk to lie in the picture.

    None if the picture is too narrow for a crop with the whole face in it.

    Args:
        face: The face, in pixels of any resized copy of the picture.
        shape: (height, width, ...) of the picture to crop.
    """
    half, down = _WIDE
    height, width = shape[:2]
    scale = height / face.size[0]
    low, high = (extreme(face.oval, axis=0) * scale for extreme in (np.min, np.max))
    tall = high[1] - low[1]
    rows = min(2 * half * tall, height, width / _WIDE_RATIO)
    if rows < tall:
        return None
    columns = rows * _WIDE_RATIO
    x, y = (low + high) / 2 + (0, down * tall)
    left = np.clip(x - columns / 2, 0, width - columns)
    top = np.clip(y - rows / 2, 0, height - rows)
    return (
        slice(round(top), round(top + rows)),
        slice(round(left), round(left + columns)),
    )


def _around(face: Face, shape: tuple[int, ...], wide: float, high: float, down: float) -> Window:
    # Relative coordinates (x, y), because the face may come from a copy of another size.
    low, high_corner = (
        np.asarray(extreme(face.oval, axis=0)) / face.size[::-1] for extreme in (np.min, np.max)
    )
    tall = (high_corner - low)[1] * face.size[0]
    center = (low + high_corner) / 2 + (0, down * high * tall / face.size[0])
    half = np.array([wide, high]) * tall / face.size[::-1]
    first, last = np.clip(center - half, 0, 1), np.clip(center + half, 0, 1)
    height, width = shape[:2]
    return (
        slice(round(first[1] * height), round(last[1] * height)),
        slice(round(first[0] * width), round(last[0] * width)),
    )
