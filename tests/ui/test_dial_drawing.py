"""The dial's geometry and words; what a pointer does is tested in a browser."""

from __future__ import annotations

import re

import pytest

from pipelines.gaze import Gaze
from pipelines.studio import Analysis, Look
from ui import dial_drawing
from ui.comparison import Photo
from ui.components.dial_tab import aim_of
from ui.dial_drawing import Aim

JAPAN = Look(region="japan", context="linkedin")


@pytest.fixture(scope="module")
def photo(hopper_analysis: Analysis) -> Photo:
    return Photo("hopper.jpg", hopper_analysis)


def test_right_of_the_picture_is_right_and_up_is_up() -> None:
    assert dial_drawing.position(Gaze(0, 0)) == (0, 0)
    x, y = dial_drawing.position(Gaze(10, 0))
    assert x > 0 and y == 0
    x, y = dial_drawing.position(Gaze(0, 10))
    assert x == 0 and y < 0


def test_the_inner_degrees_have_more_room_and_none_is_lost() -> None:
    steps = [
        dial_drawing.distance(degrees + 1) - dial_drawing.distance(degrees) for degrees in range(30)
    ]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] > 1
    assert (
        dial_drawing.distance(dial_drawing.LARGEST_DEG)
        == dial_drawing.RADIUS
        == dial_drawing.distance(60)
    )
    assert dial_drawing.distance(2.6) > 20


def test_the_rings_are_named() -> None:
    labels = re.findall(r">([^<]+)</text>", dial_drawing.rings("en"))
    assert labels == ["eye contact 2.6°", "soft 5°", "10°", "15°", "20°", "25°"]


def test_eyes_out_of_reach_are_said(photo: Photo) -> None:
    far = aim_of("A", Look(gaze=Gaze(40, 0)), 1.0, photo, "en")
    assert far.reached is not None and far.reached.yaw < 30
    assert "These eyes do not turn that far; they go 2" in dial_drawing.describe(far, "en")
    head = photo.analysis.face.head
    outline = re.findall(r"(-?[\d.]+) (-?[\d.]+)", dial_drawing.reach_outline(head, Gaze(0, 0)))
    widest = max(float(x) for x, _ in outline)
    assert widest == pytest.approx(
        dial_drawing.position(Gaze(min(head.yaw + 25, 30), 0))[0], abs=1.5
    )


def test_a_miss_is_drawn_and_said_and_a_hit_is_not() -> None:
    aim = {"letter": "A", "title": "Japan · LinkedIn", "audience": "Japan", "by_hand": False}
    where = {"asked": Gaze(3, -2), "reached": Gaze(3, -2), "own": Gaze(3, -2), "span": (0.0, 6.0)}
    hit = Aim(**aim, **where, found=Gaze(3, -1.5), error=0.5)  # type: ignore[arg-type]
    miss = Aim(**aim, **where, found=Gaze(3, 0), error=2.0)  # type: ignore[arg-type]
    assert "p-miss" in dial_drawing.points([miss], None)
    assert "p-miss" not in dial_drawing.points([hit], None)
    assert dial_drawing.describe(miss, "en") == (
        "A · Japan · LinkedIn: to look 3.0° to the right, 2.0° down, soft. "
        "Found 3.0° to the right, soft. Missed by 2.0°."
    )
    assert "Missed" not in dial_drawing.describe(hit, "en")
