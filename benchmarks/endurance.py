"""Memory of the server over hundreds of requests: does it grow, and by how much?

Four of five requests are comparisons through the public endpoint by a new visitor; the fifth is a
whole visit: the page opens, a photo is uploaded, a slider moves, its results follow, it closes.

JSON:
    engine: engine of the looks; requests: how many were made.
    mb_per_100_requests, plus_minus: growth of the memory after the warm-up, and half of its 95 %
        confidence interval.
    memory_mb: memory after each request; peak_mb: the largest.
    errors: error -> how often. traces: errors in the server's log.
    before, after: the idle server, and the server ten seconds after the last answer (memory_mb,
        handles, threads, files, files_mb).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locust import task
from locust.exception import StopUser

from benchmarks import users
from benchmarks.load import warm_up
from benchmarks.reports import Report
from benchmarks.serving import SETTLE_S, served
from benchmarks.statistics import growth
from benchmarks.users import LoadTest, TimedUser
from benchmarks.visitor import Visitor, client_address
from pipelines.studio.samples import samples

USERS = 4
_VISIT_EVERY = 5


class Enduring(TimedUser):
    """One new visitor after the other, until there were enough requests."""

    @task
    def request_next(self) -> None:
        """One request, and the server's memory after it."""
        number, options = next(self.environment.numbers), self.environment.options
        if number > options.requests:
            raise StopUser
        self.request("request", lambda: self._visit(number, options))
        options.curve.append(self.environment.server.memory())

    def _visit(self, number: int, options: Any) -> None:
        photos = options.photos
        with Visitor(self.environment.host, client_address(number)) as visitor:
            if number % _VISIT_EVERY:
                looks = users.look(number, options.engine)
                visitor.compare(photos[number % len(photos)], looks)
                return
            visitor.open_page()
            visitor.change_photo(photos[number // _VISIT_EVERY % len(photos)])
            for value in (0.3, 0.8, 0.3, 0.8):
                visitor.move(value, type="slider")
            visitor.click(elem_id="settle")


def run(requests: int, engine: str, photos: Sequence[Path] = ()) -> Report:
    """Make so many requests, by a few users at once.

    Args:
        requests: How many.
        engine: Engine of the looks.
        photos: Portraits to use; the samples if there are none.
    """
    curve: list[float] = []
    photos = photos or [sample.path for sample in samples()]
    with served() as server:
        warm_up(server, photos[0], engine)
        before = server.state()
        test = LoadTest(
            server, [Enduring], photos=photos, engine=engine, requests=requests, curve=curve
        )
        test.run(USERS)
        after, traces = server.state(SETTLE_S), server.traces()
    mb, error = growth(curve)
    return {
        "engine": engine,
        "requests": len(curve),
        "mb_per_100_requests": round(mb, 2),
        "plus_minus": round(error, 2),
        "peak_mb": round(max(curve)),
        "memory_mb": [round(one, 1) for one in curve],
        "errors": test.errors(),
        "traces": traces,
        "before": before,
        "after": after,
    }


def table(report: Report) -> str:
    """The figures, and the memory in twenty steps."""
    curve, before, after = report["memory_mb"], report["before"], report["after"]
    growing, error = report["mb_per_100_requests"], report["plus_minus"]
    return "\n".join(
        [
            f"{len(curve)} requests with {report['engine']}: {growing:+.2f} ± {error:.2f} MB per "
            f"100 requests ({'flat' if growing - error <= 0 else 'it grows'})",
            f"MB: idle {before['memory_mb']:.0f}, peak {report['peak_mb']}, "
            f"ten seconds after {after['memory_mb']:.0f}",
            ", ".join(
                f"{key} {before[key]:.0f} > {after[key]:.0f}"
                for key in ("handles", "threads", "files", "files_mb")
            ),
            f"errors {sum(report['errors'].values())}, traces {report['traces']}",
            *(f"{count} x {text}" for text, count in report["errors"].items()),
            "request  MB",
            *(f"{i:7d}  {curve[i]:.0f}" for i in range(0, len(curve), max(1, len(curve) // 20))),
        ]
    )
