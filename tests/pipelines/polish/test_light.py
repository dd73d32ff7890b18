"""The dose of light: exposure and white balance are read from the scene, not from the skin."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.face import Face, closeup, skin
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8
from pipelines.polish import gloss, light
from pipelines.polish.light import Light


@pytest.fixture(scope="module")
def portrait(astronaut: Image8) -> tuple[Image, Face]:
    pixels = astronaut.astype(np.float32) / 255
    return pixels, faces.find(pixels)


def measured(pixels: Image, face: Face) -> Light:
    crop = closeup.cut(pixels, face, skin.REACH, 100.0)
    masks = skin.find(crop.pixels, crop.face)
    return light.measure(pixels, crop, masks, gloss.measure(crop, masks))


def applied(pixels: Image, face: Face, dose: float) -> Image:
    crop = closeup.cut(pixels, face, skin.REACH, 100.0)
    return light.apply(pixels, crop, measured(pixels, face), dose)


def test_a_well_exposed_photo_keeps_its_exposure_and_colours(portrait: tuple[Image, Face]) -> None:
    found = measured(*portrait)
    assert found.ev == 0
    assert found.haze == 0
    assert found.cast < 0.02


@pytest.mark.parametrize("stops", [0.8, 1.5])
def test_an_underexposed_photo_gets_light_and_no_white(
    portrait: tuple[Image, Face], stops: float
) -> None:
    pixels, face = portrait
    dark = (pixels * np.float32(2 ** (-stops / 2.2))).astype(np.float32)
    result = applied(dark, face, 1.0)
    assert 0 < measured(dark, face).ev <= 0.6
    assert dark.mean() < result.mean() < pixels.mean() + 0.02
    assert result.max() <= 1
    assert np.count_nonzero(result > 0.998) <= np.count_nonzero(pixels > 0.998)


def test_darker_skin_in_the_same_scene_gets_no_other_exposure(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    mask = skin.mask(pixels, face)[..., None]
    for stops in (0.0, 0.8):
        scene = (pixels * np.float32(2 ** (-stops / 2.2))).astype(np.float32)
        darker = (scene * (1 - 0.45 * mask)).astype(np.float32)
        assert measured(darker, face).ev == pytest.approx(measured(scene, face).ev, abs=0.1)


def test_a_scene_of_strong_colours_without_white_keeps_its_exposure(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    red = (pixels * np.array([0.95, 0.6, 0.5], np.float32)).astype(np.float32)
    assert float(colour.luma_of(red).max()) < 0.75
    assert measured(red, face).ev == 0


def test_a_cast_of_skin_and_surroundings_is_reduced(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    greenish = np.clip(pixels * np.array([0.94, 1.0, 0.78], np.float32), 0, 1).astype(np.float32)
    result = applied(greenish, face, 1.0)
    far = [
        float(np.abs(colour.to_lab(p)[:, :40, 1:].mean(axis=(0, 1))).sum())
        for p in (greenish, result)
    ]
    assert measured(greenish, face).cast >= 0
    assert far[1] <= far[0]
    white = np.ones_like(greenish)
    crop = closeup.cut(white, face, skin.REACH, 100.0)
    found = measured(white, face)
    cast = replace(found, balance=(1.05, 1.0, 0.9), haze=0.0, key=np.zeros_like(found.key))
    assert light.apply(white, crop, cast, 1.0).min() > 0.998


def test_haze_is_taken_off_and_white_stays(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    linear = np.power(pixels, 2.2)
    hazy = np.power(0.9 * linear + 0.08, 1 / 2.2, dtype=np.float32)
    result = applied(hazy, face, 1.0)
    assert measured(hazy, face).haze > 0.03
    assert np.percentile(result, 1) < np.percentile(hazy, 1) - 0.1
    assert abs(float(result.max()) - float(hazy.max())) < 0.02


def test_the_key_models_a_flat_face_and_keeps_its_mean(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    crop = closeup.cut(pixels, face, skin.REACH, 100.0)
    masks = skin.find(crop.pixels, crop.face)
    lab = colour.to_lab(crop.pixels)
    smooth = cv2.GaussianBlur(lab[..., 0], (0, 0), 12)
    lab[..., 0] += (65 - smooth) * masks.facial
    flat = closeup.Closeup(colour.to_rgb(lab), crop.face, crop.view)
    key = light.measure(pixels, flat, masks, gloss.measure(flat, masks)).key
    assert np.abs(key).max() > 0.05
    assert abs(float((key * masks.facial).sum() / masks.facial.sum())) < 0.01
    outside = ~skin.inside(crop.face, skin.outline(crop.face))
    assert not key[outside].any()


def test_black_and_white_stays_black_and_white(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grey = np.repeat(0.7 * pixels.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
    result = np.rint(255 * applied(grey, face, 1.0))
    assert np.array_equal(result[..., 0], result[..., 1])
    assert np.array_equal(result[..., 1], result[..., 2])


def test_gloss_fades_but_stays_lighter_and_the_face_as_light(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    rows, columns = np.indices(face.size)
    middle = face.region("left_cheek").mean(axis=0)
    away = np.hypot(columns - middle[0], rows - middle[1]) / face.interocular
    lamp = 0.4 * np.exp(-np.square(away / 0.12))[..., None]
    shiny = colour.from_linear(colour.to_linear(pixels) + lamp.astype(np.float32))
    mask = skin.mask(pixels, face)

    def above(picture: Image) -> float:
        light = colour.to_linear(picture) @ colour.LUMINANCE
        around = (away > 0.25) & (away < 0.35) & (mask > 0.9)
        return float(light[away < 0.05].mean() - light[around].mean())

    def mean(picture: Image) -> float:
        return float(((colour.to_linear(picture) @ colour.LUMINANCE) * mask).sum() / mask.sum())

    result = applied(shiny, face, 1.0)
    assert 0 < above(result) < 0.9 * above(shiny)
    assert mean(result) == pytest.approx(mean(shiny), rel=0.03)
    assert measured(shiny, face).gloss.share > measured(pixels, face).gloss.share


def test_gloss_cannot_be_told_on_a_toned_print(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    sepia = colour.luma_of(pixels)[..., None] * np.array([1, 0.86, 0.66], np.float32)
    assert not measured(sepia, face).gloss.fall.any()
