"""Option links: looks as the query of the page's address, and back. Settings only, no photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from pipelines.studio.look import KEYS

LONGEST = 400
"""Characters of a look that are read; ours have a quarter of it."""
MOST_READ = 16
"""Looks that are read from one address; what lies beyond is not worth a note each."""


@dataclass(frozen=True)
class Opened:
    """What an address says.

    Attributes:
        looks: In its order, as far as they can be used.
        notes: One sentence for each value that was left out.
    """

    looks: tuple[Look, ...]
    notes: tuple[str, ...]


def write(looks: Iterable[Look]) -> str:
    """The address's query for some looks, canonical: ``look=region%3Djapan%26...&look=...``."""
    return urlencode([("look", str(look)) for look in looks])


def read(texts: Sequence[str], most: int) -> Opened:
    """Looks from the values of ``look`` in an address.

    A value that is unknown or stale is named in a note, and the rest of its look is used.

    Args:
        texts: The decoded values, in order.
        most: As many looks as the page can show.
    """
    looks, notes = [], []
    for text in texts[:MOST_READ]:
        look, wrong = _forgiving(text)
        notes += wrong
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
    return Opened(tuple(looks[:most]), tuple(notes))


def _forgiving(text: str) -> tuple[Look | None, list[str]]:
    try:
        return Look.parse(text), []
    except LookError as error:
        whole = error
    # One value after the other, on top of those that are fine: some depend on earlier ones.
    used: dict[str, str] = {}
    notes: list[str] = []
    look = None
    for key, value in dict(parse_qsl(text[:LONGEST], keep_blank_values=True)).items():
        try:
            look = Look.parse(urlencode({**used, key: value}))
        except LookError as error:
            notes.append(error.sentence)
            if key in KEYS:
                look = look or Look()
        else:
            used[key] = value
    return look, notes or [whole.sentence]
