"""The polish and fairness benchmarks on a folder of two renders and a picture without a face."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__ as command
from benchmarks import fairness, polish
from benchmarks.polish import PolishRun, Result
from presets.schema import load

RENDERS = Path(__file__).parents[2] / "datasets" / "data" / "renders"
KEYS = {
    "n", "texture_min", "texture_floor", "ita_shift_max", "identity_mean", "identity_max",
    "held_back_share", "seconds_median",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("portraits")
    for name in ("p05_0_0.jpg", "p15_0_0.jpg"):
        shutil.copy(RENDERS / name, folder / name)
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(folder / "wall.png")
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture(scope="module")
def done(folder: Path) -> PolishRun:
    return polish.run(folder, load(), ["id-passport", "advertising"])


def test_every_photo_in_every_context_with_the_fixed_keys(done: PolishRun) -> None:
    report = polish.report(done)
    assert list(report["contexts"]) == ["id-passport", "advertising"]
    for row in report["contexts"].values():
        assert row.keys() >= KEYS
        assert row["n"] == 2
        assert row["broken"] == 0
        assert row["texture_min"] >= row["texture_floor"] - 0.005
    assert report["contexts"]["id-passport"]["texture_min"] == 1
    assert report["contexts"]["id-passport"]["identity_max"] == 0
    assert report["contexts"]["advertising"]["seconds_median"] > 0
    assert report["refused"] == {"wall.png": "no-face"}
    assert len(report["photos"]) == 4
    assert json.loads(json.dumps(report)) == report
    assert "advertising" in polish.table(report)
    assert "1 no-face" in polish.table(report)


def test_the_sheet_has_a_row_for_each_photo_and_a_column_for_each_look(done: PolishRun) -> None:
    sheet = polish.contact_sheet(done)
    first = done.originals["p05_0_0.jpg"]
    height, width = first.shape[:2]
    assert np.array_equal(sheet[:height, :width], first)
    assert sheet.shape[1] % 3 == 0
    assert sheet.shape[0] % 2 == 0


def test_classes_of_skin_tone() -> None:
    assert [fairness.class_of(ita) for ita in (60, 48, 30, 15, -10, -50)] == [
        name for name, _ in fairness.CLASSES
    ]


def lightened(done: PolishRun, ita: float, lightening: float, names: range) -> list[Result]:
    base = next(result for result in done.results if result.context == "advertising")
    step = np.linspace(-0.05, 0.05, len(names))
    return [
        replace(base, photo=f"{index}.jpg", ita=ita, lightening=lightening + jitter)
        for index, jitter in zip(names, step, strict=True)
    ]


def test_a_class_that_is_lightened_more_stands_out(done: PolishRun) -> None:
    same = lightened(done, 50, 0.1, range(12)) + lightened(done, -40, 0.1, range(20, 32))
    fair = fairness.report(same)
    assert not fair["classes"]["dark"]["measures"]["lightening"]["stands_out"]
    assert "stands out: no class" in fairness.table({"context": "advertising", **fair})
    unfair = lightened(done, 50, 0.1, range(12)) + lightened(done, -40, 1.5, range(20, 32))
    report = fairness.report(unfair)
    dark = report["classes"]["dark"]["measures"]["lightening"]
    assert dark["stands_out"]
    assert dark["interval"][0] > 1
    assert dark["difference"] == pytest.approx(1.4, abs=0.05)
    assert not report["classes"]["light"]["measures"]["lightening"]["stands_out"]
    assert "dark (lightening)" in fairness.table({"context": "advertising", **report})


def test_few_photos_are_marked_and_an_empty_class_has_no_figures(done: PolishRun) -> None:
    report = fairness.report(lightened(done, 50, 0.1, range(12)) + lightened(done, 15, 0, range(3)))
    assert report["classes"]["tan"]["few"]
    assert not report["classes"]["light"]["few"]
    assert report["classes"]["brown"] == {
        "n": 0, "few": True, "held_back_share": None, "measures": {},
    }  # fmt: skip
    assert fairness.table({"context": "advertising", **report}).count("few photos") == 5


def test_the_commands_write_their_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "portraits"
    folder.mkdir()
    shutil.copy(RENDERS / "p15_0_0.jpg", folder)
    figures, sheet = tmp_path / "polish.json", tmp_path / "sheet.png"
    arguments = ["polish", str(folder), "--contexts", "actor"]
    assert command.main([*arguments, "--json", str(figures), "--sheet", str(sheet)]) == 0
    assert set(json.loads(figures.read_text())["contexts"]) == {"actor"}
    with Image.open(sheet) as opened:
        assert opened.width > 100
    figures = tmp_path / "fairness.json"
    assert command.main(["fairness", str(folder), "--json", str(figures)]) == 0
    assert json.loads(figures.read_text())["context"] == "advertising"
    assert "few photos" in capsys.readouterr().out


def test_wrong_folders_and_contexts_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["polish", str(tmp_path / "nowhere")]) == 2
    assert command.main(["polish", str(tmp_path), "--contexts", "wedding"]) == 2
    assert command.main(["fairness", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "There is no such folder."
    assert lines[1] == "There is no context 'wedding'."
    assert str(tmp_path) not in "".join(lines)
