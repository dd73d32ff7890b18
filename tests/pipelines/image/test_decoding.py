from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from pipelines.image import decoding, loading, spaces, tone_mapping
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal


@pytest.fixture(scope="module")
def photo(astronaut: Image8) -> Image8:
    return np.ascontiguousarray(astronaut[:160, 150:310])


def deep(photo: Image8) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """The photo with 16 bits, of which the lower eight are not those of the upper."""
    return (photo.astype(np.uint16) << 8) + photo[::-1]


def tiff(values: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, photometric="rgb", **options)
    return buffer.getvalue()


def heic(values: Image8, primaries: int, transfer: int) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(values)).save(
        buffer, quality=-1, chroma=444, color_primaries=primaries,
        transfer_characteristics=transfer, matrix_coefficients=0, full_range_flag=1,
        save_nclx_profile=True,
    )  # fmt: skip
    return buffer.getvalue()


def in_space(photo: Image8, space: spaces.ColourSpace) -> Image8:
    return np.asarray(space.values(spaces.srgb_linear(photo / 255), np.uint8), np.uint8)


def largest_difference(data: bytes, photo: Image8) -> int:
    return int(np.abs(loading.load(data).original_u8.astype(int) - photo).max())


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_16_bit_tiffs_are_read_whole_in_planes_too(photo: Image8, planar: str) -> None:
    values = deep(photo) if planar == "contig" else np.moveaxis(deep(photo), -1, 0)
    found = decoding.decode(tiff(values, planarconfig=planar, compression="deflate"))
    assert np.array_equal(found.values, deep(photo))


def test_16_bit_pngs_are_read_whole_and_upright(photo: Image8) -> None:
    turned = np.ascontiguousarray(np.rot90(deep(photo)))
    data = cv2.imencode(".png", turned[..., ::-1])[1].tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block
    data = data[:33] + chunk + struct.pack(">I", zlib.crc32(b"eXIf" + block)) + data[33:]
    assert np.array_equal(decoding.decode(data).values, deep(photo))


@pytest.mark.parametrize("scale", [1.0, 255.0])
@pytest.mark.parametrize("kind", ["float16", "float32"])
def test_floating_point_pictures_are_read(photo: Image8, scale: float, kind: str) -> None:
    assert largest_difference(tiff((photo / 255 * scale).astype(kind)), photo) <= 1


def test_floating_point_pictures_brighter_than_white_are_tone_mapped(photo: Image8) -> None:
    light = spaces.srgb_linear(photo / 255).astype(np.float32)
    light[:8, :8] = 20
    found = loading.load(tiff(light))
    assert found.notes == (decoding.TONE_MAPPED,)
    assert (found.original_u8[:8, :8] > 250).all()
    # What is darker than half of diffuse white stays as it is.
    dark = photo.max(axis=2) < 120
    assert np.abs(found.original_u8[dark].astype(int) - photo[dark]).max() <= 1


def test_heic_of_10_bits_is_read_with_all_of_them(photo: Image8) -> None:
    buffer = io.BytesIO()
    heif = pillow_heif.from_bytes(mode="RGB;16", size=(160, 160), data=deep(photo).tobytes())
    heif.save(buffer, quality=-1, chroma=444, matrix_coefficients=0)
    found = decoding.decode(buffer.getvalue()).values
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - deep(photo)).max() < 64


def test_code_points_of_a_png_are_read(photo: Image8) -> None:
    buffer = io.BytesIO()
    Image.fromarray(in_space(photo, spaces.from_cicp(12, 13))).save(buffer, "PNG")
    chunk = b"cICP" + bytes((12, 13, 0, 1))
    chunk = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = buffer.getvalue()
    assert largest_difference(data[:33] + chunk + data[33:], photo) <= 2


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_display_p3_by_code_points_alone(photo: Image8, kind: str) -> None:
    values = in_space(photo, spaces.from_cicp(12, 13))
    if kind == "HEIC":
        data = heic(values, 12, 13)
    else:
        buffer = io.BytesIO()
        Image.fromarray(values).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
        sign = b"colrnclx"
        data = buffer.getvalue().replace(sign + b"\0\1", sign + b"\0\x0c", 1)
    read = loading.load(data).original_u8
    assert np.abs(read.astype(int) - photo).mean() < 1
    assert np.abs(values.astype(int) - photo).mean() > 2


