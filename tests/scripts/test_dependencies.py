from __future__ import annotations

import base64
import hashlib
from importlib.metadata import Distribution, PathDistribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import dependencies
from scripts.dependencies import closure, files, licences, main, pinned, pins, weaknesses


@pytest.fixture(scope="module")
def installed() -> dict[str, Distribution]:
    return {canonicalize_name(one.name): one for one in distributions()}


def made(folder: Path, metadata: str, text: bytes = b"x = 1\n") -> PathDistribution:
    """A distribution of one file."""
    info = folder / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
    (folder / "toy.py").write_bytes(text)
    (info / "RECORD").write_text(f"toy.py,sha256={digest},{len(text)}\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n{metadata}\n")
    return PathDistribution(info)


def test_everything_is_pinned_and_here_as_pinned(installed: dict[str, Distribution]) -> None:
    assert pins(installed).wrong == ()


def test_a_range_and_another_version_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.txt").write_text("# a\ntoy==2.0  # why\nother>=1\n-r more.txt\n")
    (tmp_path / "dev.txt").write_text("")
    monkeypatch.setattr(dependencies, "RUN", tmp_path / "run.txt")
    monkeypatch.setattr(dependencies, "DEV", tmp_path / "dev.txt")
    wrong = pins({"toy": made(tmp_path / "site", "")}).wrong
    assert wrong == ("toy is 1.0 here, and pinned to 2.0", "other>=1 names no single version")


def test_what_presence_runs_on_is_followed_to_its_end(installed: dict[str, Distribution]) -> None:
    names = {canonicalize_name(one.name) for one in closure(pinned(dependencies.RUN), installed)}
    # Gradio's own needs; of tests nothing.
    assert {"gradio", "fastapi", "anyio", "numpy"} <= names
    assert not {"pytest", "ruff", "pip-audit"} & names


def test_licences_with_duties_are_named(tmp_path: Path) -> None:
    strict = made(tmp_path / "a", "License-Expression: AGPL-3.0-only")
    free = made(tmp_path / "b", "Classifier: License :: OSI Approved :: MIT License")
    silent = made(tmp_path / "c", "")
    assert "with duties: toy: AGPL-3.0-only" in licences([strict]).said
    assert licences([free]).said == ("most frequent: MIT License 1",)
    assert "toy does not say its licence" in licences([silent]).said


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    one = made(tmp_path, "")
    assert files([one]).wrong == ()
    (tmp_path / "toy.py").write_text("import os\n")
    assert files([one]).wrong == (f"{tmp_path / 'toy.py'} has changed since it was installed",)


def test_weaknesses_are_told_and_an_index_without_them_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def audited(asked: list[Requirement]) -> dict[str, list[dict[str, object]]]:
        found: list[dict[str, object]] = [{"id": "PYSEC-1", "fix_versions": ["9.9"]}]
        return {asked[-1].name: found, asked[0].name: []}

    monkeypatch.setattr(dependencies, "_audited", audited)
    last = pinned(dependencies.RUN)[-1].name
    assert weaknesses().wrong == (f"{last}: PYSEC-1, mended in 9.9",)
    monkeypatch.setattr(dependencies, "_audited", lambda asked: {})
    assert weaknesses().wrong == ()
    assert "skipped" in str(weaknesses())


def test_the_report_works_offline(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--offline"])
    said = capsys.readouterr().out
    assert "pip check" in said
    assert "weaknesses" not in said
