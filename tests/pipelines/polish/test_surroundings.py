"""A head before other surroundings: they are matched to it, it is never matched to them."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.face import head, matte
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8, Map
from pipelines.polish import backdrop, surroundings
from pipelines.polish.backdrop import Layers
from pipelines.studio import Analysis


@pytest.fixture(scope="module")
def parts(hopper_analysis: Analysis) -> tuple[Layers, Map, Map]:
    pixels, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    person, bare = matte.find(pixels, face), hopper_analysis.baseline.visible_skin
    layers = backdrop.separate(pixels, person, face)
    return layers, head.find(pixels, person, bare, face), bare


def compose(analysis: Analysis, parts: tuple[Layers, Map, Map], drawn: Image) -> Image8:
    layers, share, bare = parts
    photo = analysis.portrait
    return surroundings.compose(
        photo.original_u8, photo.pixels, layers, share, bare, drawn, analysis.face
    )


def test_the_start_is_the_head_on_a_plain_ground(parts: tuple[Layers, Map, Map]) -> None:
    layers, share, _ = parts
    start = surroundings.begin(layers, share, "#204060")
    assert np.allclose(start[share == 0], colour.named("#204060"))
    assert np.array_equal(start[share == 1], layers.person[share == 1])


@pytest.mark.parametrize("value", [0.02, 0.98])
def test_the_head_keeps_its_pixels_whatever_is_drawn(
    value: float, hopper_analysis: Analysis, parts: tuple[Layers, Map, Map]
) -> None:
    original = hopper_analysis.portrait.original_u8
    drawn = np.full(original.shape, value, np.float32)
    result = compose(hopper_analysis, parts, drawn)
    kept = parts[1] >= 1
    assert np.array_equal(result[kept], original[kept])
    far = result[-20:].astype(float) / 255
    assert np.abs(far - value).mean() < 0.03


def test_drawn_skin_takes_the_tone_of_the_neck_and_a_collar_keeps_its_own(
    hopper_analysis: Analysis,
) -> None:
    face = hopper_analysis.face
    height, width = face.size
    tone = np.array([60, 18, 22], np.float32)
    skin = colour.to_rgb(np.tile(tone, (height, width, 1)))
    skin_u8 = np.rint(255 * skin).astype(np.uint8)
    # All skin, of which a soft edge across the middle divides the head from what is drawn.
    ones = np.ones((height, width), np.float32)
    edge = np.clip((height / 2 - np.arange(height)) / 20, 0, 1)[:, None].astype(np.float32)
    parts = Layers(ones, skin, skin), edge * ones, ones

    def change(lighter: float) -> float:
        """How much lighter than drawn the result is below the edge, in L*."""
        drawn = colour.to_rgb(
            np.tile(tone + np.array([lighter, 0, 0], np.float32), (height, width, 1))
        )
        layers, share, bare = parts
        result = surroundings.compose(skin_u8, skin, layers, share, bare, drawn, face)
        below = result[height // 2 + 4 : height // 2 + 12].astype(np.float32) / 255
        return float(colour.to_lab(below)[..., 0].mean() - tone[0] - lighter)

    # Lighter skin is brought to the neck's tone; what is no skin is left alone.
    assert change(6) == pytest.approx(-6, abs=1)
    assert change(-6) == pytest.approx(6, abs=1)
    assert change(-40) == pytest.approx(0, abs=1)


def test_smooth_surroundings_get_the_grain_of_the_photo(
    hopper_analysis: Analysis, parts: tuple[Layers, Map, Map]
) -> None:
    drawn = np.full(hopper_analysis.portrait.original_u8.shape, 0.5, np.float32)
    assert compose(hopper_analysis, parts, drawn)[-40:].std() > 0.5
