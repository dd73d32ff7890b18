"""HTML of the evidence cards: a preset's reason, counter-evidence, confidence and sources."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from presets import Context, Region, Source
from ui.text import numbers
from ui.text.catalogue import translate, translate_html
from ui.text.language import DEFAULT_LANGUAGE


def region_note(region: Region, language: str = DEFAULT_LANGUAGE) -> str:
    """A region's reason and confidence; the summary "why" opens the whole card."""
    level = region.confidence.gaze
    confidence = translate_html(language, f"evidence.level_{level}")
    rows = [
        ("who", escape(region.audience)),
        (
            "speaks_against",
            escape(region.against or translate(language, "evidence.nothing_against")),
        ),
        ("how_sure", confidence),
    ]
    if region.gaze is not None:
        low, high = (numbers.degrees(angle, 0) for angle in region.range)
        rows.append(("fits", translate_html(language, "evidence.fits_range", low=low, high=high)))
    rows.append(("sources", _sources(region.sources, language)))
    word = "" if level == "none" else translate(language, f"evidence.{level}")
    card = _card(rows, translate(language, "evidence.ask"), language)
    return _note(region.rationale, "", word, card, language)


def context_note(context: Context, language: str = DEFAULT_LANGUAGE) -> str:
    """A context's reason, wardrobe and background; the summary "why" opens the whole card."""
    hints = _hint(language, "wear", context.wardrobe) + _hint(
        language, "behind", context.background
    )
    if context.disclosure:
        hints += f'<p class="p-disclosure">{escape(context.disclosure)}</p>'
    floor = translate(language, "evidence.floor_of", floor=numbers.percent(context.texture_floor))
    rows = [
        ("expression", escape(context.expression)),
        ("crop", escape(context.crop)),
        ("floor", escape(floor)),
        ("sources", _sources(context.sources, language)),
    ]
    card = _card(rows, translate(language, "evidence.context_ask"), language)
    return _note(context.rationale, hints, "", card, language)


def _note(rationale: str, hints: str, level: str, card: str, language: str) -> str:
    word = ""
    if level:
        text = translate_html(language, "evidence.confidence", level=level)
        word = f'<span class="p-level">{text}</span>'
    why = translate_html(language, "evidence.why")
    return (
        f'<div class="p-note"><p>{escape(rationale)}</p>{hints}'
        f"<details><summary>{word}<span>{why}</span></summary>{card}</details></div>"
    )


def _card(rows: Sequence[tuple[str, str]], ask: str, language: str) -> str:
    facts = "".join(
        f"<dt>{translate_html(language, f'evidence.{name}')}</dt><dd>{html}</dd>"
        for name, html in rows
    )
    return f'<dl class="p-card">{facts}</dl><p class="p-ask">{escape(ask)}</p>'


def _hint(language: str, name: str, text: str) -> str:
    lead = translate_html(language, f"evidence.{name}")
    return f'<p class="p-hint"><span>{lead}</span> {escape(text)}</p>'


def _sources(sources: Sequence[Source], language: str) -> str:
    if not sources:
        return translate_html(language, "evidence.no_source")
    return f"<ul>{''.join(_source(source, language) for source in sources)}</ul>"


def _source(source: Source, language: str) -> str:
    # Sources are named in English in every language.
    text = f'<span lang="en">{escape(source.text)}</span>'
    if source.link:
        link = escape(source.link)
        text = f'<a href="{link}" target="_blank" rel="noopener noreferrer">{text}</a>'
    status = translate_html(language, f"evidence.{source.status}")
    return f'<li>{text} <span class="p-status">{status}</span></li>'
