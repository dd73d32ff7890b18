from __future__ import annotations

import pytest

from pipelines.face import HeadPose
from pipelines.gaze import Gaze
from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from pipelines.studio.planning import Plan, plan
from presets.schema import load

FRONTAL = HeadPose(0, 0, 0)


def planned(text: str, head: HeadPose = FRONTAL, now: Gaze = Gaze(4, 1)) -> Plan:  # noqa: B008
    return plan(Look.parse(text), load(), head, now)


def test_the_strength_of_the_gaze_is_the_share_of_the_way() -> None:
    assert planned("region=nordic&gaze=1").target == Gaze(0, 0)
    assert planned("region=nordic&gaze=0.5").target == Gaze(2, 0.5)
    assert planned("region=nordic&gaze=0").target is None
    assert planned("region=nordic&gaze=none").target is None
    assert planned("region=keep").target is None
    assert planned("region=nordic&gaze=-7,3").target == Gaze(-7, 3)


def test_the_other_side_is_used_if_the_preferred_one_is_out_of_reach() -> None:
    reachable = planned("region=japan", HeadPose(24, 0, 0), Gaze(0, 0))
    assert reachable.target == Gaze(3, -2)
    assert not reachable.clamped
    assert planned("region=japan", HeadPose(32, 0, 0), Gaze(20, 0)).clamped


@pytest.mark.parametrize(
    ("region", "head_yaw", "now_yaw", "side"),
    [
        ("japan", 12, 0, -1),
        ("japan", -12, 0, 1),
        ("japan", 0, -5, -1),
        ("japan", 0, 5, 1),
        ("off-camera", 12, 0, 1),
        ("off-camera", -12, 0, -1),
    ],
)
def test_the_side_depends_on_the_head(
    region: str, head_yaw: float, now_yaw: float, side: int
) -> None:
    target = planned(f"region={region}", HeadPose(head_yaw, 0, 0), Gaze(now_yaw, 0)).target
    norm = load().regions[region].gaze
    assert norm is not None
    assert target == Gaze(side * norm[0], norm[1])


def test_a_gaze_out_of_reach_is_clamped() -> None:
    clamped = planned("gaze=-15,0", HeadPose(20, 0, 0))
    assert clamped.target == Gaze(-5, 0)
    assert clamped.clamped


def test_polish_scales_the_doses_of_the_context_but_not_overrides() -> None:
    full, half = planned("context=advertising"), planned("context=advertising&polish=0.5")
    assert half.doses.blemishes == pytest.approx(full.doses.blemishes / 2)
    assert not planned("context=advertising&polish=0").polishes
    assert planned("polish=0&doses=S:0.4").doses.shadows == 0.4
    assert full.texture_floor == 0.75


def test_an_id_photo_takes_no_doses() -> None:
    assert planned("context=id-passport").untouched
    with pytest.raises(LookError, match="no retouching"):
        planned("context=id-passport&doses=B:0.5")
