"""Measure every picture of a folder in several processes, resuming where an earlier run stopped."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.audit import files, journal, worker
from pipelines.audit.columns import Row
from pipelines.audit.journal import Journal, Key
from pipelines.runtime import slots

# A worker is replaced after this many pictures, so that a leak of a library cannot grow for ever.
_PICTURES_PER_WORKER = 2000


@dataclass(eq=False)
class Stopped(Exception):
    """Ctrl-C was pressed; what is measured so far is in the journal.

    Attributes:
        done: Pictures that are measured.
        total: Pictures in the folder.
    """

    done: int
    total: int


@dataclass(frozen=True)
class AuditRun:
    """The rows of a folder.

    Attributes:
        rows: One per picture, in alphabetical order of the files.
        others: Further files of the folder that are no pictures.
        remembered: How many rows an earlier run had measured.
        outdated: Whether an earlier run's rows were of another version and are measured anew.
    """

    rows: tuple[Row, ...]
    others: tuple[str, ...]
    remembered: int
    outdated: bool


def measure(folder: Path, out: Path, workers: int | None = None) -> AuditRun:
    """Measure the pictures of a folder that are not measured yet.

    Args:
        folder: Where the portraits lie.
        out: Where the journal lies; made if it is not there.
        workers: Number of processes; one per core if None.

    Raises:
        PresenceError: ``no-folder``.
        Stopped: Ctrl-C.
    """
    from tqdm import tqdm

    pictures, others = files.walk(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    measured = Journal(out / journal.NAME, journal.version())
    keys = [key for file in pictures if (key := journal.key_of(folder, file)) is not None]
    missing = [key for key in keys if key not in measured.rows]
    remembered = len(keys) - len(missing)
    # A log file needs a line now and then, a terminal a lively bar.
    interval_s = 0.3 if sys.stderr.isatty() else 10.0
    progress = tqdm(
        total=len(keys), initial=remembered, unit=" photos", mininterval=interval_s, smoothing=0.1
    )
    try:
        with progress:
            for key, row in measure_each(folder, missing, workers or slots.count()):
                measured.add(key, row)
                progress.update()
    except KeyboardInterrupt:
        raise Stopped(progress.n, len(keys)) from None
    measured.compact(keys)
    return AuditRun(tuple(measured.rows.values()), others, remembered, measured.outdated)


def measure_each(
    folder: Path,
    keys: Sequence[Key],
    workers: int,
    measure: Callable[..., Row] | None = None,
    extra: Mapping[str, tuple[Any, ...]] | None = None,
) -> Iterator[tuple[Key, Row]]:
    """Measure pictures in worker processes.

    Args:
        folder: Where the pictures lie.
        keys: The pictures.
        workers: Number of processes at most.
        measure: Makes a row of a folder, a file inside it, and further arguments; the audit's if
            None.
        extra: Those arguments by file.

    Yields:
        Keys and rows in the order in which they are done. A picture that kills its worker, or on
        which our code fails, is a refused row.
    """
    # ProcessPoolExecutor cannot say which picture killed a worker, gives up all others then, and
    # its `max_tasks_per_child` can hang in Python 3.11 (cpython issue 115634).
    from pebble import ProcessPool

    if not keys:
        return
    pool = ProcessPool(
        min(workers, len(keys)),
        max_tasks=_PICTURES_PER_WORKER,
        initializer=worker.start,
        # A forked process would share MediaPipe's threads with its parent, and hang.
        context=multiprocessing.get_context("spawn"),
    )
    try:
        pending: dict[Future[Row], Key] = {
            pool.schedule(
                measure or worker.measure,
                (str(folder), key.file, *((extra or {}).get(key.file, ()))),
            ): key
            for key in keys
        }
        for future in as_completed(pending):
            yield pending[future], _row_of(future, pending[future].file)
    finally:
        pool.stop()
        pool.join()


def _row_of(future: Future[Row], file: str) -> Row:
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired:
        return worker.refused(file, "crashed", "Reading this picture crashed.")
    except BrokenProcessPool:
        raise
    except Exception as error:  # one picture must not cost the others
        kind = type(error).__name__
        return worker.refused(file, "failed", f"Presence failed on this picture ({kind}).")
