"""An audit on Ray has the rows of one in processes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.audit import ray_data, run
from pipelines.audit.sources import open_source

RENDERS = Path(__file__).parents[3] / "datasets" / "data" / "renders"


@pytest.mark.long
def test_rows_are_the_same_on_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="pip install -r requirements-ray.txt")
    monkeypatch.delenv("PRESENCE_WORKERS", raising=False)
    folder = tmp_path / "people"
    folder.mkdir()
    shutil.copy(RENDERS / "p05_0_0.jpg", folder / "a.jpg")
    shutil.copy(RENDERS / "p09_0_0.jpg", folder / "\udc80.jpg")
    (folder / "empty.jpg").write_bytes(b"")
    source = open_source(str(folder), tmp_path / "out")
    here = run.measure(source, tmp_path / "here", 1)
    try:
        there = run.measure(source, tmp_path / "there", 1, ray_data.measure)
        assert list(there.rows()) == list(here.rows())
        again = run.measure(source, tmp_path / "there", 1, ray_data.measure)
        assert again.remembered == 3
    finally:
        ray.shutdown()
