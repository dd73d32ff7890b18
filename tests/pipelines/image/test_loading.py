from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from pipelines.image import delivery, loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal
from tests.conftest import png


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def mean_difference(a: Image8, b: Image8) -> float:
    return float(np.abs(a.astype(int) - b).mean())


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_keep_every_pixel(astronaut: Image8, kind: str) -> None:
    loaded = loading.load(encoded(Image.fromarray(astronaut), kind))
    assert np.array_equal(loaded.original_u8, astronaut)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF", "GIF"])
def test_lossy_formats_come_close(astronaut: Image8, kind: str) -> None:
    loaded = loading.load(encoded(Image.fromarray(astronaut), kind, quality=95))
    assert loaded.original_u8.shape == astronaut.shape
    assert mean_difference(loaded.original_u8, astronaut) < 4


def test_orientation_is_applied(astronaut: Image8) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(astronaut)))
    loaded = loading.load(encoded(turned, "PNG", exif=exif))
    assert np.array_equal(loaded.original_u8, astronaut)


def test_the_first_frame_of_an_animation_is_taken(astronaut: Image8) -> None:
    first, second = Image.fromarray(astronaut), Image.new("RGB", (512, 512), "red")
    loaded = loading.load(encoded(first, "GIF", save_all=True, append_images=[second]))
    assert mean_difference(loaded.original_u8, astronaut) < 6


def test_an_embedded_profile_is_converted_to_srgb(astronaut: Image8) -> None:
    # Lab is the only profile besides sRGB that the colour library can create.
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = Image.fromarray(astronaut)
    in_lab = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert in_lab is not None
    loaded = loading.load(encoded(in_lab, "TIFF"))
    assert mean_difference(loaded.original_u8, astronaut) < 3


def test_a_broken_profile_is_ignored(astronaut: Image8) -> None:
    data = encoded(Image.fromarray(astronaut), "PNG", icc_profile=b"not a profile")
    assert np.array_equal(loading.load(data).original_u8, astronaut)


def test_cmyk_is_converted_to_rgb(astronaut: Image8) -> None:
    data = encoded(Image.fromarray(astronaut).convert("CMYK"), "TIFF")
    assert mean_difference(loading.load(data).original_u8, astronaut) < 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(astronaut: Image8, kind: str) -> None:
    grey = astronaut[..., 0].astype(np.uint16) * 257
    loaded = loading.load(encoded(Image.fromarray(grey), kind))
    assert np.array_equal(loaded.original_u8[..., 1], astronaut[..., 0])


@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_16_bit_colour_is_scaled_not_clipped(astronaut: Image8, ending: str) -> None:
    deep = astronaut[..., ::-1].astype(np.uint16) * 257
    data = cv2.imencode(ending, deep)[1].tobytes()
    assert np.array_equal(loading.load(data).original_u8, astronaut)


def test_transparent_pixels_become_white(astronaut: Image8) -> None:
    image = Image.fromarray(astronaut)
    half = np.full(astronaut.shape[:2], 255, np.uint8)
    half[:, :256] = 0
    image.putalpha(Image.fromarray(half))
    loaded = loading.load(encoded(image, "PNG")).original_u8
    assert (loaded[:, :256] == 255).all()
    assert np.array_equal(loaded[:, 256:], astronaut[:, 256:])


