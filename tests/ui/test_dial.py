"""The dial's geometry and words; what a pointer does is tested in a browser."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.gaze import Gaze
from pipelines.studio import Analysis, Look
from ui import dial
from ui.components.dial import aim_of, shown
from ui.dial import Aim
from ui.work import Photo

JAPAN = Look(region="japan", context="linkedin")


@pytest.fixture(scope="module")
def photo(hopper_analysis: Analysis) -> Photo:
    return Photo("hopper.jpg", hopper_analysis)


def test_right_of_the_picture_is_right_and_up_is_up() -> None:
    assert dial.place(Gaze(0, 0)) == (0, 0)
    x, y = dial.place(Gaze(10, 0))
    assert x > 0 and y == 0
    x, y = dial.place(Gaze(0, 10))
    assert x == 0 and y < 0


@given(st.floats(-21, 21), st.floats(-21, 21))
def test_a_pointer_aims_where_the_point_is_drawn(yaw: float, pitch: float) -> None:
    back = dial.aim(*dial.place(Gaze(yaw, pitch)))
    assert (back.yaw, back.pitch) == pytest.approx((yaw, pitch), abs=1e-6)


def test_the_inner_degrees_have_more_room_and_none_is_lost() -> None:
    steps = [dial.distance(degrees + 1) - dial.distance(degrees) for degrees in range(30)]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] > 1
    assert dial.distance(dial.LARGEST_DEG) == dial.RADIUS == dial.distance(60)
    assert dial.distance(2.6) > 20


def test_the_rings_are_named() -> None:
    labels = re.findall(r">([^<]+)</text>", dial.stage("en"))
    assert labels == ["eye contact 2.6°", "soft 5°", "10°", "15°", "20°", "25°"]


def test_what_a_look_asks_for_is_what_its_plan_says(photo: Photo) -> None:
    one = aim_of("A", JAPAN, 1.0, photo, "en")
    assert one.asked is not None
    assert (abs(one.asked.yaw), one.asked.pitch) == (3, -2)
    assert (one.own, one.by_hand, one.span) == (one.asked, False, (0, 6))
    hand = aim_of("A", Look(region="japan", gaze=Gaze(12, 4)), 1.0, photo, "en")
    assert (hand.asked, hand.own, hand.by_hand) == (Gaze(12, 4), one.asked, True)
    # Without a strength the audience has no say: Escape leaves the eyes where they are.
    assert aim_of("A", Look(region="japan", gaze=Gaze(12, 4)), 0.0, photo, "en").own is None


def test_eyes_out_of_reach_are_said(photo: Photo) -> None:
    far = aim_of("A", Look(gaze=Gaze(40, 0)), 1.0, photo, "en")
    assert far.reached is not None and far.reached.yaw < 30
    assert "These eyes do not turn that far; they go 2" in dial.sentence(far, "en")
    head = photo.analysis.face.head
    outline = re.findall(r"(-?[\d.]+) (-?[\d.]+)", dial.reach(head, Gaze(0, 0)))
    widest = max(float(x) for x, _ in outline)
    assert widest == pytest.approx(dial.place(Gaze(min(head.yaw + 25, 30), 0))[0], abs=1.5)


def test_a_miss_is_drawn_and_said_and_a_hit_is_not() -> None:
    aim = {"letter": "A", "title": "Japan · LinkedIn", "audience": "Japan", "by_hand": False}
    where = {"asked": Gaze(3, -2), "reached": Gaze(3, -2), "own": Gaze(3, -2), "span": (0.0, 6.0)}
    hit = Aim(**aim, **where, found=Gaze(3, -1.5), error=0.5)  # type: ignore[arg-type]
    miss = Aim(**aim, **where, found=Gaze(3, 0), error=2.0)  # type: ignore[arg-type]
    assert "p-miss" in dial.points([miss], None)
    assert "p-miss" not in dial.points([hit], None)
    assert dial.sentence(miss, "en") == (
        "A · Japan · LinkedIn: to look 3.0° to the right, 2.0° down, soft. "
        "Found 3.0° to the right, soft. Missed by 2.0°."
    )
    assert "Missed" not in dial.sentence(hit, "en")


def test_the_value_holds_what_the_script_needs(photo: Photo) -> None:
    aims = [aim_of("A", JAPAN, 1.0, photo, "en"), aim_of("C", Look(region="keep"), 1, photo, "en")]
    value = shown(aims, photo, "en")
    assert list(value["looks"]) == ["A", "C"]
    assert value["looks"]["C"]["at"] is None
    assert value["now"] == pytest.approx(
        [photo.analysis.gaze.gaze.yaw, photo.analysis.gaze.gaze.pitch], abs=0.001
    )
    assert "leaves the gaze as it is" in value["words"]
    assert value["reach"] and value["says"]["right"] == "{} to the right"


def test_without_a_portrait_the_dial_is_empty_but_there() -> None:
    value = shown([aim_of("B", JAPAN, 1.0, None, "en")], None, "en")
    assert value["now"] is None and value["reach"] == ""
    assert "Without a portrait" in value["words"]
    assert math.isclose(value["looks"]["B"]["at"][1], -2)
