"""Many visitors at once: a real server on loopback, driven through its public endpoint."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving import served
from ui.samples import samples

# What visitors ask for, in turn.
CONTEXTS = ("linkedin", "therapist", "creative-portfolio", "law-finance")
REGIONS = ("japan", "nordic", "international", "soft")
_SAMPLE_EVERY = 0.5
_MB = 1e6


@dataclass(frozen=True)
class State:
    """What the server holds.

    Attributes:
        memory_mb: Resident memory of the process and its children.
        handles: Open files and sockets.
        files: Files in its folder for visitors.
    """

    memory_mb: float
    handles: int
    files: int


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        users: Visitors at the same time.
        engine: Of their looks.
        seconds: How long they went on.
        latencies: Seconds from asking to the answer, of each request that was answered.
        waits: Of these, seconds not spent on the look itself: queue and transfers.
        errors: What was answered instead, and how often.
        before: The idle server.
        after: The server ten seconds after the last answer.
        memory: Memory in MB, every half second.
    """

    users: int
    engine: str
    seconds: float
    latencies: list[float]
    waits: list[float]
    errors: dict[str, int]
    before: State
    after: State
    memory: list[float] = field(repr=False)

    @property
    def per_minute(self) -> float:
        """Answers a minute."""
        return 60 * len(self.latencies) / self.seconds

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "users": self.users,
            "engine": self.engine,
            "seconds": round(self.seconds, 1),
            "answers": len(self.latencies),
            "per_minute": round(self.per_minute, 1),
            "p50_s": _quantile(self.latencies, 0.5),
            "p95_s": _quantile(self.latencies, 0.95),
            "wait_p50_s": _quantile(self.waits, 0.5),
            "wait_p95_s": _quantile(self.waits, 0.95),
            "errors": self.errors,
            "memory_mb": {
                "before": round(self.before.memory_mb),
                "peak": round(max(self.memory)),
                "after": round(self.after.memory_mb),
                "curve": [round(value) for value in self.memory[:: max(1, len(self.memory) // 60)]],
            },
            "handles": [self.before.handles, self.after.handles],
            "files": [self.before.files, self.after.files],
        }


def run(users: int, minutes: float, engine: str, photos: Sequence[Path] = ()) -> Run:
    """Let visitors compare for a while.

    Args:
        users: At the same time.
        minutes: How long they keep asking.
        engine: Of their looks.
        photos: Their portraits; the samples if there are none.
    """
    portraits = list(photos) or [sample.path for sample in samples()]
    with served() as server:
        process = psutil.Process(server.process.pid)
        # The first look loads the models: idle is what comes after.
        _ask(server.address, portraits[0], _look(0, engine))
        before = _state(process, server.files)
        answers, errors = _Answers(), Counter[str]()
        with _watched(process) as memory:
            start = time.monotonic()
            deadline = start + 60 * minutes
            with ThreadPoolExecutor(users) as pool:
                for number in range(users):
                    visitor = (server.address, portraits, engine, number, deadline)
                    pool.submit(_visit, *visitor, answers, errors)
            seconds = time.monotonic() - start
        time.sleep(10)
        after = _state(process, server.files)
    return Run(
        users,
        engine,
        seconds,
        answers.latencies,
        answers.waits,
        dict(errors),
        before,
        after,
        memory,
    )


def table(runs: Sequence[Run]) -> str:
    """The figures as text."""
    head = (
        *("users", "engine", "answers", "a minute", "p50 s", "p95 s", "wait p95", "errors"),
        *("MB idle", "peak", "after", "handles", "files"),
    )
    rows = [
        (
            str(one.users),
            one.engine,
            str(len(one.latencies)),
            f"{one.per_minute:.1f}",
            f"{_quantile(one.latencies, 0.5):.2f}",
            f"{_quantile(one.latencies, 0.95):.2f}",
            f"{_quantile(one.waits, 0.95):.2f}",
            str(sum(one.errors.values())),
            f"{one.before.memory_mb:.0f}",
            f"{max(one.memory):.0f}",
            f"{one.after.memory_mb:.0f}",
            f"{one.before.handles} > {one.after.handles}",
            f"{one.before.files} > {one.after.files}",
        )
        for one in runs
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in (head, *rows)
    ]
    said = {sentence: count for one in runs for sentence, count in one.errors.items()}
    return "\n".join([*lines, *(f"{count} x {sentence}" for sentence, count in said.items())])


class _Answers:
    """Times of all visitors."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def add(self, latency: float, work: float) -> None:
        with self._lock:
            self.latencies.append(latency)
            self.waits.append(max(0.0, latency - work))


def _visit(
    address: str,
    portraits: Sequence[Path],
    engine: str,
    number: int,
    deadline: float,
    answers: _Answers,
    errors: Counter[str],
) -> None:
    ask = _asker(address)
    for turn in itertools.count(number):
        if time.monotonic() > deadline:
            return
        start = time.monotonic()
        try:
            report = ask(portraits[turn % len(portraits)], _look(turn, engine))
        except Exception as error:  # every kind of failure is what is counted here
            errors[f"{type(error).__name__}: {str(error)[:80]}"] += 1
            time.sleep(1)
            continue
        latency = time.monotonic() - start
        answers.add(latency, sum(one["seconds"]["total"] for one in report["variants"]))


def _asker(address: str) -> Callable[[Path, str], dict[str, Any]]:
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False, download_files=False)

    def ask(photo: Path, look: str) -> dict[str, Any]:
        _, report = client.predict(handle_file(str(photo)), look, api_name="/compare")
        return dict(report)

    return ask


def _ask(address: str, photo: Path, look: str) -> None:
    _asker(address)(photo, look)


def _look(turn: int, engine: str) -> str:
    region, context = REGIONS[turn % len(REGIONS)], CONTEXTS[turn // 2 % len(CONTEXTS)]
    return f"region={region}&context={context}&engine={engine}"


def _state(process: psutil.Process, files: Path) -> State:
    return State(
        memory_mb=_memory(process),
        handles=process.num_fds(),
        files=sum(1 for one in files.rglob("*") if one.is_file()),
    )


def _memory(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / _MB


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[float]]:
    memory: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_EVERY):
            memory.append(_memory(process))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        done.set()
        watcher.join()


def _quantile(values: Sequence[float], share: float) -> float:
    if len(values) < 2:
        return round(values[0], 2) if values else 0.0
    return round(statistics.quantiles(values, n=100)[round(share * 100) - 1], 2)
