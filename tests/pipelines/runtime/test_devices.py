from __future__ import annotations

import sys
import threading
import types
from typing import Any

import pytest

from pipelines.runtime import devices, slots
from pipelines.runtime.devices import Device
from pipelines.runtime.errors import Cancelled, EngineFailed


def test_the_device_is_named_with_its_precision() -> None:
    import torch

    device = devices.pick()
    assert device.precision in str(device)
    assert isinstance(device.dtype, torch.dtype)
    assert device.kind == ("cuda" if torch.cuda.is_available() else device.kind)


@pytest.mark.parametrize(
    ("needs", "has", "expected"),
    [(8, 24, "whole"), (8, 9, "whole"), (8, 8.5, "offloaded"), (8, 4, "offloaded"),
     (8, None, "whole")],
)  # fmt: skip
def test_parts_take_turns_where_memory_is_short(
    needs: float, has: float | None, expected: str
) -> None:
    assert devices.placement(needs, has) == expected


def test_only_one_generation_at_a_time_and_waiting_can_be_given_up() -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with slots.device().turn(lambda: None):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)

    def give_up() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), slots.device().turn(give_up):
        raise AssertionError("two at a time")
    leave.set()
    thread.join(10)
    with slots.device().turn(give_up):
        pass


def test_running_out_of_memory_is_said_and_models_let_go() -> None:
    import torch

    let_go: list[bool] = []
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        MemoryError(),
    ):
        with (
            pytest.raises(EngineFailed) as caught,
            devices.memory_guard(lambda: let_go.append(True)),
        ):
            raise error
        assert caught.value.code == "out-of-memory"
        assert caught.value.__cause__ is None
    assert let_go == [True] * 3
    with pytest.raises(RuntimeError, match="shape"), devices.memory_guard(lambda: None):
        raise RuntimeError("shape mismatch")


def test_a_real_allocation_that_cannot_be_met_is_said() -> None:
    import torch

    with pytest.raises(EngineFailed), devices.memory_guard(lambda: None):
        torch.empty(2**62, dtype=torch.uint8)


def test_zero_gpu_is_used_only_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(steps: int) -> int:
        return steps + 1

    assert devices.on_shared_gpu(work, lambda steps: 2.0 * steps) is work
    asked: list[float] = []

    def gpu(duration: Any) -> Any:
        def lend(function: Any) -> Any:
            def lent(*arguments: Any) -> Any:
                asked.append(duration(*arguments))
                return function(*arguments)

            return lent

        return lend

    stand_in = types.ModuleType("spaces")
    stand_in.GPU = gpu  # type: ignore[attr-defined]
    stand_in.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "spaces", stand_in)
    assert devices.on_shared_gpu(work, lambda steps: 2.0 * steps)(4) == 5
    assert asked == [8.0]


def test_devices_are_compared_by_what_they_are() -> None:
    assert str(Device("cuda", "float16", "A GPU")) == "A GPU, float16"
