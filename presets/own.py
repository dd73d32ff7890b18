"""A person's saved looks: stored by their browser, exported to and imported from YAML files.

A file holds up to three documents, separated by lines of ``---``. The first lists the looks in
their text form, which is what an import uses. The others hold the doses and gazes that were set by
hand, as complete entries for ``contexts.yaml`` and ``regions.yaml``; copying an entry to one of
those files makes a preset of it. An import validates these entries, and reports those that differ
from their look, but does not use them.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator

from presets.schema import (
    Confidence,
    Context,
    Doses,
    Id,
    Line,
    PresetError,
    Region,
    StrictModel,
    YamlDocument,
    documents,
    off_lens,
)

MOST_LOOKS = 24
"""The most looks that one person can save."""
LONGEST_NAME = 40
LONGEST_LOOK = 400
LARGEST_FILE = 64 * 1024
"""The largest file that is read, in bytes; `MOST_LOOKS` looks take half of it."""
VERSION = 1

_MOST_NESTING = 8
# Half the width of the `range` of a region that is built from one gaze.
_RANGE_DEG = 1.0

_HEAD = """\
# Looks saved in Presence. Import this file under "My looks" to have them there, too.
#
#   the name   small letters, digits and hyphens
#   label      what the list shows
#   look       the settings as they stand in a link
"""
_HEAD_CONTEXTS = """\
# The doses of these looks as entries for presets/contexts.yaml: copy an entry to the end of that
# file to have it under "Context". An import reads the looks above, not these: change them there.
"""
_HEAD_REGIONS = """\
# The gaze of these looks as entries for presets/regions.yaml: copy an entry to the end of that file
# to have it under "Regional gaze norm". There, the head's turn picks the side; change `side` where
# it picks the wrong one. An import reads the looks above, not these: change them there.
"""


@dataclass(frozen=True)
class SavedLook:
    """A look under a person's own name; `look` is its text form."""

    name: str
    look: str


@dataclass(frozen=True)
class ImportedLooks:
    """The looks of an imported file.

    Attributes:
        looks: The looks in the file's order.
        edited: Ids of preset entries that differ from their look.
    """

    looks: tuple[SavedLook, ...]
    edited: tuple[str, ...]


@dataclass(frozen=True)
class AsPresets:
    """Preset entries for the doses and the gaze of a look; None for what was not set by hand."""

    context: Context | None
    region: Region | None


def clean_name(name: str) -> str:
    """Clean up a name: one line, printable, at most `LONGEST_NAME` characters; may be empty."""
    printable = "".join(
        letter if letter.isprintable() else " " for letter in name[: 4 * LONGEST_NAME]
    )
    return " ".join(printable.split())[:LONGEST_NAME].strip()


def from_storage(value: object) -> tuple[SavedLook, ...]:
    """The looks in a value from the browser's storage; invalid parts are left out.

    Args:
        value: From `to_storage`, of another version, or anything else that a browser sends.
    """
    entries = value.get("looks") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return ()
    looks = (
        SavedLook(clean_name(entry["name"]), entry["look"][:LONGEST_LOOK])
        for entry in entries[:MOST_LOOKS]
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("look"), str)
    )
    return tuple(look for look in looks if look.name and look.look)


def to_storage(looks: Iterable[SavedLook]) -> dict[str, Any]:
    """Plain data for the browser's storage; `from_storage` turns it back into looks."""
    entries = [{"name": saved.name, "look": saved.look} for saved in looks]
    return {"version": VERSION, "looks": entries}


def dump(looks: Sequence[SavedLook], as_presets: Callable[[SavedLook], AsPresets]) -> str:
    """Write looks as the text of a file.

    Args:
        looks: The looks.
        as_presets: Gives the preset entries of a look.
    """
    by_id = _by_id(looks)
    presets = {name: as_presets(saved) for name, saved in by_id.items()}
    contexts = {name: one.context for name, one in presets.items() if one.context is not None}
    regions = {name: one.region for name, one in presets.items() if one.region is not None}
    text = _HEAD + "".join(
        "\n" + _entry_text(name, {"label": saved.name, "look": saved.look})
        for name, saved in by_id.items()
    )
    for head, entries in ((_HEAD_CONTEXTS, contexts), (_HEAD_REGIONS, regions)):
        if entries:
            text += f"---\n{head}" + "".join(
                "\n" + _entry_text(name, _plain(entry)) for name, entry in entries.items()
            )
    return text


def read(
    file: str,
    data: bytes,
    check: Callable[[str], str],
    as_presets: Callable[[SavedLook], AsPresets],
) -> ImportedLooks:
    """Import the looks of a file.

    Args:
        file: The file's name, for error messages.
        data: The file's content, or at least its first `LARGEST_FILE` + 1 bytes.
        check: Returns the canonical text form of a look; raises a ValueError whose text says what
            is wrong with it.
        as_presets: As for `dump`.

    Raises:
        PresetError: The file is too large, is not YAML, or holds no looks, too many or wrong ones.
    """
    if len(data) > LARGEST_FILE:
        raise PresetError(file, f"is larger than {LARGEST_FILE // 1024} kB; looks take far less")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PresetError(file, "is not UTF-8 text; save it as UTF-8") from error
    _refuse_aliases_and_nesting(file, text)
    parts = documents(file, text)
    if not parts:
        raise PresetError(file, "is empty")
    first, *others = parts
    entries = first.entries(_Entry)
    if len(entries) > MOST_LOOKS:
        raise PresetError(file, f"holds {len(entries)} looks; at most {MOST_LOOKS} can be kept")
    looks = {
        name: SavedLook(clean_name(entry.label), _checked(first, name, entry.look, check))
        for name, entry in entries.items()
    }
    edited = [name for other in others for name in _edited_entries(other, looks, as_presets)]
    return ImportedLooks(tuple(looks.values()), tuple(edited))


