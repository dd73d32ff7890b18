"""Who may use the processor's cores and the GPU: a fair semaphore that can be given up.

Heavy work (an analysis, a look) holds one of as many slots as there are cores, so that more
visitors than cores wait in their order instead of slowing each other down.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_POLL_S = 0.2
# OpenMP's are torch's and OpenBLAS's threads, too.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def count(quota: Path = _QUOTA) -> int:
    """Processor cores that this process may use, at least 1.

    Args:
        quota: Where Linux says what share of the machine a container has (cgroup v2,
            ``cpu.max``: microseconds in a period of so many, or ``max``).
    """
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(here or 1, _allowed(quota)))


def limits() -> dict[str, str]:
    """Environment variables that keep libraries from making more threads than there are cores.

    NumPy and torch read them when they are imported.
    """
    # Threads that wait by spinning starve a small machine.
    return {"OMP_WAIT_POLICY": "PASSIVE", **dict.fromkeys(_THREADS, str(count()))}


class Slots:
    """So many may work at once; the others wait in the order in which they came.

    Args:
        most: How many; the cores at hand if None.
    """

    def __init__(self, most: int | None = None) -> None:
        self._free = count() if most is None else most
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and have it. Not to be asked for by who has one already.

        Args:
            check: Called a few times a second while waiting; raises to give up the place in line.
        """
        self._wait(check)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, check: Callable[[], None]) -> None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            called = threading.Event()
            self._waiting.append(called)
        try:
            while not called.wait(_POLL_S):
                check()
        except BaseException:
            with self._lock:
                leaves = called in self._waiting
                if leaves:
                    self._waiting.remove(called)
            if not leaves:
                # Called in the same moment: the turn is somebody else's now.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """From hand to hand: who comes anew does not overtake who waits."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


@cache
def cores() -> Slots:
    """The slots of all heavy work in this process, as many as there are cores."""
    return Slots()


@cache
def device() -> Slots:
    """The one slot of the device that networks run on: two generations at once are slower."""
    return Slots(1)


def _allowed(quota: Path) -> int:
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return round(int(share) / int(period)) or 1
    except (OSError, ValueError):
        # There is no such file, or it says "max": nobody is held back.
        return 1_000_000
