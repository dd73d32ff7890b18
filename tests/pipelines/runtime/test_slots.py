from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled
from pipelines.runtime.slots import Slots


@pytest.mark.parametrize(
    ("quota", "most"), [("100000 100000", 1), ("150000 100000", 2), ("20000 100000", 1)]
)
def test_a_container_has_the_cores_that_it_may_use(tmp_path: Path, quota: str, most: int) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert 1 <= slots.count(tmp_path / "cpu.max") <= most


def test_without_a_quota_there_are_the_machines_cores(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert slots.count(tmp_path / "cpu.max") == slots.count(tmp_path / "absent") >= 1


def test_threads_of_libraries_are_no_more_than_cores() -> None:
    said = slots.limits()
    assert said.pop("OMP_WAIT_POLICY") == "PASSIVE"
    assert set(said.values()) == {str(slots.count())}


def test_no_more_work_at_once_than_turns() -> None:
    turns, lock = Slots(2), threading.Lock()
    now, most = 0, 0

    def work() -> None:
        nonlocal now, most
        with turns.turn():
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.01)
            with lock:
                now -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, now) == (2, 0)


def test_who_comes_first_is_first_and_who_comes_back_waits() -> None:
    turns, order = Slots(1), list[str]()
    threads = []
    with turns.turn():
        for name in "abc":
            threads.append(threading.Thread(target=_note, args=(turns, order, name)))
            threads[-1].start()
            _until(lambda: len(turns._waiting) == len(threads))
    # The turn was handed on: this one comes anew, and last.
    with turns.turn():
        order.append("back")
    for thread in threads:
        thread.join(10)
    assert order == ["a", "b", "c", "back"]


def test_who_gives_up_waiting_takes_nobodys_turn() -> None:
    turns = Slots(1)

    def give_up() -> None:
        raise Cancelled

    with turns.turn():
        with pytest.raises(Cancelled), turns.turn(give_up):
            raise AssertionError("there is no turn to be had")
        assert not turns._waiting
    with turns.turn(give_up):
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Slots(1)
    with pytest.raises(ValueError, match="x"), turns.turn():
        raise ValueError("x")
    with turns.turn():
        pass


def _note(turns: Slots, order: list[str], name: str) -> None:
    with turns.turn():
        order.append(name)


def _until(true: object) -> None:
    assert callable(true)
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")
