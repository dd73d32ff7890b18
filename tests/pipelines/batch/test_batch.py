"""One look for a folder: names, table, contact sheet, refusals, going on where it stopped."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.audit.columns import Row
from pipelines.audit.journal import Key
from pipelines.audit.run import Task
from pipelines.batch import run, worker
from pipelines.cli.app import main
from pipelines.image import metadata

LOOK = "region=international&polish=0&engine=geometry"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Renders in this process; the files that were rendered."""
    files: list[str] = []

    def in_this_process(
        tasks: Iterable[Task], workers: int, measure: Any
    ) -> Iterator[tuple[Key, Row]]:
        for key, arguments in tasks:
            files.append(key.file)
            yield key, worker.render(*arguments)

    monkeypatch.setattr(run, "measure_each", in_this_process)
    return files


@pytest.fixture
def folder(tmp_path: Path, hopper_path: Path) -> Path:
    folder = tmp_path / "team"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(hopper_path, folder / "deep" / "hopper.JPG")
    # A photo is known by how it begins, too.
    (folder / "scan").write_bytes(b"\xff\xd8\xff and nothing more")
    (folder / "notes.txt").write_text("no picture")
    return folder


def table(out: Path) -> dict[str, dict[str, str]]:
    with (out / "batch.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_a_folder_gets_one_look_and_goes_on_where_it_stopped(
    made: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    command = ["batch", str(folder), "--look", LOOK, "--out", str(out)]
    assert main(command) == 0
    rows = table(out)
    assert sorted(rows) == ["deep/hopper.JPG", "scan"]
    assert rows["scan"]["code"] == "truncated"
    hopper = rows["deep/hopper.JPG"]
    assert (hopper["status"], hopper["width"], hopper["height"]) == ("rendered", "512", "600")
    assert metadata.read((out / hopper["result"]).read_bytes()).look.startswith("region=inter")
    with Image.open(out / "contact-sheet.jpg") as sheet:
        assert sheet.width > 440
    told = capsys.readouterr().out
    assert "1 of 2 pictures rendered." in told
    assert "notes.txt" in told
    assert main(command) == 0
    assert sorted(made) == ["deep/hopper.JPG", "scan"], "something was rendered twice"
    assert "(2 already were)" in capsys.readouterr().out
    (out / "deep" / "hopper.JPG").unlink()
    assert main(command) == 0
    assert made[2:] == ["deep/hopper.JPG"]
    assert main([*command, "--match", "--format", "png"]) == 0
    matched = table(out)["deep/hopper.JPG"]
    assert matched["result"] == "deep/hopper.png"
    assert float(matched["width"]) / float(matched["height"]) == pytest.approx(0.8, abs=0.01)
    assert "plain backdrop" in matched["done"]


@pytest.mark.parametrize(
    ("pictures", "ending", "names"),
    [
        (["a.jpg", "b/c.PNG"], "", ["a.jpg", "b/c.PNG"]),
        (["a.heic", "b"], "", ["a.jpg", "b.jpg"]),
        (["a.jpg", "a.png"], ".png", ["a.jpg.png", "a.png.png"]),
        (["a.HEIC", "A.jpg"], "", ["a.HEIC.jpg", "A.jpg.jpg"]),
    ],
)
def test_names_are_kept_and_never_taken_twice(
    pictures: list[str], ending: str, names: list[str]
) -> None:
    assert list(run.result_names(pictures, ending).values()) == names
