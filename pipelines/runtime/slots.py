"""Fair semaphores for the processor's cores and for the device that networks run on.

Heavy work (an analysis, a look) takes one of as many slots as there are cores, so that more
visitors than cores queue in order instead of slowing each other down.
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


@cache
def cores() -> Slots:
    """Semaphore of all heavy work in this process, with a slot for each core."""
    return Slots()


@cache
def device() -> Slots:
    """Semaphore of the device that networks run on: one slot, as two generations are slower."""
    return Slots(1)


class Slots:
    """Semaphore that grants its slots in the order of arrival; waiting can be given up.

    Args:
        most: Number of slots; the number of cores if None.
    """

    def __init__(self, most: int | None = None) -> None:
        self._free = count() if most is None else most
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a slot and hold it during the block. Not reentrant.

        Args:
            check: Called a few times a second while waiting; raises to give up waiting.
        """
        self._acquire(check)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, check: Callable[[], None]) -> None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            granted = threading.Event()
            self._waiting.append(granted)
        try:
            while not granted.wait(_POLL_S):
                check()
        except BaseException:
            with self._lock:
                still_waiting = granted in self._waiting
                if still_waiting:
                    self._waiting.remove(granted)
            if not still_waiting:
                # The slot was granted in the same moment: pass it on.
                self._release()
            raise

    def _release(self) -> None:
        """Hand the slot to the first in the queue, so that no newcomer overtakes it."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def count(quota: Path = _QUOTA) -> int:
    """Number of processor cores that this process may use, at least 1.

    Args:
        quota: File with the container's share of the machine (cgroup v2 ``cpu.max``:
            microseconds of processor time and length of the period, or ``max``).
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(available or 1, _quota_cores(quota)))


def limit_threads() -> None:
    """Keep libraries from starting threads that wait for each other.

    What the environment says already stands. Call it before NumPy or torch is imported, which read
    these variables then.
    """
    limits = {
        # By default idle threads spin, up to twenty times the work on a busy machine of two cores.
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": str(count()),
        # Matrices are small here: a second thread mostly waits, and takes processor time.
        "OPENBLAS_NUM_THREADS": "1",
    }
    os.environ.update({**limits, **os.environ})


def _quota_cores(quota: Path) -> int:
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return round(int(share) / int(period)) or 1
    except (OSError, ValueError):
        # No such file, or it says "max": there is no limit.
        return 1_000_000
