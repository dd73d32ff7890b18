"""Skin masks: included and excluded areas, and independence of how light the skin is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.face import Face, skin
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8, Map

RENDERS = Path(__file__).parents[3] / "datasets" / "data" / "renders"


@pytest.fixture(scope="module")
def portrait(astronaut: Image8) -> tuple[Image, Face]:
    pixels = astronaut.astype(np.float32) / 255
    return pixels, faces.find(pixels)


def mean_over(mask: Map, face: Face, name: str, grow: float = 0.0) -> float:
    """Mean of a mask over a region of the face."""
    view = skin.window(face)
    inside = skin.region(face, name, view, grow) > 0
    return float(mask[view][inside].mean())


def test_cheeks_are_skin_and_features_are_not(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    mask = skin.mask(pixels, face)
    assert mask.dtype == np.float32
    assert mask.shape == pixels.shape[:2]
    assert mask.min() >= 0
    assert mask.max() <= 1
    for side in ("left", "right"):
        assert mean_over(mask, face, f"{side}_cheek") > 0.8
        assert mean_over(mask, face, f"{side}_eye") < 0.05
        assert mean_over(mask, face, f"{side}_brow") < 0.1
    assert mean_over(mask, face, "lips") < 0.05


def test_no_facial_skin_outside_the_outline(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    outside = ~skin.inside(face, skin.outline(face))
    assert not skin.mask(pixels, face)[outside].any()


def test_a_fringe_is_not_skin(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    mask = skin.mask(pixels, face)
    view = skin.window(face)
    forehead = skin.region(face, "forehead", view) > 0
    lightness = cv2.cvtColor(pixels[view], cv2.COLOR_RGB2Lab)[..., 0]
    hair = forehead & (lightness < 55)
    assert hair.sum() > 100
    assert mask[view][hair].mean() < 0.2


@pytest.mark.parametrize("gamma", [0.6, 1.0, 2.0, 3.0])
def test_the_mask_is_alike_from_light_to_dark_skin(
    portrait: tuple[Image, Face], gamma: float
) -> None:
    pixels, face = portrait
    mask = skin.mask(np.power(pixels, gamma, dtype=np.float32), face)
    assert mean_over(mask, face, "left_cheek") > 0.75
    assert mean_over(mask, face, "right_cheek") > 0.75
    assert mean_over(mask, face, "lips") < 0.05


def test_skin_is_found_in_black_and_white_pictures(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grey = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
    assert mean_over(skin.mask(grey, face), face, "left_cheek") > 0.8


def test_a_beard_is_not_skin(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    bearded = pixels.copy()
    chin = face.region("lips").mean(axis=0) + np.array([0, 0.62 * face.interocular])
    rows, columns = np.indices(face.size)
    beard = np.hypot(columns - chin[0], rows - chin[1]) < 0.25 * face.interocular
    hair = np.random.default_rng(0).normal(0.22, 0.04, (int(beard.sum()), 1))
    bearded[beard] = hair * [1.1, 0.9, 0.7]
    core = np.hypot(columns - chin[0], rows - chin[1]) < 0.18 * face.interocular
    assert skin.mask(pixels, face)[core].mean() > 0.6
    assert skin.mask(bearded, face)[core].mean() < 0.1


def test_a_spectacle_frame_is_not_skin(hopper: Image8) -> None:
    pixels = hopper.astype(np.float32) / 255
    face = faces.find(pixels)
    view = skin.window(face)
    near = skin.both(face, "under_eye", view, 0.05) > 0
    lightness = cv2.cvtColor(pixels[view], cv2.COLOR_RGB2Lab)[..., 0]
    frame = near & (lightness < 35)
    assert frame.sum() > 30
    assert skin.mask(pixels, face)[view][frame].mean() < 0.25


def test_a_face_cut_off_by_the_border_has_a_mask(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    left = int(face.landmarks[:, 0].mean())
    moved = face.landmarks - [left, 0, 0]
    cut = np.ascontiguousarray(pixels[:, left:])
    half = faces.from_landmarks(moved, (cut.shape[0], cut.shape[1]))
    mask = skin.mask(cut, half)
    assert mask.shape == cut.shape[:2]
    assert mean_over(mask, half, "left_cheek") > 0.7


def test_a_region_with_margin_contains_the_region(portrait: tuple[Image, Face]) -> None:
    _, face = portrait
    view = skin.window(face)
    plain, grown = (skin.region(face, "lips", view, grow) for grow in (0.0, 0.1))
    assert np.all(grown >= plain)
    assert grown.sum() > 1.3 * plain.sum()


@pytest.mark.parametrize("name", ["p09_0_0", "p15_0_0"])
def test_ears_and_neck_are_visible_skin_and_the_wall_is_not(name: str) -> None:
    pixels = loading.load(RENDERS / f"{name}.jpg").pixels
    face = faces.find(pixels)
    masks = skin.find(pixels, face)
    unit, chin = face.interocular, face.oval[len(face.oval) // 2]
    rows, columns = np.indices(face.size)
    neck = np.hypot(columns - chin[0], rows - chin[1] - 0.25 * unit) < 0.1 * unit
    assert masks.visible[neck].mean() > 0.6
    assert not masks.facial[neck].any()
    for side, index in (("left", 263), ("right", 33)):
        temple = face.landmarks[index, :2]
        out = np.sign(temple[0] - chin[0])
        ear = np.hypot(columns - temple[0] - out * 0.62 * unit, rows - temple[1] - 0.35 * unit)
        assert masks.visible[ear < 0.35 * unit].max() > 0.7, side
        wall = np.hypot(columns - temple[0] - out * 1.4 * unit, rows - temple[1] + 0.6 * unit)
        assert masks.visible[wall < 0.2 * unit].mean() < 0.05
    assert np.all(masks.visible >= masks.facial - 1e-6)


def test_shadow_and_sheen_are_skin(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    lit = pixels.copy()
    rows, columns = np.indices(face.size)
    cheek = face.region("left_cheek").mean(axis=0)
    near = np.hypot(columns - cheek[0], rows - cheek[1])
    lit[near < 0.25 * face.interocular] *= 0.72
    nose = face.region("nose").mean(axis=0)
    gloss = 0.25 * np.exp(-(((columns - nose[0]) ** 2 + (rows - nose[1]) ** 2) / (2 * 6.0**2)))
    lit = np.clip(lit + gloss[..., None], 0, 1).astype(np.float32)
    mask = skin.mask(lit, face)
    assert mask[near < 0.2 * face.interocular].mean() > 0.6
    shine = (gloss > 0.2) & (skin.mask(pixels, face) > 0.9)
    assert shine.sum() > 10
    assert mask[shine].mean() > 0.6
