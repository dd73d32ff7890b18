"""Killed under load and started again: no link is lost, no picture is left behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks import recovery
from sharing.blobs import Blobs
from sharing.publication import ComparisonDocument
from sharing.records import LIVE, ComparisonRow
from sharing.settings import Settings
from sharing.store import LEFTOVER_AGE, Store

pytestmark = pytest.mark.long


def test_a_killed_server_comes_back_with_all_links_and_no_strangers_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = recovery.run(tmp_path, links=4, publishers=2)
    assert done.promised >= 4
    assert done.whole == done.promised
    assert done.orphans == 0
    # Not only the links that were given out: whatever is recorded is there in full.
    monkeypatch.setenv("PRESENCE_DATA", str(tmp_path))
    settings = Settings.from_environment()
    store = Store(settings, clock=lambda: time.time() + LEFTOVER_AGE + 60)
    blobs = Blobs(settings.blob_url)
    with store._database.reading() as session:
        rows = list(session.query(ComparisonRow))
    assert len(rows) >= done.promised
    for row in rows:
        assert row.state == LIVE
        pictures = ComparisonDocument.parse(row.document).pictures
        names = {"preview.jpg", *(name for one in pictures for name in one.files.values())}
        assert sum(len(blobs.get(row.folder, name)) for name in names) == row.bytes
    # What was half written when the kill came is swept away; no record ever spoke of it.
    store.sweep()
    assert set(blobs.folders()) == {row.folder for row in rows}
    store.close()
