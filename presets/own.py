"""A person's own looks: named, kept by their browser, carried as YAML that presets understand.

The file holds up to three documents, parted by lines of ``---``. The first names the looks, each by
the text form that links use; that one is read back. The others hold what was set by hand as whole
entries of ``contexts.yaml`` and ``regions.yaml``, at the left margin as those files have them, so
that copying an entry over makes a preset of it. They are checked like presets when a file is read,
and count for nothing else: a look has one truth.
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
    YamlDocument,
    _Model,
    documents,
    off_lens,
)

MOST = 24
"""Looks that one person can keep."""
LONGEST_NAME = 40
LONGEST_LOOK = 400
LARGEST_FILE = 64 * 1024
"""Bytes of a file that are read; all looks that one person can keep take half of it."""
VERSION = 1

_DEEPEST = 8
_AROUND_DEG = 1.0

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
class Saved:
    """A look under a person's own name; `look` is its text form."""

    name: str
    look: str


@dataclass(frozen=True)
class Read:
    """What a file holds.

    Attributes:
        looks: In its order.
        edited: Names of entries that no longer say what their look says.
    """

    looks: tuple[Saved, ...]
    edited: tuple[str, ...]


@dataclass(frozen=True)
class AsPresets:
    """What of a look was set by hand, as presets; None for what a preset says already."""

    context: Context | None
    region: Region | None


def _at_most(most: int) -> AfterValidator:
    def short(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"has {len(text)} characters; at most {most} are kept")
        return text

    return AfterValidator(short)


class _Entry(_Model):
    """A look in the first document."""

    id: Id
    label: Annotated[Line, _at_most(LONGEST_NAME)]
    look: Annotated[Line, _at_most(LONGEST_LOOK)]


