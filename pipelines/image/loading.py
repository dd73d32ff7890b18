"""Decode a photo of any common format into an upright sRGB Portrait, or refuse it."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from pipelines.image.arrays import Image, Image8
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

MAX_MEGAPIXELS = 40
WORKING_LONG_SIDE = 2048
SMALLEST_SIDE = 64

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP", "GIF")
FORMAT_WORDS = "JPEG, PNG, WebP, HEIC, TIFF, BMP or GIF"

# What Pillow and its plug-ins raise for damaged files.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Portrait:
    """A decoded photo.

    Attributes:
        original_u8: The photo at full size, uint8 sRGB, shape (H, W, 3), read-only.
        pixels: Working copy, float32 sRGB in [0, 1], at most 2048 px on its long side.
        scale: Working size / original size, in (0, 1].
    """

    original_u8: Image8
    pixels: Image
    scale: float


def load(source: str | Path | bytes) -> Portrait:
    """Load a photo of any of `FORMATS`.

    Applies EXIF orientation, converts embedded colour profiles to sRGB, puts transparent pictures
    on white, scales 16-bit values, takes the first frame of an animation, and drops all metadata.

    Args:
        source: Path or bytes of a file.

    Raises:
        Refusal: ``empty``, ``not-an-image``, ``truncated``, ``too-large`` or ``too-small``.
    """
    image = _open(_read(source))
    _check_size(*image.size)
    image = _decode(image)
    return from_pixels(np.asarray(_to_rgb(image)))


def from_pixels(original_u8: Image8) -> Portrait:
    """Make a Portrait of decoded sRGB pixels, uint8, shape (H, W, 3).

    Raises:
        Refusal: ``too-large`` or ``too-small``.
    """
    height, width = original_u8.shape[:2]
    _check_size(width, height)
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
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        full_u8 = np.asarray(cv2.resize(full_u8, size, interpolation=cv2.INTER_AREA), np.uint8)
    return full_u8.astype(np.float32) / np.float32(255)


def _read(source: str | Path | bytes) -> bytes:
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


def _open(data: bytes) -> Pillow.Image:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        return Pillow.open(io.BytesIO(data), formats=FORMATS)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_large() from error
    except _DECODER_ERRORS as error:
        if _has_picture_signature(data):
            raise _damaged() from error
        raise Refusal(
            "not-an-image",
            Message("This file is not a picture we can read. Use {formats}.", formats=FORMAT_WORDS),
        ) from error


def _has_picture_signature(data: bytes) -> bool:
    """Whether a file starts like a JPEG, PNG, GIF, TIFF, WebP or HEIF file."""
    signatures = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*")
    return data.startswith(signatures) or data[8:12] == b"WEBP" or data[4:8] == b"ftyp"


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise _too_large(width * height / 1e6)


def _too_large(megapixels: float | None = None) -> Refusal:
    if megapixels is None:
        sentence = Message(
            "This picture is far too large; we take up to {most} megapixels. "
            "Save a smaller copy and use that.",
            most=MAX_MEGAPIXELS,
        )
    else:
        sentence = Message(
            "This picture has {has:.0f} megapixels; we take up to {most}. "
            "Save a smaller copy and use that.",
            has=megapixels,
            most=MAX_MEGAPIXELS,
        )
    return Refusal("too-large", sentence)


def _damaged() -> Refusal:
    return Refusal("truncated", "This picture is damaged or cut off. Export or download it again.")


def _decode(image: Pillow.Image) -> Pillow.Image:
    try:
        image.seek(0)
        image.load()
        return ImageOps.exif_transpose(image)
    except MemoryError as error:
        raise _too_large() from error
    except _DECODER_ERRORS as error:
        raise _damaged() from error


def _to_rgb(image: Pillow.Image) -> Pillow.Image:
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _scale_to_8_bit(image)
    if image.mode in ("P", "PA", "1") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if not image.has_transparency_data:
        return _to_srgb(image, profile)
    image = image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
    alpha = image.getchannel("A")
    colour = _to_srgb(image.convert("L" if image.mode == "LA" else "RGB"), profile)
    white = Pillow.new("RGB", image.size, "white")
    white.paste(colour, mask=alpha)
    return white


def _scale_to_8_bit(image: Pillow.Image) -> Pillow.Image:
    """Convert integer or floating-point greyscale to 8 bits, guessing its full scale."""
    values = np.asarray(image).astype(np.float64)
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if finite.size else 0.0
    if image.mode.startswith("I;16") or top > 255:
        full_scale = 65535.0
    elif image.mode == "F" and top <= 1:
        full_scale = 1.0
    else:
        full_scale = 255.0
    scaled = np.nan_to_num(values, posinf=full_scale, neginf=0.0) * (255 / full_scale)
    return Pillow.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))


def _to_srgb(image: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    source = _profile(image, profile)
    if source is not None:
        try:
            converted = ImageCms.profileToProfile(
                image,
                source,
                ImageCms.createProfile("sRGB"),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, ValueError, OSError):
            # Profiles that do not fit their picture are common: take the pixels as sRGB.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _profile(image: Pillow.Image, profile: bytes | None) -> Any | None:
    """The colour profile of a picture for ImageCms; None if there is none that can be read."""
    if image.mode == "LAB":
        return ImageCms.createProfile("LAB")
    if not profile:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
