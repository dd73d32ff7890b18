"""Faults planted on a render: most go, and what has to stay stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import planted
from benchmarks.reports import Report
from presets.schema import load

RENDERS = Path(__file__).parents[2] / "datasets" / "data" / "renders"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("portraits")
    shutil.copy(RENDERS / "p15_0_0.jpg", folder / "face.jpg")
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(folder / "wall.png")
    return planted.run(folder, load(), ["actor", "advertising"])


def test_the_fixed_keys(report: Report) -> None:
    assert report["n"] == 1
    assert report["refused"] == {"wall.png": "no-face"}
    assert list(report["contexts"]) == ["actor", "advertising"]
    for groups in report["contexts"].values():
        assert groups["all"]["n"] == 1
        assert groups["all"].keys() == {"n", *planted.MEASURES}
    assert json.loads(json.dumps(report)) == report
    assert "advertising" in planted.table({"planted": report})


def test_spots_go_moles_stay_and_shadows_get_softer(report: Report) -> None:
    most = report["contexts"]["advertising"]["all"]
    least = report["contexts"]["actor"]["all"]
    assert most["spots_removed"] > 0.45
    assert most["moles_kept"] > 0.9
    assert most["freckles_kept"] > 0.7
    assert most["shadow_softened"] > 0.3
    assert most["ring_lifted"] > 0.35
    assert most["shadow_softened"] > least["shadow_softened"]
    assert most["ring_lifted"] > least["ring_lifted"]


def test_a_folder_without_photos_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no photo"):
        planted.run(tmp_path, load(), ["actor"])
