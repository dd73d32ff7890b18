"""A table of addresses: paths beside it, web addresses, files in buckets."""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from pipelines.audit.journal import Key, place
from pipelines.audit.sources import bucket, web
from pipelines.audit.sources.source import MAX_BYTES, too_large
from pipelines.runtime.errors import PresenceError, Refusal, needs_package

USUAL_COLUMNS = ("file", "path", "url", "uri", "address", "image", "image_url", "key")
"""Names of the column of addresses, where none is given."""

_BUCKETS = tuple(name for name in bucket.PROTOCOLS if name != "memory")


@dataclass(frozen=True)
class Table:
    """Pictures whose addresses stand in a column of a CSV or Parquet file.

    An address is a path below the table's own folder, ``https://``, ``http://``, or a file in a
    bucket. Nothing else of this machine can be named.

    Attributes:
        where: Path or address of the table.
        column: Its column of addresses; the first of `USUAL_COLUMNS` if None.
        local_network: Whether web addresses may lead into this machine's network.
    """

    where: str
    column: str | None = None
    local_network: bool = False

    @property
    def name(self) -> str:
        """The table's file name."""
        return posixpath.basename(self.where)

    def walk(self) -> Iterator[Key | str]:
        """See `Source.walk`: each address once, with size and time where it is a local file."""
        for address in sorted(self._addresses(), key=place):
            yield self._key(address)

    def read(self, file: str) -> Path | bytes:
        """The picture at an address."""
        scheme = urlsplit(file).scheme.lower() if "://" in file else ""
        if scheme in ("http", "https"):
            return web.fetch(file, self.local_network)
        if scheme in _BUCKETS and "::" not in file:
            return bucket.fetch(file)
        if scheme not in ("", "file"):
            raise Refusal(
                "unsupported-address",
                "This address is none that audits fetch: write a path beside the table, https://, "
                f"{', '.join(f'{name}://' for name in _BUCKETS)}.",
            )
        return bucket.fetch(self._beside(file)) if self._remote else self._local(file)

    @property
    def _remote(self) -> bool:
        return "://" in self.where

    def _key(self, address: str) -> Key:
        if not self._remote:
            try:
                state = self._local(address).stat()
                return Key(address, state.st_size, state.st_mtime_ns)
            except (Refusal, OSError, ValueError):
                pass
        return Key(address, -1, 0)

    def _local(self, address: str) -> Path:
        """The file of this machine that an address names.

        Raises:
            Refusal: ``outside``: it lies elsewhere than below the table; ``not-found``;
                ``too-large``.
        """
        if "://" in address and urlsplit(address).scheme.lower() != "file":
            raise Refusal("not-found", "This address is none of a file.")
        folder = Path(self.where).parent.resolve()
        named = unquote(urlsplit(address).path) if "://" in address else address
        try:
            path = (folder / named).resolve()
            if not path.is_relative_to(folder):
                raise _outside()
            if not path.is_file():
                raise Refusal("not-found", "There is no such file beside the table.")
            if path.stat().st_size > MAX_BYTES:
                raise too_large()
        except (OSError, ValueError):
            raise Refusal("not-found", "There is no such file beside the table.") from None
        return path

    def _beside(self, address: str) -> str:
        """The address of a file of the bucket in which the table lies."""
        folder = self.where.rpartition("/")[0]
        path = posixpath.normpath(address)
        if "://" in address or path.startswith(("/", "..")):
            raise _outside()
        return f"{folder}/{path}"

    def _addresses(self) -> set[str]:
        try:
            with self._opened() as file:
                rows = _parquet if self.where.lower().endswith(".parquet") else _csv
                return {value for value in rows(file, self._choose) if value}
        except FileNotFoundError:
            raise PresenceError("no-table", "There is no such table.") from None
        except (OSError, ValueError, csv.Error) as error:
            raise PresenceError(
                "bad-table", f"This table cannot be read ({type(error).__name__})."
            ) from error

    def _opened(self) -> IO[bytes]:
        if not self._remote:
            return Path(self.where).open("rb")
        files, path = bucket.open_files(self.where)
        opened: IO[bytes] = files.open(path, "rb")
        return opened

    def _choose(self, columns: Sequence[str]) -> str:
        wanted = (self.column,) if self.column else USUAL_COLUMNS
        for name in wanted:
            if name in columns:
                return name
        raise PresenceError(
            "no-column",
            f"The table has no column {' or '.join(wanted)}. Name one of its own with --column: "
            f"{', '.join(columns)}.",
        )


def _outside() -> Refusal:
    return Refusal("outside", "This path leads out of the table's own folder and was not read.")


def _csv(file: IO[bytes], choose: Any) -> Iterator[str]:
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        rows = csv.DictReader(text)
        column = choose(list(rows.fieldnames or ()))
        for row in rows:
            yield (row[column] or "").strip()


def _parquet(file: IO[bytes], choose: Any) -> Iterator[str]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise needs_package("Parquet tables", "requirements-audit.txt") from None
    table = parquet.ParquetFile(file)
    column = choose(table.schema_arrow.names)
    for batch in table.iter_batches(columns=[column]):
        for value in batch.column(0).to_pylist():
            yield str(value or "").strip()
