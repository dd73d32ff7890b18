from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipelines.engines.closed_loop import MOST_PASSES, Reading, Steered, steer
from pipelines.gaze import Gaze

TARGET = Gaze(10, -4)


def run(eye: Callable[[int, Gaze], Gaze | None], distance: float = 0.0) -> Steered[Any]:
    """Steer a simulated engine: `eye(pass, aim)` is where its eyes look."""
    passes = 0

    def generate(aim: Any) -> Any:
        nonlocal passes
        passes += 1
        return passes, aim

    def read(made: Any) -> Reading:
        if isinstance(made, Gaze):
            return Reading(Gaze(made.yaw - 2, made.pitch), 0.02)
        return Reading(eye(*made), distance)

    def propose(aim: Gaze) -> Any:
        return aim

    return steer(propose, generate, read, TARGET)


def test_a_hit_needs_one_pass() -> None:
    outcome = run(lambda _, aim: Gaze(aim.yaw + 0.5, aim.pitch))
    assert outcome.delivered == "generated"
    assert len(outcome.errors) == 1


@pytest.mark.parametrize(("off", "distance"), [(1.3, 0.0), (0.5, 0.11)])
def test_the_proposal_is_measured_where_it_could_be_better(off: float, distance: float) -> None:
    sure = run(lambda *_: Gaze(TARGET.yaw + 0.5, TARGET.pitch), 0.09)
    assert (sure.delivered, sure.proposal_error) == ("generated", None)
    doubted = run(lambda *_: Gaze(TARGET.yaw + off, TARGET.pitch), distance)
    assert doubted.proposal_error == pytest.approx(2, abs=0.01)


def test_an_engine_that_always_misses_by_the_same_is_corrected() -> None:
    outcome = run(lambda _, aim: Gaze(aim.yaw - 4, aim.pitch + 3))
    assert len(outcome.errors) == 2
    assert outcome.errors[1] == pytest.approx(0, abs=1e-4)
    assert outcome.made[1] == Gaze(14, -7)


def test_after_three_passes_the_best_counts() -> None:
    misses = [1.6, 1.2, 1.9]
    outcome = run(lambda number, aim: Gaze(TARGET.yaw + misses[number - 1], TARGET.pitch))
    assert len(outcome.errors) == MOST_PASSES == 3
    assert outcome.made[0] == 2
    assert outcome.delivered == "generated"


def test_a_worse_gaze_than_the_proposals_is_not_delivered() -> None:
    outcome = run(lambda *_: Gaze(TARGET.yaw + 9, TARGET.pitch))
    assert (outcome.delivered, outcome.reason) == ("proposal", "gaze")
    assert outcome.made == TARGET
    assert outcome.proposal_error == pytest.approx(2, abs=0.01)


def test_a_less_alike_face_is_not_delivered() -> None:
    near = run(lambda _, aim: aim, distance=0.11)
    assert near.delivered == "generated"
    far = run(lambda _, aim: aim, distance=0.13)
    assert (far.delivered, far.reason) == ("proposal", "identity")


def test_lost_eyes_are_worse_than_any_gaze() -> None:
    outcome = run(lambda *_: None)
    assert (outcome.delivered, outcome.reason) == ("proposal", "gaze")
    assert len(outcome.errors) == 1


def test_what_the_engine_keeps_back_is_the_proposal() -> None:
    outcome = steer(lambda aim: aim, lambda _: None, lambda _: Reading(TARGET, 0), TARGET)
    assert (outcome.delivered, outcome.reason) == ("proposal", "refused")


def test_a_wild_reading_does_not_send_the_eyes_away() -> None:
    aims: list[Gaze] = []

    def eye(_: int, aim: Gaze) -> Gaze:
        aims.append(aim)
        return Gaze(-35, 20)

    run(eye)
    assert all(aim.angle_to(TARGET) < 8.1 for aim in aims)
