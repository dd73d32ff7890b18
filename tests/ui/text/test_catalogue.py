from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from presets import po, translated
from ui.text import catalogue
from ui.text.catalogue import FOLDER, read, sources, t, texts, translate, translations
from ui.text.language import LANGUAGES

OTHERS = [code for code in LANGUAGES if code != "en"]
ALL = set(sources())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another folder of texts, without texts yet."""
    (tmp_path / "locale").mkdir()
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    texts.cache_clear()
    yield tmp_path
    texts.cache_clear()


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_with_its_placeholders_and_nothing_else_is(code: str) -> None:
    assert translations(code).keys() == ALL


@pytest.mark.parametrize("code", LANGUAGES)
def test_texts_can_stand_in_html_as_they_are(code: str) -> None:
    assert [key for key, text in texts(code).items() if re.search('[<>&"]', text)] == []


def test_korean_is_korean() -> None:
    korean = {key: texts("ko")[key] for key in read(FOLDER / "en.yaml")}
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


def test_japanese_is_japanese_and_polite() -> None:
    japanese = {key: texts("ja")[key] for key in read(FOLDER / "en.yaml")}
    no_words = {key for key, text in japanese.items() if not re.search("[ぁ-んァ-ヶ一-龠]", text)}
    assert no_words <= {
        "page.title",
        "numbers.off_lens",
        *(key for key in japanese if key.startswith(("numbers.sign.", "numbers.range."))),
    }
    said = [text for key, text in japanese.items() if key.startswith(("meaning.", "evidence."))]
    polite = re.compile(r"(です|ます|ません|でした|ました|ください)(\uff08[^\uff09]*\uff09)?。$")
    assert [text for text in said if text.endswith("。") and not polite.search(text)] == []


def test_the_labels_of_presets_are_texts_of_the_page_too() -> None:
    assert translated("ko").regions["japan"].label == translate("ko", "region.japan") == "일본"


def test_what_has_no_translation_or_another_english_is_said_in_english(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "en.yaml").write_text("a: {b: 'Of {count}', c: Well, d: 'No.', e: New, f: Fine}")
    (folder / "locale" / "ko.po").write_text(
        'msgctxt "a.b"\nmsgid "Of {count}"\nmsgstr "{number} 중"\n\n'
        'msgctxt "a.c"\nmsgid "Well"\nmsgstr "네"\n\n'
        'msgctxt "a.d"\nmsgid "No."\nmsgstr ""\n\n'
        'msgctxt "a.e"\nmsgid "Old"\nmsgstr "옛"\n\n'
        '#, fuzzy\nmsgctxt "a.f"\nmsgid "Fine"\nmsgstr "벌금"\n',
        encoding="utf-8",
    )
    with caplog.at_level(logging.WARNING):
        said = [translate("ko", f"a.{name}", count=3) for name in "bcdef"]
    assert said == ["Of 3", "네", "No.", "New", "Fine"]
    assert "1 texts do not fit in ko.po: a.b" in caplog.text


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
    with_values = next(key for key, text in texts("en").items() if po.placeholders(text))
    with pytest.raises(ValueError, match="use translate"):
        t(with_values)


def test_an_unknown_language_is_english() -> None:
    assert translate("xx", "page.stop") == "Stop"
