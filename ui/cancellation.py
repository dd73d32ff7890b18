"""Cancelling of work that its visitor stopped, replaced by newer work, or no longer waits for."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipelines.runtime.errors import Cancelled
from ui import gradio_compat

TaskKind = Literal["", "live", "grid", "persona"]
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
# A session that ends in order is forgotten at once; this bounds the memory for clients that vanish.
_MOST_KEYS = 4096


class Superseded(Cancelled):
    """The visitor has requested something newer, so nothing of this is shown."""


@dataclass(eq=False)
class _Run:
    """Work in progress.

    Attributes:
        requested_at: As `time.monotonic`.
        someone_waits: Whether somebody still waits for the result.
        error: Raised at the next check.
    """

    requested_at: float
    someone_waits: Callable[[], bool]
    error: type[Cancelled] | None = None

    def check(self) -> None:
        """Raise `Cancelled`, or `Superseded`, if the work has to end."""
        if self.error is not None:
            raise self.error
        if not self.someone_waits():
            raise Cancelled


@dataclass
class Cancellations:
    """Cancels visitors' work within one step, also while it still waits for its turn.

    Work is registered under a key of `task_key`, one for each visitor and kind of task. Of several
    runs under one key only the one that was requested last goes on. The time of the request
    decides, not that of registering, because a queue may start the older run later. A run ends with
    the first of these that applies:

    1. The error of the last `stop` or `supersede`, if the run was requested before it.
    2. `Superseded`, if a run that was requested later is registered.
    3. `Cancelled`, if nobody waits for its result.
    """

    _runs: dict[str, list[_Run]] = field(init=False, default_factory=dict)
    # The time of the last stop under each key, and the error of what was requested before it.
    _ended_before: dict[str, tuple[float, type[Cancelled]]] = field(
        init=False, default_factory=dict
    )
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    @contextmanager
    def running(self, key: str) -> Iterator[Callable[[], None]]:
        """Register work under `key`; yields `check`, which raises `Cancelled` once stopped.

        Call `check` often.
        """
        run = _Run(gradio_compat.requested_at(), gradio_compat.waiting_check())
        with self._lock:
            ended_before, error = self._ended_before.get(key, (-math.inf, Cancelled))
            others = self._runs.setdefault(key, [])
            if run.requested_at < ended_before:
                run.error = error
            elif any(other.requested_at > run.requested_at for other in others):
                run.error = Superseded
            else:
                self._fail_runs(key, Superseded)
            others.append(run)
        try:
            yield run.check
        finally:
            with self._lock:
                self._runs[key].remove(run)
                if not self._runs[key]:
                    del self._runs[key]

    def stop(self, key: str) -> None:
        """Cancel everything requested under this key until now."""
        with self._lock:
            self._stop_until_now(key, Cancelled)

    def supersede(self, key: str) -> None:
        """Like `stop`, but with `Superseded`: nothing is shown about it."""
        with self._lock:
            self._stop_until_now(key, Superseded)

    def forget(self, session: str) -> None:
        """Cancel all work of a session that has ended, of every kind."""
        with self._lock:
            for key in (task_key(session, kind) for kind in TASK_KINDS):
                self._stop_until_now(key, Cancelled)
                del self._ended_before[key]

    def _stop_until_now(self, key: str, error: type[Cancelled]) -> None:
        self._ended_before.pop(key, None)
        self._ended_before[key] = time.monotonic(), error
        if len(self._ended_before) > _MOST_KEYS:
            del self._ended_before[next(iter(self._ended_before))]
        self._fail_runs(key, error)

    def _fail_runs(self, key: str, error: type[Cancelled]) -> None:
        for run in self._runs.get(key, []):
            run.error = run.error or error


def task_key(session: str, kind: TaskKind = "") -> str:
    """The key of one kind of a session's work for `Cancellations`; "" is the comparison."""
    return f"{session}-{kind}" if kind else session
