"""Mild blur is mended, a photo in focus is left alone, and too much blur is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.face import Face, closeup, skin
from pipelines.image.arrays import Image
from pipelines.image.colour import luma_of
from pipelines.measure import guards, quality
from pipelines.polish import focus, retouch
from pipelines.polish.focus import Focus
from pipelines.studio import Analysis
from presets.schema import Doses

SHARPEN = Doses(blemishes=0, evenness=0, under_eye=0, shadows=0, contrast=0, sharpness=0.6, light=0)


def blurred(pixels: Image, millimetres: float, face: Face) -> Image:
    sigma = millimetres * face.interocular / 63.4
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.float32)


def measured(pixels: Image, face: Face) -> tuple[closeup.Closeup, Focus]:
    crop = closeup.cut(pixels, face, skin.REACH, retouch.SHARPNESS_INTEROCULAR)
    return crop, focus.measure(crop, skin.find(crop.pixels, crop.face))


def test_a_photo_in_focus_is_left_alone(hopper_analysis: Analysis) -> None:
    _, found = measured(hopper_analysis.portrait.pixels, hopper_analysis.face)
    assert not found.lost
    assert not found.change.any()


def test_mild_blur_is_mended_towards_the_sharp_photo(hopper_analysis: Analysis) -> None:
    sharp, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    soft = blurred(sharp, 1.4, face)
    crop, found = measured(soft, face)
    assert found.change.any()
    wanted = luma_of(closeup.cut(sharp, face, skin.REACH, retouch.SHARPNESS_INTEROCULAR).pixels)
    before = luma_of(crop.pixels)
    inside = np.abs(found.change) > 0.003
    off = [np.abs(luma - wanted)[inside].mean() for luma in (before, before + found.change)]
    assert off[1] < 0.93 * off[0]
    before_guards = guards.reference(soft, face)
    polished = retouch.within(soft, face, SHARPEN, before_guards, 0.8)
    assert polished.done.focus
    assert quality.edge_spread(polished.pixels, face) < quality.edge_spread(soft, face)


@pytest.mark.parametrize("millimetres", [4.0])
def test_too_much_blur_is_said_and_left(hopper_analysis: Analysis, millimetres: float) -> None:
    pixels, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    soft = blurred(pixels, millimetres, face)
    _, found = measured(soft, face)
    assert found.lost
    assert not found.change.any()
    polished = retouch.within(soft, face, SHARPEN, guards.reference(soft, face), 0.8)
    assert retouch.BLURRED in polished.notes
