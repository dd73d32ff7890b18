"""Translations of the presets: the same entries with their texts in another language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from presets.schema import Line, Note, PresetError, Presets, Rationale, StrictModel, documents, load

ENGLISH = "en"
FOLDER = Path(__file__).parent


class RegionTexts(StrictModel):
    """The translated texts of a `Region`."""

    id: str
    label: Line
    audience: Line
    rationale: Rationale
    against: Note = ""


class ContextTexts(StrictModel):
    """The translated texts of a `Context`."""

    id: str
    label: Line
    purpose: Line
    wardrobe: Line
    background: Line
    expression: Line
    crop: Line
    rationale: Rationale
    disclosure: Note = ""


class EngineTexts(StrictModel):
    """The translated texts of an `Engine`."""

    id: str
    label: Line
    summary: Line


Texts = tuple[Mapping[str, RegionTexts], Mapping[str, ContextTexts], Mapping[str, EngineTexts]]


@cache
def translated(language: str) -> Presets:
    """Load the presets in a language; entries without a translation stay in English.

    Args:
        language: ``en``, or the stem of a file next to this one, such as ``ko``.

    Raises:
        PresetError: The file is missing or holds a wrong entry.
    """
    presets = load()
    if language == ENGLISH:
        return presets
    regions, contexts, engines = read(FOLDER / f"{language}.yaml")
    return Presets(
        _replace_texts(presets.regions, regions),
        _replace_texts(presets.contexts, contexts),
        _replace_texts(presets.engines, engines),
    )


def read(path: Path) -> Texts:
    """Read a translation file: one YAML document each for regions, contexts and engines.

    Raises:
        PresetError: The file is missing or holds a wrong entry.
    """
    try:
        parts = documents(path.name, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PresetError(path.name, f"cannot be read ({error.strerror})") from error
    if len(parts) != 3:
        problem = f"should hold regions, contexts and engines, parted by --- (found {len(parts)})"
        raise PresetError(path.name, problem)
    regions, contexts, engines = parts
    return (
        regions.entries(RegionTexts),
        contexts.entries(ContextTexts),
        engines.entries(EngineTexts),
    )


def mismatches(path: Path) -> list[str]:
    """Compare a translation file with the presets.

    Returns:
        Ids of entries that only one of the two has, and ``id.field`` of texts that are empty in
        only one of the two.
    """
    presets = load()
    return [
        name
        for entries, texts in zip(
            (presets.regions, presets.contexts, presets.engines), read(path), strict=True
        )
        for name in _mismatches(entries, texts)
    ]


def _mismatches(entries: Mapping[str, Any], texts: Mapping[str, Any]) -> Iterable[str]:
    yield from sorted(entries.keys() ^ texts.keys())
    for name in entries.keys() & texts.keys():
        for field, text in texts[name].model_dump(exclude={"id"}).items():
            if bool(text) != bool(getattr(entries[name], field)):
                yield f"{name}.{field}"


def _replace_texts(entries: Mapping[str, Any], texts: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            name: entry.model_copy(update=texts[name].model_dump()) if name in texts else entry
            for name, entry in entries.items()
        }
    )
