"""What the page says about a link's looks that it could not take as they are."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.runtime.messages import Message
from pipelines.studio import Look
from presets import load
from sharing import options as links


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
    if not isinstance(note, Message) or note.values.keys() != {"kind", "name", "known"}:
        return note
    presets = load()
    labels = {
        "region": presets.regions[look.region].label,
        "context": presets.contexts[look.context].label,
        "engine": presets.engines[look.engine].label,
    }
    return Message(
        "There is no {kind} {name}; {label} is used instead.",
        kind=note.values["kind"],
        name=note.values["name"],
        label=labels[str(note.values["kind"])],
    )
