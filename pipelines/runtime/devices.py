"""The device on which networks run: its kind, precision and memory."""

from __future__ import annotations

import gc
import importlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pipelines.runtime.errors import EngineFailed
from pipelines.runtime.messages import Message

if TYPE_CHECKING:
    import torch

Kind = Literal["cuda", "mps", "cpu"]
Half = Literal["float16", "bfloat16"]
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
def pick(half: Half = "float16") -> Device:
    """Choose the fastest device available: CUDA, Apple's MPS, else the processor.

    Args:
        half: Half precision of the model on CUDA.
    """
    import torch

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if available:
        return Device("cuda", half, torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        # Attention in half precision overflows on MPS (torch's notes advise float32 there).
        return Device("mps", "float32", "the Apple GPU")
    if any("driver" in str(one.message) and "too old" in str(one.message) for one in caught):
        return processor("the processor, as the GPU's driver is too old for this PyTorch")
    return processor()


def processor(name: str = "the processor") -> Device:
    """The processor as a device.

    It runs in bfloat16 if it has instructions for it (AVX-512 BF16, AMX or Arm's), which halves the
    time; without them bfloat16 would be emulated and slow.
    """
    import torch

    fast = torch.ops.mkldnn._is_mkldnn_bf16_supported() if torch.backends.mkldnn.enabled else False
    return Device("cpu", "bfloat16" if fast else "float32", name)


def on_zero_gpu() -> bool:
    """Whether this is a ZeroGPU Space, whose GPU is lent to a function for some seconds."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


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


def require_memory(needed: int) -> None:
    """Check that a model fits into the main memory, through which it passes to any device.

    Where it does not fit, the system would end the whole process without an error.

    Args:
        needed: Bytes of the model's parameters in the precision that they are computed in.

    Raises:
        EngineFailed: ``out-of-memory``.
    """
    import psutil

    free = psutil.virtual_memory().available
    if needed > free:
        raise EngineFailed(
            "out-of-memory",
            Message(
                "This engine needs {needed:.0f} GB of memory, and {free:.0f} GB are free here. "
                "Close what else uses it, or choose a smaller engine such as geometry.",
                needed=needed / 1e9,
                free=free / 1e9,
            ),
        )


@contextmanager
def guard(release: Callable[[], None]) -> Iterator[None]:
    """Turn a device's errors into `EngineFailed`, after freeing what can be freed.

    Args:
        release: Drops the loaded models.

    Raises:
        EngineFailed: ``out-of-memory``, or ``gpu-lost`` where the GPU no longer answers, which only
            another start of the program mends.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_of_the_device(error):
            raise
        lost = not _out_of_memory(error)
        # The traceback references the tensors of every frame that it passed.
        error.__traceback__ = None
    else:
        return
    release()
    if lost:
        raise EngineFailed(
            "gpu-lost",
            "The GPU stopped answering while this was drawn. Start Presence again; until then the "
            "geometry engine works without it.",
        )
    _empty_cache()
    raise EngineFailed(
        "out-of-memory",
        "There is not enough memory for this engine here. Close what else uses it, or choose a "
        "smaller engine such as geometry.",
    )


def is_of_the_device(error: BaseException) -> bool:
    """Whether an error is the device's, out of memory or gone, and not the model's."""
    return _out_of_memory(error) or _gone(error)


def on_lent_gpu(work: Callable[..., R], seconds: Callable[..., int]) -> Callable[..., R]:
    """Wrap a function so that it gets a GPU on a ZeroGPU Space; elsewhere it is returned unchanged.

    ZeroGPU lends a GPU to functions wrapped by `spaces.GPU`, for a stated time, in a process of
    their own. A Space starts only if there is such a function when its page is launched.

    Args:
        work: The function to run.
        seconds: Estimates its duration from the same arguments.
    """
    if not on_zero_gpu():
        return work
    spaces: Any = importlib.import_module("spaces")
    lent: Callable[..., R] = spaces.GPU(duration=seconds)(work)

    @wraps(work)
    def run(*arguments: Any) -> R:
        try:
            return lent(*arguments)
        except Exception as error:
            # Errors of the work come as an error of the page's with a title, as do a GPU that is
            # not free and a share that is used up; and ZeroGPU's server may not be reached.
            raise EngineFailed(
                "gpu-not-lent",
                Message(
                    "The Space lends no GPU for this now ({reason}). Try again later, or choose "
                    "the geometry engine.",
                    reason=getattr(error, "title", type(error).__name__),
                ),
            ) from error

    return run


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


def _gone(error: BaseException) -> bool:
    import torch

    text = str(error)
    return isinstance(error, torch.AcceleratorError) or "CUDA error" in text or "NVML" in text
