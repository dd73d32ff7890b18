"""Pairs for a blind look: both pictures at 100 %, and a key that tells which is which."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import pairs
from pipelines.image.arrays import Image8
from presets import load


def test_a_pair_is_the_photo_and_its_polish(tmp_path: Path, astronaut: Image8) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut).save(photos / "one.png")
    key = pairs.write(photos, load().contexts["advertising"], tmp_path / "pairs")
    assert list(key) == ["001.png"]
    pair = np.asarray(Image.open(tmp_path / "pairs" / "001.png"))
    width = (pair.shape[1] - 12) // 2
    left, right = pair[:, :width], pair[:, -width:]
    original = left if key["001.png"]["polished"] == "right" else right
    rows = [np.array_equal(original[0], row[at : at + width])
            for row in astronaut for at in range(astronaut.shape[1] - width + 1)]  # fmt: skip
    assert any(rows)
    assert not np.array_equal(left, right)
