"""A process killed while publishing leaves either a whole comparison or none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sharing.blobs import Blobs
from sharing.publication import ComparisonDocument
from sharing.records import LIVE, ComparisonRow
from sharing.settings import Settings
from sharing.store import LEFTOVER_AGE, Store
from tests.serving import ROOT

pytestmark = pytest.mark.long

KILLS = 50
LONGEST_PUBLICATION = 0.5


def test_fifty_kills_leave_no_incomplete_comparison(tmp_path: Path) -> None:
    settings = Settings(f"sqlite:///{tmp_path / 'links.sqlite'}", str(tmp_path / "pictures"))
    _publish_and_kill(settings)
    # Like another replica, at a later time.
    store = Store(settings, clock=lambda: time.time() + LEFTOVER_AGE + 60)
    complete = _complete(store)
    left_over = set(Blobs(settings.blob_url).folders()) - set(complete)
    assert complete
    assert left_over, "no kill between the first picture and the record"
    store.sweep()
    assert set(Blobs(settings.blob_url).folders()) == set(complete) == set(_complete(store))
    store.close()


def _publish_and_kill(settings: Settings) -> None:
    urls = (settings.database_url, settings.blob_url)
    command = [sys.executable, "-m", "tests.sharing.publish_forever", *urls]
    rng = random.Random(7)
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as publisher:
        assert publisher.stdin
        assert publisher.stdout
        seconds = min(float(publisher.stdout.readline()), LONGEST_PUBLICATION)
        for _ in range(KILLS):
            publisher.stdin.write("\n")
            publisher.stdin.flush()
            child = int(publisher.stdout.readline())
            time.sleep(rng.uniform(0, 2 * seconds))
            os.kill(child, signal.SIGKILL)
        publisher.kill()


def _complete(store: Store) -> list[str]:
    """Folders of all records; asserts that all files of each record exist."""
    blobs = Blobs(store.settings.blob_url)
    with store._database.reading() as session:
        rows = list(session.query(ComparisonRow))
    for row in rows:
        assert row.state == LIVE
        names = {"preview.jpg"}
        for picture in ComparisonDocument.parse(row.document).pictures:
            names |= set(picture.files.values())
        assert sum(len(blobs.get(row.folder, name)) for name in names) == row.bytes
    return [row.folder for row in rows]
