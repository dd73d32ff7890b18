"""The device on which networks run: its kind, precision and memory."""

from __future__ import annotations

import gc
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pipelines.runtime.errors import EngineFailed

if TYPE_CHECKING:
    import torch

Kind = Literal["cuda", "mps", "cpu"]
Placement = Literal["whole", "offloaded"]
R = TypeVar("R")

# GPU memory that the driver and the picture need in addition to a model's weights.
_SPARE_GB = 1.0


@dataclass(frozen=True)
class Device:
    """A device to run networks on.

    Attributes:
        kind: torch's device type, ``cuda``, ``mps`` or ``cpu``.
        precision: Name of torch's dtype, ``float16``, ``bfloat16`` or ``float32``.
        name: Name of the GPU, or "the processor"; shown to people.
    """

    kind: Kind
    precision: str
    name: str

    @property
    def dtype(self) -> torch.dtype:
        """The precision as a torch dtype."""
        import torch

        dtype: torch.dtype = getattr(torch, self.precision)
        return dtype

    def __str__(self) -> str:
        """Name and precision, e.g. ``the processor, bfloat16``."""
        return f"{self.name}, {self.precision}"


@cache
def pick() -> Device:
    """Choose the fastest device available: CUDA, Apple's MPS, else the processor.

    CUDA runs in float16. A processor runs in bfloat16 if it has instructions for it (AVX-512 BF16,
    AMX or Arm's), which halves the time; without them bfloat16 would be emulated and slow.
    """
    import torch

    if torch.cuda.is_available():
        return Device("cuda", "float16", torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        # Attention in half precision overflows on MPS (torch's notes advise float32 there).
        return Device("mps", "float32", "the Apple GPU")
    fast = torch.ops.mkldnn._is_mkldnn_bf16_supported() if torch.backends.mkldnn.enabled else False
    return Device("cpu", "bfloat16" if fast else "float32", "the processor")


def free_gb(device: Device) -> float | None:
    """Free memory of a CUDA GPU in GB (10^9 bytes); None on other devices."""
    import torch

    return torch.cuda.mem_get_info()[0] / 1e9 if device.kind == "cuda" else None


def placement(needs_gb: float, has_gb: float | None) -> Placement:
    """Whether a pipeline fits on a GPU whole, or its parts must be loaded one after the other.

    Args:
        needs_gb: Memory of the whole pipeline, in GB.
        has_gb: Free memory in GB; None if unknown, which counts as enough.
    """
    return "whole" if has_gb is None or has_gb >= needs_gb + _SPARE_GB else "offloaded"


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on a single thread, for networks whose layers take about a millisecond.

    Threads that share so little work wait for each other at its end; on a busy machine that wait
    is thirty times as long as the work. torch's setting is global: hold `slots.device` meanwhile.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def memory_guard(release: Callable[[], None]) -> Iterator[None]:
    """Turn out-of-memory errors into `EngineFailed`, after freeing what can be freed.

    Args:
        release: Drops the loaded models.

    Raises:
        EngineFailed: ``out-of-memory``.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
        # The traceback references the tensors of every frame that it passed.
        error.__traceback__ = None
    else:
        return
    release()
    _empty_cache()
    raise EngineFailed(
        "out-of-memory",
        "There is not enough memory for this engine here. Close what else uses it, or choose a "
        "smaller engine such as geometry.",
    )


def on_shared_gpu(work: Callable[..., R], seconds: Callable[..., float]) -> Callable[..., R]:
    """Wrap a function so that it gets a GPU on Hugging Face Spaces' ZeroGPU.

    ZeroGPU lends a GPU to functions wrapped by `spaces.GPU`, for a stated time. Where the package
    `spaces` is not installed, `work` is returned unchanged.

    Args:
        work: The function to run.
        seconds: Estimates its duration from the same arguments.
    """
    if importlib.util.find_spec("spaces") is None:
        return work
    spaces: Any = importlib.import_module("spaces")
    wrapped: Callable[..., R] = spaces.GPU(duration=seconds)(work)
    return wrapped


def _empty_cache() -> None:
    """Collect garbage and return torch's cached memory to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def _out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    # The processor's allocator and MPS raise a plain RuntimeError.
    return "out of memory" in text or "can't allocate memory" in text
