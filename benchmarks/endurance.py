"""Memory over hundreds of requests: does it grow, and by how much?

Four of five requests are comparisons through the public endpoint; the fifth is a whole visit: the
page opens, a photo comes, a slider moves, looks are compared, the page closes.
"""

from __future__ import annotations

import itertools
import math
import statistics
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import SLIDER, ask, warm
from benchmarks.server_metrics import State, household, memory, settled, state
from benchmarks.serving import Server, served
from benchmarks.visitor import Visitor
from pipelines.studio.samples import samples

USERS = 4
_VISIT_EVERY = 5
_BLOCKS = 20
# Caches fill and allocators find their size at first; what counts is what comes after.
_WARM_UP = 0.2


@dataclass(frozen=True)
class Slope:
    """Growth in MB per 100 requests.

    Attributes:
        mb: The growth.
        error: Half of its 95 % confidence interval.
    """

    mb: float
    error: float

    @property
    def flat(self) -> bool:
        """Whether nothing says that it grows."""
        return self.mb - self.error <= 0


@dataclass(frozen=True)
class EnduranceRun:
    """One run.

    Attributes:
        engine: Of the looks.
        memory: MB after each request.
        slope: Of the last four fifths of them.
        errors: What was answered instead, and how often.
        traces: Errors in the server's own log.
        before: The idle server.
        after: The server ten seconds after the last answer.
    """

    engine: str
    memory: list[float] = field(repr=False)
    slope: Slope
    errors: dict[str, int]
    traces: int
    before: State
    after: State

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "engine": self.engine,
            "requests": len(self.memory),
            "mb_per_100_requests": round(self.slope.mb, 2),
            "plus_minus": round(self.slope.error, 2),
            "peak_mb": round(max(self.memory)),
            "memory_mb": [round(one, 1) for one in self.memory],
            "errors": self.errors,
            "traces": self.traces,
            "before": asdict(self.before),
            "after": asdict(self.after),
        }


def run(requests: int, engine: str, photos: Sequence[Path] = ()) -> EnduranceRun:
    """Ask so many times, a few visitors at once.

    Args:
        requests: How many.
        engine: Of the looks.
        photos: Portraits to use; the samples if there are none.
    """
    portraits = list(photos) or [sample.path for sample in samples()]
    with served() as server:
        warm(server, portraits[0], engine)
        before, process = state(server), psutil.Process(server.process.pid)
        curve, errors, lock = list[float](), Counter[str](), threading.Lock()

        def once(number: int) -> None:
            try:
                if number % _VISIT_EVERY:
                    ask(server.address, portraits, engine, number)
                else:
                    _visit(server, portraits[number // _VISIT_EVERY % len(portraits)], number)
            except Exception as error:  # every kind of failure is what is counted here
                errors[f"{type(error).__name__}: {str(error)[:80]}"] += 1
            with lock:
                curve.append(memory(process))

        with ThreadPoolExecutor(USERS) as pool:
            list(pool.map(once, range(1, requests + 1)))
        after = settled(server)
        traces = server.traces()
    return EnduranceRun(engine, curve, slope(curve), dict(errors), traces, before, after)


def slope(curve: Sequence[float]) -> Slope:
    """Growth of memory with the number of requests, by least squares over medians of blocks.

    One request's memory depends on what runs beside it, and on the one before; medians of blocks
    depend on each other much less.

    Args:
        curve: MB after each request.

    Raises:
        ValueError: There are fewer than 50.
    """
    kept = list(curve[round(_WARM_UP * len(curve)) :])
    size = len(kept) // _BLOCKS
    if size < 2:
        raise ValueError("fifty requests are the least that a slope can be read from")
    blocks = [statistics.median(kept[i * size : (i + 1) * size]) for i in range(_BLOCKS)]
    places = [(i + 0.5) * size / 100 for i in range(_BLOCKS)]
    line = statistics.linear_regression(places, blocks)
    rest = sum(
        (y - line.intercept - line.slope * x) ** 2 for x, y in zip(places, blocks, strict=True)
    )
    mean = statistics.fmean(places)
    spread = sum((x - mean) ** 2 for x in places)
    # Student's t for 18 degrees of freedom.
    error = 2.101 * math.sqrt(rest / (_BLOCKS - 2) / spread)
    return Slope(line.slope, error)


def table(run: EnduranceRun) -> str:
    """The figures as text, and the curve in twenty steps."""
    step = max(1, len(run.memory) // 20)
    curve = ((i, run.memory[i]) for i in range(0, len(run.memory), step))
    said = [
        f"{len(run.memory)} requests with {run.engine}: "
        f"{run.slope.mb:+.2f} ± {run.slope.error:.2f} MB per 100 requests "
        f"({'flat' if run.slope.flat else 'it grows'})",
        f"MB: idle {run.before.memory_mb:.0f}, peak {max(run.memory):.0f}, "
        f"ten seconds after {run.after.memory_mb:.0f}",
        f"handles {run.before.handles} > {run.after.handles}, threads {run.before.threads} > "
        f"{run.after.threads}, files {run.before.files} > {run.after.files} "
        f"({run.before.files_mb:.0f} > {run.after.files_mb:.0f} MB)",
        f"errors {sum(run.errors.values())}, traces {run.traces}",
        *(f"{count} x {text}" for text, count in run.errors.items()),
        "request  MB",
        *(f"{number:7d}  {value:.0f}" for number, value in curve),
    ]
    return "\n".join(said)


def _visit(server: Server, photo: Path, number: int) -> None:
    with Visitor(server.address, household(number)) as visitor:
        visitor.bring(photo)
        for value in itertools.islice(itertools.cycle((0.3, 0.8)), 4):
            visitor.move(value, **SLIDER)
        visitor.click(elem_id="compare")
