"""Pictures for a blind vote: what their metadata says is left out, their pixels are not touched.

Source: ITU-T T.81 (JPEG), Annex B, for the order of markers and segments.
"""

from __future__ import annotations

import re

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_APPS = range(0xE0, 0xF0)
# JFIF's density, ICC's profile and Adobe's colour transform decide how pixels are shown.
_SHOWN = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
# Frames, Huffman and arithmetic tables, quantisation, restart interval.
_TABLES = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDD))
# Within a scan 0xFF is followed by 0 (a plain byte) or a restart marker; all else ends it.
_SCAN_ENDS = re.compile(rb"\xff(?![\x00\xd0-\xd7])", re.DOTALL)


def plain(data: bytes) -> bytes:
    """A JPEG without XMP, Exif, Content Credentials, comments, or anything after its end.

    What is left depends on the pixels and on how they were encoded alone, so a picture's file tells
    no more than the picture.

    Args:
        data: A whole JPEG file.

    Returns:
        A JPEG that decodes to the same pixels.

    Raises:
        ValueError: It is not a JPEG, or it is cut off or broken. Nothing is guessed: a segment that
            was taken for something else could carry what must not be told.
    """
    if data[:2] != bytes((0xFF, _START)):
        raise ValueError("not a JPEG")
    kept, at = [data[:2]], 2
    while True:
        marker, end = _segment(data, at)
        if marker == _END:
            return b"".join((*kept, data[at:end]))
        if _stays(marker, data[at + 4 : end]):
            kept.append(data[at:end])
        at = end


def _segment(data: bytes, at: int) -> tuple[int, int]:
    """The marker at a place, and where its segment ends, a scan's pixels included."""
    if len(data) < at + 2 or data[at] != 0xFF:
        raise ValueError("a marker is missing")
    marker = data[at + 1]
    if marker == _END:
        return marker, at + 2
    length = int.from_bytes(data[at + 2 : at + 4])
    end = at + 2 + length
    if length < 2 or end > len(data):
        raise ValueError("a segment is cut off")
    if marker == _SCAN:
        stop = _SCAN_ENDS.search(data, end)
        if stop is None:
            raise ValueError("a scan is cut off")
        end = stop.start()
    return marker, end


def _stays(marker: int, content: bytes) -> bool:
    if marker in _APPS:
        return marker in _SHOWN and content.startswith(_SHOWN[marker])
    if marker == _COMMENT:
        return False
    if marker == _SCAN or marker in _TABLES:
        return True
    raise ValueError("an unknown marker")
