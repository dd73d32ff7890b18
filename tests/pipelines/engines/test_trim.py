"""The trim: its text and limits, and that trimming one eye changes only that eye's pixels."""

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


def test_the_text_of_a_look_ends_with_its_trim_if_there_is_one() -> None:
    look = Look.parse("trim=2,-1.50,0,-0&region=japan&doses=B:0.3")
    assert look.trim == Trim(2, -1.5, 0, 0)
    assert str(look).endswith("&doses=B:0.3&trim=2,-1.5,0,0")
    assert Look.parse("region=japan&trim=0,0,0,-0") == Look.parse("region=japan")
    assert "trim" not in str(Look.parse("trim=0,0.0001,0,0"))


@given(trims)
def test_a_trim_round_trips_through_a_link(trim: Trim) -> None:
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
def test_the_error_of_a_trim_is_named(text: str, named: str) -> None:
    with pytest.raises(LookError) as caught:
        Look.parse(text)
    assert named in caught.value.sentence


def test_trimming_one_eye_keeps_the_exact_target_of_the_other() -> None:
    plain = target_per_eye(NOW, Gaze(10.1, -5.3))
    left, right = target_per_eye(NOW, Gaze(10.1, -5.3), Trim(left_yaw=3, left_pitch=-1))
    assert (left.yaw - plain[0].yaw, left.pitch - plain[0].pitch) == pytest.approx((3, -1))
    assert right == plain[1]
    assert target_per_eye(NOW, Gaze(10.1, -5.3), NO_TRIM) == plain


@given(trims, st.floats(-30, 30), st.floats(-20, 20))
def test_the_mean_gaze_moves_by_the_mean_of_the_trim(trim: Trim, yaw: float, pitch: float) -> None:
    left, right = target_per_eye(NOW, Gaze(yaw, pitch), trim)
    both = trim.of_both(Gaze(yaw, pitch))
    assert ((left.yaw + right.yaw) / 2, (left.pitch + right.pitch) / 2) == pytest.approx(
        (both.yaw, both.pitch), abs=1e-9
    )
    back = trim.without(both)
    assert (back.yaw, back.pitch) == pytest.approx((yaw, pitch), abs=1e-9)


def test_the_aim_of_a_plan_is_the_mean_gaze_of_the_trimmed_eyes() -> None:
    trimmed = planned("region=nordic&trim=4,0,0,2")
    assert trimmed.target == Gaze(0, 0)
    assert trimmed.aim == Gaze(2, 1)
    assert trimmed.trim == Trim(4, 0, 0, 2)
    assert planned("region=nordic").aim == Gaze(0, 0)


def test_a_trim_without_a_target_starts_from_the_present_gaze() -> None:
    assert planned("region=keep&trim=0,0,2,0").target == Gaze(4, 1)
    assert planned("gaze=none&trim=0,0,2,0").aim == Gaze(5, 1)
    assert planned("region=keep").target is None


def test_a_trim_is_clamped_to_the_reach_of_the_eye() -> None:
    clamped = planned("gaze=23,0&trim=5,0,-5,0")
    assert clamped.clamped
    assert clamped.trim == Trim(2, 0, -5, 0)
    assert not planned("gaze=10,0&trim=5,0,-5,0").clamped


def test_a_passport_photo_is_not_trimmed(hopper_analysis: Analysis) -> None:
    assert planned("context=id-passport&trim=4,0,0,0").trim == NO_TRIM
    variant = studio.render(hopper_analysis, Look(context="id-passport", trim=Trim(4, 0, 0, 0)))
    assert np.array_equal(variant.image_u8, hopper_analysis.portrait.original_u8)


def test_a_trimmed_picture_is_marked_as_retouched() -> None:
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
def test_trimming_one_eye_changes_only_that_eyes_pixels(
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


def test_each_eye_is_measured_separately() -> None:
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
    ("trim", "words"),
    [
        (Trim(left_yaw=5), "5° further apart"),
        (Trim(3, 0, -3, 0), "6° further apart"),
        (Trim(2, 0, -2, 0), ""),
        (Trim(-5, 0, 5, 0), ""),
        (Trim(5, 3, 5, -3), ""),
    ],
    ids=str,
)
def test_a_trim_that_turns_the_eyes_apart_gives_a_warning(
    hopper_analysis: Analysis, trim: Trim, words: str
) -> None:
    variant = studio.render(hopper_analysis, replace(PLAIN, trim=trim))
    warnings = [warning for warning in variant.warnings if "apart" in warning]
    assert len(warnings) == bool(words)
    assert all(words in warning for warning in warnings)


def test_the_posed_face_has_the_trim(hopper_analysis: Analysis) -> None:
    now, face = hopper_analysis.gaze, hopper_analysis.face
    plain = annotation.look_towards(face, now, Gaze(0, 0))
    posed = annotation.look_towards(face, now, Gaze(0, 0), Trim(left_yaw=5))
    assert posed.left.iris_center[0] > plain.left.iris_center[0] + 1
    assert np.array_equal(posed.right.iris_center, plain.right.iris_center)


@pytest.mark.usefixtures("models")
def test_a_network_gets_the_trimmed_eyes_and_the_loop_keeps_the_trim(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.MODELS, "")
    proposals: list[Any] = []

    def copy_proposal(task: Any, proposal: Any) -> Image8:
        proposals.append(proposal)
        return np.asarray(proposal.image_u8)

    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    monkeypatch.setattr(dispatch, "refine", copy_proposal)
    trim = Trim(left_yaw=6)
    look = Look(gaze=Gaze(0, 0), polish=0, engine="eye-controlnet", trim=trim)
    variant = studio.render(astronaut_analysis, look)
    first = proposals[0]
    assert first.goals == target_per_eye(astronaut_analysis.gaze, Gaze(0, 0), trim)
    analysis = astronaut_analysis
    expected = generation.propose(
        analysis.portrait.original_u8, analysis.full_face, analysis.gaze, Gaze(0, 0), trim=trim
    )
    assert np.array_equal(first.image_u8, expected.image_u8)
    # A copy of the proposal is on target, so the loop must not correct the trim away.
    assert variant.generation is not None
    assert variant.generation.errors[-1] < 2.6
    assert abs(proposals[-1].gaze.yaw) < 3
