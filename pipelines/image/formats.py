"""Name the kind of a file that is not read here, by its first bytes, and say what to do with it."""

from __future__ import annotations

import io
import itertools
import re
import struct
import zlib

from pipelines.runtime.messages import Message

DECODER_ERRORS = (
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
"""What Pillow, its plug-ins and tifffile raise for files that they cannot decode."""

_EXPORT = "Export a JPEG, PNG or TIFF from the program that made it."
_DEVELOP = "Develop it, and export a JPEG or a TIFF."
_STILL = "Save a still picture of it as JPEG or PNG."

# Beginnings of files, each with the offset of its first byte.
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"8BPS", "a Photoshop document", _EXPORT),
    (0, b"%PDF", "a PDF", _EXPORT),
    (0, b"%!PS", "a PostScript file", _EXPORT),
    (0, b"\xff\x0a", "a JPEG XL picture", _EXPORT),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", _EXPORT),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", _EXPORT),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture", _EXPORT),
    (0, b"II\xbc\x01", "a JPEG XR picture", _EXPORT),
    (0, b"v/1\x01", "an OpenEXR picture", _EXPORT),
    (0, b"#?RADIANCE", "a Radiance HDR picture", _EXPORT),
    (0, b"gimp xcf", "a GIMP document", _EXPORT),
    (0, b"FUJIFILMCCD-RAW", "a camera’s raw file", _DEVELOP),
    (0, b"IIU\0", "a camera’s raw file", _DEVELOP),
    (0, b"IIRO", "a camera’s raw file", _DEVELOP),
    (0, b"IIRS", "a camera’s raw file", _DEVELOP),
    (0, b"MMOR", "a camera’s raw file", _DEVELOP),
    (0, b"FOVb", "a camera’s raw file", _DEVELOP),
    (0, b"\0MRM", "a camera’s raw file", _DEVELOP),
    (4, b"ftypcrx ", "a camera’s raw file", _DEVELOP),
    (8, b"CR\x02", "a camera’s raw file", _DEVELOP),
    (0, b"\x1aE\xdf\xa3", "a video", _STILL),
    (8, b"AVI ", "a video", _STILL),
    (0, b"\0\0\x01\xba", "a video", _STILL),
    (0, b"\0\0\x01\xb3", "a video", _STILL),
    (0, b"FLV\x01", "a video", _STILL),
    (4, b"moov", "a video", _STILL),
    (4, b"mdat", "a video", _STILL),
    (0, b"PK\3\4", "an archive or a document", "Take the picture out of it first."),
)
_VIDEO_BRANDS = re.compile(rb"isom|iso[2-9]|mp4[12v]|avc1|qt  |M4V|3gp|3g2|MSNV|dash|F4V")
# Photometric interpretations of raw data in TIFF files: mosaic, and linear raw (DNG 1.7).
_RAW_PHOTOMETRIC = (32803, 34892)
_DNG_VERSION, _PHOTOMETRIC = 50706, 262


def unread(data: bytes) -> Message | None:
    """What a file is that is no picture we read, and what to do; None where that is not known."""
    for offset, signature, kind, advice in _SIGNATURES:
        if data.startswith(signature, offset):
            return _sentence(kind, advice)
    if data[4:8] == b"ftyp" and _VIDEO_BRANDS.match(data[8:12]):
        return _sentence("a video", _STILL)
    if re.match(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg\b", data[:2000], re.S | re.I):
        return _sentence("a drawing (SVG)", _EXPORT)
    if is_raw(data):
        return _sentence("a camera’s raw file", _DEVELOP)
    return None


def is_raw(data: bytes) -> bool:
    """Whether a TIFF file holds a camera's raw data, as DNG, NEF, ARW, PEF and others do.

    Its first picture is often a small one that could be read, and would not be what was meant.
    """
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return False
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            first = file.pages.first
            pages = [first, *itertools.islice(first.pages or (), 8)]
            tags = [page.tags for page in pages if isinstance(page, tifffile.TiffPage)]
            return _DNG_VERSION in first.tags or any(
                found.valueof(_PHOTOMETRIC) in _RAW_PHOTOMETRIC for found in tags
            )
    except DECODER_ERRORS:
        return False


def _sentence(kind: str, advice: str) -> Message:
    return Message("This is {kind}, which we don't read. {advice}", kind=kind, advice=advice)
