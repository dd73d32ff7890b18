"""Decode a picture file of any common format, upright, at its own depth, in its own colours."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, ImageCms, ImageOps
from PIL import Image as Pillow

from pipelines.image import formats, spaces, tone_mapping
from pipelines.image.formats import DECODER_ERRORS
from pipelines.image.spaces import ColourSpace, Values
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message

MAX_MEGAPIXELS = 40
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF")
FORMAT_WORDS = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"

GAIN_MAP = "This photo has an HDR gain map; its standard picture is used, not the brighter one."
TONE_MAPPED = "This is an HDR picture; its highlights were brought to what every screen can show."
PROFILE_IGNORED = (
    "The colour profile in this file does not fit its picture; the colours are taken as sRGB."
)
# What Pillow's and libheif's errors say of what they were not made for, rather than of damage.
_NOT_MADE_FOR = re.compile(
    r"unsupported|not supported|cannot handle|unknown (pixel mode|raw mode|compression|data organ)",
    re.IGNORECASE,
)
_GAIN_MAPS = (b"ns.adobe.com/hdr-gain-map", b"photo:2020:aux:hdrgainmap", b":ts:21496:-1")
_HDR = (tone_mapping.PQ, tone_mapping.HLG)
_INTEROPERABILITY, _INTEROP_INDEX, _ADOBE_RGB = 0xA005, 1, "R03"
_ORIENTATION, _ICC_PROFILE = 274, 34675
# From this middle value on, a floating-point picture cannot be one in which 1 is white.
_BRIGHT = 1.5


@dataclass(frozen=True)
class Decoded:
    """A picture as its file holds it.

    Attributes:
        values: uint8 or uint16, upright, shape (H, W, 3), on white where it was transparent.
        space: Their colour space.
        form: Pillow's name of the file's format.
        notes: Sentences on what was done to read it.
    """

    values: Values = field(repr=False)
    space: ColourSpace
    form: str
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Decode a picture file.

    Raises:
        Refusal: ``not-an-image``, ``unsupported``, ``truncated`` or ``too-large``.
    """
    if formats.is_raw(data):
        raise _not_an_image(data)
    try:
        deep = _deep_tiff(data)
        if deep is None:
            image = _open(data)
            check_size(*image.size)
            deep = _decode_image(image, data)
    except MemoryError as error:
        raise too_large() from error
    photographed = deep.form in ("JPEG", "MPO", "HEIF", "AVIF")
    notes = (GAIN_MAP,) if photographed and any(urn in data for urn in _GAIN_MAPS) else ()
    return Decoded(deep.values, deep.space, deep.form, (*notes, *deep.notes))


def check_size(width: int, height: int) -> None:
    """Refuse a picture of more than `MAX_MEGAPIXELS`.

    Raises:
        Refusal: ``too-large``.
    """
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise too_large(width * height / 1e6)


def too_large(megapixels: float | None = None) -> Refusal:
    """The refusal of a picture that is too large."""
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


def _not_an_image(data: bytes) -> Refusal:
    sentence = formats.unread(data) or Message(
        "This file is not a picture we can read. Use {formats}.", formats=FORMAT_WORDS
    )
    return Refusal("not-an-image", sentence)


def _failed(error: Exception, form: str) -> Refusal:
    """The refusal of a picture of a format we read: damaged, or of a kind that is not read."""
    if _NOT_MADE_FOR.search(str(error)):
        return _unsupported(form)
    return Refusal("truncated", "This picture is damaged or cut off. Export or download it again.")


def _unsupported(form: str) -> Refusal:
    sentence = Message(
        "This is a {form} file of a kind that we don't read. Save it as an ordinary JPEG, PNG or "
        "TIFF with 8 or 16 bits.",
        form=form,
    )
    return Refusal("unsupported", sentence)


def _open(data: bytes) -> Pillow.Image:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        return Pillow.open(io.BytesIO(data), formats=FORMATS)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise too_large() from error
    except DECODER_ERRORS as error:
        form = None if formats.unread(data) else form_by_signature(data)
        raise (_failed(error, form) if form else _not_an_image(data)) from error