@pytest.mark.parametrize("transfer", [tone_mapping.PQ, tone_mapping.HLG])
def test_hdr_is_tone_mapped_and_said(photo: Image8, transfer: int) -> None:
    space = spaces.from_cicp(9, 13)
    own = spaces.srgb_linear(photo / 255) @ np.linalg.inv(space.to_srgb).T
    steps = np.linspace(0, 1, 256)
    if transfer == tone_mapping.PQ:
        nits = own * tone_mapping.WHITE_NITS
        light = tone_mapping.linear(
            np.arange(256, dtype=np.uint8).reshape(1, -1, 1).repeat(3, 2), transfer
        )
        values = np.interp(nits / tone_mapping.WHITE_NITS, light[0, :, 0], steps)
    else:
        # The inverse of BT.2100's OOTF, then its OETF.
        nits = own * tone_mapping.WHITE_NITS / 1000
        luminance = np.maximum(nits @ [0.2627, 0.6780, 0.0593], 1e-9)[..., None]
        scene = np.maximum(nits * luminance ** (1 / 1.2 - 1), 0)
        high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        values = np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)
    found = loading.load(heic(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8), 9, transfer))
    assert found.notes == (decoding.TONE_MAPPED,)
    # Nothing in the photo is brighter than diffuse white, so it comes back as it was.
    assert np.abs(found.original_u8.astype(int) - photo).mean() < 2


def test_adobe_rgb_is_known_by_exif_alone(photo: Image8) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03", 2: b"0100"}
    values = in_space(photo, spaces.adobe_rgb())
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "JPEG", quality=98, subsampling=0, exif=exif)
    found = decoding.decode(buffer.getvalue())
    assert found.space is spaces.adobe_rgb()
    assert np.abs(loading.load(buffer.getvalue()).original_u8.astype(int) - photo).mean() < 1.5


def test_a_profile_for_other_colours_is_ignored_and_said(photo: Image8) -> None:
    wrong = bytearray(spaces.adobe_rgb().profile)
    wrong[16:20] = b"CMYK"
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG", icc_profile=bytes(wrong))
    found = loading.load(buffer.getvalue())
    assert np.array_equal(found.original_u8, photo)
    assert found.notes == (decoding.PROFILE_IGNORED,)


def test_a_gain_map_is_left_out_and_said(photo: Image8) -> None:
    buffer = io.BytesIO()
    packet = b'<x:xmpmeta xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>'
    still = Image.fromarray(photo)
    still.save(buffer, "MPO", save_all=True, append_images=[still.resize((40, 40))], xmp=packet)
    found = loading.load(buffer.getvalue())
    assert found.original_u8.shape == photo.shape
    assert found.notes == (decoding.GAIN_MAP,)


def raw_tiff(photo: Image8) -> bytes:
    """A small picture to look at, and raw data behind it, as cameras write them."""
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(photo, photometric="rgb", subifds=1)
        file.write(deep(photo)[..., 0], photometric=32803, subfiletype=0)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, "raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "raw"),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0", "video"),
        (b"\x1aE\xdf\xa3\x01", "video"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_other_files_are_named_with_what_to_do(
    photo: Image8, data: bytes | None, kind: str
) -> None:
    with pytest.raises(Refusal) as caught:
        loading.load(raw_tiff(photo) if data is None else data + bytes(200))
    assert caught.value.code == "not-an-image"
    assert kind in caught.value.sentence
    assert any(word in caught.value.sentence for word in ("Export", "export", "Save"))


def test_what_is_only_unusual_is_not_called_damaged(photo: Image8) -> None:
    values = photo.astype(np.uint32)
    with pytest.raises(Refusal) as caught:
        loading.load(tiff(values))
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_16_bit_tiff_without_a_width_is_refused(photo: Image8, planar: str) -> None:
    values = deep(photo) if planar == "contig" else np.moveaxis(deep(photo), -1, 0)
    data = bytearray(tiff(values, planarconfig=planar))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        place = file.pages.first.tags["ImageWidth"].offset
    data[place : place + 2] = b"\xfb\xff"
    with pytest.raises(Refusal):
        loading.load(bytes(data))