def tidy(name: str) -> str:
    """A name as it can stand in a list: one line, printable, not too long; may come out empty."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name[: 4 * LONGEST_NAME])
    return " ".join(shown.split())[:LONGEST_NAME].strip()


def stored(value: object) -> tuple[Saved, ...]:
    """Looks from what a browser kept, which may be of another version, damaged or anything else."""
    looks = value.get("looks") if isinstance(value, dict) else None
    if not isinstance(looks, list):
        return ()
    found = (
        Saved(tidy(one["name"]), one["look"][:LONGEST_LOOK])
        for one in looks[:MOST]
        if isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and isinstance(one.get("look"), str)
    )
    return tuple(one for one in found if one.name and one.look)


def to_store(looks: Iterable[Saved]) -> dict[str, Any]:
    """What the browser is to keep; `stored` gives the looks back."""
    kept = [{"name": one.name, "look": one.look} for one in looks]
    return {"version": VERSION, "looks": kept}


def dump(looks: Sequence[Saved], as_presets: Callable[[Saved], AsPresets]) -> str:
    """Looks as a file.

    Args:
        looks: The looks.
        as_presets: What of one of them was set by hand.
    """
    named = _by_id(looks)
    parts = {name: as_presets(one) for name, one in named.items()}
    contexts = {name: one.context for name, one in parts.items() if one.context is not None}
    regions = {name: one.region for name, one in parts.items() if one.region is not None}
    text = _HEAD + "".join(
        "\n" + _entry_text(name, {"label": one.name, "look": one.look})
        for name, one in named.items()
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
    as_presets: Callable[[Saved], AsPresets],
) -> Read:
    """Looks from a file.

    Args:
        file: Its name, for what is said about it.
        data: What it holds; no more of it need be read than one byte over `LARGEST_FILE`.
        check: Gives the canonical text form of a look, and raises a ValueError whose text says
            what is wrong with it.
        as_presets: As for `dump`.

    Raises:
        PresetError: The file is too large, is no YAML, or holds no looks, too many or wrong ones.
    """
    if len(data) > LARGEST_FILE:
        raise PresetError(file, f"is larger than {LARGEST_FILE // 1024} kB; looks take far less")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PresetError(file, "is not UTF-8 text; save it as UTF-8") from error
    _refuse_tricks(file, text)
    found = documents(file, text)
    if not found:
        raise PresetError(file, "is empty")
    first, *others = found
    entries = first.entries(_Entry)
    if len(entries) > MOST:
        raise PresetError(file, f"holds {len(entries)} looks; at most {MOST} can be kept")
    looks = {
        name: Saved(tidy(entry.label), _checked(first, name, entry.look, check))
        for name, entry in entries.items()
    }
    edited = [name for other in others for name in _edited(other, looks, as_presets)]
    return Read(tuple(looks.values()), tuple(edited))


def context(label: str, base: Context, doses: Mapping[str, float]) -> Context:
    """A context like another one, with these doses.

    Args:
        label: What the list shows.
        base: Where all else comes from.
        doses: The fields of `Doses`, each 0..1.
    """
    rationale = f"Saved by hand, like {base.label} with doses of its own; a choice, not evidence."
    return base.model_copy(
        update={
            "id": name_of(label),
            "label": label,
            "doses": Doses(**{key: round(dose, 3) for key, dose in doses.items()}),
            "rationale": rationale,
            "sources": (),
        }
    )


def region(label: str, base: Region, yaw: float, pitch: float) -> Region:
    """A preference for one gaze.

    Args:
        label: What the list shows.
        base: The region whose audience it is for.
        yaw: Degrees sideways. Only how far: a preset's side is the head's, not the picture's.
        pitch: Degrees up.
    """
    gaze = (abs(yaw), pitch)
    off = off_lens(*gaze)
    return Region(
        id=name_of(label),
        label=label,
        group="preferences",
        audience=base.audience,
        range=(math.floor(max(0.0, off - _AROUND_DEG)), math.ceil(off + _AROUND_DEG)),
        gaze=gaze,
        side=base.side,
        smile_hint=base.smile_hint,
        confidence=Confidence(gaze="none", smile="none"),
        rationale="Saved by hand in degrees; a choice, not evidence.",
    )


def name_of(label: str, taken: Iterable[str] = ()) -> str:
    """An id for a label, unlike those that are taken: its small letters, digits and hyphens."""
    plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "look"
    return _unlike(plain, "-{}", taken)


def unlike(name: str, taken: Iterable[str]) -> str:
    """A name, with a number after it where the name is taken."""
    return _unlike(name, " ({})", taken)


def _unlike(name: str, tail: str, taken: Iterable[str]) -> str:
    others, number, new = set(taken), 1, name
    while new in others:
        number += 1
        end = tail.format(number)
        new = name[: LONGEST_NAME - len(end)] + end
    return new


def _by_id(looks: Iterable[Saved]) -> dict[str, Saved]:
    named: dict[str, Saved] = {}
    for one in looks:
        named[name_of(one.name, named)] = one
    return named


def _refuse_tricks(file: str, text: str) -> None:
    """Refuse what people do not write, and what a small file can use to take all memory."""
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
            if depth > _DEEPEST:
                raise PresetError(file, f"line {line} is nested too deeply", line=line)
    except yaml.YAMLError:
        # Said in words when the text is read.
        return


def _checked(document: YamlDocument, name: str, look: str, check: Callable[[str], str]) -> str:
    try:
        return check(look)
    except ValueError as error:
        line = document.line(name, "look")
        problem = f"field 'look' (line {line}): {str(error).removesuffix('.')}"
        raise PresetError(document.file, problem, entry=name, field="look", line=line) from None


def _edited(
    document: YamlDocument, looks: Mapping[str, Saved], as_presets: Callable[[Saved], AsPresets]
) -> list[str]:
    """Names of the entries of a document that no look of the file comes out as."""
    said = {name: as_presets(one) for name, one in looks.items()}
    entries: Mapping[str, Context] | Mapping[str, Region]
    meant: Mapping[str, Context | Region | None]
    if _holds(document.data, "doses"):
        entries = document.entries(Context)
        meant = {name: one.context for name, one in said.items()}
    else:
        entries = document.entries(Region)
        meant = {name: one.region for name, one in said.items()}
    return [name for name, entry in entries.items() if _plain(entry) != _plain(meant.get(name))]


def _holds(data: Any, field: str) -> bool:
    return isinstance(data, dict) and any(
        isinstance(body, dict) and field in body for body in data.values()
    )


def _plain(entry: Context | Region | None) -> dict[str, Any]:
    if entry is None:
        return {}
    return entry.model_dump(mode="json", exclude={"id"}, exclude_defaults=True)


def _entry_text(name: str, fields: Mapping[str, Any]) -> str:
    """An entry as the preset files have it: a field a line, its parts in brackets beside it."""
    lines = [_yaml({name: None}).removesuffix(" null\n")]
    for field, value in fields.items():
        lines.append("  " + _yaml({field: value}).rstrip("\n"))
    return "\n".join(lines) + "\n"


def _yaml(one: Mapping[str, Any]) -> str:
    nested = any(isinstance(value, dict | list) for value in one.values())
    return yaml.safe_dump(
        dict(one),
        allow_unicode=True,
        default_flow_style=None if nested else False,
        sort_keys=False,
        width=math.inf,
    )