def form_by_signature(data: bytes) -> str | None:
    """The format that a file starts like, of which 16 bytes will do; None if we read none such."""
    beginnings = {
        b"\xff\xd8\xff": "JPEG",
        b"\x89PNG\r\n": "PNG",
        b"GIF8": "GIF",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
    }
    found = next((form for start, form in beginnings.items() if data.startswith(start)), None)
    if data[8:12] == b"WEBP":
        found = "WEBP"
    elif data[4:8] == b"ftyp":
        found = "AVIF" if data[8:12] in (b"avif", b"avis") else "HEIF"
    return found


def _decode_image(image: Pillow.Image, data: bytes) -> Decoded:
    """Decode what Pillow has opened."""
    form = str(image.format)
    try:
        deep = _deep_pixels(image, data)
        if deep is None:
            image.seek(0)
            image.load()
        exif = image.getexif()
        adobe = _is_adobe_rgb(exif)
        upright = None if deep is not None else ImageOps.exif_transpose(image)
    except DECODER_ERRORS as error:
        raise _failed(error, form) from error
    profile = image.info.get("icc_profile")
    cicp = None if profile else _cicp(data, form)
    if upright is None:
        assert deep is not None
        values = _turned(deep, exif.get(_ORIENTATION, 1))
        space, notes = _space_of_profile(profile, adobe)
        return _finished(values, space, cicp, form, notes)
    values, space, notes = _eight_bit(upright, profile, adobe)
    return _finished(values, space, cicp, form, notes)


def _is_adobe_rgb(exif: Pillow.Exif) -> bool:
    """Whether EXIF names Adobe RGB: the interoperability index R03 (DCF 2.0, optional space)."""
    if _INTEROPERABILITY not in exif.get_ifd(ExifTags.IFD.Exif):
        return False
    return exif.get_ifd(_INTEROPERABILITY).get(_INTEROP_INDEX) == _ADOBE_RGB


def _finished(
    values: Values,
    space: ColourSpace,
    cicp: tuple[int, int] | None,
    form: str,
    notes: tuple[str, ...],
) -> Decoded:
    """Apply the code points of a file without a profile; HDR becomes sRGB of 16 bits."""
    if cicp is None:
        return Decoded(values, space, form, notes)
    primaries, transfer = cicp
    space = spaces.from_cicp(primaries, 13 if transfer in _HDR else transfer)
    if transfer not in _HDR:
        return Decoded(values, space, form, notes)
    light = tone_mapping.compress(tone_mapping.linear(values, transfer))
    return Decoded(_encoded(light, space), spaces.srgb(), form, (*notes, TONE_MAPPED))


def _encoded(light: NDArray[np.float32], space: ColourSpace) -> NDArray[np.uint16]:
    """16-bit sRGB of linear light in the primaries of a space."""
    linear = np.clip(np.asarray(cv2.transform(light, space.to_srgb), np.float32), 0, 1)
    return np.rint(spaces.srgb_value(linear) * 65535).astype(np.uint16)


# -- pictures of 8 bits --


def _eight_bit(
    image: Pillow.Image, profile: bytes | None, adobe: bool
) -> tuple[Values, ColourSpace, tuple[str, ...]]:
    """Pixels of an upright picture, their space, and notes."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _grey(image, profile)
    if image.mode in ("P", "PA", "1") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    alpha = None
    if image.has_transparency_data:
        grey = image.mode in ("LA", "La")
        image = image.convert("LA" if grey else "RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if grey else "RGB")
    if image.mode == "RGB":
        space, notes = _space_of_profile(profile, adobe)
        if not profile or space.profile == profile:
            return np.asarray(_on_white(image, alpha)), space, notes
    converted, notes = _to_srgb(image, profile)
    return np.asarray(_on_white(converted, alpha)), spaces.srgb(), notes


def _on_white(image: Pillow.Image, alpha: Pillow.Image | None) -> Pillow.Image:
    if alpha is None:
        return image
    white = Pillow.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _space_of_profile(profile: bytes | None, adobe: bool) -> tuple[ColourSpace, tuple[str, ...]]:
    """The space of RGB pixels: the profile's, else the one that EXIF names, else sRGB."""
    if profile:
        space = spaces.from_icc(profile)
        return (space, ()) if space else (spaces.srgb(), (PROFILE_IGNORED,))
    return spaces.adobe_rgb() if adobe else spaces.srgb(), ()


