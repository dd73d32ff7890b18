"""Colour spaces of picture files, by ICC profile or CICP codes; conversion to sRGB and back.

Only RGB spaces of a matrix and curves, which is what cameras, phones and editors write; Pillow's
colour management deals with the rest (CMYK, Lab, tables).

Sources: ICC.1:2022 (profiles); ITU-T H.273 (CICP); Adobe RGB (1998) Color Image Encoding 2005-05.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image import colour
from pipelines.image.arrays import Image8, Points, Reals

Values = NDArray[np.uint8] | NDArray[np.uint16]
"""A picture as a file holds it, shape (H, W, 3), in any colour space."""

# Linear sRGB to XYZ under D50, as ICC profiles have it (Bradford).
_SRGB_TO_D50 = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_D65_TO_D50 = (1.0478112, 0.0228866, -0.050127, 0.0295424, 0.9904844, -0.0170491,
               -0.0092345, 0.0150436, 0.7521316)  # fmt: skip
_D65 = (0.3127, 0.3290)
_SRGB_XY = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_ADOBE_XY = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
# Chromaticities by the CICP code of the primaries; those of SDTV differ from sRGB's by less than
# can be seen.
_PRIMARIES = {
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    11: ("P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
# Gamma by the CICP code of the transfer. Others, those of television too, are read as sRGB's curve,
# as browsers do.
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_LEVELS = 65536
# Parameters (g, a, b, c, d) of an ICC curve of type 3: (ax + b)^g from d on, else cx.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """An RGB colour space.

    Attributes:
        name: For people, such as ``Adobe RGB (1998)``.
        to_srgb: Matrix from its linear RGB to linear sRGB, shape (3, 3).
        curves: Linear light of each channel at equal steps of its value, float32 (3, 65536).
        profile: An ICC profile of it.
    """

    name: str
    to_srgb: Points
    curves: NDArray[np.float32] = field(repr=False)
    profile: bytes = field(repr=False)

    @property
    def is_srgb(self) -> bool:
        """Whether it is sRGB to within a level of 8 bits, so that values need not be converted."""
        return _is_srgb(self)

    def linear(self, values: Values) -> NDArray[np.float32]:
        """Linear sRGB of pixels, shape (..., 3); below 0 or above 1 outside sRGB's gamut."""
        curves = self.curves[:, ::257] if values.dtype == np.uint8 else self.curves
        own = np.stack([curves[i].take(values[..., i]) for i in range(3)], axis=-1)
        return np.asarray(own @ self.to_srgb.T.astype(np.float32), np.float32)

    def values(self, linear: Reals, kind: type[np.uint8] | type[np.uint16]) -> Values:
        """Pixels, shape (..., 3), of linear sRGB, clipped to this space's gamut."""
        own = linear @ np.linalg.inv(self.to_srgb).T.astype(np.float32)
        levels = _root_levels(own)
        encoded = _encoding_curves(self)
        found = np.stack([encoded[i].take(levels[..., i]) for i in range(3)], axis=-1)
        return found if kind is np.uint16 else _to_8_bit(found)


def to_srgb(values: Values, space: ColourSpace) -> Image8:
    """8-bit sRGB of a picture; colours outside its gamut are clipped (relative colorimetric)."""
    if space.is_srgb:
        return _to_8_bit(values)
    result = np.empty(values.shape, np.uint8)
    matrix, encode = space.to_srgb.astype(np.float32), _encoded_levels()
    curves = np.ascontiguousarray(space.curves[:, ::257])
    # In blocks of rows, so that a large picture needs no copies of itself as floats.
    for top in range(0, len(values), _BLOCK):
        block = values[top : top + _BLOCK]
        if block.dtype == np.uint8:
            linear = np.asarray(cv2.LUT(block, curves.T[None]), np.float32)
        else:
            channels = [space.curves[i].take(block[..., i]) for i in range(3)]
            linear = np.asarray(cv2.merge(channels), np.float32)
        linear = np.asarray(cv2.transform(linear, matrix), np.float32)
        levels = np.clip(linear * (_LEVELS - 1) + 0.5, 0, _LEVELS - 1).astype(np.uint16)
        result[top : top + _BLOCK] = encode.take(levels)
    return result


def in_depth(values: Values, kind: type[np.uint8] | type[np.uint16]) -> Values:
    """Values of 8 or 16 bits, the full range to the full range."""
    if values.dtype == kind:
        return values
    return _to_8_bit(values) if kind is np.uint8 else values.astype(np.uint16) * np.uint16(257)


