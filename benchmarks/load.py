"""Many visitors at once, on a real server on loopback: answers a minute, waits, memory, files.

Each visitor compares one look after the other through the public endpoint ``/compare``. Beside
them one visitor moves a slider now and then and another loads the page: what these wait is what a
busy server does to somebody who only looks.

JSON: a list with one entry for each number of users.
    users, engine: how many compared at the same time, and the engine of their looks.
    seconds: how long they went on; answers, per_minute: comparisons that were answered.
    latency_s: seconds from the request to the answer (p50, p95); of these queue_s until its turn
        (upload and queue), work_s for the looks by their own account.
    preview_s, page_s: seconds until a moved slider is answered, and until the page is loaded.
    errors: error -> how often; ``busy`` where the queue was full.
    traces: errors in the server's log.
    before, after: the idle server, and the server ten seconds after the last answer (memory_mb,
        handles, threads, files, files_mb). peak_mb, memory_mb: memory, about 60 samples.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import users
from benchmarks.reports import Report, text_table
from benchmarks.serving import SETTLE_S, Server, served
from benchmarks.users import Comparing, Loading, LoadTest, Looking, percentiles
from benchmarks.visitor import Visitor
from pipelines.studio.samples import samples

KINDS = (Comparing, Looking, Loading)
KEYS = (
    *("engine", "answers", "per_minute", "latency_s.p50", "latency_s.p95", "queue_s.p50"),
    *("queue_s.p95", "preview_s.p95", "page_s.p95", "traces", "before.memory_mb", "peak_mb"),
    *("after.memory_mb", "before.handles", "after.handles", "before.files", "after.files"),
)


def run(count: int, minutes: float, engine: str, photos: Sequence[Path] = ()) -> Report:
    """Let visitors compare for a while.

    Args:
        count: Visitors at the same time.
        minutes: How long they keep asking.
        engine: Engine of their looks.
        photos: Their portraits; the samples if there are none.
    """
    photos = photos or [sample.path for sample in samples()]
    with served() as server:
        warm_up(server, photos[0], engine)
        before = server.state()
        with server.memory_curve() as memory:
            test = LoadTest(server, KINDS, photos=photos, engine=engine)
            start = time.monotonic()
            test.run(count + 2, 60 * minutes)
            seconds = time.monotonic() - start
        after, traces = server.state(SETTLE_S), server.traces()
    comparisons = test.figures(users.COMPARISON)
    answers = comparisons.num_requests - comparisons.num_failures
    return {
        "users": count,
        "engine": engine,
        "seconds": round(seconds, 1),
        "answers": answers,
        "per_minute": round(60 * answers / seconds, 1),
        "latency_s": percentiles(comparisons),
        "queue_s": percentiles(test.figures(users.QUEUE)),
        "work_s": percentiles(test.figures(users.WORK)),
        "preview_s": percentiles(test.figures(users.PREVIEW)),
        "page_s": percentiles(test.figures(users.PAGE)),
        "errors": test.errors(),
        "traces": traces,
        "before": before,
        "after": after,
        "peak_mb": round(max(memory)),
        "memory_mb": [round(one) for one in memory[:: max(1, len(memory) // 60)]],
    }


def warm_up(server: Server, photo: Path, engine: str) -> None:
    """Let the server load the engine and render what the page opens with; then it is idle."""
    with Visitor(server.address) as visitor:
        visitor.compare(photo, users.look(0, engine))
        visitor.open_page()


def table(runs: Sequence[Report]) -> str:
    """A column for each run, and the errors below."""
    errors = [f"{count} x {text}" for run in runs for text, count in run["errors"].items()]
    columns = {str(run["users"]): run for run in runs}
    return "\n".join([text_table("users", columns, KEYS, transpose=True), *errors])
