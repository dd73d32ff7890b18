"""Apply an edit made at working size to the full-size picture and to its file; blend edits."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image import blocks, spaces
from pipelines.image.arrays import Image, Image8, Map
from pipelines.image.decoding import Decoded
from pipelines.image.spaces import ColourSpace, Values

Box = tuple[float, float, float, float]
_BLOCK = 256


def deliver(full_u8: Image8, before: Image, after: Image) -> Image8:
    """Add the difference between two working copies to the full-size picture.

    Only the difference is enlarged, so the photo keeps its own detail and grain. Where `before`
    and `after` are equal, the full-size pixels stay bit-identical.

    Args:
        full_u8: The full-size picture, uint8 (H, W, 3).
        before: Its working copy, float32 (h, w, 3).
        after: The edited working copy, same shape.
    """
    if after is before or np.array_equal(after, before):
        return full_u8
    result = np.empty_like(full_u8)
    height, width = full_u8.shape[:2]
    # Where the rows of the picture lie between those of its working copy.
    place = np.clip((np.arange(height) + 0.5) * len(before) / height - 0.5, 0, len(before) - 1)
    for rows in blocks.rows(full_u8.shape):
        source = np.arange(int(place[rows.start]), min(int(place[rows][-1]) + 2, len(before)))
        change = (after[source] - before[source]) * np.float32(255)
        if change.shape[1] != width:
            change = np.asarray(cv2.resize(change, (width, len(change))), np.float32)
        weights = np.maximum(1 - np.abs(place[rows, None] - source), 0).astype(np.float32)
        change = (weights @ change.reshape(len(source), -1)).reshape(-1, width, 3)
        # Rounds and saturates; adding 0 keeps a pixel.
        cv2.add(full_u8[rows], change, dst=result[rows], dtype=cv2.CV_8U)
    return result


def blended(original: Image8, results: Sequence[tuple[Box, Image8]]) -> Image8:
    """Put edits of several faces into one picture, each around its own face.

    What an edit does to the whole picture, such as its light, passes from face to face, weighted by
    the inverse cube of the distance (Shepard 1968, Proc. ACM National Conference, 517-524).

    Args:
        original: The photo, uint8, shape (H, W, 3).
        results: For each face: left, top, right and bottom as shares of the picture, and the
            picture with this face edited; the original itself for a face that is left as it is.
    """
    height, width = original.shape[:2]
    blend = np.empty_like(original)
    across = [_beyond(np.arange(width), box[0] * width, box[2] * width) for box, _ in results]
    down = [_beyond(np.arange(height), box[1] * height, box[3] * height) for box, _ in results]
    for top in range(0, height, _BLOCK):
        rows = slice(top, top + _BLOCK)
        total = np.zeros((*original[rows].shape[:2], 1), np.float32)
        change = np.zeros(original[rows].shape, np.float32)
        for (_, image), x, y in zip(results, across, down, strict=True):
            weight = 1 / (np.hypot(x[None], y[rows, None]) ** 3 + np.float32(1e-6))[..., None]
            total += weight
            if image is not original:
                change += weight * (image[rows].astype(np.float32) - original[rows])
        blend[rows] = np.clip(np.rint(original[rows] + change / total), 0, 255)
    return blend


def _beyond(place: NDArray[np.int_], low: float, high: float) -> Map:
    """Distance beyond an interval grown by a quarter of its length, in lengths."""
    margin = (high - low) / 4
    outside = np.maximum(np.maximum(low - margin - place, place - high - margin), 0)
    return np.asarray(outside / max(high - low, 1), np.float32)


def in_space(decoded: Decoded, original: Image8, result: Image8, space: ColourSpace) -> Values:
    """Make the change from the original to a result, both 8-bit sRGB, in the pixels of the file.

    The change is added to the encoded sRGB value of each pixel, which may lie outside sRGB's gamut
    or between two of its levels. Where nothing changes, the pixels stay bit-identical if `space` is
    their own.

    Args:
        decoded: The photo as its file holds it.
        original: The photo, shape (H, W, 3).
        result: The result, same shape.
        space: Colour space of the pixels that are returned.

    Returns:
        uint8 or uint16, as the file has it; uint16 in another space than the file's.
    """
    same = space is decoded.space
    values = decoded.values if same else spaces.in_depth(decoded.values, np.uint16)
    if same and result is original:
        return values
    after, top_level = values.copy(), np.iinfo(values.dtype).max
    for top in range(0, len(values), _BLOCK):
        rows = slice(top, top + _BLOCK)
        before, changed = original[rows], result[rows]
        if same and np.array_equal(before, changed):
            continue
        if same and space.is_srgb:
            # Its values are those that the change is added to.
            steps = cv2.subtract(changed, before, dtype=cv2.CV_32S) * np.int32(top_level // 255)
            after[rows] = np.clip(values[rows] + steps, 0, top_level)
            continue
        change = cv2.subtract(changed, before, dtype=cv2.CV_32F) / np.float32(255)
        value = spaces.srgb_value(decoded.space.linear(values[rows]))
        light = spaces.srgb_linear(value + change)
        made = space.values(light, after.dtype.type)
        if same:
            differs = before != changed
            where = differs[..., 0] | differs[..., 1] | differs[..., 2]
            cv2.copyTo(made, where.astype(np.uint8), after[rows])
        else:
            after[rows] = made
    return after
