"""Measure the pictures of an audit on a Ray cluster, by Ray Data."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.audit import worker
from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.run import measure_in, new_pool
from pipelines.audit.sources import Source
from pipelines.runtime import ray_cluster
from pipelines.runtime.errors import PresenceError, needs_package
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
        PresenceError: ``needs-package``, ``no-cluster`` or ``no-cores``.
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
    address = WorkerSettings.read().workers
    try:
        ray = ray_cluster.connect(address or "local", workers)
    except ConnectionError as error:
        raise PresenceError(
            "no-cluster", f"There is no Ray cluster at {address} (PRESENCE_WORKERS)."
        ) from error
    if ray.cluster_resources().get("CPU") and not ray.available_resources().get("CPU"):
        # Ray would wait for a core, without a word.
        raise PresenceError(
            "no-cores",
            "Every core of the Ray cluster is taken, by workers of the page or other work. Stop "
            "some, add a machine, or leave PRESENCE_WORKERS empty to audit on this machine.",
        )
    from ray.data import DataContext

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    # We have a bar of our own.
    context.enable_progress_bars = False
    context.execution_options.preserve_order = False
    return ray
