"""Environment variables: what they mean, and what is said of those that cannot be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.runtime.settings import (
    GROUPS,
    LinkSettings,
    ServerSettings,
    SettingsError,
    SigningSettings,
    rows,
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for group in GROUPS:
        for name in group.model_fields:
            monkeypatch.delenv(f"PRESENCE_{name.upper()}", raising=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AUTH", "no-password", "PRESENCE_AUTH is not name:password, or several with commas"),
        ("METRICS", "yes", "PRESENCE_METRICS is neither 0 nor 1."),
        ("LOG", "loud", "PRESENCE_LOG is none of info, warning, error."),
        ("QUEUE", "0", "PRESENCE_QUEUE is no number from 1 to 1000."),
        ("QUEUE", "1_0", "PRESENCE_QUEUE is no number from 1 to 1000."),
        ("FORGET_AFTER", "never", "PRESENCE_FORGET_AFTER is no number from 1 to 86400."),
        ("MCP", "yes", "PRESENCE_MCP is 'yes'; it is 0 or 1."),
        ("SHARED_MB", "-1", "PRESENCE_SHARED_MB is '-1'; it wants a whole number above 0."),
        ("VOTES_PER_HOUR", "many", "PRESENCE_VOTES_PER_HOUR is 'many'; it wants a whole number"),
    ],
)
def test_a_variable_that_cannot_be_understood_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PRESENCE_{name}", value)
    with pytest.raises(SettingsError) as caught:
        list(rows())
    assert str(caught.value).startswith(sentence)
    assert "no-password" not in str(caught.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for group in GROUPS:
        for name in group.model_fields:
            monkeypatch.setenv(f"PRESENCE_{name.upper()}", "")
    assert ServerSettings.read() == ServerSettings()
    assert SigningSettings.read().c2pa_cert is None


def test_passwords_may_hold_colons_and_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESENCE_AUTH", "ann:a:b,bob:c")
    assert ServerSettings.read().accounts == [("ann", "a:b"), ("bob", "c")]
    assert "a:b" not in " ".join(part for row in rows() for part in row)


def test_comparisons_are_kept_where_a_users_data_belongs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert LinkSettings.read().folder == tmp_path / "presence"
    monkeypatch.setenv("PRESENCE_DATA", "~/elsewhere")
    assert LinkSettings.read().folder == Path.home() / "elsewhere"


def test_every_variable_is_in_the_documentation() -> None:
    written = (Path(__file__).parents[3] / "docs" / "deploying.md").read_text(encoding="utf-8")
    for name, _, _, meaning in rows():
        assert f"`{name}`" in written
        assert meaning
