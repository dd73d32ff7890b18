from __future__ import annotations

import sys
import threading
import types
from typing import Any

import pytest

from pipelines.runtime import devices, slots
from pipelines.runtime.devices import Device
from pipelines.runtime.errors import Cancelled, EngineFailed


def test_the_text_of_a_device_names_its_precision() -> None:
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
def test_a_pipeline_is_offloaded_if_memory_is_short(
    needs: float, has: float | None, expected: str
) -> None:
    assert devices.placement(needs, has) == expected


def test_the_device_has_one_slot_and_waiting_for_it_can_be_cancelled() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with slots.device().turn(lambda: None):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)

    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), slots.device().turn(cancel):
        raise AssertionError("two at a time")
    leave.set()
    thread.join(10)
    with slots.device().turn(cancel):
        pass


def test_out_of_memory_errors_become_engine_errors_and_models_are_released() -> None:
    import torch

    released: list[bool] = []
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
        MemoryError(),
    ):
        with (
            pytest.raises(EngineFailed) as caught,
            devices.memory_guard(lambda: released.append(True)),
        ):
            raise error
        assert caught.value.code == "out-of-memory"
        assert caught.value.__cause__ is None
    assert released == [True] * 3
    with pytest.raises(RuntimeError, match="shape"), devices.memory_guard(lambda: None):
        raise RuntimeError("shape mismatch")


def test_a_real_failed_allocation_becomes_an_engine_error() -> None:
    import torch

    with pytest.raises(EngineFailed), devices.memory_guard(lambda: None):
        torch.empty(2**62, dtype=torch.uint8)


def test_zero_gpu_is_used_only_if_spaces_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(steps: int) -> int:
        return steps + 1

    assert devices.on_shared_gpu(work, lambda steps: 2.0 * steps) is work
    durations: list[float] = []

    def gpu(duration: Any) -> Any:
        def wrap(function: Any) -> Any:
            def wrapped(*arguments: Any) -> Any:
                durations.append(duration(*arguments))
                return function(*arguments)

            return wrapped

        return wrap

    spaces = types.ModuleType("spaces")
    spaces.GPU = gpu  # type: ignore[attr-defined]
    spaces.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    assert devices.on_shared_gpu(work, lambda steps: 2.0 * steps)(4) == 5
    assert durations == [8.0]


def test_the_text_of_a_device_is_its_name_and_precision() -> None:
    assert str(Device("cuda", "float16", "A GPU")) == "A GPU, float16"
