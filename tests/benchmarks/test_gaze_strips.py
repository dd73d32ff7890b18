"""Eye strips in a borrowed face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import gaze_strips
from benchmarks.gaze_strips import Strip
from pipelines.gaze import Gaze
from pipelines.studio import Analysis


def test_strips_are_read_in_a_borrowed_face(tmp_path: Path, hopper_analysis: Analysis) -> None:
    face = hopper_analysis.face
    right, left = ((eye.outer + eye.inner) / 2 for eye in (face.right, face.left))
    scale = 0.47 * 300 / np.linalg.norm(left - right)
    middle = (left + right) / 2 * scale
    to_strip = np.array([[scale, 0, 150 - middle[0]], [0, scale, 68 - middle[1]]])
    photo = hopper_analysis.portrait.original_u8
    strip = cv2.warpAffine(photo, to_strip, (300, 137), flags=cv2.INTER_CUBIC)
    for name in ("0001_2m_0P_0V_0H.jpg", "0001_2m_30P_0V_0H.jpg", "0002_2m_0P_0V_0H.jpg"):
        cv2.imwrite(str(tmp_path / name), cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY))
    strips = gaze_strips.run(tmp_path, (1, 1))
    assert [(strip.person, strip.head_yaw) for strip in strips] == [(1, 0), (1, 30)]
    assert strips[0].shown.word == "contact"
    # The same eyes in a head that is turned to the right look further to the right.
    assert strips[1].reading.yaw > strips[0].reading.yaw + 10


def test_slopes_and_errors_without_each_persons_constant() -> None:
    strips = []
    for person, constant in ((1, 3.0), (2, -2.0)):
        for yaw in (-10, 0, 10):
            read = Gaze(constant + 0.9 * yaw, 0)
            strips.append(Strip(person, 0, Gaze(yaw, 0), read, Gaze(0, 0)))
    report = gaze_strips.report(strips)
    assert set(report) == {"within_15"}
    figures = report["within_15"]["reading"]["yaw"]
    assert figures["slope"] == pytest.approx(0.9)
    assert figures["error"] == pytest.approx(2 / 3)
    assert report["within_15"]["contact"] == {"0": 1.0, "10": 1.0}
    assert "slope" in gaze_strips.table(report)


def test_a_folder_without_strips(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gaze_strips.run(tmp_path, (1, 28))
