"""Hard pictures are worked on or refused with the right code, and what is worked on stays sane."""

from __future__ import annotations

import pytest

from pipelines import studio
from tests.hostile import pictures
from tests.hostile.cases import Case

CASES = pictures.cases()


@pytest.mark.parametrize("one", CASES, ids=[one.name for one in CASES])
def test_a_picture_is_used_or_refused_in_words(one: Case) -> None:
    assert pictures.analysed(one.make()) in one.expected


def test_a_photo_that_stands_on_its_head_is_read_like_the_photo() -> None:
    upright = studio.analyse(pictures.png(pictures.astronaut()))
    turned = studio.analyse(pictures.png(pictures.astronaut()[::-1, ::-1]))
    assert abs(turned.face.head.roll) > 170
    assert turned.gaze.gaze.yaw == pytest.approx(-upright.gaze.gaze.yaw, abs=2)
    assert turned.gaze.gaze.pitch == pytest.approx(-upright.gaze.gaze.pitch, abs=2)


def test_an_eye_that_is_covered_keeps_both_from_being_turned() -> None:
    covered = {one.name: one for one in CASES}["one eye covered"]
    assert "Only one eye" in str(studio.analyse(covered.make()).eyes_left_alone)
