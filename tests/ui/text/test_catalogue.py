from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from presets import load, translated
from presets.translations import FOLDER as PRESETS
from presets.translations import mismatches as preset_mismatches
from ui.text import catalogue
from ui.text.catalogue import FOLDER, mismatches, placeholders, read, t, texts, translate
from ui.text.language import LANGUAGES

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("code", OTHERS)
def test_both_files_say_the_same_things(code: str) -> None:
    assert mismatches(read(FOLDER / "en.yaml"), read(FOLDER / f"{code}.yaml")) == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_texts_can_stand_in_html_as_they_are(code: str) -> None:
    wrong = [
        key for key, text in read(FOLDER / f"{code}.yaml").items() if re.search('[<>&"]', text)
    ]
    assert wrong == []


def test_korean_is_korean() -> None:
    korean = read(FOLDER / "ko.yaml")
    no_words = {key for key, text in korean.items() if not re.search("[가-힣]", text)}
    # Names, numbers and signs.
    assert no_words <= {
        "page.title",
        "verdict.and",
        "numbers.off_lens",
        *(key for key in korean if key.startswith(("numbers.sign.", "numbers.range."))),
    }
    polite = re.compile(r"(요|까요|세요)[.)’]*$|[:)]$")
    sentences = [text for text in korean.values() if text.endswith(".") and "{" not in text]
    assert [text for text in sentences if not polite.search(text.rstrip("."))] == [
        "보는 사람과 눈이 마주치게. 보정해도 본인 그대로."
    ]


@pytest.mark.parametrize("code", OTHERS)
def test_every_preset_has_all_its_words(code: str) -> None:
    assert preset_mismatches(PRESETS / f"{code}.yaml") == []
    presets, others = load(), translated(code)
    assert others.regions.keys() == presets.regions.keys()
    assert others.regions["japan"].label == translate(code, "region.japan") == "일본"
    # Numbers and sources are nobody's language.
    for name, region in presets.regions.items():
        assert (region.gaze, region.sources) == (
            others.regions[name].gaze,
            others.regions[name].sources,
        )


def test_a_text_that_does_not_fit_is_said_in_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "en.yaml").write_text("a: {b: 'Of {count}', c: Well, d: 'No.'}", encoding="utf-8")
    (tmp_path / "ko.yaml").write_text("a: {b: '{number} 중', c: 네}", encoding="utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    texts.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert translate("ko", "a.b", count=3) == "Of 3"
            assert (translate("ko", "a.c"), translate("ko", "a.d")) == ("네", "No.")
        assert "2 texts do not fit in ko" in caplog.text
    finally:
        texts.cache_clear()


@pytest.mark.parametrize("text", ["a: {b: x, b: y}", "a: [x]", "- a"])
def test_a_file_that_is_not_sections_of_texts_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "en.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"twice|section"):
        read(file)


def test_a_marker_has_no_values_and_a_known_key() -> None:
    assert str(t("page.lead")).startswith("__i18n__")
    with pytest.raises(KeyError):
        t("page.nothing")
    with_values = next(key for key, text in texts("en").items() if placeholders(text))
    with pytest.raises(ValueError, match="use translate"):
        t(with_values)


def test_an_unknown_language_is_english() -> None:
    assert translate("xx", "page.stop") == "Stop"
