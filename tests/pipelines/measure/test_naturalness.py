"""Over-polished without an original: smoothing is seen, photographs and mere blur are not."""

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
    shown = analysis.portrait.pixels if pixels is None else pixels
    face = analysis.face
    if scale != 1:
        small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shown = np.asarray(small, np.float32)
        face = face.scaled(scale, (shown.shape[0], shown.shape[1]))
    rounded = (np.rint(shown * 255) / 255).astype(np.float32)
    return naturalness.of(rounded, face, skin.mask(rounded, face))


def smoothed(pixels: Image) -> Image:
    return np.asarray(cv2.bilateralFilter(pixels, 15, 75 / 255, 75.0), np.float32)


@pytest.fixture(params=["hopper_analysis", "astronaut_analysis"])
def analysis(request: pytest.FixtureRequest) -> Analysis:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Analysis)
    return found


def test_a_strong_bilateral_filter_is_over_polished(analysis: Analysis) -> None:
    made = finish(analysis, smoothed(analysis.portrait.pixels))
    assert made.over_polished
    assert "estimate" in made.warnings[0]
    assert made.report()["over_polished"] is True


def test_the_photo_itself_is_not(analysis: Analysis) -> None:
    found = finish(analysis)
    assert not found.over_polished
    assert found.warnings == ()
    assert (found.share or 0) > 1


def test_blur_grain_and_size_are_no_polish(hopper_analysis: Analysis) -> None:
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
    found = finish(hopper_analysis, scale=0.35)
    assert found == Finish(None, None)
    assert not found.over_polished
    assert found.report()["over_polished"] is None


def test_no_skin_is_not_judged(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    nothing = np.zeros(pixels.shape[:2], np.float32)
    assert naturalness.of(pixels, hopper_analysis.face, nothing) == Finish(None, None)


def test_the_photos_show_no_signs(analysis: Analysis) -> None:
    signs = artificial.of(analysis.portrait.pixels, analysis.face, analysis.gaze, finish(analysis))
    assert signs.unusual == ()
    assert signs.warnings == ()