def _to_srgb(image: Pillow.Image, profile: bytes | None) -> tuple[Pillow.Image, tuple[str, ...]]:
    """Convert by Pillow's colour management: grey, CMYK, Lab, and profiles of tables."""
    if image.mode != "LAB" and not profile:
        return image.convert("RGB"), ()
    try:
        source: Any = (
            ImageCms.createProfile("LAB")
            if image.mode == "LAB"
            else ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        )
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, ValueError, OSError):
        converted = None
    return (image.convert("RGB"), (PROFILE_IGNORED,)) if converted is None else (converted, ())


# -- pictures of more bits --


def _deep_pixels(image: Pillow.Image, data: bytes) -> Values | None:
    """16-bit RGB of a PNG or HEIF file as it lies in the file; None for any other picture."""
    if image.format == "PNG" and data[24:25] == b"\x10" and data[25:26] in (b"\x02", b"\x06"):
        # Pillow reduces these to 8 bits; loading them there finds what is damaged.
        image.load()
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None or found.dtype != np.uint16 or found.ndim != 3:
            return None
        order = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
        return _opaque(np.asarray(cv2.cvtColor(found, order), np.uint16))
    if image.format == "HEIF" and image.info.get("bit_depth", 8) > 8:
        import pillow_heif

        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        found = np.asarray(heif)
        return _opaque(found) if found.dtype == np.uint16 and found.ndim == 3 else None
    return None


def _deep_tiff(data: bytes) -> Decoded | None:
    """A TIFF file of RGB with more than 8 bits or floating-point numbers; None for others."""
    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            deep = (page.dtype is not None and page.dtype.itemsize > 1) or page.planarconfig == 2
            if not deep or page.photometric != 2 or page.samplesperpixel not in (3, 4):
                return None
            check_size(page.imagewidth, page.imagelength)
            found = _tiff_pixels(page, data)
            profile = page.tags.valueof(_ICC_PROFILE)
            orientation = page.tags.valueof(_ORIENTATION, default=1)
    except DECODER_ERRORS as error:
        if isinstance(error, tifffile.TiffFileError):
            return None
        raise _failed(error, "TIFF") from error
    if found is None or found.ndim != 3:
        raise _unsupported("TIFF")
    space, notes = _space_of_profile(profile, False)
    if found.dtype.kind == "f":
        return _of_floats(_turned(found, orientation), space, profile, notes)
    values = _turned(_opaque(found), orientation)
    if profile and notes and values.dtype == np.uint16:
        # A profile of tables: Pillow's colour management knows 8 bits alone.
        small = Pillow.fromarray(spaces.to_srgb(values, spaces.srgb()))
        converted, notes = _to_srgb(small, profile)
        values = np.asarray(converted)
    return Decoded(values, space, "TIFF", notes)


def _tiff_pixels(page: Any, data: bytes) -> NDArray[Any] | None:
    """Interleaved pixels of a page, uint8, uint16 or float32; None if they cannot be decoded."""
    kind = page.dtype.kind if page.dtype is not None else "?"
    if kind not in "uf" or page.dtype.itemsize > (2 if kind == "u" else 8):
        return None
    if page.planarconfig == 1 and page.dtype in (np.uint16, np.float32):
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is not None and found.dtype == page.dtype and found.ndim == 3:
            order = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
            return np.asarray(cv2.cvtColor(found, order))
    try:
        found = page.asarray()
    except (ValueError, KeyError) as error:
        # What tifffile says where a codec is missing, rather than where data is.
        if "imagecodecs" in str(error):
            return None
        raise
    found = np.moveaxis(found, 0, -1) if page.planarconfig == 2 else found
    return found.astype(np.float32) if kind == "f" else np.ascontiguousarray(found)


