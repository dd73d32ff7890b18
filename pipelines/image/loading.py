"""Decode a photo of any common format into an upright sRGB Portrait, or refuse it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from pipelines.image import compression, decoding, origin, spaces
from pipelines.image.arrays import Image, Image8
from pipelines.image.compression import Compression
from pipelines.image.origin import Origin
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

WORKING_LONG_SIDE = 2048
SMALLEST_SIDE = 64


@dataclass(frozen=True)
class Portrait:
    """A decoded photo.

    Attributes:
        original_u8: The photo at full size, uint8 sRGB, shape (H, W, 3), read-only.
        pixels: Working copy, float32 sRGB in [0, 1], at most 2048 px on its long side.
        scale: Working size / original size, in (0, 1].
        notes: Sentences on what was done to read its file, and on what it says of itself.
        origin: Whose it is, and what made it.
        compression: How its file was compressed, if it is a JPEG.
    """

    original_u8: Image8
    pixels: Image
    scale: float
    notes: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)
    compression: Compression | None = None


def load(source: str | Path | bytes) -> Portrait:
    """Load a photo of any of `decoding.FORMATS`.

    Applies EXIF orientation, converts colours to sRGB, tone-maps HDR, puts transparent pictures on
    white, reduces more than 8 bits, takes the first frame of an animation and the standard picture
    of one with a gain map, and drops all metadata but what `rights` reads.

    Args:
        source: Path or bytes of a file.

    Raises:
        Refusal: ``empty``, ``not-an-image``, ``unsupported``, ``truncated``, ``too-large`` or
            ``too-small``.
    """
    data = read(source)
    decoded = decoding.decode(data)
    portrait = from_pixels(spaces.to_srgb(decoded.values, decoded.space))
    found = origin.read(data, decoded.form)
    return replace(
        portrait,
        notes=(*decoded.notes, *found.notes),
        origin=found,
        compression=compression.read(data),
    )


def from_pixels(original_u8: Image8) -> Portrait:
    """Make a Portrait of decoded sRGB pixels, uint8, shape (H, W, 3).

    Raises:
        Refusal: ``too-large`` or ``too-small``.
    """
    height, width = original_u8.shape[:2]
    decoding.check_size(width, height)
    if min(height, width) < SMALLEST_SIDE:
        raise Refusal(
            "too-small",
            Message(
                "This picture is only {width} by {height} pixels. "
                "Use one in which the face alone is at least 64 pixels wide.",
                width=width,
                height=height,
            ),
        )
    original_u8 = np.ascontiguousarray(original_u8)
    original_u8.setflags(write=False)
    pixels = to_working(original_u8)
    pixels.setflags(write=False)
    return Portrait(original_u8, pixels, max(pixels.shape[:2]) / max(height, width))


def to_working(full_u8: Image8) -> Image:
    """Working copy of a full-size uint8 picture: float32 in [0, 1], at most 2048 px long."""
    height, width = full_u8.shape[:2]
    scale = min(1.0, WORKING_LONG_SIDE / max(height, width))
    return _reduced(full_u8, (max(1, round(width * scale)), max(1, round(height * scale))))


def working_of(version_u8: Image8, photo: Portrait) -> Image:
    """Working copy of a version of a photo; of a large one only the changed part is made anew.

    Args:
        version_u8: The version, of the photo's size; best one that is changed in a small place.
        photo: The photo.

    Returns:
        The same as `to_working(version_u8)`.
    """
    if photo.scale == 1:
        return to_working(version_u8)
    original, result = photo.original_u8, photo.pixels.copy()
    rows, small_rows = _changed(original, version_u8, len(result))
    before, after = original[rows].swapaxes(0, 1), version_u8[rows].swapaxes(0, 1)
    columns, small_columns = _changed(before, after, result.shape[1])
    part = result[small_rows, small_columns]
    if part.size:
        part[:] = _reduced(version_u8[rows, columns], (part.shape[1], part.shape[0]))
    return result


def _changed(before: Image8, after: Image8, size: int) -> tuple[slice, slice]:
    """The rows that differ, and their place in a copy of `size` rows.

    More than differ, so that they begin and end with rows of the copy.
    """
    count = math.gcd(len(before), size)
    step, small_step = len(before) // count, size // count

    def differs(part: int) -> bool:
        rows = slice(step * part, step * (part + 1))
        return not np.array_equal(before[rows], after[rows])

    first, end = 0, count
    if count > 1:
        first = next(filter(differs, range(count)), count)
        end = next(filter(differs, reversed(range(first, count))), first - 1) + 1
    return slice(step * first, step * end), slice(small_step * first, small_step * end)


def _reduced(image_u8: Image8, size: tuple[int, int]) -> Image:
    """A uint8 picture at another (width, height), float32 in [0, 1]."""
    if size != image_u8.shape[1::-1]:
        image_u8 = np.asarray(cv2.resize(image_u8, size, interpolation=cv2.INTER_AREA), np.uint8)
    return image_u8.astype(np.float32) / np.float32(255)


def read(source: str | Path | bytes) -> bytes:
    """The bytes of a file.

    Raises:
        Refusal: ``empty`` or ``not-an-image``: there is no readable file.
    """
    if isinstance(source, bytes):
        data = source
    else:
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise Refusal(
                "not-an-image", "There is no readable file of this name. Choose a photo."
            ) from error
    if not data:
        raise Refusal("empty", "This file is empty. Export or download the photo again.")
    return data
