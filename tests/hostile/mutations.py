"""Mutations that know how a JPEG and a PNG are built, so that decoders get past the first byte."""

from __future__ import annotations

import struct
import zlib

from hypothesis import strategies as st

from tests.hostile.files import portrait, saved

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@st.composite
def jpegs(draw: st.DrawFn) -> bytes:
    """A JPEG whose segments were dropped, doubled, exchanged, or changed inside."""
    data = saved(portrait(96), "JPEG", progressive=draw(st.booleans()))
    parts = _segments(data)
    return b"".join(_mutated(draw, parts))


@st.composite
def pngs(draw: st.DrawFn) -> bytes:
    """A PNG whose chunks were dropped, doubled, exchanged, or changed; their checksums right."""
    chunks = _mutated(draw, _chunks(saved(portrait(96), "PNG")))
    right = draw(st.booleans())
    return _PNG_HEAD + b"".join(_checked(chunk) if right else chunk for chunk in chunks)


def _mutated(draw: st.DrawFn, parts: list[bytes]) -> list[bytes]:
    parts = list(parts)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        part = parts[place]
        match draw(st.sampled_from(("drop", "double", "exchange", "change", "cut", "length"))):
            case "drop" if len(parts) > 1:
                del parts[place]
            case "double":
                parts.insert(place, part)
            case "exchange":
                other = draw(st.integers(0, len(parts) - 1))
                parts[place], parts[other] = parts[other], part
            case "change" if part:
                at = draw(st.integers(0, min(len(part), 64) - 1))
                parts[place] = part[:at] + draw(st.binary(min_size=1, max_size=4)) + part[at + 1 :]
            case "cut":
                parts[place] = part[: draw(st.integers(0, len(part)))]
            case "length" if len(part) > 4:
                parts[place] = part[:2] + draw(st.binary(min_size=2, max_size=2)) + part[4:]
    return parts


def _segments(data: bytes) -> list[bytes]:
    """SOI, then each marker with what belongs to it; the scan and all behind it as one."""
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        parts.append(data[at:end])
        at = end
    return [*parts, data[at:]]


def _chunks(data: bytes) -> list[bytes]:
    parts, at = [], len(_PNG_HEAD)
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack(">I", data[at : at + 4])[0]
        parts.append(data[at:end])
        at = end
    return parts


def _checked(chunk: bytes) -> bytes:
    if len(chunk) < 12:
        return chunk
    return chunk[:-4] + struct.pack(">I", zlib.crc32(chunk[4:-4]))
