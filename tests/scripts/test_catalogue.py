from __future__ import annotations

from pathlib import Path

from presets import po
from scripts.catalogue import refresh

OLD = [("look.soft", "slightly soft"), ("look.hard", "quite hard"), ("look.of", "{n} % of {all}")]


def translate(path: Path, words: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for english, word in words.items():
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{word}"')
    path.write_text(text, encoding="utf-8")


def test_a_language_begins_with_every_text_and_no_translation(tmp_path: Path) -> None:
    file = tmp_path / "locale" / "fr.po"
    assert refresh(file, OLD) == (0, 3)
    text = file.read_text(encoding="utf-8")
    assert 'msgctxt "look.soft"\nmsgid "slightly soft"\nmsgstr ""' in text
    assert '#, python-brace-format\nmsgctxt "look.of"' in text
    assert "Language: fr" in text


def test_what_changed_in_english_is_fuzzy_and_what_did_not_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "fr.po"
    refresh(file, OLD)
    translate(file, {"slightly soft": "un peu doux", "quite hard": "assez dur"})
    assert refresh(file, [("look.soft", "slightly softer"), OLD[1], ("look.new", "Zoom")]) == (1, 1)
    text = file.read_text(encoding="utf-8")
    assert '#| msgid "slightly soft"' in text
    assert 'msgid "slightly softer"\nmsgstr "un peu doux"' in text
    assert po.read(file) == {("look.hard", "quite hard"): "assez dur"}
    refresh(file, [("look.soft", "slightly softer"), OLD[1], ("look.new", "Zoom")])
    again = file.read_text(encoding="utf-8")
    assert again == text.replace('#| msgid "slightly soft"\n', "")


def test_refreshing_twice_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "fr.po"
    refresh(file, OLD)
    before = file.read_bytes()
    refresh(file, OLD)
    assert file.read_bytes() == before
