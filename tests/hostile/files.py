"""Hostile and odd files: cut off, disguised, inflated, and of every kind that a camera writes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any

import numpy as np
import pillow_heif
import skimage.data
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from pipelines.image import loading as loader
from pipelines.image import spaces
from pipelines.runtime.errors import Refusal
from tests.hostile.cases import RESULT, Case, Trials, case, tried

_DAMAGED, _NO_IMAGE, _LARGE, _SMALL = "truncated", "not-an-image", "too-large", "too-small"


def cases() -> list[Case]:
    """All of them."""
    return [
        *_cut_off(),
        *_disguised(),
        *_inflated(),
        *_sizes(),
        *_colours(),
        *_kinds(),
        *_metadata(),
        *_broken(),
    ]


def trials() -> AbstractContextManager[Trials]:
    """Each is loaded: a portrait, or a refusal without paths or names of errors."""
    return tried(cases(), loaded)


def loaded(data: bytes) -> str:
    """What came of a file: `RESULT` or a refusal's code; a sentence where that says too much."""
    try:
        found = loader.load(data)
    except Refusal as refusal:
        tells = "/" in refusal.sentence or "Error" in refusal.sentence
        return f"it says {refusal.sentence!r}" if tells else refusal.code
    return RESULT if found.original_u8.ndim == 3 else "no picture"


@cache
def portrait(side: int = 512) -> Image.Image:
    """A real photograph, square."""
    return Image.fromarray(skimage.data.astronaut()).resize((side, side))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def _good(kind: str) -> bytes:
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    return saved(portrait(), kind)


