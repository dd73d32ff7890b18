from __future__ import annotations

import pytest

from presets import load, po, translated
from presets.translations import FOLDER, sources

LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_preset_has_all_its_words_in_every_language(code: str) -> None:
    assert po.read(FOLDER / f"{code}.po").keys() == set(sources())


@pytest.mark.parametrize("code", LANGUAGES)
def test_translated_presets_fit_where_the_english_fits(code: str) -> None:
    presets = translated(code)
    for entries in (presets.regions, presets.contexts, presets.engines):
        for entry in entries.values():
            type(entry).model_validate(entry.model_dump())


@pytest.mark.parametrize("code", LANGUAGES)
def test_numbers_and_sources_are_nobodys_language(code: str) -> None:
    for name, region in load().regions.items():
        other = translated(code).regions[name]
        assert (other.gaze, other.sources) == (region.gaze, region.sources)
        assert (other.label, other.rationale) != (region.label, region.rationale)


def test_english_is_the_presets_themselves() -> None:
    assert translated("en") is load()
