from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled
from pipelines.runtime.slots import Slots


@pytest.mark.parametrize(
    ("quota", "most"), [("100000 100000", 1), ("150000 100000", 2), ("20000 100000", 1)]
)
def test_a_quota_limits_the_number_of_cores(tmp_path: Path, quota: str, most: int) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert 1 <= slots.count(tmp_path / "cpu.max") <= most


def test_without_a_quota_all_cores_count(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert slots.count(tmp_path / "cpu.max") == slots.count(tmp_path / "absent") >= 1


def test_libraries_start_no_threads_that_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", {"OMP_NUM_THREADS": "7"})
    slots.limit_threads()
    assert os.environ == {
        "OMP_NUM_THREADS": "7",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
    }


def test_no_more_threads_work_than_there_are_slots() -> None:
    semaphore, lock = Slots(2), threading.Lock()
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with semaphore.turn():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, running) == (2, 0)


def test_slots_are_granted_in_the_order_of_arrival() -> None:
    semaphore, order = Slots(1), list[str]()
    threads = []
    with semaphore.turn():
        for name in "abc":
            threads.append(threading.Thread(target=_append, args=(semaphore, order, name)))
            threads[-1].start()
            _wait_until(lambda: len(semaphore._waiting) == len(threads))
    # The slot was handed to the first thread, so this one queues behind all three.
    with semaphore.turn():
        order.append("last")
    for thread in threads:
        thread.join(10)
    assert order == ["a", "b", "c", "last"]


def test_cancelled_waiting_leaves_the_queue() -> None:
    semaphore = Slots(1)

    def cancel() -> None:
        raise Cancelled

    with semaphore.turn():
        with pytest.raises(Cancelled), semaphore.turn(cancel):
            raise AssertionError("the only slot was granted twice")
        assert not semaphore._waiting
    with semaphore.turn(cancel):
        pass


def test_an_error_releases_the_slot() -> None:
    semaphore = Slots(1)
    with pytest.raises(ValueError, match="x"), semaphore.turn():
        raise ValueError("x")
    with semaphore.turn():
        pass


def _append(semaphore: Slots, order: list[str], name: str) -> None:
    with semaphore.turn():
        order.append(name)


def _wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("the condition did not become true within 5 seconds")
