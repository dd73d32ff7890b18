"""Quality: each component responds to what it measures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.gaze import Gaze, GazeEstimate
from pipelines.image.arrays import Image
from pipelines.measure import quality
from pipelines.measure.quality import Quality
from pipelines.studio import Analysis


def of(analysis: Analysis, pixels: Image | None = None) -> Quality:
    pixels = analysis.portrait.pixels if pixels is None else pixels
    return quality.of(pixels.astype(np.float32), analysis.face, analysis.gaze)


def blurred(pixels: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.float32)


def looking(off: float) -> GazeEstimate:
    gaze = Gaze(off, 0.0)
    return GazeEstimate(gaze, gaze, gaze, 1.0)


def test_scores_are_between_0_and_100_and_have_units(hopper_analysis: Analysis) -> None:
    report = of(hopper_analysis).report()
    assert tuple(report) == quality.NAMES == tuple(quality.UNITS) == tuple(quality.LABELS)
    assert all(0 <= part["score"] <= 100 for part in report.values())


def test_a_good_portrait_scores_well_except_for_its_background(hopper_analysis: Analysis) -> None:
    scores = of(hopper_analysis).scores()
    good = ("sharpness", "exposure", "natural_colour", "head_size", "head_pose", "eyes_open")
    assert min(scores[name] or 0 for name in good) > 80
    # Behind her are a flag and a map with stripes.
    assert of(hopper_analysis).weakest == "background_uniformity"


def test_blur_lowers_sharpness_and_smooth_skin_does_not(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    spreads = [
        of(hopper_analysis, blurred(pixels, sigma)).sharpness.native or 0
        for sigma in (0.5, 1.5, 3.0)
    ]
    assert spreads == sorted(spreads)
    assert spreads[2] > 2 * spreads[0]
    smoothed = np.asarray(cv2.bilateralFilter(pixels, 9, 0.2, 5.0), np.float32)
    assert (of(hopper_analysis, smoothed).sharpness.score or 0) > 80


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda x: np.clip(3 * x, 0, 1), "exposure"),
        (lambda x: 0.45 + 0.1 * x, "dynamic_range"),
        (lambda x: np.repeat(x.mean(axis=2, keepdims=True), 3, axis=2), "natural_colour"),
        (lambda x: x * [0.5, 0.8, 1.0], "natural_colour"),
        (lambda x: x * np.linspace(0.2, 1, x.shape[1])[:, None], "illumination_uniformity"),
    ],
)
def test_a_fault_lowers_the_score_of_its_component(
    change: object, name: str, hopper_analysis: Analysis
) -> None:
    assert callable(change)
    before = getattr(of(hopper_analysis), name).score
    after = getattr(of(hopper_analysis, change(hopper_analysis.portrait.pixels)), name).score
    assert after < before - 15


def test_a_uniform_background_scores_better(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels.copy()
    pixels[:330, :120] = pixels[:330, -120:] = pixels[:40] = 0.6
    calm = of(hopper_analysis, pixels).background_uniformity.score or 0
    assert calm > (of(hopper_analysis).background_uniformity.score or 0) + 10


def test_the_interocular_distance_is_in_pixels_of_the_file(hopper_analysis: Analysis) -> None:
    face, gaze = hopper_analysis.face, hopper_analysis.gaze
    pixels = hopper_analysis.portrait.pixels
    small = quality.of(pixels, face, gaze).inter_eye_distance
    large = quality.of(pixels, face, gaze, scale=0.25).inter_eye_distance
    assert (large.native or 0) == pytest.approx(4 * (small.native or 0))
    assert (large.score or 0) > 99 > (small.score or 0)


def test_more_faces_and_an_averted_gaze_score_lower(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    crowd = quality.of(pixels, replace(hopper_analysis.face, count=4), looking(0))
    assert crowd.single_face.score == 25
    scores = [
        quality.of(pixels, hopper_analysis.face, looking(off)).gaze.score or 0
        for off in (0, 2.6, 5, 12)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(100)
    assert scores[1] > 85
    assert 45 < scores[2] < 55
    assert scores[3] < 1
