"""A person's saved looks: stored by their browser, exported to and imported from YAML files.

A file lists the looks in their text form. Files of earlier versions hold further documents, after
lines of ``---``, which are not read.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator

from presets.schema import (
    Id,
    Line,
    PresetError,
    StrictModel,
    YamlDocument,
    documents,
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


@dataclass(frozen=True)
class SavedLook:
    """A look under a person's own name; `look` is its text form."""

    name: str
    look: str


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


def dump(looks: Iterable[SavedLook]) -> str:
    """Write looks as the text of a file."""
    by_id: dict[str, SavedLook] = {}
    for saved in looks:
        by_id[id_for(saved.name, by_id)] = saved
    return _HEAD + "".join("\n" + _entry_text(name, saved) for name, saved in by_id.items())


def read(file: str, data: bytes, check: Callable[[str], str]) -> tuple[SavedLook, ...]:
    """The looks of a file, in its order.

    Args:
        file: The file's name, for error messages.
        data: The file's content, or at least its first `LARGEST_FILE` + 1 bytes.
        check: Returns the canonical text form of a look; raises a ValueError whose text says what
            is wrong with it.

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
    first = parts[0]
    entries = first.entries(_Entry)
    if len(entries) > MOST_LOOKS:
        raise PresetError(file, f"holds {len(entries)} looks; at most {MOST_LOOKS} can be kept")
    return tuple(
        SavedLook(clean_name(entry.label), _checked(first, name, entry.look, check))
        for name, entry in entries.items()
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


def _entry_text(name: str, saved: SavedLook) -> str:
    """Format an entry like those of the preset files: one field per line."""
    fields = {"label": saved.name, "look": saved.look}
    lines = [_yaml({name: None}).removesuffix(" null\n")]
    lines += [f"  {_yaml({field: value})}".rstrip("\n") for field, value in fields.items()]
    return "\n".join(lines) + "\n"


def _yaml(fields: Mapping[str, str | None]) -> str:
    return yaml.safe_dump(dict(fields), allow_unicode=True, sort_keys=False, width=math.inf)
