"""Blocks of JPEG compression: when there are some to be seen, and what is left of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.image import compression
from pipelines.image.arrays import Image8


def jpeg(pixels: Image8, quality: int, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def decoded(data: bytes) -> Image8:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def mended(data: bytes) -> Image8:
    found = compression.read(data)
    assert found is not None
    return compression.mended(decoded(data), found)


def noise(picture: Image8, original: Image8) -> float:
    return float(np.mean((picture.astype(float) - original) ** 2))


def edges_of_blocks(picture: Image8) -> float:
    """Steps of colour between neighbours where its blocks meet, over those within blocks."""
    colour = picture.astype(float) - picture.mean(axis=2, keepdims=True)
    steps = np.abs(np.diff(colour, axis=1)).mean(axis=(0, 2))
    at_edges = np.arange(len(steps)) % 16 == 15
    return float(steps[at_edges].mean() / steps[~at_edges].mean())


@pytest.mark.parametrize("quality", [20, 35, 50])
def test_it_comes_nearer_to_the_picture_before_compression(astronaut: Image8, quality: int) -> None:
    data = jpeg(astronaut, quality)
    assert noise(mended(data), astronaut) < 0.97 * noise(decoded(data), astronaut)
    assert edges_of_blocks(decoded(data)) > 2
    assert edges_of_blocks(mended(data)) < 1.2


def test_fine_tables_and_other_formats_are_left_alone(astronaut: Image8) -> None:
    data = jpeg(astronaut, 90)
    found = compression.read(data)
    assert found is not None and found.share == 0
    assert compression.mended(astronaut, found) is astronaut
    buffer = io.BytesIO()
    Image.fromarray(astronaut).save(buffer, "PNG")
    assert compression.read(buffer.getvalue()) is None
    assert compression.read(b"no picture") is None


def test_what_is_grey_stays_grey(astronaut: Image8) -> None:
    result = mended(jpeg(astronaut, 30, "L"))
    assert (result == result[..., :1]).all()
    assert not np.array_equal(result, decoded(jpeg(astronaut, 30, "L")))
