"""Folders of this machine, of a memory file system and of a bucket list alike."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.audit.journal import Key
from pipelines.audit.sources import Source, open_source
from pipelines.runtime.errors import PresenceError, Refusal
from tests import buckets

FILES = (
    *("b.jpg", "a-b/x.png", "a/x.jpg", "a/deep/y.webp", "notes.txt", "a/other"),
    *(".hidden.jpg", ".git/z.jpg", "ä.jpg"),
)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    with buckets.bucket("people") as url:
        yield url


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.long)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    from fsspec.core import url_to_fs

    url = str(tmp_path / "in")
    if request.param == "memory":
        url = f"memory://{tmp_path.name}/in"
    if request.param == "s3":
        url = f"{request.getfixturevalue('s3_server')}/{tmp_path.name}/in"
    files, root = url_to_fs(url)
    for name in FILES:
        if request.param != "s3":
            files.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
        files.pipe_file(f"{root}/{name}", name.encode())
    return url


def source(where: str, tmp_path: Path, **more: Any) -> Source:
    return open_source(where, tmp_path / "out", **more)


def listed(one: Source) -> tuple[list[str], list[str]]:
    found = list(one.walk())
    pictures = [key.file for key in found if isinstance(key, Key)]
    return pictures, [name for name in found if isinstance(name, str)]


def test_pictures_are_listed_in_the_order_of_their_paths(where: str, tmp_path: Path) -> None:
    pictures, others = listed(source(where, tmp_path))
    assert pictures == ["a-b/x.png", "a/deep/y.webp", "a/x.jpg", "b.jpg", "ä.jpg"]
    assert pictures == sorted(pictures, key=os.fsencode)
    assert others == ["a/other", "notes.txt"]
    assert source(where, tmp_path).name == "in"


def test_a_picture_is_read_by_its_name(where: str, tmp_path: Path) -> None:
    found = source(where, tmp_path).read("a/deep/y.webp")
    assert (found if isinstance(found, bytes) else found.read_bytes()) == b"a/deep/y.webp"


def test_a_changed_picture_has_another_key(where: str, tmp_path: Path) -> None:
    from fsspec.core import url_to_fs

    before = {key for key in source(where, tmp_path).walk() if isinstance(key, Key)}
    assert before == {key for key in source(where, tmp_path).walk() if isinstance(key, Key)}
    files, root = url_to_fs(where)
    files.pipe_file(f"{root}/b.jpg", b"other bytes")
    after = {key for key in source(where, tmp_path).walk() if isinstance(key, Key)}
    assert [key.file for key in before - after] == ["b.jpg"]


def test_no_such_folder_is_refused(where: str, tmp_path: Path) -> None:
    with pytest.raises(PresenceError, match="no-folder"):
        list(source(f"{where}/nowhere", tmp_path).walk())


def test_a_picture_that_is_gone_is_refused(where: str, tmp_path: Path) -> None:
    if "://" in where:
        with pytest.raises(Refusal, match="not-found"):
            source(where, tmp_path).read("gone.jpg")


def test_a_picture_that_is_too_large_is_not_fetched(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.audit.sources.bucket.MAX_BYTES", 3)
    if "://" in where:
        with pytest.raises(Refusal, match="too-large"):
            source(where, tmp_path).read("b.jpg")


def test_the_audits_own_folder_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.jpg").write_bytes(b"")
    assert listed(source(str(tmp_path), tmp_path)) == ([], [])


def test_a_local_file_address_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "x.jpg").write_bytes(b"")
    assert listed(source(f"file://{tmp_path}/a%20b", tmp_path)) == (["x.jpg"], [])


@pytest.mark.parametrize(
    "where", ["https://example.org/people", "ftp://example.org", "zip://x::s3://people/x.zip"]
)
def test_what_is_no_source_is_refused(where: str, tmp_path: Path) -> None:
    with pytest.raises(PresenceError, match="unknown-source"):
        source(where, tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise ImportError

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(PresenceError, match=r"needs-package.*gcsfs"):
        list(source("gs://people", tmp_path).walk())