def build_context(label: str, base: Context, doses: Mapping[str, float]) -> Context:
    """Build a context with other doses.

    Args:
        label: Label of the new context.
        base: The context that everything else is copied from.
        doses: The fields of `Doses`, each 0..1.
    """
    rationale = f"Saved by hand, like {base.label} with doses of its own; a choice, not evidence."
    return base.model_copy(
        update={
            "id": id_for(label),
            "label": label,
            "doses": Doses(**{key: round(dose, 3) for key, dose in doses.items()}),
            "rationale": rationale,
            "sources": (),
        }
    )


def build_region(label: str, base: Region, yaw: float, pitch: float) -> Region:
    """Build a region, in the group of preferences, from one gaze.

    Args:
        label: Label of the new region.
        base: The region that audience, side and smile are copied from.
        yaw: Degrees; its sign is dropped, because a preset's side depends on the head's turn.
        pitch: Degrees, up is positive.
    """
    gaze = (abs(yaw), pitch)
    off = off_lens(*gaze)
    return Region(
        id=id_for(label),
        label=label,
        group="preferences",
        audience=base.audience,
        range=(math.floor(max(0.0, off - _RANGE_DEG)), math.ceil(off + _RANGE_DEG)),
        gaze=gaze,
        side=base.side,
        smile_hint=base.smile_hint,
        confidence=Confidence(gaze="none", smile="none"),
        rationale="Saved by hand in degrees; a choice, not evidence.",
    )


def id_for(label: str, taken: Iterable[str] = ()) -> str:
    """Make an id of a label: small letters, digits and hyphens, different from `taken`."""
    plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "look"
    return _add_number(plain, "-{}", taken)


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number appended if it is taken."""
    return _add_number(name, " ({})", taken)


def _at_most(most: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"has {len(text)} characters; at most {most} are kept")
        return text

    return AfterValidator(check)


class _Entry(StrictModel):
    """A look in the first document."""

    id: Id
    label: Annotated[Line, _at_most(LONGEST_NAME)]
    look: Annotated[Line, _at_most(LONGEST_LOOK)]


def _add_number(name: str, suffix_format: str, taken: Iterable[str]) -> str:
    others, number, new = set(taken), 1, name
    while new in others:
        number += 1
        suffix = suffix_format.format(number)
        new = name[: LONGEST_NAME - len(suffix)] + suffix
    return new


def _by_id(looks: Iterable[SavedLook]) -> dict[str, SavedLook]:
    by_id: dict[str, SavedLook] = {}
    for saved in looks:
        by_id[id_for(saved.name, by_id)] = saved
    return by_id


def _refuse_aliases_and_nesting(file: str, text: str) -> None:
    """Refuse YAML aliases and deep nesting, by which a small file can exhaust the memory."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                raise PresetError(
                    file, f"line {line} refers to another part by *; write it out", line=line
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MOST_NESTING:
                raise PresetError(file, f"line {line} is nested too deeply", line=line)
    except yaml.YAMLError:
        # `documents` reports it with its line.
        return


def _checked(document: YamlDocument, name: str, look: str, check: Callable[[str], str]) -> str:
    try:
        return check(look)
    except ValueError as error:
        line = document.line(name, "look")
        problem = f"field 'look' (line {line}): {str(error).removesuffix('.')}"
        raise PresetError(document.file, problem, entry=name, field="look", line=line) from None


def _edited_entries(
    document: YamlDocument,
    looks: Mapping[str, SavedLook],
    as_presets: Callable[[SavedLook], AsPresets],
) -> list[str]:
    """Ids of the entries of a document that differ from what their look gives."""
    presets = {name: as_presets(saved) for name, saved in looks.items()}
    entries: Mapping[str, Context] | Mapping[str, Region]
    expected: Mapping[str, Context | Region | None]
    if _has_field(document.data, "doses"):
        entries = document.entries(Context)
        expected = {name: one.context for name, one in presets.items()}
    else:
        entries = document.entries(Region)
        expected = {name: one.region for name, one in presets.items()}
    return [name for name, entry in entries.items() if _plain(entry) != _plain(expected.get(name))]


def _has_field(data: Any, field: str) -> bool:
    return isinstance(data, dict) and any(
        isinstance(body, dict) and field in body for body in data.values()
    )


def _plain(entry: Context | Region | None) -> dict[str, Any]:
    if entry is None:
        return {}
    return entry.model_dump(mode="json", exclude={"id"}, exclude_defaults=True)


def _entry_text(name: str, fields: Mapping[str, Any]) -> str:
    """Format an entry like those of the preset files: one field per line, nested ones inline."""
    lines = [_yaml({name: None}).removesuffix(" null\n")]
    for field, value in fields.items():
        lines.append("  " + _yaml({field: value}).rstrip("\n"))
    return "\n".join(lines) + "\n"


def _yaml(fields: Mapping[str, Any]) -> str:
    nested = any(isinstance(value, dict | list) for value in fields.values())
    return yaml.safe_dump(
        dict(fields),
        allow_unicode=True,
        default_flow_style=None if nested else False,
        sort_keys=False,
        width=math.inf,
    )
