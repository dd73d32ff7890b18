"""Crops and sizes in which the page shows a picture: close-up, enlarged eyes, skin, thumbnail."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.face import Face
from pipelines.face.framing import head_and_shoulders

if TYPE_CHECKING:
    from pipelines.studio import Analysis

Pixels = NDArray[np.uint8]

# Pixels; no screen shows a portrait larger beside another one. Downloads have the full size.
VIEW_LONG_SIDE = 1600
EYES_FACTOR = 4
# In widths of the eye.
_EYES_MARGIN = 0.55
# Half the size of the crop of one eye, horizontally and vertically, in widths of the eye.
_EYE_REACH = (0.72, 0.5)
# Pixels that are not skin are mixed with this grey by this share.
_VEIL, _GREY = 0.82, 0.72


def fit_screen(image_u8: Pixels) -> Pixels:
    """The picture, scaled down to `VIEW_LONG_SIDE` if it is larger."""
    longest = max(image_u8.shape[:2])
    if longest <= VIEW_LONG_SIDE:
        return image_u8
    return _resized(image_u8, VIEW_LONG_SIDE / longest, Image.Resampling.LANCZOS)


def close_up(image_u8: Pixels, face: Face) -> Pixels:
    """Head and shoulders, as far as they are in the picture; the same crop for every look.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face, in pixels of the working copy.
    """
    return image_u8[head_and_shoulders(face, image_u8.shape)]


def eyes(image_u8: Pixels, face: Face, scale: float) -> Pixels:
    """Both eyes in one crop, enlarged.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face, in pixels of the working copy.
        scale: Working size / own size.
    """
    points = np.vstack([eye.contour for eye in face.eyes]) / scale
    reach = _EYES_MARGIN * max(eye.width for eye in face.eyes) / scale
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    height, width = image_u8.shape[:2]
    left, top = (int(value) for value in np.clip(low, 0, (width - 1, height - 1)))
    right, bottom = (int(value) + 1 for value in np.clip(high, 0, (width - 1, height - 1)))
    crop = image_u8[top:bottom, left:right]
    factor = min(EYES_FACTOR, max(1.0, VIEW_LONG_SIDE / max(crop.shape[:2])))
    return _resized(crop, factor, Image.Resampling.BICUBIC)


def eye_pair(image_u8: Pixels, face: Face, scale: float) -> Pixels:
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


def skin_view(analysis: Analysis) -> Pixels:
    """The portrait with everything that does not count as skin under a neutral grey veil."""
    small = np.asarray(analysis.portrait.pixels)
    skin = analysis.baseline.visible_skin[..., None]
    veiled = small + _VEIL * (1 - skin) * (_GREY - small)
    return close_up(np.rint(255 * veiled).astype(np.uint8), analysis.face)


def thumbnail(path: Path, side: int = 128) -> str:
    """A square thumbnail as a data URL, cropped from the upper middle, where faces are."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    edge = min(width, height)
    left = (width - edge) // 2
    square = image.crop((left, 0, left + edge, edge)).resize((side, side))
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def file_name(*parts: str) -> str:
    """The name of a download, such as ``presence-japan-linkedin``."""
    return "-".join(["presence", *(part for part in parts if part)])


def _resized(image_u8: Pixels, factor: float, resampling: Any) -> Pixels:
    height, width = image_u8.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(image_u8).resize(size, resampling))


def _resampled(image_u8: Pixels, corner: Any, step: float, size: tuple[int, ...]) -> Pixels:
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
