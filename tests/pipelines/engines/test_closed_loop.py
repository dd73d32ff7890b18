from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.engines.closed_loop import MOST_PASSES, LoopResult, Reading, steer
from pipelines.gaze import Gaze

TARGET = Gaze(10, -4)


def run(eye: Callable[[int, Gaze], Gaze | None], distance: float = 0.0) -> LoopResult[Any]:
    """Steer a simulated engine: `eye(pass, aim)` is the gaze of what it draws.

    A proposal is its aim, and its gaze is 2 degrees off.
    """
    passes = 0

    def generate(aim: Any) -> Any:
        nonlocal passes
        passes += 1
        return passes, aim

    def read(result: Any) -> Reading:
        if isinstance(result, Gaze):
            return Reading(Gaze(result.yaw - 2, result.pitch), lambda: 0.02)
        return Reading(eye(*result), lambda: distance)

    def propose(aim: Gaze) -> Any:
        return aim

    return steer(propose, generate, read, TARGET)


def test_a_gaze_on_target_needs_one_pass() -> None:
    outcome = run(lambda _, aim: Gaze(aim.yaw + 0.5, aim.pitch))
    assert outcome.delivered == "generated"
    assert len(outcome.errors) == 1


@pytest.mark.parametrize(("off", "distance"), [(1.3, 0.0), (0.5, 0.11)])
def test_the_proposal_is_measured_where_it_could_be_better(off: float, distance: float) -> None:
    good = run(lambda *_: Gaze(TARGET.yaw + 0.5, TARGET.pitch), 0.09)
    assert (good.delivered, good.proposal_error) == ("generated", None)
    doubtful = run(lambda *_: Gaze(TARGET.yaw + off, TARGET.pitch), distance)
    assert doubtful.proposal_error == pytest.approx(2, abs=0.01)


def test_a_constant_error_is_corrected() -> None:
    outcome = run(lambda _, aim: Gaze(aim.yaw - 4, aim.pitch + 3))
    assert len(outcome.errors) == 2
    assert outcome.errors[1] == pytest.approx(0, abs=1e-4)
    assert outcome.result[1] == Gaze(14, -7)


def test_the_best_of_three_passes_is_delivered() -> None:
    errors = [1.6, 1.2, 1.9]
    outcome = run(lambda number, aim: Gaze(TARGET.yaw + errors[number - 1], TARGET.pitch))
    assert len(outcome.errors) == MOST_PASSES == 3
    assert outcome.result[0] == 2
    assert outcome.delivered == "generated"


def test_the_proposal_is_delivered_if_its_gaze_is_better() -> None:
    outcome = run(lambda *_: Gaze(TARGET.yaw + 9, TARGET.pitch))
    assert (outcome.delivered, outcome.reason) == ("proposal", "gaze")
    assert outcome.result == TARGET
    assert outcome.proposal_error == pytest.approx(2, abs=0.01)


def test_the_proposal_is_delivered_if_its_face_is_more_alike() -> None:
    near = run(lambda _, aim: aim, distance=0.11)
    assert near.delivered == "generated"
    far = run(lambda _, aim: aim, distance=0.13)
    assert (far.delivered, far.reason) == ("proposal", "identity")


def test_the_face_is_compared_only_where_its_gaze_could_be_delivered() -> None:
    def compare() -> float:
        raise AssertionError("a face was compared whose gaze is too far off")

    def read(result: Any) -> Reading:
        return Reading(Gaze(TARGET.yaw + (2 if result == TARGET else 9), TARGET.pitch), compare)

    def propose(aim: Gaze) -> Any:
        return aim

    outcome = steer(propose, lambda aim: (aim,), read, TARGET)
    assert (outcome.delivered, outcome.reason) == ("proposal", "gaze")


def test_the_proposal_is_delivered_if_no_eyes_are_found() -> None:
    outcome = run(lambda *_: None)
    assert (outcome.delivered, outcome.reason) == ("proposal", "gaze")
    assert len(outcome.errors) == 1


def test_the_proposal_is_delivered_if_the_engine_refuses() -> None:
    outcome = steer(lambda aim: aim, lambda _: None, lambda _: Reading(TARGET, lambda: 0), TARGET)
    assert (outcome.delivered, outcome.reason) == ("proposal", "refused")


def test_a_wrong_reading_moves_the_aim_by_eight_degrees_at_most() -> None:
    aims: list[Gaze] = []

    def eye(_: int, aim: Gaze) -> Gaze:
        aims.append(aim)
        return Gaze(-35, 20)

    run(eye)
    assert all(aim.angle_to(TARGET) < 8.1 for aim in aims)
