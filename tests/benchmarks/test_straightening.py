"""Straightening and matting are measured on photos that are turned and put before other grounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import matting, straightening
from pipelines.image.arrays import Image8


@pytest.fixture
def photos(tmp_path: Path, astronaut: Image8, hopper: Image8) -> Path:
    for name, image in (("a.png", astronaut), ("b.png", hopper)):
        Image.fromarray(image).save(tmp_path / name)
    return tmp_path


def test_turned_photos_are_straightened_within_a_degree_or_so(photos: Path) -> None:
    report = straightening.run(photos)
    assert report["n"] == 2
    assert report["error_median"] < 1
    assert set(report["by_angle"]) == {f"{angle:g}" for angle in straightening.ANGLES}
    assert "within_1" in straightening.table({"straightening": report})


def test_a_composite_is_cut_out_again(photos: Path) -> None:
    report = matting.run(photos)
    assert report["n"] == 1
    assert report["error"] < 0.05
    assert report["error"] < report["error_band"]
    assert "old_ground" in matting.table({"matting": report})
