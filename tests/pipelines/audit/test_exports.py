"""What a training pipeline reads: rows in Parquet, pictures in tar files."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from pipelines.audit import exports
from pipelines.audit.columns import COLUMNS
from pipelines.audit.sources.folder import Folder


def table(*files: str) -> pd.DataFrame:
    rows = [
        {
            "file": file,
            "status": "measured",
            "keep": int("drop" not in file),
            "gaze": 1.5,
            "width": 9,
        }
        for file in files
    ]
    names = [column.name for column in COLUMNS]
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in names}, dtype=object)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.c.PNG", "drop.jpg", "odd"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_kept_rows_in_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    manifest = exports.ParquetManifest(tmp_path)
    manifest.add(table("a.jpg", "drop.jpg"))
    manifest.add(table("b.jpg", "\udc80.jpg"))
    assert not (tmp_path / "keep.parquet").exists()
    manifest.close()
    found = parquet.read_table(tmp_path / "keep.parquet")
    assert found.column("file").to_pylist() == ["a.jpg", "b.jpg", "\\udc80.jpg"]
    assert found.column("gaze").to_pylist() == [1.5] * 3
    assert found.column_names == [column.name for column in COLUMNS]


def test_kept_pictures_with_their_rows_in_tar_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHARD_BYTES", 3000)
    (folder / "keep-000009.tar").write_bytes(b"of an earlier run")
    written = exports.WebDataset(Folder(folder, folder), folder)
    written.add(table("a.jpg", "b.c.PNG", "drop.jpg", "gone.jpg"))
    written.add(table("odd"))
    written.close()
    index = json.loads((folder / "keep.shards.json").read_text())
    shards = [(one["url"], one["nsamples"]) for one in index["shardlist"]]
    assert shards == [("keep-000000.tar", 2), ("keep-000001.tar", 1)]
    assert sorted(path.name for path in folder.glob("keep-*.tar")) == [name for name, _ in shards]
    with tarfile.open(folder / "keep-000000.tar") as tar:
        assert tar.getnames() == [
            *("000000000.jpg", "000000000.json"),
            *("000000001.png", "000000001.json"),
        ]
        members = [tar.extractfile(name) for name in tar.getnames()]
        picture, row = (member.read() for member in members[2:] if member is not None)
    assert picture == b"b.c.PNG"
    assert json.loads(row) == {
        "file": "b.c.PNG", "status": "measured", "keep": 1, "gaze": 1.5, "width": 9,
    }  # fmt: skip
    with tarfile.open(folder / "keep-000001.tar") as tar:
        assert tar.getnames() == ["000000002.jpg", "000000002.json"]


def test_nothing_kept_is_an_empty_index(folder: Path) -> None:
    written = exports.WebDataset(Folder(folder, folder), folder)
    written.add(table("drop.jpg"))
    written.close()
    assert json.loads((folder / "keep.shards.json").read_text())["shardlist"] == []
