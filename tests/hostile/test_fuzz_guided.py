"""A bounded run of the coverage-guided fuzzer; `make fuzz` runs it for as long as one likes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("target", ["loader", "looks"])
def test_nothing_but_results_and_our_own_errors_comes_out(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.hostile.fuzz", target),
            *("--seconds", "20", "--findings", str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert list(tmp_path.iterdir()) == []
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert runs
    assert int(runs.group(1)) > 500