def srgb_value(linear: Reals) -> Reals:
    """Encoded sRGB of linear light; its curve goes on below 0 and above 1 (IEC 61966-2-1)."""
    return np.copysign(colour.encoded(np.abs(linear)), linear)


def srgb_linear(value: Reals) -> Reals:
    """Linear light of encoded sRGB; the inverse of `srgb_value`."""
    return np.copysign(colour.decoded(np.abs(value)), value)


@cache
def srgb() -> ColourSpace:
    """The sRGB colour space (IEC 61966-2-1)."""
    return _space("sRGB", _SRGB_XY, None)


@cache
def adobe_rgb() -> ColourSpace:
    """The Adobe RGB (1998) colour space."""
    return _space("Adobe RGB (1998)", _ADOBE_XY, 563 / 256)


@cache
def from_cicp(primaries: int, transfer: int) -> ColourSpace:
    """The space of coding-independent code points, but for the curves of HDR (`hdr`)."""
    name, corners = _PRIMARIES.get(primaries, ("sRGB", _SRGB_XY))
    gamma = _GAMMAS.get(transfer)
    return srgb() if name == "sRGB" and gamma is None else _space(name, corners, gamma)


@lru_cache(maxsize=8)
def from_icc(profile: bytes) -> ColourSpace | None:
    """The space of an ICC profile; None if it is not RGB of a matrix and curves, or broken."""
    try:
        return _parsed(profile)
    except (struct.error, KeyError, IndexError, ValueError, ZeroDivisionError, OverflowError):
        return None


@cache
def _is_srgb(space: ColourSpace) -> bool:
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    there = np.clip(srgb_value(space.linear(cube)), 0, 1) * 255
    return bool(np.abs(there - cube).max() < 1)


