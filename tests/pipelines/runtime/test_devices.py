from __future__ import annotations

import sys
import threading
import types
import warnings
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
            devices.guard(lambda: released.append(True)),
        ):
            raise error
        assert caught.value.code == "out-of-memory"
        assert caught.value.__cause__ is None
    assert released == [True] * 3
    with pytest.raises(RuntimeError, match="shape"), devices.guard(lambda: None):
        raise RuntimeError("shape mismatch")


def test_a_real_failed_allocation_becomes_an_engine_error() -> None:
    import torch

    with pytest.raises(EngineFailed), devices.guard(lambda: None):
        torch.empty(2**62, dtype=torch.uint8)


@pytest.mark.parametrize(
    "text",
    ["CUDA error: device-side assert triggered", "CUDA error: unspecified launch failure"],
)
def test_a_gpu_that_no_longer_answers_is_said_and_models_are_released(text: str) -> None:
    released: list[bool] = []
    with pytest.raises(EngineFailed) as caught, devices.guard(lambda: released.append(True)):
        raise RuntimeError(text)
    assert caught.value.code == "gpu-lost"
    assert "Start Presence again" in caught.value.sentence
    assert released == [True]


def test_a_driver_that_is_too_old_is_named_in_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def too_old() -> bool:
        text = "CUDA initialization: The NVIDIA driver on your system is too old (found 11040)."
        warnings.warn(text, UserWarning, stacklevel=2)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", too_old)
    devices.pick.cache_clear()
    try:
        device = devices.pick()
    finally:
        devices.pick.cache_clear()
    assert device.kind == "cpu"
    assert "driver is too old" in str(device)


def test_a_model_that_does_not_fit_into_memory_is_not_loaded() -> None:
    devices.require_memory(1000)
    with pytest.raises(EngineFailed, match="needs 1000000000 GB of memory") as caught:
        devices.require_memory(10**18)
    assert caught.value.code == "out-of-memory"


def test_a_gpu_is_lent_only_on_a_zero_gpu_space(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(steps: int) -> int:
        if steps > 19:
            raise ConnectionError
        if steps > 9:
            error = Exception("no quota")
            error.title = "ZeroGPU quota exceeded"  # type: ignore[attr-defined]
            raise error
        return steps + 1

    assert devices.on_lent_gpu(work, lambda steps: 2 * steps) is work
    durations: list[int] = []

    def gpu(duration: Any) -> Any:
        def wrap(function: Any) -> Any:
            def wrapped(*arguments: Any) -> Any:
                durations.append(duration(*arguments))
                return function(*arguments)

            return wrapped

        return wrap

    spaces = types.ModuleType("spaces")
    spaces.GPU = gpu  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    assert devices.on_lent_gpu(work, lambda steps: 2 * steps) is work
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    lent = devices.on_lent_gpu(work, lambda steps: 2 * steps)
    assert lent(4) == 5
    assert durations == [8]
    for steps, reason in ((10, "ZeroGPU quota exceeded"), (20, "ConnectionError")):
        with pytest.raises(EngineFailed, match=reason) as caught:
            lent(steps)
        assert caught.value.code == "gpu-not-lent"


def test_the_text_of_a_device_is_its_name_and_precision() -> None:
    assert str(Device("cuda", "float16", "A GPU")) == "A GPU, float16"
