"""Measure every picture of a folder, over several processes, so that it can be stopped any time."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.audit import files, journal, worker
from pipelines.audit.files import Found
from pipelines.audit.journal import Journal, Key
from pipelines.audit.worker import Row
from pipelines.runtime import slots

# Workers are replaced after so many pictures, so that no leak of a library can grow for ever. (The
# pool's own `max_tasks_per_child` can hang in Python 3.11: cpython issue 115634.)
_BATCH = 2000
# Pictures handed out ahead of the workers: enough to keep them busy, few enough to be forgotten.
_AHEAD = 2


class Stopped(Exception):
    """Somebody pressed Ctrl-C; what is measured so far is in the journal.

    Attributes:
        done: Pictures that are measured.
        total: Pictures in the folder.
    """

    def __init__(self, done: int, total: int) -> None:
        super().__init__(f"{done} of {total}")
        self.done, self.total = done, total


@dataclass(frozen=True)
class AuditRun:
    """The rows of a folder.

    Attributes:
        rows: One a picture, in alphabetical order of the files.
        found: What lies in the folder.
        remembered: How many rows an earlier run had measured.
        outdated: Whether an earlier run's rows were of another version and are measured anew.
    """

    rows: tuple[Row, ...]
    found: Found
    remembered: int
    outdated: bool


def measure(folder: Path, out: Path, workers: int | None = None) -> AuditRun:
    """Measure the pictures of a folder that are not measured yet.

    Args:
        folder: Where the portraits lie.
        out: Where the journal lies; made if it is not there.
        workers: Processes; one a core if None.

    Raises:
        PresenceError: ``no-folder``.
        Stopped: Ctrl-C.
    """
    found = files.walk(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    with Journal(out / journal.NAME, journal.version()) as kept:
        now = {file: journal.key_of(folder, file) for file in found.pictures}
        keys = {file: key for file, key in now.items() if key is not None}
        missing = [key for key in keys.values() if key not in kept.rows]
        remembered = len(keys) - len(missing)
        count = min(workers or slots.count(), max(1, len(missing)))
        done = 0
        try:
            with _bar(len(keys), remembered) as bar:
                for key, row in _rows(folder, missing, count):
                    kept.add(key, row)
                    done += 1
                    bar.update()
        except KeyboardInterrupt:
            raise Stopped(remembered + done, len(keys)) from None
        kept.compact(keys.values())
        rows = tuple(kept.rows[key] for key in keys.values())
    return AuditRun(rows, found, remembered, kept.outdated)


def _rows(folder: Path, missing: list[Key], workers: int) -> Iterator[tuple[Key, Row]]:
    """Rows in the order in which they are done; a picture that kills its worker is a row, too."""
    left = missing
    while left:
        batch, left = left[:_BATCH], left[_BATCH:]
        unfinished = dict.fromkeys(batch)
        try:
            for key, row in _pooled(folder, batch, workers):
                del unfinished[key]
                yield key, row
            continue
        except BrokenProcessPool:
            # Nobody knows which of the pictures at work did it: try the next few one by one.
            again = list(unfinished)
        left = again[workers * _AHEAD :] + left
        for key in again[: workers * _AHEAD]:
            try:
                yield from _pooled(folder, [key], 1)
            except BrokenProcessPool:
                yield key, worker.refused(key.file, "crashed", "Reading this picture crashed.")


def _pooled(folder: Path, keys: list[Key], workers: int) -> Iterator[tuple[Key, Row]]:
    pool = ProcessPoolExecutor(
        workers,
        # A forked process would share MediaPipe's threads with its parent, and hang.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=worker.start,
    )
    waiting: dict[Future[Row], Key] = {}
    queue = iter(keys)

    def refill(keys: Iterable[Key]) -> None:
        for key in keys:
            waiting[pool.submit(worker.measure, str(folder), key.file)] = key

    try:
        refill(islice(queue, workers * _AHEAD))
        while waiting:
            ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in sorted(ready, key=lambda future: waiting[future].file):
                key = waiting.pop(future)
                yield key, _result(future, key)
                refill(islice(queue, 1))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Row], key: Key) -> Row:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenProcessPool):
        raise error
    # One picture that shows a mistake of ours must not cost the other ten thousand.
    kind = type(error).__name__
    return worker.refused(key.file, "failed", f"Presence failed on this picture ({kind}).")


def _bar(total: int, done: int) -> Any:
    from tqdm import tqdm

    # A log file wants a line now and then, a terminal wants life.
    pause = 0.3 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, initial=done, unit=" photos", mininterval=pause, smoothing=0.1)
