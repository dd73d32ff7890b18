"""An audit on Ray has the rows of one in processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RENDERS = ROOT / "datasets" / "data" / "renders"


def audit(folder: Path, out: Path, *more: str) -> str:
    """Audit in a process of its own: Ray connects one process to one cluster."""
    line = [sys.executable, "-m", "pipelines", "audit", str(folder), "--out", str(out)]
    environment = {**os.environ, "PRESENCE_WORKERS": ""}
    done = subprocess.run(
        [*line, "--workers", "1", *more],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_rows_are_the_same_on_ray(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="pip install -r requirements-ray.txt")
    folder = tmp_path / "people"
    folder.mkdir()
    shutil.copy(RENDERS / "p05_0_0.jpg", folder / "a.jpg")
    shutil.copy(RENDERS / "p09_0_0.jpg", folder / "\udc80.jpg")
    (folder / "empty.jpg").write_bytes(b"")
    audit(folder, tmp_path / "here")
    audit(folder, tmp_path / "there", "--engine", "ray")
    assert "(3 already were)" in audit(folder, tmp_path / "there", "--engine", "ray")
    here, there = (tmp_path / name / "audit.csv" for name in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()
