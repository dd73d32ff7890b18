"""The journal of an audit of any size: shards in Parquet, and a tail to which rows are added.

Each row is on disk as soon as it is measured, as a line of the tail. A full tail becomes a shard,
sorted by file. So memory holds one tail, however many pictures there are, and rows come back in the
order of their files by merging shards, of which few are open at a time.
"""

from __future__ import annotations

import heapq
import importlib.util
import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.audit.columns import COLUMNS, Row
from pipelines.audit.journal import NAME, Journal, Key, place

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2048
"""Rows of a shard."""

AGAIN = frozenset(
    {
        *("unreachable", "not-found", "private-address", "outside", "unsupported-address"),
        *("needs-package", "failed"),
    }
)
"""Codes of pictures that could not be fetched, or on which we failed: the next run tries again."""

FOLDER = "audit.journal"
_READ = 512

T = TypeVar("T")
Entry = tuple[Key, Row]


def have_pyarrow() -> bool:
    """Whether Parquet can be read and written here."""
    return importlib.util.find_spec("pyarrow") is not None


def match(keys: Iterable[Key], known: Iterable[tuple[Key, T]]) -> Iterator[tuple[Key, T | None]]:
    """Give each key what is known of it; both in the order of their files.

    Of several entries of one key the last one counts. Entries of other keys are left out.
    """
    known = iter(known)
    entry = next(known, None)
    for key in keys:
        here, found = place(key.file), None
        while entry is not None and place(entry[0].file) <= here:
            if entry[0] == key:
                found = entry[1]
            entry = next(known, None)
        yield key, found


class Shards:
    """The rows of an audit on disk. Without pyarrow all stay in the tail, and in memory.

    Attributes:
        outdated: Whether there were rows of another version, which are dropped then.
    """

    def __init__(self, out: Path, version: str) -> None:
        self._tail = Journal(out / NAME, version)
        self._folder, self._version = out / FOLDER, version
        self._count = 0
        self.outdated = self._tail.outdated
        shutil.rmtree(self._fresh, ignore_errors=True)
        paths = self._paths()
        if paths:
            versions = {_metadata(path)["version"] for path in paths}
            if versions != {version}:
                self.outdated = True
                shutil.rmtree(self._folder)
                return
            self._count = 1 + max(int(path.stem.rpartition("-")[2]) for path in paths)

    def add(self, key: Key, row: Row) -> None:
        """Add one row; it is on disk when this returns."""
        self._tail.add(key, row)
        if len(self._tail.rows) >= ROWS and have_pyarrow():
            self._folder.mkdir(exist_ok=True)
            self._write(self._folder, self._tail.sorted())
            self._tail.compact(())

    def entries(self, columns: Collection[str] | None = None) -> Iterator[Entry]:
        """All rows in the order of their files; of one key's rows the latest comes last.

        Args:
            columns: Which columns to read; all if None.
        """
        paths = self._paths()
        waiting = sorted(
            ((place(_metadata(path)["first"]), age, path) for age, path in enumerate(paths)),
            reverse=True,
        )
        tail = self._tail.sorted()
        if tail:
            waiting.append((b"", len(paths), Path()))
        heap: list[tuple[bytes, int, Entry, Iterator[Entry]]] = []
        while waiting or heap:
            # A shard is opened when the merge has come to its first file.
            if waiting and (not heap or waiting[-1][0] <= heap[0][0]):
                _, age, path = waiting.pop()
                rows = iter(tail) if age == len(paths) else _read(path, columns)
                _push(heap, age, rows)
                continue
            _, age, entry, rows = heapq.heappop(heap)
            yield entry
            _push(heap, age, rows)

    def compact(self, keys: Iterable[Key]) -> None:
        """Keep the rows of these keys only, which are in the order of their files.

        What is there once, and asked for, is not written again.
        """
        known = match(keys, self.entries(("status",)))
        wanted = sum(row is not None for _, row in known)
        stored = len(self._tail.rows) + sum(_length(path) for path in self._paths())
        if stored == wanted:
            return
        if not self._paths():
            self._tail.compact(key for key in keys if key in self._tail.rows)
            return
        self._fresh.mkdir()
        kept = ((key, row) for key, row in match(keys, self.entries()) if row is not None)
        self._count = 0
        while shard := list(islice(kept, ROWS)):
            self._write(self._fresh, shard)
        # A kill between these leaves rows twice, or those of the tail alone to measure again.
        shutil.rmtree(self._folder)
        self._fresh.rename(self._folder)
        self._tail.compact(())

    @property
    def _fresh(self) -> Path:
        return self._folder.with_name(FOLDER + ".new")

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("part-*.parquet"))

    def _write(self, folder: Path, entries: list[Entry]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        first = entries[0][0].file
        note = json.dumps({"version": self._version, "first": first})
        rows = [{**row, **key._asdict(), "file": os.fsencode(key.file)} for key, row in entries]
        schema = _schema().with_metadata({"presence": note})
        table = pa.Table.from_pylist(rows, schema)
        path = folder / f"part-{self._count:06}.parquet"
        fresh = path.with_suffix(".new")
        parquet.write_table(table, fresh, compression="zstd")
        fresh.replace(path)
        self._count += 1


def fields() -> list[pa.Field]:
    """The columns of an audit as Parquet has them."""
    import pyarrow as pa

    kinds = {"number": pa.float64(), "whole": pa.int64(), "text": pa.string()}
    return [pa.field(column.name, kinds[column.kind]) for column in COLUMNS]


def _schema() -> pa.Schema:
    import pyarrow as pa

    # Names of files need not be UTF-8.
    file = pa.field("file", pa.binary())
    times = [pa.field("size", pa.int64()), pa.field("modified_ns", pa.int64())]
    return pa.schema([file, *times, *(field for field in fields() if field.name != "file")])


def _metadata(path: Path) -> dict[str, Any]:
    from pyarrow import parquet

    found: dict[str, Any] = json.loads(parquet.read_schema(path).metadata[b"presence"])
    return found


def _length(path: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(path).num_rows)


def _read(path: Path, columns: Collection[str] | None) -> Iterator[Entry]:
    from pyarrow import parquet

    wanted = None if columns is None else ["file", "size", "modified_ns", *columns]
    with parquet.ParquetFile(path) as shard:
        for batch in shard.iter_batches(_READ, columns=wanted):
            for row in batch.to_pylist():
                key = Key(os.fsdecode(row.pop("file")), row.pop("size"), row.pop("modified_ns"))
                values = {name: value for name, value in row.items() if value is not None}
                yield key, {"file": key.file, **values}


def _push(
    heap: list[tuple[bytes, int, Entry, Iterator[Entry]]], age: int, rows: Iterator[Entry]
) -> None:
    entry = next(rows, None)
    if entry is not None:
        heapq.heappush(heap, (place(entry[0].file), age, entry, rows))
