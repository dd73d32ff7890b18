"""The part of a portrait that is shown when looks are compared: head and shoulders, or the head."""

from __future__ import annotations

import numpy as np

from pipelines.face.face import Face

# Around the face's middle, in heights of the face: half the width, half the height, and by how much
# of that the frame is moved down.
_SHOULDERS = (1.05, 1.3, 0.06)
_HEAD = (0.72, 0.9, -0.04)

Window = tuple[slice, slice]


def head_and_shoulders(face: Face, shape: tuple[int, ...]) -> Window:
    """Rows and columns around a face, as far as the picture has them.

    Args:
        face: The face, in pixels of a copy of the picture of any size.
        shape: The picture's own (height, width, ...).
    """
    return _around(face, shape, *_SHOULDERS)


def head(face: Face, shape: tuple[int, ...]) -> Window:
    """The same, closer: for small pictures in which the eyes have to be seen."""
    return _around(face, shape, *_HEAD)


def _around(face: Face, shape: tuple[int, ...], wide: float, high: float, down: float) -> Window:
    # In shares of the picture, so that one face fits copies of every size.
    top, bottom = (
        np.asarray(side(face.oval, axis=0)) / face.size[::-1] for side in (np.min, np.max)
    )
    tall = (bottom - top)[1] * face.size[0]
    middle = (top + bottom) / 2 + (0, down * high * tall / face.size[0])
    reach = np.array([wide, high]) * tall / face.size[::-1]
    first, last = np.clip(middle - reach, 0, 1), np.clip(middle + reach, 0, 1)
    height, width = shape[:2]
    return (
        slice(round(first[1] * height), round(last[1] * height)),
        slice(round(first[0] * width), round(last[0] * width)),
    )
