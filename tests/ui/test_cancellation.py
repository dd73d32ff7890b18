from __future__ import annotations

import pytest

from pipelines.runtime.errors import Cancelled
from ui import gradio_compat
from ui.cancellation import Cancellations, Superseded, task_key


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the next work was asked for; the clock of the machine goes on from 1000."""
    times: list[float] = []
    monkeypatch.setattr(gradio_compat, "requested_at", lambda: times.pop(0))
    monkeypatch.setattr("ui.cancellation.time.monotonic", lambda: 1000.0)
    return times


def test_what_was_asked_for_last_counts(asked: list[float]) -> None:
    cancellations = Cancellations()
    asked += [1, 2]
    with cancellations.running("x") as old, cancellations.running("x") as new:
        with pytest.raises(Superseded):
            old()
        new()


def test_what_was_asked_for_first_and_begins_last_does_not_end_the_newer(
    asked: list[float],
) -> None:
    cancellations = Cancellations()
    asked += [2, 1]
    with cancellations.running("x") as new, cancellations.running("x") as old:
        new()
        with pytest.raises(Superseded):
            old()


def test_a_stop_holds_for_what_waits_for_its_turn_and_not_for_what_comes_later(
    asked: list[float],
) -> None:
    cancellations = Cancellations()
    asked += [999, 1001]
    cancellations.stop("x")
    with cancellations.running("x") as waited, pytest.raises(Cancelled):
        waited()
    with cancellations.running("x") as later:
        later()


def test_kinds_do_not_disturb_each_other_and_all_end_with_the_visit(asked: list[float]) -> None:
    cancellations = Cancellations()
    asked += [1, 2, 3]
    with (
        cancellations.running("x") as one,
        cancellations.running(task_key("x", "grid")) as two,
        cancellations.running("y") as other,
    ):
        cancellations.stop(task_key("x", "live"))
        one()
        two()
        cancellations.forget("x")
        for check in (one, two):
            with pytest.raises(Cancelled):
                check()
        other()


def test_what_nobody_waits_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    cancellations, waits = Cancellations(), [True, False]
    monkeypatch.setattr(gradio_compat, "waiting_check", lambda: lambda: waits.pop(0))
    with cancellations.running("x") as check:
        check()
        with pytest.raises(Cancelled):
            check()


def test_outside_of_events_there_is_nobody_and_nothing_to_wait_for() -> None:
    assert gradio_compat.current_session() is None
    assert gradio_compat.waiting_check()()
