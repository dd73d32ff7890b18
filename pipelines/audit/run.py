"""Measure every picture of a source in several processes, resuming where an earlier run stopped."""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.audit import journal, worker
from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.shards import AGAIN, Shards, match
from pipelines.audit.sources import Source
from pipelines.runtime import slots

if TYPE_CHECKING:
    from pebble import ProcessPool

# A worker is replaced after this many pictures, so that a leak of a library cannot grow for ever.
_PICTURES_PER_WORKER = 2000
# Pictures that are handed to the workers ahead; the rest waits in the listing.
_AHEAD = 16
# A picture that takes longer ends its worker. Fetching has limits of its own below it.
_MOST_S = 600.0
# Other files that are named at the end.
_NAMED = 5

Task = tuple[Key, tuple[Any, ...]]
Engine = Callable[[Source, Iterable[Key], int], Generator[tuple[Key, Row]]]
"""Measures pictures of a source with so many workers; yields them in the order they are done."""


@dataclass(eq=False)
class Stopped(Exception):
    """Ctrl-C was pressed; what is measured so far is in the journal.

    Attributes:
        done: Pictures that are measured.
        total: Pictures in the folder.
    """

    done: int
    total: int


class Listing:
    """The pictures of a source in the order of their names, kept on disk.

    One loop over it at a time.

    Attributes:
        total: Number of pictures.
        others: Number of files that are no pictures.
        named: The first few of those.
    """

    def __init__(self, source: Source, out: Path) -> None:
        self.total = self.others = 0
        self.named: tuple[str, ...] = ()
        found = source.walk()
        first = list(islice(found, 1))  # refuses what is no source before anything is written
        out.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile("w+", encoding="ascii", dir=out)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        for one in (*first, *found):
            if isinstance(one, Key):
                self.total += 1
                self._file.write(json.dumps(one) + "\n")
            else:
                self.others += 1
                if len(self.named) < _NAMED:
                    self.named += (one,)

    def __iter__(self) -> Iterator[Key]:
        self._file.seek(0)
        for line in self._file:
            yield Key(*json.loads(line))


@dataclass(frozen=True)
class AuditRun:
    """The rows of a source.

    Attributes:
        listing: Its pictures.
        remembered: How many rows an earlier run had measured.
        outdated: Whether an earlier run's rows were of another version and are measured anew.
    """

    listing: Listing
    remembered: int
    outdated: bool
    _shards: Shards

    def rows(self, columns: tuple[str, ...] | None = None) -> Iterator[Row]:
        """The row of each picture, in the order of their names.

        Args:
            columns: Which columns are wanted; all if None. Rows of the tail have all.
        """
        for _, row in match(self.listing, self._shards.entries(columns)):
            if row is not None:
                yield row


def measure(
    source: Source, out: Path, workers: int | None = None, engine: Engine | None = None
) -> AuditRun:
    """Measure the pictures of a source that are not measured yet.

    Args:
        source: Where the portraits are.
        out: Where the journal lies; made if it is not there.
        workers: Number of processes; one per core if None.
        engine: What measures; processes of this machine if None.

    Raises:
        PresenceError: There is no such source.
        Stopped: Ctrl-C.
    """
    from tqdm import tqdm

    listing = Listing(source, out)
    shards = Shards(out, journal.version())
    remembered = listing.total - sum(1 for _ in _missing(listing, shards))
    # A log file needs a line now and then, a terminal a lively bar.
    interval_s = 0.3 if sys.stderr.isatty() else 10.0
    progress = tqdm(
        total=listing.total,
        initial=remembered,
        unit=" photos",
        mininterval=interval_s,
        smoothing=0.1,
    )
    measured = (engine or _in_processes)(
        source, _missing(listing, shards), min(workers or slots.count(), max(listing.total, 1))
    )
    try:
        with progress, closing(measured):
            for key, row in measured:
                shards.add(key, row)
                progress.update()
    except KeyboardInterrupt:
        raise Stopped(progress.n, listing.total) from None
    shards.compact(listing)
    return AuditRun(listing, remembered, shards.outdated, shards)


def _missing(listing: Listing, shards: Shards) -> Iterator[Key]:
    for key, row in match(listing, shards.entries(("code",))):
        if row is None or row.get("code") in AGAIN:
            yield key


def _in_processes(source: Source, keys: Iterable[Key], workers: int) -> Generator[tuple[Key, Row]]:
    yield from measure_each(((key, (source, key.file)) for key in keys), workers, worker.measure)


def measure_each(
    tasks: Iterable[Task], workers: int, measure: Callable[..., Row]
) -> Generator[tuple[Key, Row]]:
    """Measure pictures in worker processes.

    Args:
        tasks: The pictures' keys, and the arguments of `measure` for each; read as they are needed.
        workers: Number of processes.
        measure: Makes a row of those arguments.

    Yields:
        Keys and rows in the order in which they are done. A picture that kills its worker or takes
        too long, or on which our code fails, is a refused row.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, workers * _AHEAD))
    if not first:
        return
    pool = new_pool(min(workers, len(first)))
    try:
        yield from measure_in(pool, chain(first, tasks), len(first), measure)
    finally:
        pool.stop()
        pool.join()


def new_pool(workers: int) -> ProcessPool:
    """Processes for `measure_in`."""
    # ProcessPoolExecutor cannot say which picture killed a worker, gives up all others then, and
    # its `max_tasks_per_child` can hang in Python 3.11 (cpython issue 115634).
    from pebble import ProcessPool

    return ProcessPool(
        workers,
        max_tasks=_PICTURES_PER_WORKER,
        initializer=worker.start,
        # A forked process would share MediaPipe's threads with its parent, and hang.
        context=multiprocessing.get_context("spawn"),
    )


def measure_in(
    pool: ProcessPool, tasks: Iterable[Task], ahead: int, measure: Callable[..., Row]
) -> Generator[tuple[Key, Row]]:
    """Like `measure_each`, in processes that are there, with `ahead` tasks handed to them."""

    def schedule(task: Task) -> tuple[Future[Row], Key]:
        key, arguments = task
        return pool.schedule(measure, arguments, timeout=_MOST_S), key

    tasks = iter(tasks)
    pending = dict(map(schedule, islice(tasks, ahead)))
    while pending:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            key = pending.pop(future)
            yield key, _row_of(future, key.file)
        pending.update(map(schedule, islice(tasks, len(done))))


def _row_of(future: Future[Row], file: str) -> Row:
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired:
        return worker.refused(file, "crashed", "Reading this picture crashed.")
    except TimeoutError:
        return worker.refused(file, "timed-out", "Reading this picture took too long.")
    except BrokenProcessPool:
        raise
    except Exception as error:  # one picture must not cost the others
        kind = type(error).__name__
        return worker.refused(file, "failed", f"Presence failed on this picture ({kind}).")
