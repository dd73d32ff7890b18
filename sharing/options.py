"""Option links: looks in the query of the page's URL. They hold settings, not a photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from pipelines.studio.look import KEYS
from presets import load

LONGEST = 400
"""The most characters of a look that are read; canonical looks have about a quarter of that."""
MOST_READ = 16
"""The most looks that are read from one URL."""


@dataclass(frozen=True)
class ParsedLooks:
    """The looks of a URL.

    Attributes:
        looks: The usable looks in the order of the URL.
        notes: One sentence for each value that was left out.
    """

    looks: tuple[Look, ...]
    notes: tuple[str, ...]


def write(looks: Iterable[Look]) -> str:
    """The canonical query of a URL for some looks: ``look=region%3Djapan%26...&look=...``."""
    return urlencode([("look", str(look)) for look in looks])


def read(texts: Sequence[str], most: int) -> ParsedLooks:
    """Parse the values of ``look`` in a URL.

    If a value in a look is unknown or invalid, a note names it, and the rest of the look is used.

    Args:
        texts: The decoded values, in order.
        most: The most looks that the page can show.
    """
    looks, notes = [], []
    for text in texts[:MOST_READ]:
        look, look_notes = _parse_leniently(text)
        notes += look_notes
        if look is not None:
            looks.append(look)
    if len(looks) > most:
        notes.append(
            Message(
                "This link holds {count} looks; the first {most} are shown.",
                count=len(looks),
                most=most,
            )
        )
    return ParsedLooks(tuple(looks[:most]), tuple(notes))


def _parse_leniently(text: str) -> tuple[Look | None, list[str]]:
    try:
        return Look.parse(text), []
    except LookError as error:
        error_of_text = error
    # Add one value at a time to the valid ones, because some values depend on earlier ones.
    valid: dict[str, str] = {}
    notes: list[str] = []
    look = None
    for key, value in dict(parse_qsl(text[:LONGEST], keep_blank_values=True)).items():
        try:
            look = Look.parse(urlencode({**valid, key: value}))
        except LookError as error:
            notes.append(_instead(error.sentence))
            if key in KEYS:
                look = look or Look()
        else:
            valid[key] = value
    return look, notes or [error_of_text.sentence]


def _instead(sentence: str) -> str:
    """The note about a wrong value; about an unknown preset it says which one is used instead."""
    if not isinstance(sentence, Message) or sentence.values.keys() != {"kind", "name", "known"}:
        return sentence
    presets, usual, kind = load(), Look(), sentence.values["kind"]
    used = {
        "region": presets.regions[usual.region].label,
        "context": presets.contexts[usual.context].label,
        "engine": presets.engines[usual.engine].label,
    }[str(kind)]
    return Message(
        "There is no {kind} {name}; {label} is used instead.",
        kind=kind,
        name=sentence.values["name"],
        label=used,
    )
