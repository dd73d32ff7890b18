"""Texts of the page by language and key, from ``en.yaml`` and the PO files in ``locale``.

`t` returns a marker for labels, choices, buttons, tabs and static HTML, which are written before a
visitor comes; `ui.page_head` replaces it by the text in the visitor's language. `translate` returns
a text with its values filled in. The labels of the presets are here, too: ``region.japan``,
``context.linkedin``, ``engine.geometry``, ``summary.geometry``. `presets.translated` has the rest
of their texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import yaml
from gradio.i18n import I18nData

from presets import po, translated
from ui.text.language import DEFAULT_LANGUAGE, LANGUAGES, known_language

FOLDER = Path(__file__).parent

MESSAGE = "message"
"""The context of messages in the PO files; that of a text of the page is its key."""

Texts = Mapping[str, str]

if TYPE_CHECKING:
    from yaml import SafeLoader as SafeLoader
else:
    # That of libyaml reads ten times as fast as PyYAML's own, where it is installed.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def t(key: str) -> I18nData:
    """The marker of a text, for labels, infos, choices, titles and static HTML.

    `ui.page_head` replaces the markers of a page before it is sent. Markers in what a handler
    returns are replaced by the browser, which can do so for a single marker in a label, info,
    placeholder, title or value, but not in a choice.

    Args:
        key: Section and name, such as ``grid.title``; the text must have no placeholders.

    Raises:
        KeyError: There is no such text.
        ValueError: The text has placeholders, which the browser would show unfilled.
    """
    if po.placeholders(texts(DEFAULT_LANGUAGE)[key]):
        raise ValueError(f"{key} has placeholders: use translate.")
    return I18nData(key)


def translate(language: str, key: str, **values: object) -> str:
    """A text with its values, as plain text.

    Args:
        language: A key of `LANGUAGES`; anything else counts as English.
        key: Section and name, such as ``grid.cells``. A text that is missing in the language is
            taken from English.
        values: Values of the placeholders, as in `str.format`.

    Raises:
        KeyError: There is no such text, or the value of a placeholder is missing.
    """
    return texts(known_language(language))[key].format(**values)


def browser_catalogue() -> gr.I18n:
    """All texts for the browser, which resolves markers itself, for `gradio.Blocks.launch`."""
    return gr.I18n(**{code: dict(texts(code)) for code in LANGUAGES})


@cache
def texts(language: str) -> Texts:
    """All texts of one language by key; those without a translation are English.

    Raises:
        ValueError: ``en.yaml`` does not consist of sections of texts.
    """
    english = read(FOLDER / "en.yaml")
    found = translations(language)
    texts = {key: found.get((key, text), text) for key, text in english.items()}
    return {**texts, **_preset_labels(language)}


def translations(language: str) -> po.Translations:
    """Translated texts and messages by context and English text; none for English."""
    if language == DEFAULT_LANGUAGE:
        return {}
    return po.read(FOLDER / "locale" / f"{language}.po")


def sources() -> Iterator[tuple[str, str]]:
    """All that there is to translate: a key or `MESSAGE`, and the English text."""
    yield from read(FOLDER / "en.yaml").items()
    messages = yaml.load((FOLDER / "messages.yaml").read_text(encoding="utf-8"), SafeLoader)
    yield from ((MESSAGE, text) for text in messages)


@cache
def read(path: Path) -> Texts:
    """The texts of one file by section and name, such as ``grid.title``.

    Raises:
        ValueError: The file does not consist of sections of texts, or a name occurs twice.
    """
    data = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeyLoader)
    return dict(_flatten(data, path.name))


def _flatten(data: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is not a section of texts.")
    for name, inside in data.items():
        if isinstance(inside, str):
            yield str(name), inside
        else:
            section = _flatten(inside, f"{where}: {name}")
            yield from ((f"{name}.{key}", text) for key, text in section)


def _preset_labels(language: str) -> dict[str, str]:
    presets = translated(language)
    return {
        **{f"region.{one.id}": one.label for one in presets.regions.values()},
        **{f"context.{one.id}": one.label for one in presets.contexts.values()},
        **{f"engine.{one.id}": one.label for one in presets.engines.values()},
        **{f"summary.{one.id}": one.summary for one in presets.engines.values()},
    }


class _UniqueKeyLoader(SafeLoader):
    """A YAML loader that refuses duplicate keys, of which PyYAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"given twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep)
