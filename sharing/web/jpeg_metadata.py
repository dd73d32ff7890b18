"""Remove the metadata of JPEG files without decoding them, for blind votes.

Source: ITU-T T.81 (JPEG), Annex B, for the order of markers and segments.
"""

from __future__ import annotations

import re

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_APPS = range(0xE0, 0xF0)
# The JFIF density, the ICC profile and the Adobe colour transform affect how pixels are displayed.
_DISPLAY_SEGMENTS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
# Frame headers, Huffman and arithmetic tables, quantisation tables, restart interval.
_TABLES = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDD))
# Within a scan, 0xFF is followed by 0 (stuffing) or by a restart marker; anything else ends it.
_SCAN_ENDS = re.compile(rb"\xff(?![\x00\xd0-\xd7])", re.DOTALL)


def strip_metadata(data: bytes) -> bytes:
    """Remove XMP, Exif, Content Credentials, comments, and any data after the end of a JPEG.

    The result depends only on the pixels and their encoding, so the file does not reveal which
    picture it is.

    Args:
        data: A whole JPEG file.

    Returns:
        A JPEG file that decodes to the same pixels.

    Raises:
        ValueError: It is not a JPEG, or it is truncated or broken. An unknown segment is an error,
            because it could hold metadata.
    """
    if data[:2] != bytes((0xFF, _START)):
        raise ValueError("not a JPEG")
    parts, start = [data[:2]], 2
    while True:
        marker, end = _segment(data, start)
        if marker == _END:
            return b"".join((*parts, data[start:end]))
        if _needed(marker, data[start + 4 : end]):
            parts.append(data[start:end])
        start = end


def _segment(data: bytes, start: int) -> tuple[int, int]:
    """The marker at `start` and the end of its segment; for a scan, the end of its pixels."""
    if len(data) < start + 2 or data[start] != 0xFF:
        raise ValueError("a marker is missing")
    marker = data[start + 1]
    if marker == _END:
        return marker, start + 2
    length = int.from_bytes(data[start + 2 : start + 4])
    end = start + 2 + length
    if length < 2 or end > len(data):
        raise ValueError("a segment is cut off")
    if marker == _SCAN:
        stop = _SCAN_ENDS.search(data, end)
        if stop is None:
            raise ValueError("a scan is cut off")
        end = stop.start()
    return marker, end


def _needed(marker: int, content: bytes) -> bool:
    if marker in _APPS:
        return marker in _DISPLAY_SEGMENTS and content.startswith(_DISPLAY_SEGMENTS[marker])
    if marker == _COMMENT:
        return False
    if marker == _SCAN or marker in _TABLES:
        return True
    raise ValueError("an unknown marker")
