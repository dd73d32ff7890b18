"""Explanations of all measurements on the page, with the sources of their thresholds.

The texts are in the catalogue, section ``meaning``, the sources in ``sources.yaml``. Captions and
tables use `term`, a button that opens an explanation; `explanations` is the HTML of all of them,
which is on the page once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml
from markupsafe import Markup

from presets import translated
from ui.text import numbers
from ui.text.catalogue import FOLDER, SafeLoader, texts
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render

# Texts of an explanation that it may lack.
_PARTS = ("good", "limit", "doubt")
_OURS = "ours"


@dataclass(frozen=True)
class Explanation:
    """The explanation of one measurement.

    Attributes:
        id: Its key in the catalogue: ``meaning.{id}.title`` and so on.
        parts: Which of `_PARTS` it has.
        sources: Publications with ``text`` and ``link``.
        own_choice: Whether a threshold is our own choice.
    """

    id: str
    parts: tuple[str, ...]
    sources: tuple[Mapping[str, str], ...]
    own_choice: bool


@cache
def known() -> Mapping[str, Explanation]:
    """All measurements that the page shows, by id."""
    data = yaml.load((FOLDER / "sources.yaml").read_text(encoding="utf-8"), SafeLoader)
    keys = texts(DEFAULT_LANGUAGE)
    found = {}
    for id_ in (
        key.split(".")[1] for key in keys if key.startswith("meaning.") and key.endswith(".what")
    ):
        sources = data["measurements"].get(id_, [])
        found[id_] = Explanation(
            id_,
            tuple(part for part in _PARTS if f"meaning.{id_}.{part}" in keys),
            tuple(data["publications"][one] for one in sources if one != _OURS),
            _OURS in sources,
        )
    return found


def term(language: str, id_: str, text: str | None = None, more: str = "") -> Markup:
    """A button that opens the explanation of a measurement.

    Args:
        language: A key of `ui.text.language.LANGUAGES`.
        id_: A key of `known`.
        text: The underlined text; its title if None.
        more: Text after the underlined text, such as the value.

    Raises:
        KeyError: There is no such measurement.
    """
    return Markup(render("meaning", "term", language, known()[id_].id, text, more))


def explanations(language: str) -> str:
    """The HTML of all explanations, closed."""
    return render("meaning", "all", language, known().values(), numbers.margin(language))


def evidence(kind: str, name: str, language: str) -> str:
    """The note of a "region" or "context": its reason, and what stands behind it."""
    presets = translated(language)
    preset = presets.regions[name] if kind == "region" else presets.contexts[name]
    return render("evidence", kind, language, preset)
