"""Crops and sizes in which the page shows a picture: close-up, enlarged eyes, skin, thumbnail."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from pipelines.face import Face
from pipelines.face.framing import Window, head_and_shoulders
from pipelines.image.arrays import Image8, Points
from ui.result_pictures import EyeLine

if TYPE_CHECKING:
    from pipelines.studio import Analysis

# Pixels; no screen shows a portrait larger beside another one. Downloads have the full size.
VIEW_LONG_SIDE = 1600
# Twice the size at which profile pictures and tiles are shown, for sharp screens.
SMALL_LONG_SIDE = 512
EYES_FACTOR = 4
# Width and height of the piece of skin, at most.
_SKIN_SIZE = (480, 300)
# Gaussian scales, in widths of the face, between which blotches and dark circles lie.
_MIDDLE_BAND = (0.012, 0.05)
# Share of the piece that has to be skin; more makes it no better.
_SKIN_SHARE = 0.95
# Half the size of the crop of one eye, horizontally and vertically, in widths of the eye.
_EYE_REACH = (0.72, 0.5)
# Pixels that are not skin are mixed with this grey by this share.
_VEIL, _GREY = 0.82, 0.72


def fit_screen(image_u8: Image8) -> Image8:
    """The picture, scaled down to `VIEW_LONG_SIDE` if it is larger."""
    return _fitted(image_u8, VIEW_LONG_SIDE)


def close_up(image_u8: Image8, face: Face) -> Image8:
    """Head and shoulders, as far as they are in the picture; the same crop for every look.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face, in pixels of the working copy.
    """
    return image_u8[head_and_shoulders(face, image_u8.shape)]


def jpeg_data_url(image_u8: Image8, quality: int = 85) -> str:
    """A picture as the data URL of a JPEG without chroma subsampling."""
    import cv2

    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image_u8, cv2.COLOR_RGB2BGR), options)
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def eye_pair(image_u8: Image8, face: Face, scale: float) -> Image8:
    """Each eye in a crop of its own, enlarged; the person's right eye is in the left half.

    The crop depends on the face alone, so the pairs of a portrait and its looks match to the pixel.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face in the original, in pixels of the working copy.
        scale: Working size / own size.
    """
    width = max(eye.width for eye in face.eyes) / scale
    reach = np.array(_EYE_REACH) * width
    factor = min(EYES_FACTOR, VIEW_LONG_SIDE / (4 * reach[0]))
    size = tuple(max(1, round(side)) for side in 2 * factor * reach)
    halves = [
        _resampled(image_u8, np.mean(eye.contour, axis=0) / scale - reach, 1 / factor, size)
        for eye in (face.right, face.left)
    ]
    return np.hstack(halves)


def eye_lines(face: Face, shape: tuple[int, ...]) -> tuple[EyeLine, EyeLine]:
    """Where the eyes are in the whole picture, and in its head and shoulders.

    Args:
        face: The face, in pixels of the working copy.
        shape: (height, width, ...) of the picture at its own size.
    """
    scale = shape[0] / face.size[0]
    right, left = (np.mean(eye.contour, axis=0) * scale for eye in (face.right, face.left))
    side = float(face.oval[:, 0].min() * scale)

    def within(window: Window) -> EyeLine:
        rows, columns = window
        width, height = columns.stop - columns.start, rows.stop - rows.start
        x, y = (right + left) / 2 - (columns.start, rows.start)
        apart = float(np.hypot(*(left - right)))
        face_left = (side - columns.start) / width
        return EyeLine(x / width, y / height, apart / width, face_left, width / height)

    whole, close = _views(face, shape)
    return within(whole), within(close)


def outlines(corners: Points, face: Face, shape: tuple[int, ...]) -> tuple[str, str]:
    """The corners of a frame in the whole picture, and in its head and shoulders, for SVG.

    Args:
        corners: In pixels of the picture, shape (4, 2).
        face: The face, in pixels of the working copy.
        shape: (height, width, ...) of the picture at its own size.
    """
    found = []
    for rows, columns in _views(face, shape):
        size = columns.stop - columns.start, rows.stop - rows.start
        shares = (corners - (columns.start, rows.start)) / size
        found.append(" ".join(f"{x:.4f},{y:.4f}" for x, y in shares))
    return found[0], found[1]


def _views(face: Face, shape: tuple[int, ...]) -> tuple[Window, Window]:
    """The two windows that a picture is shown in: all of it, and head and shoulders."""
    return (slice(0, shape[0]), slice(0, shape[1])), head_and_shoulders(face, shape)


def skin_window(analysis: Analysis) -> Window:
    """Rows and columns of the piece of skin of the face that is the most uneven, at 100 %.

    Chosen in the photo, so that the piece is the same for every look. It shows what a retouch does.
    """
    import cv2

    shape, face, scale = (
        analysis.portrait.original_u8.shape,
        analysis.face,
        analysis.portrait.scale,
    )
    # Height and width of the piece in the original, at most a third of the face.
    face_width = float(np.ptp(face.oval[:, 0])) / scale
    width = int(min(_SKIN_SIZE[0], 0.45 * face_width))
    size = max(8, width), max(8, width * _SKIN_SIZE[1] // _SKIN_SIZE[0])
    low, high = face.oval.min(axis=0).astype(int), face.oval.max(axis=0).astype(int)
    near = slice(max(low[1], 0), high[1]), slice(max(low[0], 0), high[0])
    skin = np.asarray(analysis.baseline.visible_skin[near], np.float32)
    light = np.asarray(analysis.portrait.pixels[near]).mean(axis=2)
    middle = [cv2.GaussianBlur(light, (0, 0), share * face_width * scale) for share in _MIDDLE_BAND]
    box = tuple(max(3, round(side * scale)) for side in size)
    inside, uneven = (
        cv2.blur(one, box, borderType=cv2.BORDER_CONSTANT)
        for one in (skin, skin * np.abs(middle[0] - middle[1]))
    )
    score = np.minimum(inside, _SKIN_SHARE) ** 4 * (0.02 + uneven)
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    at = column + near[1].start, row + near[0].start
    left, top = (
        int(np.clip(place / scale - side / 2, 0, max(0, whole - side)))
        for place, side, whole in zip(at, size, (shape[1], shape[0]), strict=True)
    )
    return slice(top, top + size[1]), slice(left, left + size[0])


def small(image_u8: Image8) -> Image8:
    """The picture, scaled down to `SMALL_LONG_SIDE` if it is larger."""
    return _fitted(image_u8, SMALL_LONG_SIDE)


def skin_view(analysis: Analysis) -> Image8:
    """The portrait with everything that does not count as skin under a neutral grey veil."""
    small = np.asarray(analysis.portrait.pixels)
    skin = analysis.baseline.visible_skin[..., None]
    veiled = small + _VEIL * (1 - skin) * (_GREY - small)
    return close_up(np.rint(255 * veiled).astype(np.uint8), analysis.face)


def read(path: str) -> Image8:
    """The pixels of a file.

    Raises:
        OSError: It was deleted.
    """
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def thumbnail(path: Path, side: int = 128) -> str:
    """A square thumbnail as a data URL, cropped from the upper middle, where faces are."""
    with Image.open(path) as opened:
        image = ImageOps.fit(opened.convert("RGB"), (side, side), centering=(0.5, 0.0))
    return jpeg_data_url(np.asarray(image))


def file_name(*parts: str) -> str:
    """The name of a download, such as ``presence-japan-linkedin``."""
    return "-".join(["presence", *(part for part in parts if part)])


def _fitted(image_u8: Image8, side: int) -> Image8:
    image = Image.fromarray(image_u8)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    return np.asarray(image)


def _resampled(image_u8: Image8, corner: Any, step: float, size: tuple[int, ...]) -> Image8:
    """A rectangle of a picture from a subpixel corner; the border pixels are repeated outside."""
    import cv2

    matrix = np.array([[step, 0, corner[0]], [0, step, corner[1]]], np.float64)
    return np.asarray(
        cv2.warpAffine(
            image_u8,
            matrix,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
