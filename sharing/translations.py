"""Texts of shared pages in the language of whoever published them.

The English texts stand in the templates and in the code, marked by ``_``; the PO files in
``locale`` translate them (``python -m scripts.catalogue``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.extract import extract_from_dir

from pipelines.runtime.messages import Message
from presets import po

FOLDER = Path(__file__).parent / "locale"
CONTEXT = "shared page"
"""The context of all entries in the PO files."""

_METHODS = [("**.py", "python"), ("**.html", "jinja2")]


def _(english: str) -> str:
    """Mark a text for translation where it is written; `translate` is for where it is shown."""
    return english


def translate(language: str, english: str, **values: object) -> str:
    """A text with its values, as plain text; in English where it has no translation.

    Args:
        language: ``en``, or the stem of a file in ``locale``; anything else counts as English.
        english: The English text.
        values: Values of the placeholders, as in `str.format`.
    """
    return _texts(language).get((CONTEXT, english), english).format(**values)


def translate_sentence(language: str, sentence: str) -> str:
    """The sentence of an error; in English where it has no translation."""
    if isinstance(sentence, Message):
        return translate(language, sentence.template, **sentence.values)
    return _texts(language).get((CONTEXT, sentence), sentence)


def negotiated(accepted: str) -> str:
    """The first language of an ``Accept-Language`` header that the texts are in; else ``en``.

    Browsers list languages by preference, so that the weights need not be read.
    """
    known = ["en", *(path.stem for path in FOLDER.glob("*.po"))]
    wanted = [part.partition(";")[0].strip() for part in accepted.split(",")]
    return negotiate_locale(wanted, known, sep="-") or "en"


def sources() -> Iterator[tuple[str, str]]:
    """All that there is to translate: `CONTEXT` and the English text."""
    found = extract_from_dir(FOLDER.parent, _METHODS, keywords={"_": None})
    for text in dict.fromkeys(str(message[2]) for message in found):
        yield CONTEXT, text


@cache
def _texts(language: str) -> po.Translations:
    path = FOLDER / f"{language}.po"
    return po.read(path) if language.isalpha() and path.exists() else {}
