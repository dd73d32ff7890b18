"""Measure the pictures of an audit on a Ray cluster, by Ray Data."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.audit import worker
from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.run import measure_in, new_pool
from pipelines.audit.sources import Source
from pipelines.audit.sources.table import needs_package
from pipelines.runtime.errors import PresenceError
from pipelines.runtime.settings import WorkerSettings

if TYPE_CHECKING:
    import pyarrow as pa

# Pictures that are measured again when their machine is lost; Ray gives them to another.
_BATCH = 64


def measure(source: Source, keys: Iterable[Key], workers: int) -> Generator[tuple[Key, Row]]:
    """Measure pictures on the cluster of PRESENCE_WORKERS, or on one of this machine.

    Other machines have to reach the source under the same name.

    Args:
        source: Where the pictures are.
        keys: The pictures.
        workers: Actors, each with a core of its own.

    Yields:
        Keys and rows in the order in which they are done; see `run.measure_each`.

    Raises:
        PresenceError: ``needs-package``, or ``no-cluster``.
    """
    blocks = _blocks(keys)
    first = next(blocks, None)
    if first is None:
        return
    ray = _connected(workers)
    # The names lie in Ray's object store, not in this process.
    references = [ray.put(first), *map(ray.put, blocks)]
    rows = ray.data.from_arrow_refs(references).map_batches(
        _Measurer,
        fn_constructor_args=(source,),
        batch_size=_BATCH,
        batch_format="pyarrow",
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(references))),
    )
    for row in rows.iter_rows():
        measured = json.loads(row["row"])
        yield Key(measured["file"], row["size"], row["modified_ns"]), measured


def _blocks(keys: Iterable[Key]) -> Iterator[pa.Table]:
    keys = iter(keys)
    while block := list(islice(keys, _BATCH)):
        yield _table([(key, {"file": key.file}) for key in block])


def _table(entries: list[tuple[Key, Row]]) -> pa.Table:
    """Rows as JSON, whose escapes hold names that are not UTF-8."""
    try:
        import pyarrow as pa
    except ImportError:
        raise needs_package("Audits on Ray", "requirements-ray.txt") from None
    return pa.table(
        {
            "size": pa.array([key.size for key, _ in entries], pa.int64()),
            "modified_ns": pa.array([key.modified_ns for key, _ in entries], pa.int64()),
            "row": [json.dumps(row) for _, row in entries],
        }
    )


class _Measurer:
    """Measures in one process beside it, so that a picture that kills it costs only itself."""

    def __init__(self, source: Source) -> None:
        self._source, self._pool = source, new_pool(1)

    def __call__(self, batch: pa.Table) -> pa.Table:
        tasks = []
        for one in batch.to_pylist():
            key = Key(json.loads(one["row"])["file"], one["size"], one["modified_ns"])
            tasks.append((key, (self._source, key.file)))
        return _table(list(measure_in(self._pool, tasks, len(tasks), worker.measure)))


def _connected(workers: int) -> Any:
    # Ray reports usage to its makers unless it is told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError:
        raise needs_package("Audits on Ray", "requirements-ray.txt") from None
    address = WorkerSettings.read().workers
    if not ray.is_initialized():
        where: dict[str, Any] = {"address": "auto" if address == "ray" else address}
        if not address:
            where = {"address": "local", "num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(**where, log_to_driver=False, logging_level="error")
        except ConnectionError as error:
            raise PresenceError(
                "no-cluster", f"There is no Ray cluster at {address} (PRESENCE_WORKERS)."
            ) from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    # We have a bar of our own.
    context.enable_progress_bars = False
    context.execution_options.preserve_order = False
    return ray
