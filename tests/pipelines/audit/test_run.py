"""A whole audit: stopped, resumed, repeated; what it writes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from pipelines.audit import columns, files, journal, run, worker
from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.sources import Source, open_source
from pipelines.audit.worker import refused
from pipelines.runtime.errors import PresenceError

ROOT = Path(__file__).parents[3]
RENDERS = ROOT / "datasets" / "data" / "renders"
NASTY = "<img src=x onerror=alert(1)>.jpg"
PICTURES = (NASTY, "=formula.jpg", "deep/er/mirrored.jpg", "empty.jpg", "lady.jpg", "text.png")
RULE = "gaze<=90 and sharpness>=50 and duplicate==0"


@dataclass(frozen=True)
class Audited:
    folder: Path
    out: Path
    stopped: subprocess.CompletedProcess[str]
    done: subprocess.CompletedProcess[str]
    again: subprocess.CompletedProcess[str]
    written: dict[str, bytes]

    def rows(self) -> dict[str, dict[str, str]]:
        with (self.out / "audit.csv").open(newline="") as file:
            return {row["file"]: row for row in csv.DictReader(file)}


def command(folder: Path, out: Path, *more: str) -> list[str]:
    start = [sys.executable, "-m", "pipelines", "audit", str(folder), "--out", str(out)]
    return [*start, "--workers", "1", *more]


def call(line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def stopped_early(line: list[str], out: Path) -> subprocess.CompletedProcess[str]:
    """Run until the first picture is measured, then press Ctrl-C."""
    pipe = subprocess.PIPE
    # Tests that are started in the background inherit that Ctrl-C is ignored.
    obey_ctrl_c = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        line, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, preexec_fn=obey_ctrl_c
    ) as process:
        path = out / journal.NAME
        while process.poll() is None and not (
            path.exists() and len(path.read_text().splitlines()) > 1
        ):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(line, process.returncode, stdout, stderr)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, hopper_path: Path) -> Audited:
    folder = tmp_path_factory.mktemp("people")
    out = folder / "reports"
    (folder / "deep" / "er").mkdir(parents=True)
    shutil.copy(RENDERS / "p05_0_0.jpg", folder / NASTY)
    shutil.copy(RENDERS / "p09_0_0.jpg", folder / "=formula.jpg")
    shutil.copy(hopper_path, folder / "lady.jpg")
    with Image.open(hopper_path) as photo:
        small = ImageOps.mirror(photo.convert("RGB")).resize((410, 480))
    small.save(folder / "deep" / "er" / "mirrored.jpg", quality=80)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    (folder / "notes.txt").write_text("left aside")
    (folder / ".hidden.jpg").write_text("left out")
    stopped = stopped_early(command(folder, out), out)
    done = call(command(folder, out, "--keep", RULE))
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    again = call(command(folder, out, "--keep", RULE))
    return Audited(folder, out, stopped, done, again, written)


def test_stopping_says_how_to_go_on(audited: Audited) -> None:
    assert audited.stopped.returncode == 130
    assert "Run the same command again" in audited.stopped.stderr
    assert "Traceback" not in audited.stopped.stderr


def test_it_goes_on_where_it_stopped(audited: Audited) -> None:
    assert audited.done.returncode == 0, audited.done.stderr
    assert "4 of 6 pictures measured" in audited.done.stdout
    assert "already were" in audited.done.stdout
    assert "2 could not be used" in audited.done.stdout


def test_an_unchanged_folder_is_done_at_once_and_writes_the_same(audited: Audited) -> None:
    assert "(6 already were)" in audited.again.stdout
    assert {path.name: path.read_bytes() for path in audited.out.iterdir()} == audited.written
    assert set(audited.written) == {
        "audit.csv",
        "audit.html",
        "audit.json",
        "audit.journal.jsonl",
        "drop.txt",
        "keep.txt",
    }


def test_rows_are_in_order_and_complete(audited: Audited) -> None:
    rows = audited.rows()
    order = ["<img src=x onerror=alert(1)>.jpg", "./=formula.jpg", *PICTURES[2:]]
    assert list(rows) == order
    assert set(rows["lady.jpg"]) == {column.name for column in columns.COLUMNS}
    assert rows["empty.jpg"]["code"] == "empty"
    assert rows["text.png"]["code"] == "not-an-image"
    assert 0 <= float(rows["lady.jpg"]["sharpness"]) <= 100
    assert rows["lady.jpg"]["width"] == "512"


def test_the_larger_of_two_copies_is_kept(audited: Audited) -> None:
    rows = audited.rows()
    assert rows["lady.jpg"]["group"] == rows["deep/er/mirrored.jpg"]["group"] == "1"
    assert rows["lady.jpg"]["duplicate"] == "0"
    assert rows["deep/er/mirrored.jpg"]["duplicate"] == "1"
    keep = (audited.out / "keep.txt").read_text().splitlines()
    drop = (audited.out / "drop.txt").read_text().splitlines()
    assert "lady.jpg" in keep
    assert "deep/er/mirrored.jpg" in drop
    assert len(keep) + len(drop) == 4


def test_json_holds_the_summary_and_the_rows(audited: Audited) -> None:
    report = json.loads(audited.written["audit.json"])
    assert report["counts"] == {"pictures": 6, "measured": 4, "refused": 2, "other_files": 1}
    assert sum(report["gaze"][word]["n"] for word in ("contact", "soft", "averted")) == 4
    assert report["duplicates"] == [["lady.jpg", "deep/er/mirrored.jpg"]]
    assert report["keep"]["rule"] == RULE
    assert sum(report["skin_tone"]["classes"].values()) == 4
    assert [row["file"] for row in report["rows"]] == list(PICTURES)
    assert str(audited.folder) not in audited.written["audit.json"].decode()


def test_the_page_asks_for_nothing_and_escapes_names(audited: Audited) -> None:
    page = audited.written["audit.html"].decode()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg" in page
    assert not [word for word in ("http:", "https:", "//", "<script", "url(") if word in page]
    assert str(audited.folder) not in page


def test_thumbnails_only_where_asked_for(audited: Audited) -> None:
    out = audited.folder / "with_pictures"
    out.mkdir()
    shutil.copy(audited.out / journal.NAME, out)
    line = command(audited.folder, out, "--keep", RULE, "--thumbnails")
    done = call(line)
    assert done.returncode == 0, done.stderr
    assert (out / "audit.html").read_text().count("data:image/jpeg;base64,") >= 4


def test_bad_rules_and_folders_are_refused_before_any_work(tmp_path: Path) -> None:
    done = call(command(tmp_path, tmp_path / "out", "--keep", "glare<3"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("refused: unknown-column: ")
    assert not (tmp_path / "out").exists()
    with pytest.raises(PresenceError, match="no-folder"):
        files.walk(tmp_path / "nowhere", tmp_path / "out")


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = call(command(tmp_path / "empty", tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "0 of 0 pictures" in done.stdout
    assert "0 of 0" in (tmp_path / "out" / "audit.html").read_text()


def measure_or_die(file: str) -> Row:
    """Stands in for `worker.measure` in the worker processes."""
    if file == "3":
        os.kill(os.getpid(), signal.SIGKILL)
    if file == "5":
        raise ZeroDivisionError
    return {"file": file, "status": "measured"}


def test_a_picture_that_kills_its_worker_costs_only_itself() -> None:
    keys = [Key(str(number), 1, 1) for number in range(9)]
    rows = dict(run.measure_each(((key, (key.file,)) for key in keys), 2, measure_or_die))
    assert set(rows) == set(keys)
    assert rows[keys[3]] == refused("3", "crashed", "Reading this picture crashed.")
    assert rows[keys[5]]["code"] == "failed"
    assert sum(row["status"] == "measured" for row in rows.values()) == 7


def test_pictures_are_taken_from_the_listing_as_they_are_needed() -> None:
    taken = list[int]()

    def tasks() -> Iterator[run.Task]:
        for number in range(1000):
            taken.append(number)
            yield Key(str(number), 1, 1), (str(number + 10),)

    rows = run.measure_each(tasks(), 1, measure_or_die)
    next(rows)
    rows.close()
    assert len(taken) < 100


def test_a_picture_that_could_not_be_fetched_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file\nlate.jpg\nempty.jpg\n")
    (tmp_path / "empty.jpg").write_bytes(b"")
    first, second, third = (
        list(audit_of(tmp_path / "t.csv", tmp_path, late))
        for late in (tmp_path / "none", tmp_path / "none", RENDERS / "p05_0_0.jpg")
    )
    assert [row["code"] for row in first] == ["empty", "not-found"]
    assert first == second
    assert [row.get("code") for row in third] == ["empty", None]


def audit_of(table: Path, folder: Path, late: Path) -> Iterator[Row]:
    if late.exists():
        shutil.copy(late, folder / "late.jpg")
    source = open_source(str(table), folder / "out")

    def in_this_process(
        source: Source, keys: Iterable[Key], workers: int
    ) -> Generator[tuple[Key, Row]]:
        for key in keys:
            yield key, worker.measure(source, key.file)

    return run.measure(source, folder / "out", engine=in_this_process).rows()
