"""The journal: survives kills, notices changed files, drops what another version measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.audit import journal
from pipelines.audit.journal import Journal, Key
from pipelines.audit.worker import refused

A, B = Key("a.jpg", 10, 1), Key("sub/b.jpg", 20, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / journal.NAME


def test_rows_are_on_disk_at_once(path: Path) -> None:
    with Journal(path, "1") as first:
        first.add(A, refused("a.jpg", "no-face", "No face."))
        # Not closed: a kill at this point leaves the file as it is now.
        copy = path.with_name("copy")
        copy.write_bytes(path.read_bytes())
    with Journal(copy, "1") as second:
        assert second.rows == {A: refused("a.jpg", "no-face", "No face.")}
        assert not second.outdated


def test_a_line_cut_short_is_measured_again(path: Path) -> None:
    with Journal(path, "1") as first:
        first.add(A, {"file": "a.jpg"})
        first.add(B, {"file": "sub/b.jpg"})
    path.write_bytes(path.read_bytes()[:-9])
    with Journal(path, "1") as second:
        assert set(second.rows) == {A}
        second.add(B, {"file": "sub/b.jpg"})
    with Journal(path, "1") as third:
        assert set(third.rows) == {A, B}


@pytest.mark.parametrize("line", ["[]", "3", '{"file": 1}', '{"file": "x", "size": [], "row": {}}'])
def test_a_strange_line_is_left_out(path: Path, line: str) -> None:
    with Journal(path, "1") as first:
        first.add(A, {"file": "a.jpg"})
    path.write_text(path.read_text() + line + "\n")
    with Journal(path, "1") as second:
        assert set(second.rows) == {A}


def test_another_version_starts_anew(path: Path) -> None:
    with Journal(path, "1") as first:
        first.add(A, {"file": "a.jpg"})
    with Journal(path, "2") as second:
        assert second.outdated
        assert second.rows == {}
    with Journal(path, "2") as third:
        assert not third.outdated


def test_a_changed_file_has_another_key(tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    file.write_bytes(b"one")
    before = journal.key_of(tmp_path, "x.jpg")
    file.write_bytes(b"three")
    assert journal.key_of(tmp_path, "x.jpg") != before
    assert journal.key_of(tmp_path, "gone.jpg") is None


def test_names_that_are_not_utf8_survive(path: Path) -> None:
    odd = Key("\udc80.jpg", 1, 1)
    with Journal(path, "1") as first:
        first.add(odd, {"file": odd.file})
    with Journal(path, "1") as second:
        assert second.rows == {odd: {"file": odd.file}}


def test_the_version_is_the_same_every_time() -> None:
    assert journal.version() == journal.version()
