"""Locust users of the page: what each kind does again and again, and how they are run.

Importing locust replaces the blocking calls of the whole process by gevent's, so this file is
imported by the command ``load`` alone, and before anything that opens connections.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from locust import User, task
from locust import stats as locust_stats
from locust.env import Environment
from locust.stats import StatsEntry

from benchmarks.reports import Report
from benchmarks.serving import Server
from benchmarks.visitor import TIMEOUT_S, Visitor, VisitorRefused, client_address, get

T = TypeVar("T")

COMPARISON, QUEUE, WORK = "a comparison", "queue", "work"
PREVIEW, PAGE, HEALTH = "a preview", "the page", "health"
BUSY = "busy"
"""Error of a request that came when the queue was full."""

_CONTEXTS = ("linkedin", "therapist", "creative-portfolio", "law-finance")
_REGIONS = ("japan", "nordic", "international", "soft")
_PAUSE_AFTER_ERROR_S = 1.0

# Locust keeps response times to two significant digits unless told otherwise: 24.4 s as 24 s.
locust_stats.bucket_response_time = lambda response_time: round(response_time)


class LoadTest(Environment):
    """Users of a server, and the figures of their requests.

    Args:
        server: The server.
        kinds: Classes of users.
        options: What they need: ``photos`` and ``engine`` for comparisons, ``pause`` for the
            seconds between two small requests.
    """

    def __init__(self, server: Server, kinds: Sequence[type[User]], **options: Any) -> None:
        # A user that is stopped may finish the request that it waits for.
        host = server.address.rstrip("/")
        super().__init__(user_classes=list(kinds), host=host, stop_timeout=TIMEOUT_S)
        self.server = server
        self.options = SimpleNamespace(**{"pause": 2.0, **options})
        self.numbers = itertools.count(1)

    def run(self, users: int, seconds: float | None = None) -> None:
        """Start so many users at once, and stop them after so many seconds.

        Without a number of seconds, wait until the last user has stopped by itself.
        """
        runner = self.create_local_runner()
        runner.start(users, spawn_rate=users, wait=seconds is None)
        if seconds is not None:
            time.sleep(seconds)
        elif runner.spawning_greenlet is not None:
            runner.spawning_greenlet.join()
        runner.quit()

    def figures(self, name: str) -> StatsEntry:
        """Locust's figures of the requests of this name."""
        named = (entry for entry in self.stats.entries.values() if entry.name == name)
        return next(named, StatsEntry(self.stats, name, ""))

    def errors(self) -> dict[str, int]:
        """How often each error occurred."""
        counts: dict[str, int] = {}
        for one in self.stats.errors.values():
            text = _error_text(one.error)
            counts[text] = counts.get(text, 0) + one.occurrences
        return counts


def pause(user: User) -> float:
    """Seconds between two small requests of a user."""
    return float(user.environment.options.pause)


class TimedUser(User):
    """A user that reports its requests to locust, whatever HTTP requests they consist of."""

    abstract = True

    def request(self, name: str, act: Callable[[], T]) -> T | None:
        """Do something and report it to locust; its result, or None if it failed."""
        start = time.perf_counter()
        try:
            result = act()
        except Exception as error:  # every kind of failure is counted
            # Without a time, because quick refusals would lower the percentiles of the answers.
            self.report(name, None, error)
            time.sleep(_PAUSE_AFTER_ERROR_S)
            return None
        self.report(name, time.perf_counter() - start)
        return result

    def report(self, name: str, seconds: float | None, error: Exception | None = None) -> None:
        """Report a request, or a part of one, to locust."""
        self.environment.events.request.fire(
            request_type="visitor",
            name=name,
            response_time=None if seconds is None else 1000 * seconds,
            response_length=0,
            exception=error,
            context={},
        )


class ConnectedUser(TimedUser):
    """One visitor, connected from the start to the end."""

    abstract = True

    def on_start(self) -> None:
        """Connect."""
        self.number = next(self.environment.numbers)
        self.visitor = Visitor(
            self.environment.host, client_address(1000 * self.number)
        ).__enter__()

    def on_stop(self) -> None:
        """Disconnect."""
        self.visitor.close()


class Comparing(ConnectedUser):
    """A program that compares a look of a portrait through ``/compare``, without a pause."""

    name = COMPARISON

    def photos(self) -> list[Path]:
        """Portraits to compare in turn."""
        return list(self.environment.options.photos)

    @task
    def compare(self) -> None:
        """One comparison; the next asks for another photo and another look."""
        self.turn = getattr(self, "turn", self.number) + 1
        # What is sought is the limit of the machine, not the one for requests of one address.
        self.visitor.appear_from(client_address(1000 * self.number + self.turn))
        photos = self.photos()
        photo = photos[self.turn % len(photos)]
        looks = look(self.turn, self.environment.options.engine)
        answer = self.request(self.name, lambda: self.visitor.compare(photo, looks))
        if answer is not None:
            report, waited = answer
            self.report(QUEUE, waited)
            self.report(WORK, sum(one["seconds"]["total"] for one in report["variants"]))


class Looking(ConnectedUser):
    """Somebody who has the page open and moves a slider now and then."""

    fixed_count, wait_time = 1, pause

    def on_start(self) -> None:
        """Open the page."""
        super().on_start()
        self.request("opening", self.visitor.open_page)
        self.values = itertools.cycle((0.2, 0.9, 0.5, 0.7))

    @task
    def preview(self) -> None:
        """Move the page's first slider: how far look A turns the eyes."""
        self.request(PREVIEW, lambda: self.visitor.move(next(self.values), type="slider"))


class Loading(TimedUser):
    """Somebody who loads the page's HTML now and then."""

    fixed_count, wait_time = 1, pause

    @task
    def page(self) -> None:
        """Load it."""
        self.request(PAGE, lambda: get(self.environment.host))


class Checking(TimedUser):
    """A monitor that asks for the server's health now and then."""

    fixed_count, wait_time = 1, pause

    @task
    def health(self) -> None:
        """Ask for it."""
        self.request(HEALTH, lambda: get(f"{self.environment.host}/healthz"))


def look(turn: int, engine: str) -> str:
    """The look of a turn: regions in turn, a new context for every second."""
    region, context = _REGIONS[turn % len(_REGIONS)], _CONTEXTS[turn // 2 % len(_CONTEXTS)]
    return f"region={region}&context={context}&engine={engine}"


def seconds_at(entry: StatsEntry, share: float) -> float:
    """A percentile of an entry's response times in seconds; 0 without any."""
    return round(entry.get_response_time_percentile(share) / 1000, 2)


def percentiles(entry: StatsEntry) -> Report:
    """Median and 95th percentile of an entry's response times in seconds."""
    return {"p50": seconds_at(entry, 0.5), "p95": seconds_at(entry, 0.95)}


def _error_text(error: Any) -> str:
    if isinstance(error, VisitorRefused) and error.status == 503:
        return BUSY
    return f"{type(error).__name__}: {str(error)[:80]}"
