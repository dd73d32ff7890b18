"""What a server holds, and what its visitors feel: memory, handles, files, seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving import Server

_MB = 1e6
_SAMPLE_EVERY = 0.5


@dataclass(frozen=True)
class State:
    """What the server holds.

    Attributes:
        memory_mb: Resident memory of the process and its children.
        handles: Open files and sockets.
        threads: Of the process.
        files: Files in its folder for visitors.
        files_mb: Their size.
    """

    memory_mb: float
    handles: int
    threads: int
    files: int
    files_mb: float


def state(server: Server) -> State:
    """The server as it is now."""
    process = psutil.Process(server.process.pid)
    # Some may go while we look.
    sizes = [size for one in server.files.rglob("*") if (size := _size(one)) is not None]
    return State(
        memory_mb=memory(process),
        handles=process.num_fds(),
        threads=process.num_threads(),
        files=len(sizes),
        files_mb=sum(sizes) / _MB,
    )


def memory(process: psutil.Process) -> float:
    """Resident memory in MB, that of children included."""
    family = [process, *process.children(recursive=True)]
    return float(sum(one.memory_info().rss for one in family) / _MB)


@contextmanager
def watched(server: Server) -> Iterator[list[float]]:
    """A list that grows by the memory in MB, twice a second, as long as this lasts."""
    process, curve = psutil.Process(server.process.pid), list[float]()
    with _beside(_SAMPLE_EVERY, lambda: curve.append(memory(process))):
        yield curve


@contextmanager
def memory_peak(server: Server) -> Iterator[Callable[[], float]]:
    """Says, also afterwards, the most memory in MB that there was while this lasted."""
    with watched(server) as curve:
        yield lambda: max(curve, default=0.0)


@contextmanager
def timed(every: float, ask: Callable[[], object]) -> Iterator[list[float]]:
    """A list that grows by the seconds that `ask` takes, asked again and again beside all else.

    An answer that does not come counts as infinitely late.

    Args:
        every: Seconds between the end of one and the start of the next.
        ask: What to do.
    """
    seconds: list[float] = []

    def once() -> None:
        start = time.monotonic()
        try:
            ask()
        except Exception:  # every kind of failure is a visitor without an answer
            seconds.append(float("inf"))
        else:
            seconds.append(time.monotonic() - start)

    with _beside(every, once):
        yield seconds


@contextmanager
def _beside(every: float, act: Callable[[], None]) -> Iterator[None]:
    done = threading.Event()

    def loop() -> None:
        while not done.wait(every):
            act()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def quantile(values: Sequence[float], share: float) -> float:
    """A quantile, rounded to hundredths; 0 if there is nothing."""
    if len(values) < 2:
        return round(values[0], 2) if values else 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    # Between a number and infinity lies nothing.
    return round(low if low == high else low + (place % 1) * (high - low), 2)


def household(number: int) -> str:
    """An address of its own for each visitor, since limits are for each address."""
    return f"10.{number // 65_536 % 256}.{number // 256 % 256}.{number % 256}"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text, the columns aligned to the right."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def settled(server: Server, seconds: float = 10.0) -> State:
    """The server some seconds after the last answer."""
    time.sleep(seconds)
    return state(server)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
