"""What the page says about a link's looks that it could not take as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.look import Look
from presets import load
from sharing import options as links

_UNKNOWN = re.compile(r"(There is no (region|context|engine) '.*')\. Choose one of .*", re.DOTALL)


def notes(texts: Sequence[str], notes: Sequence[str]) -> list[str]:
    """The notes of `sharing.options.read`; one about an unknown name says what is used instead.

    Args:
        texts: The values of ``look`` in the address, as they were read.
        notes: What reading them all gave.
    """
    said: dict[str, str] = {}
    for text in texts[: links.MOST_READ]:
        opened = links.read([text], 1)
        for look in opened.looks:
            said |= {note: _instead(note, look) for note in opened.notes}
    return [said.get(note, note) for note in notes]


def _instead(note: str, look: Look) -> str:
    found = _UNKNOWN.fullmatch(note)
    if found is None:
        return note
    presets = load()
    label = {
        "region": presets.regions[look.region].label,
        "context": presets.contexts[look.context].label,
        "engine": presets.engines[look.engine].label,
    }[found[2]]
    return f"{found[1]}; {label} is used instead."
