"""Messages of pipelines, links and the page itself, translated for the visitor.

Messages are English in the code, because programs read them too. ``messages.yaml`` lists them for
translators; what is not translated stays English.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cache

from pipelines.runtime.errors import PresenceError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from presets import load, translated
from sharing import options
from ui.text.catalogue import MESSAGE, translations
from ui.text.language import DEFAULT_LANGUAGE, known_language

# Messages of the page itself.
OUR_FAULT = "Something went wrong on our side. Nothing was stored; try again."
NO_PORTRAIT = "There is no portrait yet. Choose a sample, or add a photo of your own."
TOO_MANY_LOOKS = "That is more looks than we compare at once. Send at most {most}, one on a line."
NO_LOOK = "There is no look yet. Name at least one, such as region=japan."
NOTHING_TO_SHARE = "There is no result to share yet. Choose a portrait first."
CLEARED = "These pictures have been cleared meanwhile. Choose the portrait again, then try again."

_log = logging.getLogger("presence")


def translate_message(language: str, message: str) -> str:
    """Translate a message of a pipeline or a link.

    Args:
        language: A key of `ui.text.language.LANGUAGES`.
        message: An error's `sentence`, a warning, or a step of the progress.
    """
    if known_language(language) == DEFAULT_LANGUAGE:
        return message
    template = message.template if isinstance(message, Message) else message
    translation = translations(language).get((MESSAGE, template))
    if translation is None:
        return _preset_labels(language).get(message, message)
    values = message.values if isinstance(message, Message) else {}
    return translation.format(**{name: _value(language, value) for name, value in values.items()})


def error_message(error: Exception, language: str = DEFAULT_LANGUAGE) -> str:
    """The translated message of an error, never with a path or trace; logs unexpected errors."""
    if isinstance(error, PresenceError):
        return translate_message(language, error.sentence)
    _log.error("unexpected error", exc_info=error)
    return translate_message(language, OUR_FAULT)


def link_notes(texts: Sequence[str], notes: Sequence[str]) -> list[str]:
    """Notes about a link's looks; those about an unknown name say which preset is used instead.

    Args:
        texts: The values of ``look`` in the address.
        notes: The notes of `sharing.options.read` for all of them.
    """
    replaced: dict[str, str] = {}
    for text in texts[: options.MOST_READ]:
        opened = options.read([text], 1)
        for look in opened.looks:
            replaced |= {note: _name_substitute(note, look) for note in opened.notes}
    return [replaced.get(note, note) for note in notes]


def _value(language: str, value: object) -> object:
    return translate_message(language, value) if isinstance(value, str) else value


@cache
def _preset_labels(language: str) -> Mapping[str, str]:
    """Labels of the presets in a language by their English ones, which occur in messages."""
    english, other = load(), translated(language)
    return {
        entry.label: others[name].label
        for entries, others in (
            (english.regions, other.regions),
            (english.contexts, other.contexts),
            (english.engines, other.engines),
        )
        for name, entry in entries.items()
    }


def _name_substitute(note: str, look: Look) -> str:
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
