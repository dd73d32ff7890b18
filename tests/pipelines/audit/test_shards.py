"""Rows on disk: in shards, merged in order, without those that are gone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.audit import shards
from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.shards import Shards, match


@pytest.fixture(params=["with pyarrow", "without"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Shards of four rows, if they can be written."""
    monkeypatch.setattr(shards, "ROWS", 4)
    if request.param == "without":
        monkeypatch.setattr(shards, "have_pyarrow", lambda: False)
    else:
        pytest.importorskip("pyarrow")
    return bool(request.param != "without")


def row(key: Key, **more: str | int | float | None) -> Row:
    return {"file": key.file, "status": "measured", **more}


def keys(*names: str) -> list[Key]:
    return [Key(name, 1, 1) for name in names]


def files(found: Iterator[tuple[Key, Row]]) -> list[str]:
    return [key.file for key, _ in found]


def test_rows_come_back_in_order_with_their_values(tmp_path: Path, small: bool) -> None:
    names = [*"hdbkfaclgie", "a-b/x", "a/x", "\udc80.jpg"]
    first = Shards(tmp_path, "1")
    for number, key in enumerate(keys(*names)):
        first.add(key, row(key, width=number, gaze=number + 0.25, gaze_word="soft ü"))
    found = list(Shards(tmp_path, "1").entries())
    assert [key.file for key, _ in found] == sorted(names, key=os.fsencode)
    assert dict(found)[Key("d", 1, 1)] == row(
        Key("d", 1, 1), width=1, gaze=1.25, gaze_word="soft ü"
    )
    assert bool(list(tmp_path.glob("audit.journal/*.parquet"))) == small


def test_few_rows_make_no_shard(tmp_path: Path, small: bool) -> None:
    one = Shards(tmp_path, "1")
    one.add(Key("a", 1, 1), row(Key("a", 1, 1)))
    assert [path.name for path in tmp_path.iterdir()] == ["audit.journal.jsonl"]


def test_rows_of_another_version_are_dropped(tmp_path: Path, small: bool) -> None:
    first = Shards(tmp_path, "1")
    for key in keys(*"abcdef"):
        first.add(key, row(key))
    second = Shards(tmp_path, "2")
    assert second.outdated
    assert list(second.entries()) == []


def test_what_is_gone_is_removed_from_disk(tmp_path: Path, small: bool) -> None:
    first = Shards(tmp_path, "1")
    for key in keys(*"abcdefghij"):
        first.add(key, row(key))
    first.compact(keys(*"bdj"))
    assert files(first.entries()) == ["b", "d", "j"]
    assert files(Shards(tmp_path, "1").entries()) == ["b", "d", "j"]
    Shards(tmp_path, "1").add(Key("c", 1, 1), row(Key("c", 1, 1)))
    assert files(Shards(tmp_path, "1").entries()) == ["b", "c", "d", "j"]


def test_of_two_rows_of_a_picture_the_later_one_counts(tmp_path: Path, small: bool) -> None:
    store = Shards(tmp_path, "1")
    for value in range(9):
        store.add(Key("a", 1, 1), row(Key("a", 1, 1), width=value))
        store.add(Key(f"b{value}", 1, 1), row(Key(f"b{value}", 1, 1)))
    ((_, found),) = match(keys("a"), store.entries())
    assert found is not None
    assert found["width"] == 8


def test_matching_gives_each_key_its_own_row() -> None:
    known = [(Key("a", 1, 1), 1), (Key("b", 2, 2), 2), (Key("d", 1, 1), 4)]
    assert list(match(keys("a", "b", "c", "d"), known)) == [
        (Key("a", 1, 1), 1),
        (Key("b", 1, 1), None),
        (Key("c", 1, 1), None),
        (Key("d", 1, 1), 4),
    ]