def _to_8_bit(values: Values) -> Image8:
    if values.dtype == np.uint8:
        return np.asarray(values, np.uint8)
    return np.asarray(((values.astype(np.uint32) + 128) // 257), np.uint8)


def _root_levels(linear: Reals) -> NDArray[np.uint16]:
    """Square roots of linear light, clipped, in 65536 steps: finer where it is dark."""
    return (np.sqrt(np.clip(linear, 0, 1)) * (_LEVELS - 1) + 0.5).astype(np.uint16)


@cache
def _encoding_curves(space: ColourSpace) -> NDArray[np.uint16]:
    """16-bit values of each channel by `_root_levels` of its light, shape (3, 65536)."""
    light = np.linspace(0, 1, _LEVELS) ** 2
    steps = np.arange(_LEVELS)
    return np.stack([np.rint(np.interp(light, one, steps)) for one in space.curves]).astype(
        np.uint16
    )


@cache
def _encoded_levels() -> NDArray[np.uint8]:
    """8-bit sRGB of linear light at equal steps."""
    return np.rint(srgb_value(np.linspace(0, 1, _LEVELS)) * 255).astype(np.uint8)


def _space(name: str, corners: tuple[tuple[float, float], ...], gamma: float | None) -> ColourSpace:
    """A space by its chromaticities under D65, and its gamma; None for sRGB's curve."""
    to_srgb = np.linalg.inv(_to_xyz(_SRGB_XY)) @ _to_xyz(corners)
    steps = np.linspace(0, 1, _LEVELS)
    curve = srgb_linear(steps) if gamma is None else steps**gamma
    profile = _written(name, _SRGB_TO_D50 @ to_srgb, gamma)
    return ColourSpace(name, to_srgb, np.tile(curve.astype(np.float32), (3, 1)), profile)


def _to_xyz(corners: tuple[tuple[float, float], ...]) -> Points:
    """Matrix from linear RGB to XYZ under D65, from chromaticities x, y."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in corners]).T
    white = np.array([_D65[0] / _D65[1], 1, (1 - _D65[0] - _D65[1]) / _D65[1]])
    return np.asarray(columns * np.linalg.solve(columns, white), np.float64)


# -- ICC profiles --


def _parsed(profile: bytes) -> ColourSpace | None:
    tags = _tags(profile)
    if profile[16:24] != b"RGB XYZ " or b"A2B0" in tags:
        return None
    matrix = np.array([struct.unpack(">3i", tags[name][8:20]) for name in _COLORANTS]).T / 65536
    curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
    to_srgb = np.linalg.inv(_SRGB_TO_D50) @ matrix
    rises = bool((np.diff(curves) >= 0).all() and (curves[:, -1] > 0.5).all())
    if not rises or abs(np.linalg.det(to_srgb)) < 1e-3:
        return None
    return ColourSpace(_name(tags), to_srgb, curves.astype(np.float32), profile)


_COLORANTS = (b"rXYZ", b"gXYZ", b"bXYZ")


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = struct.unpack(">I", profile[128:132])[0]
    tags = {}
    for index in range(min(count, 100)):
        name, start, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        tags[name] = profile[start : start + size]
    return tags


def _curve(tag: bytes) -> Points:
    """Values of a ``curv`` or ``para`` tag at `_LEVELS` steps (ICC.1:2022, 10.6, 10.18)."""
    steps = np.linspace(0, 1, _LEVELS)
    if tag[:4] == b"curv":
        count = struct.unpack(">I", tag[8:12])[0]
        if count == 0:
            return steps
        table = np.frombuffer(tag[12 : 12 + 2 * count], ">u2").astype(np.float64)
        if count == 1:
            return np.asarray(steps ** (table[0] / 256))
        return np.interp(steps, np.linspace(0, 1, len(table)), table / 65535)
    if tag[:4] != b"para":
        raise ValueError("no curve")
    kind = struct.unpack(">H", tag[8:10])[0]
    count = (1, 3, 4, 5, 7)[kind]
    found = [value / 65536 for value in struct.unpack(f">{count}i", tag[12 : 12 + 4 * count])]
    return _PARAMETRIC[kind](steps, *found)


def _type_1(x: Points, g: float, a: float, b: float) -> Points:
    return np.where(x >= -b / a, np.maximum(a * x + b, 0) ** g, 0)


def _type_2(x: Points, g: float, a: float, b: float, c: float) -> Points:
    return np.where(x >= -b / a, np.maximum(a * x + b, 0) ** g + c, c)


def _type_4(
    x: Points, g: float, a: float, b: float, c: float, d: float, e: float = 0, f: float = 0
) -> Points:
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)


_PARAMETRIC: tuple[Callable[..., Points], ...] = (
    lambda x, g: np.asarray(x**g),
    _type_1,
    _type_2,
    _type_4,
    _type_4,
)


def _name(tags: dict[bytes, bytes]) -> str:
    """A profile's description, at most 60 printable characters."""
    tag = tags.get(b"desc", b"")
    if tag[:4] == b"mluc":
        size, start = struct.unpack(">II", tag[20:28])
        text = tag[start : start + size].decode("utf-16-be", "replace")
    else:
        size = struct.unpack(">I", tag[8:12])[0] if len(tag) > 12 else 0
        text = tag[12 : 11 + size].decode("ascii", "replace")
    return "".join(letter for letter in text if letter.isprintable())[:60] or "unnamed"


def _written(name: str, to_d50: Points, gamma: float | None) -> bytes:
    """An ICC profile, version 4, of a matrix to XYZ under D50 and one curve."""
    numbers = _SRGB_CURVE if gamma is None else (gamma,)
    curve = b"para" + struct.pack(">IHH", 0, 3 if gamma is None else 0, 0) + _fixed(*numbers)
    text = [
        b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", 2 * len(one), 28)
        + one.encode("utf-16-be")
        for one in (name, "No copyright, use freely")
    ]  # fmt: skip
    colorants = [b"XYZ \0\0\0\0" + _fixed(*column) for column in to_d50.T]
    tags = [
        (b"desc", text[0]),
        (b"cprt", text[1]),
        (b"wtpt", b"XYZ \0\0\0\0" + _fixed(0.9642, 1.0, 0.8249)),
        (b"chad", b"sf32\0\0\0\0" + _fixed(*_D65_TO_D50)),
        *zip(_COLORANTS, colorants, strict=True),
        *((tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for tag, content in tags:
        table += struct.pack(">4sII", tag, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4s4s4s4sQI", start + len(body), b"\0\0\0\0", 0x04400000, b"mntr", b"RGB ",
        b"XYZ ", 2026, 1, 1, 0, 0, 0, b"acsp", b"\0\0\0\0", b"\0\0\0\0", b"\0\0\0\0",
        b"\0\0\0\0", 0, 1,
    )  # fmt: skip
    header += _fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _fixed(*numbers: float) -> bytes:
    """Numbers as s15Fixed16."""
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
