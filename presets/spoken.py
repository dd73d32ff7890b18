"""The presets in another language than English: the same entries, with that language's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from presets.schema import Line, Note, PresetError, Presets, Rationale, _Model, documents, load

ENGLISH = "en"
FOLDER = Path(__file__).parent


class RegionWords(_Model):
    """The words of a `Region`."""

    id: str
    label: Line
    audience: Line
    rationale: Rationale
    against: Note = ""


class ContextWords(_Model):
    """The words of a `Context`."""

    id: str
    label: Line
    purpose: Line
    wardrobe: Line
    background: Line
    expression: Line
    crop: Line
    rationale: Rationale
    disclosure: Note = ""


class EngineWords(_Model):
    """The words of an `Engine`."""

    id: str
    label: Line
    summary: Line


Words = tuple[Mapping[str, RegionWords], Mapping[str, ContextWords], Mapping[str, EngineWords]]


@cache
def spoken(language: str) -> Presets:
    """The presets in a language; entries without words in it are in English.

    Args:
        language: ``en``, or the name of a file next to this one, such as ``ko``.

    Raises:
        PresetError: The file is missing or holds a wrong entry.
    """
    presets = load()
    if language == ENGLISH:
        return presets
    regions, contexts, engines = words(FOLDER / f"{language}.yaml")
    return Presets(
        _with_words(presets.regions, regions),
        _with_words(presets.contexts, contexts),
        _with_words(presets.engines, engines),
    )


def words(path: Path) -> Words:
    """The words of one file: regions, contexts and engines, a YAML document each.

    Raises:
        PresetError: The file is missing or holds a wrong entry.
    """
    try:
        found = documents(path.name, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PresetError(path.name, f"cannot be read ({error.strerror})") from error
    if len(found) != 3:
        problem = f"should hold regions, contexts and engines, parted by --- (found {len(found)})"
        raise PresetError(path.name, problem)
    regions, contexts, engines = found
    return (
        regions.entries(RegionWords),
        contexts.entries(ContextWords),
        engines.entries(EngineWords),
    )


def misfits(path: Path) -> list[str]:
    """Entries that only one of a file and the presets has, or that leave out a text."""
    presets = load()
    return [
        wrong
        for entries, found in zip(
            (presets.regions, presets.contexts, presets.engines), words(path), strict=True
        )
        for wrong in _misfits(entries, found)
    ]


def _misfits(entries: Mapping[str, Any], found: Mapping[str, Any]) -> Iterable[str]:
    yield from sorted(entries.keys() ^ found.keys())
    for name in entries.keys() & found.keys():
        for field, text in found[name].model_dump(exclude={"id"}).items():
            if bool(text) != bool(getattr(entries[name], field)):
                yield f"{name}.{field}"


def _with_words(entries: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            name: entry.model_copy(update=found[name].model_dump()) if name in found else entry
            for name, entry in entries.items()
        }
    )
