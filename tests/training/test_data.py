from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from datasets import eye_set
from pipelines.image.arrays import Image8
from training import data


def test_a_folder_without_pictures_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tmp_path), "--renders", "--out", str(tmp_path / "eyes.npz")]
    assert data.main(arguments) == 2
    assert "no picture" in capsys.readouterr().err


def test_a_folder_of_portraits_becomes_a_set(tmp_path: Path, hopper: Image8) -> None:
    (tmp_path / "photos" / "grace").mkdir(parents=True)
    Image.fromarray(hopper).save(tmp_path / "photos" / "grace" / "1.png")
    out = tmp_path / "eyes.npz"
    arguments = ["--data", str(tmp_path / "photos"), "--renders", "--cycles", "1"]
    assert data.main([*arguments, "--out", str(out)]) == 0
    eyes = eye_set.load(out)
    assert set(eyes.people) == {"grace"}
    assert len(eyes) == 2
