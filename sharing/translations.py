"""Texts of shared pages in the language of whoever published them.

The English texts stand in the templates and in the code, marked by ``_``; the PO files in
``locale`` translate them (``python -m scripts.catalogue``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from babel import localedata
from babel.messages.extract import extract_from_dir
from babel.numbers import format_decimal

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


def decimal(value: float, language: str, pattern: str = "0.0") -> str:
    """A number with the decimal sign of a language, such as ``3,4``; never ``-0.0``.

    Args:
        value: The number.
        language: As for `translate`.
        pattern: As Unicode's locale data have it: ``0.0`` for one decimal, ``0.##`` for at most
            two, ``#,##0`` for a whole number in groups.
    """
    rounded = round(value, len(pattern.partition(".")[2])) + 0.0
    locale = language if localedata.exists(language) else "en"
    return str(format_decimal(rounded, pattern, locale)).replace("-", "−")


def translate_sentence(language: str, sentence: str) -> str:
    """The sentence of an error; in English where it has no translation."""
    if isinstance(sentence, Message):
        return translate(language, sentence.template, **sentence.values)
    return _texts(language).get((CONTEXT, sentence), sentence)


def preferred(accept_language: str, known: Collection[str] = ()) -> str:
    """The known language that a browser prefers; ``en`` if it names none.

    Args:
        accept_language: The header ``Accept-Language``, such as ``ko-KR,ko;q=0.9,en;q=0.8``.
        known: Codes of languages; those of the texts if empty.
    """
    known = known or ["en", *(path.stem for path in FOLDER.glob("*.po"))]
    weighted = []
    for part in accept_language.split(","):
        tag, _separator, weight = part.partition(";q=")
        try:
            weighted.append((float(weight or 1), tag.strip().split("-")[0].lower()))
        except ValueError:
            continue
    # The sort is stable: tags of the same weight keep the order of the header.
    weighted.sort(key=lambda pair: -pair[0])
    return next((tag for weight, tag in weighted if tag in known and weight > 0), "en")


def sources() -> Iterator[tuple[str, str]]:
    """All that there is to translate: `CONTEXT` and the English text."""
    found = extract_from_dir(FOLDER.parent, _METHODS, keywords={"_": None})
    for text in dict.fromkeys(str(message[2]) for message in found):
        yield CONTEXT, text


@cache
def _texts(language: str) -> po.Translations:
    path = FOLDER / f"{language}.po"
    return po.read(path) if language.isalpha() and path.exists() else {}
