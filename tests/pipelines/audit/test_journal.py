"""The journal: survives kills, notices changed files, drops rows of another version."""

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
    Journal(path, "1").add(A, refused("a.jpg", "no-face", "No face."))
    second = Journal(path, "1")
    assert second.rows == {A: refused("a.jpg", "no-face", "No face.")}
    assert not second.outdated


def test_a_line_cut_short_is_measured_again(path: Path) -> None:
    first = Journal(path, "1")
    first.add(A, {"file": "a.jpg"})
    first.add(B, {"file": "sub/b.jpg"})
    path.write_bytes(path.read_bytes()[:-9])
    second = Journal(path, "1")
    assert set(second.rows) == {A}
    second.add(B, {"file": "sub/b.jpg"})
    assert set(Journal(path, "1").rows) == {A, B}


@pytest.mark.parametrize("line", ["[]", "3", '{"file": 1}', '{"file": "x", "size": [], "row": {}}'])
def test_a_strange_line_is_left_out(path: Path, line: str) -> None:
    Journal(path, "1").add(A, {"file": "a.jpg"})
    path.write_text(path.read_text() + line + "\n")
    assert set(Journal(path, "1").rows) == {A}


@pytest.mark.parametrize("first", ["", "[]", '{"version": "1"}', "cut {"])
def test_another_version_starts_anew(path: Path, first: str) -> None:
    path.write_text(first + '\n{"file": "a.jpg", "size": 10, "modified_ns": 1, "row": {}}\n')
    second = Journal(path, "2")
    assert second.outdated
    assert second.rows == {}
    assert not Journal(path, "2").outdated


def test_a_changed_file_has_another_key(tmp_path: Path) -> None:
    file = tmp_path / "x.jpg"
    file.write_bytes(b"one")
    before = journal.key_of(tmp_path, "x.jpg")
    file.write_bytes(b"three")
    assert journal.key_of(tmp_path, "x.jpg") != before
    assert journal.key_of(tmp_path, "gone.jpg") is None


def test_names_that_are_not_utf8_survive(path: Path) -> None:
    odd = Key("\udc80.jpg", 1, 1)
    Journal(path, "1").add(odd, {"file": odd.file})
    assert Journal(path, "1").rows == {odd: {"file": odd.file}}


def test_the_version_is_the_same_every_time() -> None:
    assert journal.version() == journal.version()