def _of_floats(
    found: NDArray[np.float32],
    space: ColourSpace,
    profile: bytes | None,
    notes: tuple[str, ...],
) -> Decoded:
    """16-bit values of floating-point ones.

    Without a profile: encoded sRGB if none is above 1, of 255 or 65535 steps if most are far above,
    and otherwise linear light, in which 1 is diffuse white.
    """
    finite = np.nan_to_num(found, nan=0.0, posinf=65535.0, neginf=0.0)
    colour, top = finite[..., :3], float(finite[..., :3].max())
    if top > 1 and not profile and float(np.median(colour)) <= _BRIGHT and top <= 65535:
        light = tone_mapping.compress(np.ascontiguousarray(np.maximum(colour, 0)))
        return Decoded(_encoded(light, spaces.srgb()), spaces.srgb(), "TIFF", (*notes, TONE_MAPPED))
    full = 1.0 if profile or top <= 1 else 255.0 if top <= 255 else 65535.0
    scaled = np.clip(finite / np.float32(full), 0, 1)
    values = np.rint(scaled * np.float32(65535)).astype(np.uint16)
    return Decoded(_opaque(values), space, "TIFF", notes)


def _grey(
    image: Pillow.Image, profile: bytes | None
) -> tuple[Values, ColourSpace, tuple[str, ...]]:
    """Pixels of grey with 16 or 32 bits, or floating-point ones, whose full scale is guessed."""
    values = np.asarray(image).astype(np.float64)
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if finite.size else 0.0
    if image.mode.startswith("I;16") or top > 255:
        full_scale = 65535.0
    elif image.mode == "F" and top <= 1:
        full_scale = 1.0
    else:
        full_scale = 255.0
    scaled = np.clip(np.nan_to_num(values, posinf=full_scale, neginf=0.0) / full_scale, 0, 1)
    if profile:
        small = Pillow.fromarray(np.rint(scaled * 255).astype(np.uint8))
        converted, notes = _to_srgb(small, profile)
        return np.asarray(converted), spaces.srgb(), notes
    deep = np.rint(scaled * 65535).astype(np.uint16)
    return np.dstack([deep] * 3), spaces.srgb(), ()


def _opaque(values: NDArray[Any]) -> Values:
    """RGB of RGB or RGBA pixels, on white."""
    if values.shape[2] == 3:
        return values
    top = np.iinfo(values.dtype).max
    alpha = values[..., 3:].astype(np.float32) / top
    mixed = values[..., :3] * alpha + top * (1 - alpha)
    return np.asarray(np.rint(mixed), values.dtype)


def _turned(values: NDArray[Any], orientation: Any) -> NDArray[Any]:
    """Pixels as EXIF's orientation, 1 to 8, wants them seen; any other value turns nothing."""
    if orientation in (5, 6, 7, 8):
        values = values.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return np.ascontiguousarray(values)


# -- code points --


def _cicp(data: bytes, form: str) -> tuple[int, int] | None:
    """Primaries and transfer (ITU-T H.273) that a file names; None if it names none."""
    if form == "PNG":
        start = data.find(b"cICP", 0, 4096)
        return None if start < 0 or len(data) < start + 6 else (data[start + 4], data[start + 5])
    if form not in ("HEIF", "AVIF"):
        return None
    try:
        boxes = _box(_box(_box(data, b"meta")[4:], b"iprp"), b"ipco")
        colour = _box(boxes, b"colr", b"nclx")
        primaries, transfer = struct.unpack(">HH", colour[4:8])
    except (struct.error, ValueError):
        return None
    return primaries, transfer


def _box(data: bytes, name: bytes, start_of_content: bytes = b"") -> bytes:
    """Content of a box of the ISO base media file format (ISO/IEC 14496-12).

    Raises:
        ValueError: There is no such box.
    """
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        header = 8
        if size == 1 and place + 16 <= len(data):
            size, header = struct.unpack_from(">Q", data, place + 8)[0], 16
        end = len(data) if size == 0 else place + size
        content = data[place + header : end] if kind == name else b""
        if kind == name and content.startswith(start_of_content):
            return content
        if end < place + 8:
            break
        place = end
    raise ValueError(f"no box {name!r}")
