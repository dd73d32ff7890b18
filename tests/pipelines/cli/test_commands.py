"""The command line: what it prints, writes and ends with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.cli.app import main
from pipelines.runtime.settings import rows
from tests.pipelines.studio.test_studio import REPORT

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""

    def call(*arguments: str | Path) -> Done:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Done(code, *capfd.readouterr())

    return call


def test_it_runs_as_a_person_runs_it(hopper_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    command = [sys.executable, "-m", "pipelines", "render", str(hopper_path), "--out", str(out)]
    look = ["--look", "region=japan&engine=geometry"]
    done = subprocess.run([*command, *look], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{out}  ")


def test_every_setting_is_printed_with_its_meaning(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESENCE_AUTH", "ann:secret")
    done = run("settings")
    assert done.returncode == 0
    for name, _, _, meaning in rows():
        assert re.search(f"^{name} .*{re.escape(meaning)}", done.stdout, re.MULTILINE)
    assert "secret" not in done.stdout
    monkeypatch.setenv("PRESENCE_QUEUE", "many")
    assert run("settings").stderr.startswith("refused: bad-setting: PRESENCE_QUEUE")


def test_render_writes_the_picture_and_the_report(
    run: Run, hopper_path: Path, tmp_path: Path
) -> None:
    out, report = tmp_path / "new" / "out.png", tmp_path / "out.json"
    look = "region=japan&context=linkedin&engine=geometry"
    done = run("render", hopper_path, "--look", look, "--out", out, "--report", report)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{out}  ")
    assert "change of the face 0." in done.stdout
    with Image.open(out) as image:
        assert image.size == (512, 600)
        # What Presence says about it, and nothing of the photo's own.
        assert set(image.info) <= {"xmp", "XML:com.adobe.xmp", "exif", "srgb", "dpi"}
        assert set(image.getexif()) <= {282, 283, 296, 34665}
    assert set(json.loads(report.read_text())) >= set(REPORT)


def test_compare_writes_every_variant_and_ranks_them(
    run: Run, hopper_path: Path, tmp_path: Path
) -> None:
    looks = [
        "region=north-america&engine=geometry",
        "region=japan&context=therapist&engine=geometry",
    ]
    flags = [part for look in looks for part in ("--look", look)]
    done = run("compare", hopper_path, *flags, "--out", tmp_path / "looks")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "looks"
    comparison = json.loads((folder / "comparison.json").read_text())
    assert [variant["file"] for variant in comparison["variants"]] == ["A.png", "B.png"]
    assert sorted(comparison["ranking"]) == [0, 1]
    sheet = np.asarray(Image.open(folder / "side_by_side.png"))
    assert sheet.shape[1] > 3 * 512
    assert done.stdout.startswith("1. ")


@pytest.mark.parametrize(
    ("photo", "look", "code"),
    [
        ("empty", "", "empty"),
        ("text", "", "not-an-image"),
        ("missing", "", "not-an-image"),
        ("plain", "", "no-face"),
        ("hopper", "region=mars", "unknown-region"),
        ("hopper", "colour=red", "unknown-key"),
        ("hopper", "engine=sd15-mediapipe-face", "weights-missing"),
    ],
)
def test_refusals_are_one_line_and_exit_2(
    run: Run, photo: str, look: str, code: str, hopper_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("not a picture")
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "plain", "PNG")
    path = hopper_path if photo == "hopper" else tmp_path / photo
    out = tmp_path / "out.png"
    done = run("render", path, "--look", look, "--out", out)
    assert done.returncode == 2
    assert done.stderr.startswith(f"refused: {code}: ")
    assert done.stderr.count("\n") == 1
    assert str(tmp_path) not in done.stderr
    assert not out.exists()


def test_an_unknown_ending_is_refused(run: Run, hopper_path: Path, tmp_path: Path) -> None:
    done = run(
        "render", hopper_path, "--look", "polish=0&engine=geometry", "--out", tmp_path / "out.xyz"
    )
    assert done.returncode == 2
    assert "refused: cannot-write: " in done.stderr
