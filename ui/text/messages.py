"""Messages of pipelines, links and the page itself, translated for the visitor.

Messages are English in the code, because programs read them too. ``messages.yaml`` lists them for
translators; what is not translated stays English.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache

from pipelines.runtime.errors import PresenceError
from pipelines.runtime.messages import Message
from presets import load, translated
from ui.text.catalogue import MESSAGE, translations
from ui.text.language import DEFAULT_LANGUAGE, known_language
from ui.text.numbers import decimal_sign

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


def _value(language: str, value: object) -> object:
    if isinstance(value, float):
        number = _Number(value)
        number.sign = decimal_sign(language)
        return number
    return translate_message(language, value) if isinstance(value, str) else value


class _Number(float):
    """A number that is formatted with the decimal sign of a language."""

    sign = "."

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace(".", self.sign)


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
