from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.image import spaces
from pipelines.image.arrays import Image8

SPACES: dict[str, Callable[[], spaces.ColourSpace]] = {
    "adobe": spaces.adobe_rgb,
    "p3": lambda: spaces.from_cicp(12, 13),
    "bt2020": lambda: spaces.from_cicp(9, 1),
}


def by_the_library(pixels: Image8, profile: bytes) -> Image8:
    converted = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    return np.asarray(converted)


@pytest.mark.parametrize("name", SPACES)
def test_conversion_agrees_with_little_cms(name: str) -> None:
    space = SPACES[name]()
    pixels = np.random.default_rng(0).integers(0, 256, (80, 90, 3), dtype=np.uint8)
    theirs = by_the_library(pixels, space.profile)
    for values in (pixels, np.asarray(pixels * np.uint16(257), np.uint16)):
        ours = spaces.to_srgb(values, space)
        assert np.abs(ours.astype(int) - theirs).max() <= 2
        assert np.abs(ours.astype(int) - theirs).mean() < 0.2


@pytest.mark.parametrize("name", SPACES)
def test_a_written_profile_is_read_as_the_same_space(name: str) -> None:
    space = SPACES[name]()
    read = spaces.from_icc(space.profile)
    assert read is not None
    assert read.name == space.name
    assert np.allclose(read.to_srgb, space.to_srgb, atol=1e-3)
    assert np.allclose(read.curves, space.curves, atol=1e-4)
    assert not read.is_srgb


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", SPACES)
def test_values_come_back_from_linear_light(
    name: str, kind: type[np.uint8] | type[np.uint16]
) -> None:
    space = SPACES[name]()
    values = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (50, 3), dtype=kind)
    assert np.abs(space.values(space.linear(values), kind).astype(int) - values).max() <= 1


def test_srgb_is_recognised_and_not_converted() -> None:
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (theirs, spaces.srgb().profile):
        space = spaces.from_icc(profile)
        assert space is not None
        assert space.is_srgb
        pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
        assert spaces.to_srgb(pixels, space) is pixels


@pytest.mark.parametrize("cut", [0, 40, 131, 140, 300, 500])
def test_a_profile_cut_off_is_no_profile(cut: int) -> None:
    assert spaces.from_icc(spaces.adobe_rgb().profile[:cut]) is None
