"""Files that a training pipeline reads: the kept pictures as Parquet, or as WebDataset shards."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.audit import files, shards
from pipelines.audit.sources import Source
from pipelines.runtime.errors import Refusal, needs_package

if TYPE_CHECKING:
    import pandas as pd

SHARD_BYTES = 256_000_000
"""Size from which a shard of WebDataset is followed by another."""


class Export(Protocol):
    """A file, or files, of the pictures that the rule keeps."""

    def add(self, table: pd.DataFrame) -> None:
        """Take the kept rows of a table."""

    def close(self) -> None:
        """Finish the files, which are not there before."""


class ParquetManifest:
    """``keep.parquet``: a table of the kept pictures with all their columns.

    Raises:
        PresenceError: ``needs-package``.
    """

    def __init__(self, out: Path) -> None:
        if not shards.have_pyarrow():
            raise needs_package("Parquet tables", "requirements-audit.txt")
        import pyarrow as pa

        self._path, self._fresh = out / "keep.parquet", out / "keep.parquet.new"
        self._schema = pa.schema(shards.fields())
        self._writer: Any = None

    def add(self, table: pd.DataFrame) -> None:
        """See `Export.add`."""
        import pyarrow as pa
        from pyarrow import parquet

        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._fresh, self._schema, compression="zstd")
        rows = table[table["keep"] == 1].to_dict("records")
        for row in rows:
            row["file"] = _text(row["file"])
        self._writer.write_table(pa.Table.from_pylist(rows, self._schema))

    def close(self) -> None:
        """See `Export.close`."""
        self._writer.close()
        self._fresh.replace(self._path)


class WebDataset:
    """Copies of the kept pictures in tar files, each with its row beside it as JSON.

    ``keep.shards.json`` lists them in the form of ``wids`` (webdataset's index).
    """

    def __init__(self, source: Source, out: Path) -> None:
        self._source, self._out = source, out
        self._shards: list[tuple[str, int]] = []
        self._samples = self._number = 0
        self._tar: tarfile.TarFile | None = None

    def add(self, table: pd.DataFrame) -> None:
        """See `Export.add`; a picture that is gone since it was measured is left out."""
        for row in table[table["keep"] == 1].to_dict("records"):
            try:
                found = self._source.read(row["file"])
                data = found if isinstance(found, bytes) else found.read_bytes()
            except (Refusal, OSError):
                continue
            tar = self._tar or self._next()
            # A sample is what has one name up to the first point.
            key = f"{self._number:09}"
            ending = PurePosixPath(row["file"].partition("?")[0]).suffix[1:].lower() or "jpg"
            values = {name: value for name, value in row.items() if value is not None}
            _put(tar, f"{key}.{ending if ending.isalnum() else 'jpg'}", data)
            _put(tar, f"{key}.json", json.dumps(values).encode("ascii"))
            self._samples, self._number = self._samples + 1, self._number + 1
            if tar.offset > SHARD_BYTES:
                self._finish()

    def close(self) -> None:
        """See `Export.close`; shards of an earlier run that are not written anew are removed."""
        self._finish()
        written = {name for name, _ in self._shards}
        for path in self._out.glob("keep-*.tar"):
            if path.name not in written:
                path.unlink()
        shardlist = [{"url": name, "nsamples": count} for name, count in self._shards]
        index = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "shardlist": shardlist}
        files.replace(self._out / "keep.shards.json", json.dumps(index, indent=1) + "\n")

    @property
    def _fresh(self) -> Path:
        return self._out / "keep.tar.new"

    def _next(self) -> tarfile.TarFile:
        self._tar = tarfile.TarFile(self._fresh, "w")
        return self._tar

    def _finish(self) -> None:
        if self._tar is not None:
            self._tar.close()
            name = f"keep-{len(self._shards):06}.tar"
            self._fresh.replace(self._out / name)
            self._shards.append((name, self._samples))
            self._tar, self._samples = None, 0


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _text(name: str) -> str:
    """A name as UTF-8 can have it."""
    return name.encode("utf-8", "backslashreplace").decode()
