from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from importlib.metadata import Distribution, PathDistribution, distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from scripts import dependencies
from scripts.dependencies import closure, files, licences, main, pinned, pins, weaknesses


@pytest.fixture(scope="module")
def installed() -> dict[str, Distribution]:
    return {canonicalize_name(one.name): one for one in distributions()}


def toy(folder: Path) -> PathDistribution:
    """An installed distribution of one file."""
    info, text = folder / "toy-1.0.dist-info", b"x = 1\n"
    info.mkdir(parents=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    (folder / "toy.py").write_bytes(text)
    (info / "RECORD").write_text(f"toy.py,sha256={digest},{len(text)}\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    return PathDistribution(info)


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    """Let pip-licenses and pip-audit print this."""
    process = subprocess.CompletedProcess[str]([], 0, json.dumps(answer))
    monkeypatch.setattr(dependencies, "_run", lambda *_: process)


def test_everything_is_pinned_and_installed_as_pinned(installed: dict[str, Distribution]) -> None:
    assert pins(installed).wrong == ()


def test_a_range_and_another_version_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.txt").write_text("# a\ntoy==2.0  # why\nother>=1\n-r more.txt\n")
    (tmp_path / "dev.txt").write_text("")
    monkeypatch.setattr(dependencies, "RUN", tmp_path / "run.txt")
    monkeypatch.setattr(dependencies, "DEV", tmp_path / "dev.txt")
    wrong = pins({"toy": toy(tmp_path / "site")}).wrong
    assert wrong == ("toy is 1.0 here, and pinned to 2.0", "other>=1 names no single version")


def test_dependencies_of_dependencies_are_followed(installed: dict[str, Distribution]) -> None:
    names = set(closure(pinned(dependencies.RUN), installed))
    # Gradio's own needs, and nothing that only tests need.
    assert {"gradio", "fastapi", "anyio", "numpy"} <= names
    assert not {"pytest", "ruff", "pip-audit"} & names


def test_copyleft_and_unnamed_licences_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"strict": "AGPL-3.0-only", "free": "MIT License", "silent": "UNKNOWN"}
    rows = [{"Name": name, "License": text} for name, text in texts.items()]
    answer_with(monkeypatch, rows)
    usual, *special = licences(texts).notes
    assert "MIT License 1" in usual
    assert special == ["with duties: strict: AGPL-3.0-only", "silent does not say its licence"]


def test_licences_of_installed_distributions_are_found() -> None:
    assert licences(["gradio", "psycopg"]).notes == (
        "most frequent: Apache-2.0 1, LGPL-3.0-only 1",
        "with duties: psycopg: LGPL-3.0-only",
    )


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    one = toy(tmp_path)
    assert files([one]).wrong == ()
    (tmp_path / "toy.py").write_text("import os\n")
    assert files([one]).wrong == (f"{tmp_path / 'toy.py'} has changed since it was installed",)


def test_weaknesses_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"name": "toy", "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.9"]}]}
    fine, skipped = {"name": "fine", "vulns": []}, {"name": "other", "skip_reason": "not found"}
    answer_with(monkeypatch, {"dependencies": [found, fine, skipped]})
    assert weaknesses().wrong == ("toy: PYSEC-1, mended in 9.9",)
    assert "(2 of " in weaknesses().title


@pytest.mark.parametrize("answer", [{}, {"dependencies": [{"name": "toy", "skip_reason": "?"}]}])
def test_an_index_without_advisories_is_reported_as_such(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, answer)
    assert weaknesses().wrong == ()
    assert "skipped" in str(weaknesses())


def test_the_report_works_offline(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--offline"])
    report = capsys.readouterr().out
    assert "pip check" in report
    assert "weaknesses" not in report
