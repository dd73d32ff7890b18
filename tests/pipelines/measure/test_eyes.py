"""An eye that looks as it should, and eyes that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.measure import eyes
from pipelines.studio import Analysis


def test_photographed_eyes_look_like_eyes(
    astronaut_analysis: Analysis, hopper_analysis: Analysis
) -> None:
    for analysis in (astronaut_analysis, hopper_analysis):
        assert eyes.agreement(analysis.portrait.pixels, analysis.face) > eyes.LEAST_AGREEMENT


def test_an_iris_elsewhere_does_not_agree(hopper_analysis: Analysis) -> None:
    face = hopper_analysis.face
    aside = face.left.iris_center + np.array([0.6 * face.left.iris_radius, 0])
    posed = replace(face, left=replace(face.left, iris_center=aside))
    assert eyes.agreement(hopper_analysis.portrait.pixels, posed) < eyes.LEAST_AGREEMENT


def test_a_painted_eye_does_not_agree(hopper_analysis: Analysis) -> None:
    face, pixels = hopper_analysis.face, hopper_analysis.portrait.pixels.copy()
    x, y = np.round(face.right.iris_center).astype(int)
    reach = round(1.5 * face.right.iris_radius)
    pixels[y - reach : y + reach, x : x + 4 * reach] = (0.7, 0.5, 0.45)
    assert eyes.agreement(pixels, face) < eyes.LEAST_AGREEMENT
