"""A language in which every text is ⟦marked⟧ and 40 % longer: all else bypasses the catalogue."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import write_po

from pipelines.gaze import Gaze
from pipelines.studio import Analysis, Look, headshot
from presets import translated, translations
from tests.ui.reports import LOOK, PHOTO, VARIANT, likeness
from ui.result_pictures import Figure, Missing
from ui.text import captions, catalogue, explanations, measurement_table, messages
from ui.text.catalogue import texts, translate
from ui.text.templating import render

# It takes the place of a language that the page has.
CODE = "ko"
# Letters of looks, and what a visitor or a file named.
NAMES = {"A", "B"}


def pseudo(text: str) -> str:
    return f"⟦{text}{' ·' * math.ceil(len(text) * 0.2)}⟧"


def write(path: Path, sources: Iterable[tuple[str, str]]) -> None:
    catalog = Catalog(CODE, fuzzy=False)
    for context, english in sources:
        catalog.add(english, pseudo(english), context=context)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalog)


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    page, presets = tmp_path / "page", tmp_path / "presets"
    write(page / "locale" / f"{CODE}.po", catalogue.sources())
    write(presets / f"{CODE}.po", translations.sources())
    shutil.copy(catalogue.FOLDER / "en.yaml", page)
    monkeypatch.setattr(catalogue, "FOLDER", page)
    monkeypatch.setattr(translations, "FOLDER", presets)
    caches = (texts, translated, messages._preset_labels)
    for one in caches:
        one.cache_clear()
    yield
    for one in caches:
        one.cache_clear()


def unmarked(html: str) -> list[str]:
    """Words that a visitor reads or hears outside every mark."""
    # Sources are named in English in every language.
    html = re.sub(r'<span lang="en">.*?</span>', "", html)
    heard = re.findall(r'(?:aria-label|alt|title|data-copied)="([^"]*)"', html)
    text = unescape(" ".join([re.sub(r"<[^>]+>", " ", html), *heard]))
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = less
    return [word for word in re.findall(r"[^\W\d_]+", text) if word not in NAMES]


@pytest.mark.usefixtures("marked")
def test_a_text_is_marked_and_longer() -> None:
    assert translate(CODE, "page.stop") == "⟦Stop ·⟧"
    assert unmarked(f'<p title="Loose">{translate(CODE, "page.stop")} ends</p>') == [
        "ends",
        "Loose",
    ]


@pytest.mark.usefixtures("marked")
def test_no_text_of_the_results_bypasses_the_catalogue() -> None:
    gaze = {
        "asked": [24.0, 0.0],
        "target": [15.0, 0.0],
        "after": [14.8, 0.0],
        "measurable": True,
        "error": 4.2,
    }
    report = {
        **VARIANT,
        "gaze": gaze,
        "held_back": {"share": 0.62, "guard": "texture"},
        "done": [{"what": "spots", "count": 5}, {"what": "under-eyes", "change": -0.35}],
        "warnings": ["Over-polished: parts of the face became plain white."],
    }
    photo = replace(PHOTO, title=translate(CODE, "caption.original"), skin="skin.png")
    look = replace(LOOK, title="", report=report)
    other = replace(LOOK, title="", letter="B", report=likeness(0.7))
    figures: list[Figure] = [photo, look, other]
    refusal = messages.translate_message(CODE, messages.OUR_FAULT)
    missing = Missing("B", "", refusal, Look())
    shown = {
        "several": captions.strip(figures, CODE),
        "single": captions.strip([photo, look], CODE),
        "missing": captions.strip([photo, missing], CODE),
        "waiting": captions.waiting_strip(CODE),
        "uses": captions.uses(figures, CODE),
        "control": captions.drawn(figures, "control", CODE),
        "skin": captions.drawn(figures, "skin", CODE),
        "line": captions.gaze_line(
            Gaze(9.0, 2.0), ["The eyes are shut in this photo. Use one with open eyes."], CODE
        ),
        "numbers": measurement_table.results_table(figures, CODE),
    }
    assert {name: words for name, html in shown.items() if (words := unmarked(html))} == {}
    assert all("⟦" in html for html in shown.values())


@pytest.mark.usefixtures("marked")
def test_no_text_about_a_preset_or_a_link_bypasses_the_catalogue() -> None:
    presets = translated(CODE)
    shown = [
        *(render("evidence", "region", CODE, one) for one in presets.regions.values()),
        *(render("evidence", "context", CODE, one) for one in presets.contexts.values()),
        render("share", "links", CODE, "https://x.org/s", "https://x.org/own", "", "", "qr.png"),
        render("share", "saved", CODE, "all.zip", "3"),
    ]
    assert [words for html in shown if (words := unmarked(html))] == []


@pytest.mark.usefixtures("marked")
def test_no_text_about_the_photo_bypasses_the_catalogue(hopper_analysis: Analysis) -> None:
    shown = measurement_table.photo_table(headshot.judge(hopper_analysis), CODE)
    assert unmarked(shown) == []


@pytest.mark.usefixtures("marked")
def test_no_explanation_bypasses_the_catalogue() -> None:
    shown = explanations.explanations(CODE)
    for one in explanations.known().values():
        for source in one.sources:
            shown = shown.replace(escape(source["text"]), "")
    assert unmarked(shown) == []
