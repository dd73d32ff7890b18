"""Encode a picture with its metadata and its colour space, with 8 or 16 bits."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from pipelines.image import spaces
from pipelines.image.metadata import TIFF_XMP_TAG, Form, Statement, packet
from pipelines.image.spaces import ColourSpace, Values

DEEP: tuple[Form, ...] = ("PNG", "TIFF")
"""Formats that are written with 16 bits."""

_EXIF_IFD, _COLOUR_SPACE, _SRGB, _UNCALIBRATED = 0x8769, 0xA001, 1, 0xFFFF
_INCH = 2
_METRE_IN_INCHES = 39.3701


@dataclass(frozen=True)
class Encoding:
    """How to write a file.

    Attributes:
        form: File format.
        quality: Quality of lossy formats, 1..100.
        tables: Quantisation tables of a JPEG, used instead of the quality.
        subsampling: Chroma subsampling of a JPEG, as Pillow numbers it; 0 for none.
        space: Colour space of the pixels.
    """

    form: Form
    quality: int = 95
    tables: dict[int, list[int]] | None = field(default=None, repr=False)
    subsampling: int = 0
    space: ColourSpace = field(default_factory=spaces.srgb)


def encode(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    """Encode a picture with its metadata.

    Args:
        values: uint8, or uint16 for a format of `DEEP`, shape (H, W, 3), in the encoding's space.
        statement: The metadata.
        encoding: How to write it.

    Returns:
        The file's bytes; equal arguments give equal bytes.
    """
    write = {
        "PNG": _png if values.dtype == np.uint8 else _deep_png,
        "TIFF": _tiff,
        "JPEG": _jpeg,
        "WEBP": _webp,
        "AVIF": _avif,
    }[encoding.form]
    return write(values, statement, encoding)


def _jpeg(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    how: dict[str, Any] = {"quality": encoding.quality, "subsampling": encoding.subsampling}
    if encoding.tables is not None:
        how = {"qtables": encoding.tables, "subsampling": encoding.subsampling}
    return _saved(values, statement, encoding, xmp=packet(statement), **how)


def _webp(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    how = {"quality": encoding.quality, "method": 4}
    return _saved(values, statement, encoding, xmp=packet(statement), **how)


def _avif(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    how = {"quality": encoding.quality, "subsampling": "4:4:4", "speed": 8}
    return _saved(values, statement, encoding, xmp=packet(statement), **how)


def _png(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet(statement).decode())
    profile: bytes | None = encoding.space.profile
    if encoding.space is spaces.srgb():
        # The chunk of PNG that says sRGB; it and a profile exclude each other.
        info.add(b"sRGB", b"\1")
        profile = None
    return _saved(values, statement, encoding, pnginfo=info, compress_level=1, icc_profile=profile)


def _saved(values: Values, statement: Statement, encoding: Encoding, **how: Any) -> bytes:
    buffer = io.BytesIO()
    exif = _exif(statement, encoding.space, values.shape if encoding.form == "JPEG" else None)
    how = {"icc_profile": encoding.space.profile, "exif": exif, **how}
    if statement.rights.resolution is not None:
        how["dpi"] = statement.rights.resolution
    Pillow.fromarray(values).save(buffer, encoding.form, **how)
    return buffer.getvalue()


def _exif(statement: Statement, space: ColourSpace, shape: tuple[int, ...] | None = None) -> bytes:
    """EXIF; with the fields that EXIF 2.32 wants of a JPEG if its shape is given."""
    exif = Pillow.Exif()
    if statement.others is not None and statement.others.exif:
        exif.load(statement.others.exif)
    for tag, text in statement.rights.exif().items():
        exif[tag] = text.encode()
    ifd = exif.get_ifd(_EXIF_IFD)
    ifd[_COLOUR_SPACE] = _SRGB if space.is_srgb else _UNCALIBRATED
    if shape is not None:
        exif[0x0213] = 1
        ifd.update({0x9000: b"0232", 0x9101: b"\1\2\3\0", 0xA000: b"0100"})
        ifd.update({0xA002: shape[1], 0xA003: shape[0]})
    if statement.rights.resolution is not None:
        exif[282], exif[283] = statement.rights.resolution
        exif[296] = _INCH
    return exif.tobytes()


def _tiff(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    import tifffile

    texts = statement.rights.exif()
    extra: list[Any] = [(TIFF_XMP_TAG, 1, None, packet(statement), True)]
    extra += [(tag, 2, None, text.encode() + b"\0", True) for tag, text in texts.items()]
    resolution = statement.rights.resolution
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        values,
        photometric="rgb",
        # 16 bits hardly get smaller, and take seconds to try.
        compression="zlib" if values.dtype == np.uint8 else None,
        iccprofile=encoding.space.profile,
        resolution=resolution or (72, 72),
        resolutionunit="INCH" if resolution else "NONE",
        metadata=None,
        software=statement.software,
        extratags=extra,
    )
    return buffer.getvalue()


def _deep_png(values: Values, statement: Statement, encoding: Encoding) -> bytes:
    """A PNG of 16 bits, which Pillow does not write."""
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    data = cv2.imencode(".png", cv2.cvtColor(values, cv2.COLOR_RGB2BGR), options)[1].tobytes()
    profile, text = encoding.space.profile, packet(statement)
    chunks = [(b"sRGB", b"\1")]
    if encoding.space is not spaces.srgb():
        chunks = [(b"iCCP", b"profile\0\0" + zlib.compress(profile))]
    if statement.rights.resolution is not None:
        metres = [round(value * _METRE_IN_INCHES) for value in statement.rights.resolution]
        chunks.append((b"pHYs", struct.pack(">IIB", *metres, 1)))
    chunks.append((b"eXIf", _exif(statement, encoding.space).removeprefix(b"Exif\0\0")))
    chunks.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + text))
    # After the header, which has 25 bytes behind the signature of 8.
    return data[:33] + b"".join(_chunk(*one) for one in chunks) + data[33:]


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
