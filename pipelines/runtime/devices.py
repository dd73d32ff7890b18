"""Where a network runs and in which precision, said in words; one generation at a time there."""

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

# What a GPU's driver and the picture itself need beside a model's weights.
_SPARE_GB = 1.0


@dataclass(frozen=True)
class Device:
    """One place to run a network.

    Attributes:
        kind: ``cuda``, ``mps`` or ``cpu``, as torch names them.
        precision: ``float16``, ``bfloat16`` or ``float32``, as torch names them.
        name: The GPU's own name, or "the processor".
    """

    kind: Kind
    precision: str
    name: str

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch's type."""
        import torch

        found: torch.dtype = getattr(torch, self.precision)
        return found

    def __str__(self) -> str:
        """Such as ``the processor, bfloat16``."""
        return f"{self.name}, {self.precision}"


@cache
def pick() -> Device:
    """The fastest device there is: CUDA, Apple's MPS, else the processor.

    Half precision on a GPU. On a processor bfloat16 where it has instructions for it (AVX-512
    BF16, AMX or Arm's), because there it halves the time; elsewhere it would be emulated and slow.
    """
    import torch

    if torch.cuda.is_available():
        return Device("cuda", "float16", torch.cuda.get_device_name())
    if torch.backends.mps.is_available():
        # Attention in half precision overflows on MPS (torch's own notes advise float32 there).
        return Device("mps", "float32", "the Apple GPU")
    fast = torch.ops.mkldnn._is_mkldnn_bf16_supported() if torch.backends.mkldnn.enabled else False
    return Device("cpu", "bfloat16" if fast else "float32", "the processor")


def free_gb(device: Device) -> float | None:
    """Free memory of a GPU in GB (10^9 bytes); None where nobody can say."""
    import torch

    return torch.cuda.mem_get_info()[0] / 1e9 if device.kind == "cuda" else None


def placement(needs_gb: float, has_gb: float | None) -> Placement:
    """Whether a model fits on a GPU whole, or its parts have to take turns there.

    Args:
        needs_gb: Memory of the whole pipeline.
        has_gb: Free memory, or None where nobody can say: then it is tried whole.
    """
    return "whole" if has_gb is None or has_gb >= needs_gb + _SPARE_GB else "offloaded"


@contextmanager
def one_thread() -> Iterator[None]:
    """Let a network too small for several threads run on one; have a `turn` meanwhile.

    Threads that work on a millisecond wait for each other at its end, and on a busy machine that
    wait is thirty times as long as the work.
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
    """Turn running out of memory into words, after freeing what can be freed.

    Args:
        release: Drops the models that are held.

    Raises:
        EngineFailed: ``out-of-memory``.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
        # The traceback holds the tensors of every frame that it passed.
        error.__traceback__ = None
    else:
        return
    release()
    free()
    raise EngineFailed(
        "out-of-memory",
        "There is not enough memory for this engine here. Close what else uses it, or choose a "
        "smaller engine such as geometry.",
    )


def free() -> None:
    """Give unused memory back to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def on_shared_gpu(work: Callable[..., R], seconds: Callable[..., float]) -> Callable[..., R]:
    """Borrow a GPU for the time of `work` on Spaces' ZeroGPU; elsewhere `work` itself.

    ZeroGPU lends a GPU to a function that `spaces.GPU` wraps, for a stated time.

    Args:
        work: What to run.
        seconds: Estimates its time from the same arguments.
    """
    if importlib.util.find_spec("spaces") is None:
        return work
    spaces: Any = importlib.import_module("spaces")
    wrapped: Callable[..., R] = spaces.GPU(duration=seconds)(work)
    return wrapped


def _out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    # The processor's allocator and MPS raise a plain RuntimeError.
    return "out of memory" in text or "can't allocate memory" in text
