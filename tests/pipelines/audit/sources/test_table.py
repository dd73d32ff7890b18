"""A table of addresses: which column, and nothing of this machine but what lies beside it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from pipelines.audit.journal import Key
from pipelines.audit.sources import open_source
from pipelines.audit.sources.table import Table
from pipelines.runtime.errors import PresenceError, Refusal


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def table(path: Path, column: str | None = None) -> Table:
    one = open_source(str(path), path.parent / "out", column)
    assert isinstance(one, Table)
    return one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "in"
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "a.jpg").write_bytes(b"a")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (inside / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    os.mkfifo(inside / "pipe.jpg")
    return inside


def test_each_address_is_listed_once_in_order(folder: Path) -> None:
    rows = [["n", "url"], ["1", "https://h/b"], ["2", "deep/a.jpg"], ["3", "https://h/b"], ["", ""]]
    one = table(write(folder / "t.csv", rows))
    first, second = one.walk()
    assert isinstance(first, Key)
    assert (first.file, first.size) == ("deep/a.jpg", 1)
    assert second == Key("https://h/b", -1, 0)
    assert one.name == "t.csv"


def test_the_column_can_be_named(folder: Path) -> None:
    path = write(folder / "t.csv", [["file", "other"], ["x", "deep/a.jpg"]])
    assert [getattr(key, "file", "") for key in table(path, "other").walk()] == ["deep/a.jpg"]
    with pytest.raises(PresenceError, match=r"no-column.*file, other"):
        list(table(path, "nothing").walk())
    with pytest.raises(PresenceError, match="no-column"):
        list(table(write(folder / "u.csv", [["deep/a.jpg"]])).walk())


def test_a_parquet_table_is_read_alike(folder: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"n": [1, 2], "url": ["deep/a.jpg", None]}), folder / "t.parquet")
    assert [getattr(key, "file", "") for key in table(folder / "t.parquet").walk()] == [
        "deep/a.jpg"
    ]


def test_no_table_and_a_broken_one_are_refused(folder: Path) -> None:
    with pytest.raises(PresenceError, match="no-table"):
        list(table(folder / "none.csv").walk())
    (folder / "bad.csv").write_bytes(b"url\n\xff\xfe\xfd\n")
    with pytest.raises(PresenceError, match="bad-table"):
        list(table(folder / "bad.csv").walk())


@pytest.mark.parametrize("address", ["deep/a.jpg", "./deep/../deep/a.jpg", "{}", "file://{}"])
def test_files_beside_the_table_are_read(folder: Path, address: str) -> None:
    found = table(folder / "t.csv").read(address.format(folder / "deep" / "a.jpg"))
    assert isinstance(found, Path)
    assert found.read_bytes() == b"a"


@pytest.mark.parametrize(
    "address",
    [
        *("../secret.jpg", "deep/../../secret.jpg", "link.jpg", "{}", "file://{}"),
        *("FILE://{}", "file:///etc/passwd", "/etc/passwd", "file://localhost{}"),
    ],
)
def test_nothing_else_of_this_machine_is_read(folder: Path, address: str) -> None:
    with pytest.raises(Refusal, match="outside"):
        table(folder / "t.csv").read(address.format(folder.parent / "secret.jpg"))


@pytest.mark.parametrize("address", ["pipe.jpg", "deep", "gone.jpg", "~/x.jpg", "a\0b", "x" * 5000])
def test_what_is_no_file_is_refused(folder: Path, address: str) -> None:
    with pytest.raises(Refusal, match="not-found"):
        table(folder / "t.csv").read(address)


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://h/x", "memory://x/y.jpg", "local:///etc/passwd", "data://x", "gopher://h/"),
        *("s3://a/b::file:///etc/passwd", "simplecache::file:///etc/passwd", "zip://x::s3://a/b"),
    ],
)
def test_other_protocols_are_refused(folder: Path, address: str) -> None:
    with pytest.raises(Refusal):
        table(folder / "t.csv").read(address)


def test_a_table_in_a_bucket_names_files_beside_it() -> None:
    from fsspec import filesystem

    files = filesystem("memory")
    files.pipe_file("/tables/in/t.csv", b"file\na.jpg\n../out.jpg\n/tables/in/a.jpg\n")
    files.pipe_file("/tables/in/a.jpg", b"a")
    files.pipe_file("/tables/out.jpg", b"out")
    one = open_source("memory://tables/in/t.csv", Path("out"))
    assert [getattr(key, "file", "") for key in one.walk()] == [
        "../out.jpg", "/tables/in/a.jpg", "a.jpg",
    ]  # fmt: skip
    assert one.read("a.jpg") == b"a"
    for address in ("../out.jpg", "/tables/in/a.jpg", "file:///etc/passwd"):
        with pytest.raises(Refusal, match="outside"):
            one.read(address)