def _cut_off() -> Iterator[Case]:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF"):
        for quarter in (1, 2, 3):

            def make(kind: str = kind, quarter: int = quarter) -> bytes:
                data = _good(kind)
                return data[: len(data) * quarter // 4]

            yield case(f"{kind} cut off at {quarter}/4", make, _DAMAGED, _NO_IMAGE)
    yield case("planar TIFF of 16 bits cut off", lambda: _planar()[:-9_000], _DAMAGED)
    yield case("JPEG less its last byte", lambda: _good("JPEG")[:-1], _DAMAGED)
    yield case("only the first two bytes of a JPEG", lambda: b"\xff\xd8", _NO_IMAGE, _DAMAGED)
    yield case("no bytes at all", lambda: b"", "empty")
    yield case("one zero byte", lambda: b"\0", _NO_IMAGE)
    yield case("a megabyte of zeros", lambda: bytes(1_000_000), _NO_IMAGE)


def _disguised() -> Iterator[Case]:
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    html = b"<!doctype html><script>alert(1)</script><img src=x onerror=alert(1)>"
    yield case("SVG with a script", lambda: script, _NO_IMAGE)
    yield case("PDF", lambda: pdf, _NO_IMAGE)
    yield case("HTML", lambda: html, _NO_IMAGE)
    yield case("a ZIP's beginning", lambda: b"PK\3\4" + bytes(500), _NO_IMAGE)
    yield case("a shell script", lambda: b"#!/bin/sh\nrm -rf /\n", _NO_IMAGE)
    yield case("a pickle", lambda: b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os", _NO_IMAGE)
    yield case("a JPEG with a ZIP behind it", lambda: _good("JPEG") + b"PK\5\6" + bytes(18))
    yield case("a JPEG with HTML behind it", lambda: _good("JPEG") + html)
    yield case("a GIF that is JavaScript", lambda: b"GIF89a/*" + bytes(20) + b"*/=1;", _DAMAGED)
    yield case("a PNG whose name for itself is JPEG", lambda: _good("PNG"))
    yield case("EPS", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", _NO_IMAGE)
    yield case("PPM", lambda: saved(portrait(64), "PPM"), _NO_IMAGE)
    yield case("ICO", lambda: saved(portrait(64), "ICO"), _NO_IMAGE)
    yield case("a raw file without pixels", lambda: _raw(), _NO_IMAGE)
    yield case("a raw file cut off", lambda: _raw()[:60], _NO_IMAGE, _DAMAGED)
    yield case("an AVIF that says it is HEIC", lambda: _renamed(b"heic"), _DAMAGED, RESULT)
    yield case("an AVIF that says it is a video", lambda: _renamed(b"isom"), _NO_IMAGE)
    yield case("a Photoshop document", lambda: b"8BPS\0\1" + bytes(500), _NO_IMAGE)
    yield case("JPEG XL", lambda: b"\xff\x0a" + bytes(500), _NO_IMAGE)
    yield case("WAV inside a RIFF", lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(20), _NO_IMAGE)


def _inflated() -> Iterator[Case]:
    yield case("PNG bomb of 50 000 x 50 000", lambda: _png_bomb(50_000, 50_000), _LARGE)
    yield case("PNG bomb of 9 000 x 9 000", lambda: _png_bomb(9_000, 9_000), _LARGE)
    yield case("PNG that says 2 147 483 647 wide", lambda: _png_bomb(2**31 - 1, 1), _LARGE)
    yield case("PNG with a text of 200 MB", _text_bomb, _DAMAGED, _NO_IMAGE)
    yield case("TIFF bomb of 40 000 x 40 000", lambda: _tiff(40_000, 40_000), _LARGE)
    yield case("GIF that says 65 535 x 65 535", lambda: _gif(65_535, 65_535), _LARGE)
    yield case("WebP canvas of 16 384 x 16 384", lambda: _webp_bomb(2**14, 2**14), _LARGE)
    yield case("WebP canvas of 65 535 x 65 535", lambda: _webp_bomb(65_535, 65_535), _LARGE)
    yield case("TIFF of floats, 30 000 x 30 000", lambda: _tiff(30_000, 30_000, 32), _LARGE)
    yield case("TIFF of 16 bits, 30 000 x 30 000", lambda: _tiff(30_000, 30_000, 16), _LARGE)
    yield case("BMP that says 100 000 x 100 000", lambda: _bmp(100_000, 100_000), _LARGE)
    yield case("BMP of negative height", lambda: _bmp(100, -(2**31)), _LARGE, _DAMAGED, _NO_IMAGE)


def _sizes() -> Iterator[Case]:
    sizes = {
        (1, 1): (_SMALL,),
        (65_535, 1): (_SMALL,),
        (1, 65_535): (_SMALL,),
        (63, 64): (_SMALL,),
        (7_301, 5_480): (_LARGE,),
        (6_325, 6_325): (_LARGE,),
    }
    for (width, height), codes in sizes.items():

        def make(width: int = width, height: int = height) -> bytes:
            return saved(Image.new("L", (width, height), 128), "PNG", compress_level=1)

        yield case(f"grey PNG of {width} x {height}", make, *codes)
    yield case("exactly 40 megapixels", lambda: saved(portrait().resize((8_000, 5_000)), "JPEG"))
    yield case("64 x 64", lambda: saved(portrait(64), "PNG"))


def _colours() -> Iterator[Case]:
    yield case("CMYK without a profile", lambda: saved(portrait().convert("CMYK"), "JPEG"))
    yield case(
        "CMYK with an RGB profile",
        lambda: saved(portrait().convert("CMYK"), "JPEG", icc_profile=_srgb()),
    )
    yield case("RGB with a profile", lambda: saved(portrait(), "JPEG", icc_profile=_srgb()))
    yield case(
        "RGB with a broken profile", lambda: saved(portrait(), "JPEG", icc_profile=_srgb()[:99])
    )
    yield case(
        "RGB with noise for a profile",
        lambda: saved(portrait(), "PNG", icc_profile=bytes(range(256))),
    )
    yield case("RGB with a profile for CMYK", lambda: _profiled(16, b"CMYK"))
    yield case("RGB with a profile of endless tags", lambda: _profiled(128, b"\xff\xff\xff\xff"))
    yield case("RGB with a profile of curves without end", lambda: _profiled(-24, b"\xff" * 8))
    yield case("code points that do not exist", lambda: _points(b"\0\xff\0\xfe"))
    yield case("code points of HDR on a picture of 8 bits", lambda: _points(b"\0\x09\0\x10"))
    yield case("planar TIFF of 16 bits", _planar)
    yield case("float TIFF of RGB with NaN", lambda: _planar(np.dstack([_wild()] * 3)))
    yield case("16-bit grey", lambda: saved(Image.fromarray(_deep()), "PNG"))
    yield case("16-bit grey TIFF", lambda: saved(Image.fromarray(_deep()), "TIFF"))
    yield case("float TIFF with NaN and infinity", lambda: saved(Image.fromarray(_wild()), "TIFF"))
    yield case("palette", lambda: saved(portrait().quantize(64), "PNG"))
    yield case("palette with alpha", lambda: saved(portrait().quantize(64), "PNG", transparency=3))
    yield case("black and white", lambda: saved(portrait().convert("1"), "PNG"))
    yield case("grey with alpha", lambda: saved(portrait().convert("LA"), "PNG"))
    yield case("wholly transparent", lambda: saved(_veiled(0), "PNG"))
    yield case("half transparent WebP", lambda: saved(_veiled(128), "WEBP"))
    yield case("LAB TIFF", lambda: saved(_lab(), "TIFF"))
    yield case("YCbCr TIFF", lambda: saved(portrait().convert("YCbCr"), "TIFF", compression="jpeg"))


def _kinds() -> Iterator[Case]:
    still, other = portrait(), portrait().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    more: dict[str, Any] = {"save_all": True, "append_images": [other] * 3}
    yield case("progressive JPEG", lambda: saved(still, "JPEG", progressive=True))
    yield case("JPEG of quality 1", lambda: saved(still, "JPEG", quality=1))
    # Its data is Huffman's, so that what is decoded is noise; what counts is that it ends.
    yield case("JPEG with a marker for arithmetic coding", _arithmetic, RESULT, _DAMAGED)
    yield case("JPEG with 16 restarts", lambda: saved(still, "JPEG", restart_marker_rows=2))
    yield case("grey JPEG", lambda: saved(still.convert("L"), "JPEG"))
    yield case("TIFF of four pages", lambda: saved(still, "TIFF", **more))
    yield case("TIFF in JPEG", lambda: saved(still, "TIFF", compression="jpeg"))
    yield case("TIFF in LZW", lambda: saved(still, "TIFF", compression="tiff_lzw"))
    yield case("animated GIF", lambda: saved(still, "GIF", **more))
    yield case("animated WebP", lambda: saved(still, "WEBP", **more))
    yield case("animated PNG", lambda: saved(still, "PNG", **more))
    yield case("lossless WebP", lambda: saved(still, "WEBP", lossless=True))
    yield case("interlaced PNG", _interlaced)
    yield case("HEIC", lambda: _good("HEIF"))
    yield case("MPO of two pictures", lambda: saved(still, "MPO", **more))
    yield case("AVIF", lambda: saved(still, "AVIF"))


def _metadata() -> Iterator[Case]:
    for orientation in range(1, 9):
        yield case(f"orientation {orientation}", partial(_exif, {0x0112: orientation}))
    yield case("orientation 99", lambda: _exif({0x0112: 99}))
    yield case("a place, a name and a thumbnail", _place)
    yield case(
        "EXIF of noise", lambda: saved(portrait(), "JPEG", exif=b"Exif\0\0" + bytes(range(255)))
    )
    yield case("EXIF that points to itself", lambda: saved(portrait(), "JPEG", exif=_loop()))
    yield case("XMP with an entity bomb", _laughs)
    yield case("a comment of 60 kB", lambda: saved(portrait(), "JPEG", comment=b"x" * 60_000))
    yield case("PNG with hostile texts", _texts)


def _broken() -> Iterator[Case]:
    yield case("PNG with a wrong checksum", lambda: _flipped("PNG", 0.4), _DAMAGED)
    yield case("PNG without its end", lambda: _good("PNG")[:-12])
    yield case("PNG with two headers", _two_headers, _DAMAGED, _NO_IMAGE, RESULT)
    yield case("JPEG with a quantisation table of zeros", _zero_tables)
    yield case("JPEG that says 65 500 x 65 500", lambda: _jpeg_says(65_500, 65_500), _LARGE)
    yield case("JPEG that says 0 x 0", lambda: _jpeg_says(0, 0), _DAMAGED, _NO_IMAGE)
    yield case("JPEG higher than its data", lambda: _jpeg_says(512, 2_000), _DAMAGED, RESULT)
    yield case("WebP with a wrong length", _long_webp, _DAMAGED, _NO_IMAGE)
    yield case("TIFF with a loop of pages", _tiff_loop)
    yield case("TIFF whose strips lie outside", lambda: _tiff(300, 300), _DAMAGED, _NO_IMAGE)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "HEIF"):
        yield case(
            f"{kind} with a hundred bytes changed",
            partial(_noisy, kind),
            _DAMAGED,
            _NO_IMAGE,
            _LARGE,
            _SMALL,
            RESULT,
        )


def _srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def _deep() -> np.ndarray[Any, np.dtype[np.uint16]]:
    return (np.asarray(portrait().convert("L")).astype(np.uint16) * 257).astype(np.uint16)


def _wild() -> np.ndarray[Any, np.dtype[np.float32]]:
    values = np.asarray(portrait().convert("L")).astype(np.float32) / 255
    values[:3] = np.nan
    values[3:6] = np.inf
    return values


def _veiled(alpha: int) -> Image.Image:
    image = portrait().convert("RGBA")
    image.putalpha(alpha)
    return image


def _lab() -> Image.Image:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(portrait(), to_lab)
    assert lab is not None
    return lab


def _planar(values: np.ndarray[Any, Any] | None = None) -> bytes:
    """A TIFF file of three planes; of the portrait with 16 bits if no values are given."""
    if values is None:
        values = np.asarray(portrait(64)).astype(np.uint16) * 257
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.moveaxis(values, -1, 0), photometric="rgb", planarconfig="separate")
    return buffer.getvalue()


def _raw() -> bytes:
    """A raw file's tags, and no pixels."""
    tags = struct.pack("<HHHII", 1, 50706, 1, 4, 0x0601)
    return b"II*\0\x08\0\0\0" + tags + bytes(60)


def _renamed(brand: bytes) -> bytes:
    return _good("AVIF").replace(b"ftypavif", b"ftyp" + brand, 1)


def _profiled(place: int, content: bytes) -> bytes:
    """A PNG with a profile that lies at one place."""
    profile = bytearray(spaces.adobe_rgb().profile)
    profile[place : (place + len(content)) or None] = content
    return saved(portrait(64), "PNG", icc_profile=bytes(profile))


def _points(codes: bytes) -> bytes:
    return saved(portrait(64), "AVIF").replace(b"nclx\0\1\0\x0d", b"nclx" + codes, 1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_bomb(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(min(width + 1, 10**6)) * min(height, 100), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def _text_bomb() -> bytes:
    packed = zlib.compress(bytes(200_000_000), 9)
    data = saved(portrait(64), "PNG")
    return data[:33] + _chunk(b"zTXt", b"Comment\0\0" + packed) + data[33:]


def _tiff(width: int, height: int, bits: int = 8) -> bytes:
    """One that says where its pixels are, and has none there; more than 8 bits are of RGB."""
    channels = 1 if bits == 8 else 3
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, 1 if bits == 8 else 2),
        (273, 4, 4_000_000),
        (277, 3, channels),
        (278, 4, height),
        (279, 4, min(width * height * channels * bits // 8, 2**32 - 1)),
        *([(339, 3, 3)] if bits == 32 else []),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


def _tiff_loop() -> bytes:
    data = bytearray(saved(portrait(64), "TIFF"))
    start = struct.unpack("<I", data[4:8])[0]
    count = struct.unpack("<H", data[start : start + 2])[0]
    end = start + 2 + 12 * count
    data[end : end + 4] = struct.pack("<I", start)
    return bytes(data)


def _gif(width: int, height: int) -> bytes:
    data = bytearray(saved(portrait(64).quantize(16), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def _webp_bomb(width: int, height: int) -> bytes:
    """An animation that says it plays on a canvas of this size."""
    other = portrait(64).rotate(90)
    data = bytearray(saved(portrait(64), "WEBP", save_all=True, append_images=[other]))
    canvas = data.index(b"VP8X") + 12
    data[canvas : canvas + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )
    return bytes(data)


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 1_000, 0, 0, 54) + header + bytes(946)


def _arithmetic() -> bytes:
    return _good("JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1)


def _jpeg_says(width: int, height: int) -> bytes:
    data = bytearray(_good("JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _zero_tables() -> bytes:
    data = bytearray(_good("JPEG"))
    start = data.index(b"\xff\xdb")
    data[start + 5 : start + 69] = bytes(64)
    return bytes(data)


def _interlaced() -> bytes:
    import cv2

    # Pillow writes no interlaced files; the flag alone, with the rows of Adam7, is enough of one.
    rows = np.asarray(portrait(64).convert("L"))
    passes = [rows[r::dr, c::dc] for r, c, dr, dc in _ADAM7]
    packed = b"".join(b"\0" + row.tobytes() for one in passes for row in one)
    header = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 1)
    data = zlib.compress(packed)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data)
    png += _chunk(b"IEND", b"")
    assert (cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) == rows).all()
    return png


# Pixel rows and columns of the seven passes: first row, first column, row step, column step.
_ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def _exif(tags: dict[int, Any]) -> bytes:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return saved(portrait(), "JPEG", exif=exif.tobytes())


def _place() -> bytes:
    exif = Image.Exif()
    exif[0x013B] = "Somebody's name"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return saved(portrait(), "JPEG", exif=exif.tobytes())


def _loop() -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    types = f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>'
    xmp = f'<?xml version="1.0"?>{types}<x:xmpmeta>&l9;</x:xmpmeta>'
    return saved(portrait(), "JPEG", xmp=xmp.encode())


def _texts() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("../../etc/passwd", "<script>alert(1)</script>")
    info.add_itxt("Comment", "\u202e" * 999, zip=True)
    return saved(portrait(), "PNG", pnginfo=info)


def _flipped(kind: str, where: float) -> bytes:
    data = bytearray(_good(kind))
    data[int(len(data) * where)] ^= 0xFF
    return bytes(data)


def _two_headers() -> bytes:
    data = _good("PNG")
    return data[:33] + data[8:33] + data[33:]


def _long_webp() -> bytes:
    data = bytearray(_good("WEBP"))
    data[4:8] = struct.pack("<I", 2**31)
    return bytes(data[:2_000])


def _noisy(kind: str) -> bytes:
    data = bytearray(_good(kind))
    numbers = np.random.default_rng(7)
    for place in numbers.integers(40, len(data), 100):
        data[place] = numbers.integers(256)
    return bytes(data)
