"""Anything at all goes in; out comes a result or one of our own errors, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.image import loading
from pipelines.runtime.errors import LookError, Refusal
from pipelines.studio import Look
from pipelines.studio.look import KEYS
from presets import PresetError, load
from sharing import options
from sharing.errors import SharingError
from sharing.settings import Settings
from sharing.store import Store
from tests.hostile.mutations import jpegs, pngs

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PRESETS = Path(__file__).parents[2] / "presets"

pieces = st.one_of(
    st.sampled_from(
        [*KEYS, "=", "&", "japan", "1", "-4.5,0", "nan", "1e999", "%00", "B:0.3", "\0"]
    ),
    st.text(max_size=12),
)
look_texts = st.lists(pieces, max_size=12).map("".join)


@SOME
@given(st.one_of(jpegs(), pngs(), st.binary(max_size=300)))
def test_any_file_is_a_portrait_or_a_refusal(data: bytes) -> None:
    try:
        loaded = loading.load(data)
    except Refusal as refusal:
        assert refusal.sentence.endswith(".")
        return
    assert loaded.original_u8.shape[2] == 3


@SOME
@given(look_texts)
def test_any_text_is_a_look_that_comes_back_or_an_error(text: str) -> None:
    try:
        look = Look.parse(text)
    except LookError:
        return
    assert Look.parse(str(look)) == look


@SOME
@given(st.lists(look_texts, max_size=20))
def test_any_address_opens(texts: list[str]) -> None:
    opened = options.read(texts, 4)
    assert len(opened.looks) <= 4
    assert options.read([str(look) for look in opened.looks], 4).looks == opened.looks


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("links")
    return Store(Settings(f"sqlite:///{folder / 'links.sqlite'}", str(folder / "pictures")))


@SOME
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_made_up_id_or_secret_finds_anything(store: Store, id_: str, secret: str) -> None:
    with pytest.raises(SharingError):
        store.find(id_)
    with pytest.raises(SharingError):
        store.owned(id_, secret)
    with pytest.raises(SharingError):
        store.delete(id_, secret)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_preset_file_that_was_tampered_with_is_refused_in_words(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(("regions.yaml", "contexts.yaml", "engines.yaml")))
    lines = (PRESETS / name).read_text(encoding="utf-8").splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.one_of(st.just(""), st.text(max_size=40), look_texts)) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        for one in ("regions.yaml", "contexts.yaml", "engines.yaml"):
            text = "".join(lines) if one == name else (PRESETS / one).read_text(encoding="utf-8")
            (Path(folder) / one).write_text(text, encoding="utf-8")
        try:
            load(Path(folder))
        except PresetError as error:
            assert folder not in str(error)