def test_transparent_palette_colours_become_white() -> None:
    image = Image.new("P", (80, 80), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(1, (0, 0, 40, 80))
    loaded = loading.load(encoded(image, "PNG", transparency=0)).original_u8
    assert tuple(loaded[10, 60]) == (255, 255, 255)
    assert tuple(loaded[10, 10]) == (255, 0, 0)


def test_a_large_photo_has_a_reduced_working_copy() -> None:
    large = np.zeros((3000, 2400, 3), np.uint8)
    loaded = loading.from_pixels(large)
    assert loaded.original_u8.shape == (3000, 2400, 3)
    assert loaded.pixels.shape == (2048, 1638, 3)
    assert loaded.scale == pytest.approx(2048 / 3000)


@pytest.mark.parametrize("size", [(3000, 2400), (2304, 2049)])
@pytest.mark.parametrize(
    "place", [np.s_[:0], np.s_[700:720, 900:1000], np.s_[-1:, -1:], np.s_[:]], ids=str
)
def test_the_working_copy_of_an_edit_is_that_of_its_pixels(
    size: tuple[int, int], place: Any
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    portrait, edited = loading.from_pixels(photo.copy()), photo
    edited[place] ^= 255
    expected = loading.to_working(edited)
    assert np.array_equal(loading.working_of(edited, portrait), expected)


def test_delivery_changes_only_what_was_edited() -> None:
    rng = np.random.default_rng(0)
    full = rng.integers(0, 256, (3000, 2400, 3), dtype=np.uint8)
    before = loading.to_working(full)
    after = before.copy()
    after[500:600, 500:600] += np.float32(0.1)
    result = delivery.deliver(full, before, after)
    changed = np.argwhere(np.any(result != full, axis=2))
    scale = 3000 / 2048
    assert changed.min() >= 498 * scale
    assert changed.max() <= 602 * scale
    inside = (slice(760, 850), slice(760, 850))
    rise = result[inside].astype(int) - full[inside]
    unclipped = full[inside] < 225
    # Every pixel rises by the same amount, so the grain is unchanged.
    assert rise[unclipped].min() >= 25
    assert rise[unclipped].max() <= 26


def test_edits_of_two_faces_are_not_made_twice() -> None:
    original = np.full((90, 200, 3), 100, np.uint8)
    lighter, darker = original + np.uint8(10), original - np.uint8(10)
    left, right = (0.1, 0.3, 0.3, 0.8), (0.7, 0.3, 0.9, 0.8)
    same = delivery.blended(original, [(left, lighter), (right, lighter)])
    assert (same == 110).all()
    row = delivery.blended(original, [(left, lighter), (right, darker)])[45, :, 0]
    assert (row[20:60] == 110).all()
    assert (row[140:180] == 90).all()
    assert (np.diff(row.astype(int)) <= 0).all()
    alone = delivery.blended(original, [(left, original), (right, lighter)])[45, :, 0]
    assert (alone[20:60] == 100).all()
    assert alone[160] == 110


def test_delivery_without_an_edit_returns_the_original(astronaut: Image8) -> None:
    before = loading.to_working(astronaut)
    assert delivery.deliver(astronaut, before, before.copy()) is astronaut


def test_loaded_pixels_are_read_only(astronaut: Image8) -> None:
    loaded = loading.load(png(astronaut))
    with pytest.raises(ValueError, match="read-only"):
        loaded.original_u8[0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        loaded.pixels[0, 0] = 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_truncated_file_is_refused(astronaut: Image8, kind: str, share: float) -> None:
    data = encoded(Image.fromarray(astronaut), kind)
    with pytest.raises(Refusal) as caught:
        loading.load(data[: int(len(data) * share)])
    assert caught.value.code == "truncated"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello", "not-an-image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "not-an-image"),
        (b"%PDF-1.7\n", "not-an-image"),
        (Path("/no/such/photo.jpg"), "not-an-image"),
    ],
)
def test_other_files_are_refused(data: bytes | Path, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        loading.load(data)
    assert caught.value.code == code
    assert "/no/such" not in str(caught.value)


def test_too_many_pixels_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(Image.new("1", (6400, 6400)), "PNG")

    def decode(*args: object) -> None:
        raise AssertionError("decoded before its size was checked")

    monkeypatch.setattr(PngImageFile, "load", decode)
    with pytest.raises(Refusal) as caught:
        loading.load(data)
    assert caught.value.code == "too-large"
    assert "41 megapixels" in caught.value.sentence


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        loading.load(encoded(Image.new("1", (30000, 30000)), "PNG"))
    assert caught.value.code == "too-large"


def test_a_picture_below_64_pixels_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        loading.load(encoded(Image.new("RGB", (200, 40)), "PNG"))
    assert caught.value.code == "too-small"
