from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines.image import compression, decoding, loading, spaces
from pipelines.image.arrays import Image8
from pipelines.image.spaces import ColourSpace
from pipelines.studio import Analysis, Look, saving
from pipelines.studio.saving import Wishes

LOOK, AS_IT_CAME = Look(engine="geometry"), Wishes()


def prophoto() -> ColourSpace:
    """Wide primaries and a gamma of 1.8, like ProPhoto's."""
    base = spaces.from_cicp(9, 8)
    steps = np.linspace(0, 1, 65536) ** 1.8
    profile = base.profile.replace(
        b"para" + bytes(8) + b"\0\1\0\0", b"para" + bytes(8) + b"\0\1\xcc\xcd"
    )
    return replace(base, curves=np.tile(steps.astype(np.float32), (3, 1)), profile=profile)


SPACES = {"adobe": spaces.adobe_rgb(), "p3": spaces.from_cicp(12, 13), "prophoto": prophoto()}


@pytest.fixture(scope="module")
def crop(astronaut: Image8) -> Image8:
    return np.ascontiguousarray(astronaut[40:200, 140:300])


def deep(crop: Image8, space: ColourSpace) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """The crop in a space with 16 bits, with differences that 8 bits do not hold."""
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, crop.shape)
    light = spaces.srgb_linear(np.clip((crop + noise) / 255, 0, 1))
    return np.asarray(space.values(light, np.uint16), np.uint16)


def tiff(values: np.ndarray[Any, Any], space: ColourSpace) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, photometric="rgb", iccprofile=space.profile)
    return buffer.getvalue()


def edited(original: Image8) -> Image8:
    """A rectangle of it lighter, redder and softer, as a retouch may make it."""
    result = original.copy()
    part = cv2.GaussianBlur(original[30:120, 30:120], (0, 0), 2).astype(int) + np.array([9, 4, 2])
    result[30:120, 30:120] = np.clip(part, 0, 255)
    return result


def saved(
    data: bytes, astronaut_analysis: Analysis, form: Any, wishes: Wishes = AS_IT_CAME
) -> tuple[bytes, Image8]:
    portrait = loading.load(data)
    analysis = replace(astronaut_analysis, portrait=portrait)
    result = edited(portrait.original_u8)
    return saving.save(data, analysis, result, LOOK, form, wishes), result


@pytest.mark.parametrize("form", ["TIFF", "PNG"])
@pytest.mark.parametrize("name", SPACES)
def test_a_file_comes_back_in_what_it_came_in(
    crop: Image8, astronaut_analysis: Analysis, name: str, form: Any
) -> None:
    source = tiff(deep(crop, SPACES[name]), SPACES[name])
    data, result = saved(source, astronaut_analysis, form)
    before, after = decoding.decode(source), decoding.decode(data)
    assert after.values.dtype == np.uint16
    assert after.space.profile == before.space.profile
    untouched = np.ones(crop.shape[:2], bool)
    untouched[30:120, 30:120] = False
    assert np.array_equal(after.values[untouched], before.values[untouched])
    assert not np.array_equal(after.values, before.values)
    read = loading.load(data).original_u8
    difference = deltaE_ciede2000(rgb2lab(read), rgb2lab(result))
    assert difference.max() < 0.5


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("profile", ["keep", "srgb"])
def test_colours_are_the_same_in_every_format(
    crop: Image8, astronaut_analysis: Analysis, form: Any, profile: Any
) -> None:
    source = tiff(deep(crop, SPACES["adobe"]), SPACES["adobe"])
    data, result = saved(source, astronaut_analysis, form, Wishes(profile=profile, depth="8"))
    assert (decoding.decode(data).space.name == "sRGB") == (profile == "srgb")
    read = loading.load(data).original_u8
    most = 0.6 if form in ("PNG", "TIFF") else 3
    assert deltaE_ciede2000(rgb2lab(read), rgb2lab(result)).mean() < most


def test_16_bits_of_srgb_are_kept_and_made(crop: Image8, astronaut_analysis: Analysis) -> None:
    source = tiff(deep(crop, SPACES["adobe"]), SPACES["adobe"])
    data, result = saved(source, astronaut_analysis, "PNG", Wishes(profile="srgb", depth="16"))
    found = decoding.decode(data)
    assert found.values.dtype == np.uint16
    assert found.space.name == "sRGB"
    assert len(np.unique(found.values)) > 300
    assert np.abs(loading.load(data).original_u8.astype(int) - result).max() <= 1


def test_a_jpeg_has_the_tables_of_its_photo(crop: Image8, astronaut_analysis: Analysis) -> None:
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, "JPEG", quality=83, subsampling=2)
    data, _ = saved(buffer.getvalue(), astronaut_analysis, "JPEG")
    with Image.open(io.BytesIO(data)) as after, Image.open(buffer) as before:
        assert after.quantization == before.quantization  # type: ignore[attr-defined]
        assert after.layer == before.layer  # type: ignore[attr-defined]


def test_coarse_tables_of_a_photo_are_not_used_again(
    crop: Image8, astronaut_analysis: Analysis
) -> None:
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, "JPEG", quality=35)
    data, _ = saved(buffer.getvalue(), astronaut_analysis, "JPEG")
    found = compression.read(data)
    assert found is not None and found.share == 0


def test_a_framed_result_is_saved_as_it_is(crop: Image8, astronaut_analysis: Analysis) -> None:
    source = tiff(deep(crop, SPACES["adobe"]), SPACES["adobe"])
    analysis = replace(astronaut_analysis, portrait=loading.load(source))
    data = saving.save(source, analysis, crop[:100, :80], LOOK, "PNG", Wishes())
    assert np.array_equal(loading.load(data).original_u8, crop[:100, :80])
