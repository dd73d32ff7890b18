"""What ends work before it is done: its visitor stops it, asks for something else, or has gone."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipelines.runtime.errors import Cancelled
from ui import visitor as visitors

Kind = Literal["", "live", "grid", "persona"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# A visit that says goodbye is forgotten at once; this is for clients that never do.
_MOST_KEPT = 4096


class Superseded(Cancelled):
    """The visitor has asked for something newer: nothing of this is to be shown."""


@dataclass(eq=False)
class _Run:
    """Work that is being done, asked for at a time of `time.monotonic`."""

    asked: float
    waiting: Callable[[], bool]
    end: type[Cancelled] | None = None

    def check(self) -> None:
        """Raise what ends it, if anything does."""
        if self.end is not None:
            raise self.end
        if not self.waiting():
            raise Cancelled


@dataclass
class Cancellations:
    """Ends visitors' own work within one step of a network, also before its turn has come.

    Each visitor may have several kinds of work under keys of their own (`key`). What was asked for
    last counts: earlier work under the same key ends.
    """

    _runs: dict[str, list[_Run]] = field(init=False, default_factory=dict)
    # What was asked for before this time ends in this way.
    _until: dict[str, tuple[float, type[Cancelled]]] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    @contextmanager
    def running(self, key: str) -> Iterator[Callable[[], None]]:
        """While this lasts, `stop` works; call what it gives often: it raises `Cancelled`."""
        run = _Run(visitors.asked_at(), visitors.waiting())
        with self._lock:
            until, end = self._until.get(key, (-math.inf, Cancelled))
            others = self._runs.setdefault(key, [])
            if run.asked < until:
                run.end = end
            elif any(other.asked > run.asked for other in others):
                run.end = Superseded
            else:
                self._end_runs(key, Superseded)
            others.append(run)
        try:
            yield run.check
        finally:
            with self._lock:
                self._runs[key].remove(run)
                if not self._runs[key]:
                    del self._runs[key]

    def stop(self, key: str) -> None:
        """Stop all that was asked for under this key until now."""
        with self._lock:
            self._end(key, time.monotonic(), Cancelled)

    def supersede(self, key: str) -> None:
        """Like `stop`, but silently: something else is shown now."""
        with self._lock:
            self._end(key, time.monotonic(), Superseded)

    def forget(self, visitor: str) -> None:
        """Stop all that a visitor has, of every kind; they will not come back."""
        with self._lock:
            for one in (key(visitor, kind) for kind in KINDS):
                self._end(one, time.monotonic(), Cancelled)
                del self._until[one]

    def _end(self, key: str, until: float, end: type[Cancelled]) -> None:
        self._until.pop(key, None)
        self._until[key] = until, end
        if len(self._until) > _MOST_KEPT:
            del self._until[next(iter(self._until))]
        self._end_runs(key, end)

    def _end_runs(self, key: str, end: type[Cancelled]) -> None:
        for run in self._runs.get(key, []):
            run.end = run.end or end


def key(visitor: str, kind: Kind = "") -> str:
    """Under what a visitor's work of one kind is known."""
    return f"{visitor}-{kind}" if kind else visitor
