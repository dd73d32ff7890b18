"""The page's texts in two languages: one file each in ``ui/texts``, checked when they are read.

`t` gives a marker for what stands on the page from the start (labels, choices, buttons, tabs, and
inside static HTML as often as needed); `ui.greeting` puts the visitor's language in its place.
`say` makes a sentence for what comes later. The presets' words are here as ``region.japan``,
``context.linkedin``, ``engine.geometry``, ``summary.geometry``; `presets.translated` has the rest.

English is what the page is written in; a text that is missing in Korean is said in English, and the
log says so once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import gradio as gr
import yaml
from gradio.i18n import I18nData

from presets import translated

LANGUAGES = {"en": "English", "ko": "한국어"}
"""What the page speaks, by code, each in its own words; the first is the one to fall back to."""

DEFAULT = next(iter(LANGUAGES))
FOLDER = Path(__file__).with_name("texts")

COOKIE = "presence-lang"
"""Remembers the choice for a year."""

Texts = Mapping[str, str]

_LOG = logging.getLogger(__name__)


def t(key: str) -> I18nData:
    """The marker of a text, for labels, infos, choices, titles and static HTML.

    The page has it resolved before it is sent. What a handler returns is resolved in the browser,
    where one marker in a label, info, placeholder, title or value works, and a choice does not.

    Args:
        key: Section and name, such as ``grid.title``; the text has no placeholders.

    Raises:
        KeyError: There is no such text.
        ValueError: The text has placeholders, which a browser would show as they are.
    """
    if placeholders(texts(DEFAULT)[key]):
        raise ValueError(f"{key} has values to fill in: use say.")
    return I18nData(key)


def say(language: str, key: str, **values: object) -> str:
    """A text with its values, as plain text: escape it before it goes into HTML.

    Args:
        language: A key of `LANGUAGES`; anything else counts as English.
        key: Section and name, such as ``grid.cells``.
        values: What goes into the placeholders, as in `str.format`.

    Raises:
        KeyError: There is no such text, or a value that it needs is missing.
    """
    spoken = texts(known(language))
    return (spoken[key] if key in spoken else texts(DEFAULT)[key]).format(**values)


def known(language: object) -> str:
    """``language`` where the page speaks it, else English."""
    return language if isinstance(language, str) and language in LANGUAGES else DEFAULT


def asked_for(request: gr.Request) -> str:
    """The language of a visitor; see `chosen`."""
    return chosen(
        request.query_params.get("lang"),
        request.cookies.get(COOKIE),
        request.headers.get("accept-language"),
    )


def chosen(query: str | None, remembered: str | None, accepted: str | None) -> str:
    """What the address asks for, else what was chosen before, else what the browser prefers.

    Args:
        query: ``lang`` of the address.
        remembered: The value of the cookie `COOKIE`.
        accepted: The header ``Accept-Language``, such as ``ko-KR,ko;q=0.9,en;q=0.8``.
    """
    for named in (query, remembered):
        if named in LANGUAGES:
            return known(named)
    weighed = []
    for part in (accepted or "").split(","):
        tag, _, weight = part.partition(";q=")
        try:
            weighed.append((float(weight or 1), tag.strip().split("-")[0].lower()))
        except ValueError:
            continue
    # The order of equals is the browser's: sorting keeps it.
    weighed.sort(key=lambda pair: -pair[0])
    return next((tag for weight, tag in weighed if tag in LANGUAGES and weight > 0), DEFAULT)


def marked() -> gr.I18n:
    """What the browser needs to resolve markers, for `gradio.Blocks.launch`."""
    filled = {code: {**texts(DEFAULT), **texts(code)} for code in LANGUAGES}
    return gr.I18n(**filled)


@cache
def texts(language: str) -> Texts:
    """All texts of one language by key; those that do not fit the English are left out and logged.

    Raises:
        ValueError: The file is not made of sections of texts.
    """
    found = {**read(FOLDER / f"{language}.yaml"), **_presets(language)}
    if language == DEFAULT:
        return found
    wrong = misfits(texts(DEFAULT), found)
    if wrong:
        _LOG.warning(
            "%d texts do not fit in %s and are said in English: %s, ...",
            len(wrong),
            language,
            ", ".join(wrong[:3]),
        )
    return {key: text for key, text in found.items() if key not in wrong}


def misfits(english: Texts, other: Texts) -> list[str]:
    """Keys that only one of the two has, or whose placeholders differ."""
    return sorted(
        key
        for key in {*english, *other}
        if key not in english
        or key not in other
        or placeholders(english[key]) != placeholders(other[key])
    )


def placeholders(text: str) -> frozenset[str]:
    """The names that `say` has to be given values for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def read(path: Path) -> dict[str, str]:
    """The texts of one file, by section and name.

    Raises:
        ValueError: It is not made of sections of texts, or a name is given twice.
    """
    data = yaml.load(path.read_text(encoding="utf-8"), _OnceOnly)
    return dict(_flat(data, path.name))


def _flat(data: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is not a section of texts.")
    for name, inside in data.items():
        if isinstance(inside, str):
            yield str(name), inside
        else:
            yield from ((f"{name}.{key}", text) for key, text in _flat(inside, f"{where}: {name}"))


def _presets(language: str) -> dict[str, str]:
    presets = translated(language)
    return {
        **{f"region.{one.id}": one.label for one in presets.regions.values()},
        **{f"context.{one.id}": one.label for one in presets.contexts.values()},
        **{f"engine.{one.id}": one.label for one in presets.engines.values()},
        **{f"summary.{one.id}": one.summary for one in presets.engines.values()},
    }


class _OnceOnly(yaml.SafeLoader):
    """The same name given twice: the second would silently take the first's place."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"given twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep)
