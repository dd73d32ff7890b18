"""The evidence cards: what speaks against a preset, how sure it is, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from presets import Context, Region, Source
from ui import words
from ui.language import DEFAULT, say


def region_note(region: Region, language: str = DEFAULT) -> str:
    """A region's reason and its confidence as a small word; behind "why" the whole card."""
    level = region.confidence.gaze
    sure = say(language, f"evidence.level_{level}")
    rows = [
        ("who", escape(region.audience)),
        (
            "speaks_against",
            escape(region.against or say(language, "evidence.nothing_against")),
        ),
        ("how_sure", escape(sure)),
    ]
    if region.gaze is not None:
        low, high = (words.degrees(angle, 0) for angle in region.range)
        rows.append(("fits", escape(say(language, "evidence.fits_range", low=low, high=high))))
    rows.append(("sources", _sources(region.sources, language)))
    word = "" if level == "none" else say(language, f"evidence.{level}")
    card = _card(rows, say(language, "evidence.ask"), language)
    return _note(region.rationale, "", word, card, language)


def context_note(context: Context, language: str = DEFAULT) -> str:
    """A context's reason, what to wear and to stand before; behind "why" the whole card."""
    hints = _hint(language, "wear", context.wardrobe) + _hint(
        language, "behind", context.background
    )
    if context.disclosure:
        hints += f'<p class="p-disclosure">{escape(context.disclosure)}</p>'
    floor = say(language, "evidence.floor_of", floor=words.percent(context.texture_floor))
    rows = [
        ("expression", escape(context.expression)),
        ("crop", escape(context.crop)),
        ("floor", escape(floor)),
        ("sources", _sources(context.sources, language)),
    ]
    card = _card(rows, say(language, "evidence.context_ask"), language)
    return _note(context.rationale, hints, "", card, language)


def _note(rationale: str, hints: str, level: str, card: str, language: str) -> str:
    word = ""
    if level:
        said = escape(say(language, "evidence.confidence", level=level))
        word = f'<span class="p-level">{said}</span>'
    why = escape(say(language, "evidence.why"))
    return (
        f'<div class="p-note"><p>{escape(rationale)}</p>{hints}'
        f"<details><summary>{word}<span>{why}</span></summary>{card}</details></div>"
    )


def _card(rows: Sequence[tuple[str, str]], ask: str, language: str) -> str:
    facts = "".join(
        f"<dt>{escape(say(language, f'evidence.{name}'))}</dt><dd>{said}</dd>"
        for name, said in rows
    )
    return f'<dl class="p-card">{facts}</dl><p class="p-ask">{escape(ask)}</p>'


def _hint(language: str, name: str, text: str) -> str:
    lead = escape(say(language, f"evidence.{name}"))
    return f'<p class="p-hint"><span>{lead}</span> {escape(text)}</p>'


def _sources(sources: Sequence[Source], language: str) -> str:
    if not sources:
        return escape(say(language, "evidence.no_source"))
    return f"<ul>{''.join(_source(source, language) for source in sources)}</ul>"


def _source(source: Source, language: str) -> str:
    # Sources are named in English, whatever the page speaks.
    text = f'<span lang="en">{escape(source.text)}</span>'
    if source.link:
        link = escape(source.link, quote=True)
        text = f'<a href="{link}" target="_blank" rel="noopener noreferrer">{text}</a>'
    status = escape(say(language, f"evidence.{source.status}"))
    return f'<li>{text} <span class="p-status">{status}</span></li>'
