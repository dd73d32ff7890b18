"""Many visitors at once: a real server on loopback, driven through its public endpoint.

Beside them one more visitor has the page open, moves a slider now and then and loads the page anew:
what they wait is what a full house does to somebody who only wants to look.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.server_metrics import (
    State,
    columns,
    household,
    quantile,
    settled,
    state,
    timed,
    watched,
)
from benchmarks.serving import Server, served
from benchmarks.visitor import PATIENCE_S, Visitor
from pipelines.studio.samples import samples

# What visitors ask for, in turn.
CONTEXTS = ("linkedin", "therapist", "creative-portfolio", "law-finance")
REGIONS = ("japan", "nordic", "international", "soft")
BUSY = "busy"
_POLL_S = 0.1
_LOOK_AROUND_S = 2.0


@dataclass(frozen=True)
class Answer:
    """One answered request.

    Attributes:
        latency: Seconds from asking to the answer.
        wait: Of these, until it was its turn: the upload and the queue.
        work: What the looks took by their own account.
    """

    latency: float
    wait: float
    work: float


@dataclass(frozen=True)
class LoadRun:
    """One run.

    Attributes:
        users: Visitors at the same time.
        engine: Of their looks.
        seconds: How long they went on.
        answers: What was answered.
        errors: What was answered instead, and how often; `BUSY` where the queue was full.
        traces: Errors in the server's own log.
        before: The idle server.
        after: The server ten seconds after the last answer.
        memory: Memory in MB, every half second.
        previews: Seconds that the one who looks waits for a moved slider.
        pages: Seconds that they wait for the page.
    """

    users: int
    engine: str
    seconds: float
    answers: list[Answer]
    errors: dict[str, int]
    traces: int
    before: State
    after: State
    memory: list[float] = field(repr=False)
    previews: list[float] = field(repr=False)
    pages: list[float] = field(repr=False)

    @property
    def per_minute(self) -> float:
        """Answers a minute."""
        return 60 * len(self.answers) / self.seconds

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        spread = {
            "latency_s": [one.latency for one in self.answers],
            "queue_s": [one.wait for one in self.answers],
            "work_s": [one.work for one in self.answers],
            "preview_s": self.previews,
            "page_s": self.pages,
        }
        return {
            "users": self.users,
            "engine": self.engine,
            "seconds": round(self.seconds, 1),
            "answers": len(self.answers),
            "per_minute": round(self.per_minute, 1),
            **{
                name: {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95)}
                for name, values in spread.items()
            },
            "errors": self.errors,
            "traces": self.traces,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "peak_mb": round(max(self.memory)),
            "memory_mb": [round(one) for one in self.memory[:: max(1, len(self.memory) // 60)]],
        }


def run(users: int, minutes: float, engine: str, photos: Sequence[Path] = ()) -> LoadRun:
    """Let visitors compare for a while.

    Args:
        users: At the same time.
        minutes: How long they keep asking.
        engine: Of their looks.
        photos: Their portraits; the samples if there are none.
    """
    portraits = list(photos) or [sample.path for sample in samples()]
    answers, errors = list[Answer](), Counter[str]()
    with served() as server:
        warm(server, portraits[0], engine)
        before = state(server)
        with ExitStack() as stack:
            memory = stack.enter_context(watched(server))
            previews, pages = _looker(server, stack)
            start = time.monotonic()
            with ThreadPoolExecutor(users) as pool:
                for number in range(users):
                    visitor = _Asker(server.address, portraits, engine, number)
                    pool.submit(_ask_on, visitor, start + 60 * minutes, answers, errors)
            seconds = time.monotonic() - start
        after = settled(server)
        traces = server.traces()
    return LoadRun(
        *(users, engine, seconds, answers, dict(errors), traces),
        *(before, after, memory, previews, pages),
    )


def warm(server: Server, photo: Path, engine: str) -> None:
    """Let the server load its models and make what the page opens with: idle is what comes after.

    Args:
        server: It.
        photo: A portrait.
        engine: Whose models to load.
    """
    _Asker(server.address, [photo], engine, 0).ask(0)
    with Visitor(server.address):
        pass


def table(runs: Sequence[LoadRun]) -> str:
    """The figures as text."""
    head = (
        *("users", "engine", "answers", "a minute", "p50 s", "p95 s", "queue p50", "queue p95"),
        *("preview p95", "page p95", "busy", "errors", "traces"),
        *("MB idle", "peak", "after", "handles", "files"),
    )
    said = Counter[str]()
    rows: list[tuple[str, ...]] = [head]
    for one in runs:
        other = {name: count for name, count in one.errors.items() if name != BUSY}
        said.update(other)
        latencies = [answer.latency for answer in one.answers]
        waits = [answer.wait for answer in one.answers]
        figures = (
            *(quantile(latencies, 0.5), quantile(latencies, 0.95)),
            *(quantile(waits, 0.5), quantile(waits, 0.95)),
            *(quantile(one.previews, 0.95), quantile(one.pages, 0.95)),
        )
        rows.append(
            (
                *(str(one.users), one.engine, str(len(one.answers)), f"{one.per_minute:.1f}"),
                *(f"{figure:.2f}" for figure in figures),
                *(str(one.errors.get(BUSY, 0)), str(sum(other.values())), str(one.traces)),
                *(f"{one.before.memory_mb:.0f}", f"{max(one.memory):.0f}"),
                f"{one.after.memory_mb:.0f}",
                f"{one.before.handles} > {one.after.handles}",
                f"{one.before.files} > {one.after.files}",
            )
        )
    return "\n".join([columns(rows), *(f"{count} x {text}" for text, count in said.items())])


class _Asker:
    """A program that compares, through `gradio_client`."""

    def __init__(self, address: str, portraits: Sequence[Path], engine: str, number: int) -> None:
        from gradio_client import Client

        self._portraits, self._engine, self.number = portraits, engine, number
        self._client = Client(
            address,
            verbose=False,
            download_files=False,
            # Whoever waits longest is to be measured, not to be lost after five seconds.
            httpx_kwargs={"timeout": PATIENCE_S},
        )

    def ask(self, turn: int) -> Answer:
        """One comparison; waits for its answer."""
        from gradio_client import handle_file
        from gradio_client.utils import Status

        # One address may upload so often a minute: it is the machine's limits that are looked for.
        self._client.headers["X-Forwarded-For"] = household(1000 * self.number + turn)
        photo = str(self._portraits[turn % len(self._portraits)])
        before = {Status.STARTING, Status.JOINING_QUEUE, Status.IN_QUEUE, Status.SENDING_DATA}
        start, wait = time.monotonic(), None
        job = self._client.submit(handle_file(photo), self._look(turn), api_name="/compare")
        while not job.done():
            if wait is None and job.status().code not in before:
                wait = time.monotonic() - start
            time.sleep(_POLL_S)
        _, report = job.result()
        latency = time.monotonic() - start
        work = sum(one["seconds"]["total"] for one in report["variants"])
        return Answer(latency, latency - work if wait is None else wait, work)

    def _look(self, turn: int) -> str:
        region, context = REGIONS[turn % len(REGIONS)], CONTEXTS[turn // 2 % len(CONTEXTS)]
        return f"region={region}&context={context}&engine={self._engine}"


def ask(address: str, portraits: Sequence[Path], engine: str, number: int) -> Answer:
    """One comparison by a program of its own; `number` says who, and what of."""
    return _Asker(address, portraits, engine, number).ask(number)


def _ask_on(visitor: _Asker, deadline: float, answers: list[Answer], errors: Counter[str]) -> None:
    for turn in itertools.count(visitor.number):
        if time.monotonic() > deadline:
            return
        try:
            answers.append(visitor.ask(turn))
        except Exception as error:  # every kind of failure is what is counted here
            errors[_kind(error)] += 1
            time.sleep(1)


def _kind(error: Exception) -> str:
    from gradio_client.utils import QueueError

    return BUSY if isinstance(error, QueueError) else f"{type(error).__name__}: {str(error)[:80]}"


def _looker(server: Server, stack: ExitStack) -> tuple[list[float], list[float]]:
    """Somebody who has the page open and looks at it; seconds of previews and of page loads."""
    visitor = stack.enter_context(Visitor(server.address, household(60_000)))
    values = itertools.cycle((0.2, 0.9, 0.5, 0.7))
    turn = threading.Lock()

    def move() -> None:
        with turn:
            visitor.move(next(values), **SLIDER)

    def load() -> None:
        httpx.get(server.address, timeout=60).raise_for_status()

    previews = stack.enter_context(timed(_LOOK_AROUND_S, move))
    pages = stack.enter_context(timed(_LOOK_AROUND_S, load))
    return previews, pages


SLIDER = {"type": "slider"}
"""The first one on the page: how far look A turns the eyes."""
