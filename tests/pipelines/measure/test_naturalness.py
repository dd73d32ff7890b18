"""The estimate of over-polished skin: smoothing is found, photographs and blurred ones pass."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.face import skin
from pipelines.image.arrays import Image
from pipelines.measure import artificial, naturalness
from pipelines.measure.naturalness import Finish
from pipelines.studio import Analysis


def finish(analysis: Analysis, pixels: Image | None = None, scale: float = 1.0) -> Finish:
    pixels = analysis.portrait.pixels if pixels is None else pixels
    face = analysis.face
    if scale != 1:
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(small, np.float32)
        face = face.scaled(scale, (pixels.shape[0], pixels.shape[1]))
    rounded = (np.rint(pixels * 255) / 255).astype(np.float32)
    return naturalness.of(rounded, face, skin.mask(rounded, face))


def smoothed(pixels: Image) -> Image:
    return np.asarray(cv2.bilateralFilter(pixels, 15, 75 / 255, 75.0), np.float32)


@pytest.fixture(params=["hopper_analysis", "astronaut_analysis"])
def analysis(request: pytest.FixtureRequest) -> Analysis:
    result = request.getfixturevalue(request.param)
    assert isinstance(result, Analysis)
    return result


def test_a_strong_bilateral_filter_is_over_polished(analysis: Analysis) -> None:
    result = finish(analysis, smoothed(analysis.portrait.pixels))
    assert result.over_polished
    assert "estimate" in result.warnings[0]
    assert result.report()["over_polished"] is True


def test_a_photo_is_not_over_polished(analysis: Analysis) -> None:
    result = finish(analysis)
    assert not result.over_polished
    assert result.warnings == ()
    assert (result.share or 0) > 1


def test_blur_grain_and_a_smaller_size_do_not_count_as_polish(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    grain = np.random.default_rng(1).normal(0, 0.015, pixels.shape).astype(np.float32)
    for changed in (cv2.GaussianBlur(pixels, (0, 0), 1.2), np.clip(pixels + grain, 0, 1)):
        assert not finish(hopper_analysis, np.asarray(changed, np.float32)).over_polished
    assert not finish(hopper_analysis, scale=0.6).over_polished


def test_a_stronger_polish_leaves_a_smaller_share(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    shares = [
        finish(hopper_analysis, pixels + amount * (smoothed(pixels) - pixels)).share or 0
        for amount in (0.0, 0.4, 0.7, 1.0)
    ]
    assert shares == sorted(shares, reverse=True)


def test_too_small_a_face_is_not_judged(hopper_analysis: Analysis) -> None:
    result = finish(hopper_analysis, scale=0.35)
    assert result == Finish(None, None)
    assert not result.over_polished
    assert result.report()["over_polished"] is None


def test_a_face_without_skin_is_not_judged(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    nothing = np.zeros(pixels.shape[:2], np.float32)
    assert naturalness.of(pixels, hopper_analysis.face, nothing) == Finish(None, None)


def test_photos_have_no_unusual_signs(analysis: Analysis) -> None:
    signs = artificial.of(analysis.portrait.pixels, analysis.face, analysis.gaze, finish(analysis))
    assert signs.unusual == ()
    assert signs.warnings == ()
