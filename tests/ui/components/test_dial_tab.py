from __future__ import annotations

import math

import pytest

from pipelines.gaze import Gaze
from pipelines.studio import Analysis, Look
from ui.comparison import Photo
from ui.components.dial_tab import aim_of, dial_value

JAPAN = Look(region="japan", context="linkedin")


@pytest.fixture(scope="module")
def photo(hopper_analysis: Analysis) -> Photo:
    return Photo("hopper.jpg", hopper_analysis)


def test_what_a_look_asks_for_is_what_its_plan_says(photo: Photo) -> None:
    one = aim_of("A", JAPAN, 1.0, photo, "en")
    assert one.asked is not None
    assert (abs(one.asked.yaw), one.asked.pitch) == pytest.approx((3, -2))
    assert (one.own, one.by_hand, one.span) == (one.asked, False, (0, 6))
    hand = aim_of("A", Look(region="japan", gaze=Gaze(12, 4)), 1.0, photo, "en")
    assert (hand.asked, hand.own, hand.by_hand) == (Gaze(12, 4), one.asked, True)
    # Without a strength the audience has no say: Escape leaves the eyes where they are.
    assert aim_of("A", Look(region="japan", gaze=Gaze(12, 4)), 0.0, photo, "en").own is None


def test_the_value_holds_what_the_script_needs(photo: Photo) -> None:
    aims = [aim_of("A", JAPAN, 1.0, photo, "en"), aim_of("C", Look(region="keep"), 1, photo, "en")]
    value = dial_value(aims, photo, "en")
    assert list(value["looks"]) == ["A", "C"]
    assert value["looks"]["C"]["at"] is None
    assert value["now"] == pytest.approx(
        [photo.analysis.gaze.gaze.yaw, photo.analysis.gaze.gaze.pitch], abs=0.001
    )
    assert "leaves the gaze as it is" in value["words"]
    assert value["reach"] and value["says"]["right"] == "{} to the right"


def test_without_a_portrait_the_dial_is_empty_but_there() -> None:
    value = dial_value([aim_of("B", JAPAN, 1.0, None, "en")], None, "en")
    assert value["now"] is None and value["reach"] == ""
    assert "Without a portrait" in value["words"]
    assert math.isclose(value["looks"]["B"]["at"][1], -2)
