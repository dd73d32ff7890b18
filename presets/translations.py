"""Translations of the presets: the same entries with their texts in another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from presets import po
from presets.schema import Context, Engine, Presets, Region, load

ENGLISH = "en"
FOLDER = Path(__file__).parent / "locale"

Entry = TypeVar("Entry", Region, Context, Engine)

_TEXTS: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {
        Region: ("label", "audience", "rationale", "against"),
        Context: (
            "label",
            "purpose",
            "wardrobe",
            "background",
            "expression",
            "crop",
            "rationale",
            "disclosure",
        ),
        Engine: ("label", "summary"),
    }
)


@cache
def translated(language: str) -> Presets:
    """Load the presets in a language; texts without a translation stay in English.

    Args:
        language: ``en``, or the stem of a file in ``locale``, such as ``ko``.

    Raises:
        OSError: There is no such file.
    """
    presets = load()
    if language == ENGLISH:
        return presets
    found = po.read(FOLDER / f"{language}.po")
    return Presets(
        _replace_texts(presets.regions, found),
        _replace_texts(presets.contexts, found),
        _replace_texts(presets.engines, found),
    )


def sources() -> Iterator[tuple[str, str]]:
    """All that there is to translate: a context such as ``region.japan.label``, and the English."""
    presets = load()
    for entries in (presets.regions, presets.contexts, presets.engines):
        for entry in entries.values():
            for field, text in _texts(entry).items():
                yield _context(entry, field), text


def _replace_texts(entries: Mapping[str, Entry], found: po.Translations) -> Mapping[str, Entry]:
    return MappingProxyType({name: _replace(entry, found) for name, entry in entries.items()})


def _replace(entry: Entry, found: po.Translations) -> Entry:
    texts = _texts(entry).items()
    return entry.model_copy(
        update={field: found.get((_context(entry, field), text), text) for field, text in texts}
    )


def _texts(entry: Region | Context | Engine) -> dict[str, str]:
    texts = {field: getattr(entry, field) for field in _TEXTS[type(entry)]}
    return {field: text for field, text in texts.items() if text}


def _context(entry: Region | Context | Engine, field: str) -> str:
    return f"{type(entry).__name__.lower()}.{entry.id}.{field}"
