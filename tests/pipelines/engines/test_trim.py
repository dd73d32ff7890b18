"""Eyes trimmed one by one: what a trim is, and that it moves one eye's pixels only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import studio
from pipelines.engines import annotation, dispatch, generation, weights
from pipelines.face import HeadPose
from pipelines.gaze import NO_TRIM, Gaze, GazeEstimate, Trim, target_per_eye
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import LookError
from pipelines.studio import Analysis, Look, marking
from pipelines.studio.planning import Plan, plan
from presets.schema import load
from sharing import options

FRONTAL = HeadPose(0, 0, 0)
NOW = GazeEstimate(Gaze(1, 2), Gaze(-2, 2.5), Gaze(4, 1.5), 1.0)
PLAIN = Look(context="actor", polish=0, engine="geometry")

angles = st.floats(-8, 8)
trims = st.builds(Trim, angles, angles, angles, angles)


def planned(text: str, head: HeadPose = FRONTAL) -> Plan:
    return plan(Look.parse(text), load(), head, Gaze(4, 1))


def test_a_look_says_its_trim_last_and_only_if_there_is_one() -> None:
    look = Look.parse("trim=2,-1.50,0,-0&region=japan&doses=B:0.3")
    assert look.trim == Trim(2, -1.5, 0, 0)
    assert str(look).endswith("&doses=B:0.3&trim=2,-1.5,0,0")
    assert Look.parse("region=japan&trim=0,0,0,-0") == Look.parse("region=japan")
    assert "trim" not in str(Look.parse("trim=0,0.0001,0,0"))


@given(trims)
def test_every_trim_round_trips_through_a_link(trim: Trim) -> None:
    look = Look(trim=trim).checked(load())
    assert Look.parse(str(look)) == look
    address = options.write([look])
    assert options.read([str(look)], 4).looks == (look,)
    assert ("trim" in address) == bool(look.trim)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("trim=1,2", "left_yaw,left_pitch,right_yaw,right_pitch"),
        ("trim=", "left_yaw"),
        ("trim=1,2,3,4,5", "four numbers"),
        ("trim=0,0,0,9", "trim of the right eye up is 9; it goes from -8 to 8"),
        ("trim=nan,0,0,0", "left eye sideways is nan"),
        ("trim=0,much,0,0", "left eye up is 'much'"),
    ],
)
def test_what_is_wrong_with_a_trim_is_named(text: str, named: str) -> None:
    with pytest.raises(LookError) as caught:
        Look.parse(text)
    assert named in caught.value.sentence


def test_one_eye_is_trimmed_and_the_other_keeps_its_target_to_the_bit() -> None:
    plain = target_per_eye(NOW, Gaze(10.1, -5.3))
    left, right = target_per_eye(NOW, Gaze(10.1, -5.3), Trim(left_yaw=3, left_pitch=-1))
    assert (left.yaw - plain[0].yaw, left.pitch - plain[0].pitch) == pytest.approx((3, -1))
    assert right == plain[1]
    assert target_per_eye(NOW, Gaze(10.1, -5.3), NO_TRIM) == plain


@given(trims, st.floats(-30, 30), st.floats(-20, 20))
def test_both_eyes_together_look_where_the_trims_mean_takes_them(
    trim: Trim, yaw: float, pitch: float
) -> None:
    left, right = target_per_eye(NOW, Gaze(yaw, pitch), trim)
    both = trim.of_both(Gaze(yaw, pitch))
    assert ((left.yaw + right.yaw) / 2, (left.pitch + right.pitch) / 2) == pytest.approx(
        (both.yaw, both.pitch), abs=1e-9
    )
    back = trim.without(both)
    assert (back.yaw, back.pitch) == pytest.approx((yaw, pitch), abs=1e-9)


def test_a_plan_is_judged_by_where_both_trimmed_eyes_look() -> None:
    made = planned("region=nordic&trim=4,0,0,2")
    assert (made.target, made.aim, made.trim) == (Gaze(0, 0), Gaze(2, 1), Trim(4, 0, 0, 2))
    assert planned("region=nordic").aim == Gaze(0, 0)


def test_a_trim_alone_starts_from_where_the_eyes_look() -> None:
    assert planned("region=keep&trim=0,0,2,0").target == Gaze(4, 1)
    assert planned("gaze=none&trim=0,0,2,0").aim == Gaze(5, 1)
    assert planned("region=keep").target is None


def test_a_trim_does_not_turn_an_eye_out_of_its_socket() -> None:
    made = planned("gaze=23,0&trim=5,0,-5,0")
    assert made.clamped
    assert made.trim == Trim(2, 0, -5, 0)
    assert not planned("gaze=10,0&trim=5,0,-5,0").clamped


def test_nothing_is_trimmed_where_nothing_may_change(hopper_analysis: Analysis) -> None:
    assert planned("context=id-passport&trim=4,0,0,0").trim == NO_TRIM
    variant = studio.render(hopper_analysis, Look(context="id-passport", trim=Trim(4, 0, 0, 0)))
    assert np.array_equal(variant.image_u8, hopper_analysis.portrait.original_u8)


def test_a_trim_makes_a_picture_a_retouched_one() -> None:
    look = replace(PLAIN, gaze=None)
    assert marking.source_type(look) == ""
    assert marking.source_type(replace(look, trim=Trim(2))) == "algorithmicallyEnhanced"


def changed_columns(before: Image8, after: Image8) -> tuple[int, int]:
    columns = np.flatnonzero(np.any(before != after, axis=(0, 2)))
    return int(columns[0]), int(columns[-1])


@pytest.mark.parametrize(
    ("name", "gaze", "side"),
    [
        ("hopper", None, "left"),
        ("hopper", Gaze(8, -3), "right"),
        ("astronaut", None, "right"),
        ("astronaut", Gaze(8, -3), "left"),
    ],
)
def test_trimming_one_eye_moves_only_that_eyes_pixels(
    name: str, gaze: Gaze | None, side: str, request: pytest.FixtureRequest
) -> None:
    analysis: Analysis = request.getfixturevalue(f"{name}_analysis")
    trim = Trim(4, 1, 0, 0) if side == "left" else Trim(0, 0, -4, 1)
    plain = studio.render(analysis, replace(PLAIN, gaze=gaze))
    trimmed = studio.render(analysis, replace(PLAIN, gaze=gaze, trim=trim))
    low, high = changed_columns(plain.image_u8, trimmed.image_u8)
    between = np.mean([eye.inner[0] for eye in analysis.face.eyes]) / analysis.portrait.scale
    # The person's left eye is on the right-hand side of the picture.
    assert low > between if side == "left" else high < between


def test_each_eye_is_measured_by_itself() -> None:
    render = Path(__file__).parents[3] / "assets" / "samples" / "courtyard-light.jpg"
    analysis = studio.analyse(render)
    plain = studio.render(analysis, PLAIN).report()["gaze"]
    trim = Trim(left_yaw=6, left_pitch=-1)
    report = studio.render(analysis, replace(PLAIN, trim=trim)).report()["gaze"]
    turned = np.subtract(report["left"]["after"], plain["left"]["after"])
    assert turned == pytest.approx([6, -1], abs=1)
    assert report["right"]["after"] == pytest.approx(plain["right"]["after"], abs=0.6)
    for eye in ("left", "right"):
        missed = Gaze(*report[eye]["after"]).angle_to(Gaze(*report[eye]["target"]))
        assert report[eye]["error"] == pytest.approx(missed, abs=0.02)


def test_without_a_trim_both_eyes_are_reported_with_their_own_targets(
    hopper_analysis: Analysis,
) -> None:
    report = studio.render(hopper_analysis, replace(PLAIN, gaze=Gaze(0, 0))).report()["gaze"]
    left, right = target_per_eye(hopper_analysis.gaze, Gaze(0, 0))
    assert report["left"]["target"] == pytest.approx([left.yaw, left.pitch], abs=0.01)
    assert report["right"]["target"] == pytest.approx([right.yaw, right.pitch], abs=0.01)


@pytest.mark.parametrize(
    ("trim", "said"),
    [
        (Trim(left_yaw=5), "5° further apart"),
        (Trim(3, 0, -3, 0), "6° further apart"),
        (Trim(2, 0, -2, 0), ""),
        (Trim(-5, 0, 5, 0), ""),
        (Trim(5, 3, 5, -3), ""),
    ],
    ids=str,
)
def test_a_trim_that_turns_eyes_apart_is_pointed_out(
    hopper_analysis: Analysis, trim: Trim, said: str
) -> None:
    variant = studio.render(hopper_analysis, replace(PLAIN, trim=trim))
    found = [warning for warning in variant.warnings if "apart" in warning]
    assert len(found) == bool(said)
    assert all(said in warning for warning in found)


def test_the_annotation_shows_the_trim(hopper_analysis: Analysis) -> None:
    now, face = hopper_analysis.gaze, hopper_analysis.face
    plain = annotation.look_towards(face, now, Gaze(0, 0))
    posed = annotation.look_towards(face, now, Gaze(0, 0), Trim(left_yaw=5))
    assert posed.left.iris_center[0] > plain.left.iris_center[0] + 1
    assert np.array_equal(posed.right.iris_center, plain.right.iris_center)


@pytest.mark.usefixtures("models")
def test_a_network_is_handed_the_trimmed_eyes_and_steered_by_them(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.MODELS, "")
    seen: list[Any] = []

    def copying(task: Any, proposal: Any) -> Image8:
        seen.append(proposal)
        return np.asarray(proposal.image_u8)

    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    monkeypatch.setattr(dispatch, "refine", copying)
    trim = Trim(left_yaw=6)
    look = Look(gaze=Gaze(0, 0), polish=0, engine="eye-controlnet", trim=trim)
    variant = studio.render(astronaut_analysis, look)
    first = seen[0]
    assert first.goals == target_per_eye(astronaut_analysis.gaze, Gaze(0, 0), trim)
    one = astronaut_analysis
    direct = generation.propose(
        one.portrait.original_u8, one.full_face, one.gaze, Gaze(0, 0), trim=trim
    )
    assert np.array_equal(first.image_u8, direct.image_u8)
    # An engine that draws what it is given has arrived: the loop does not take the trim back.
    assert variant.generation is not None
    assert variant.generation.errors[-1] < 2.6
    assert abs(seen[-1].gaze.yaw) < 3
