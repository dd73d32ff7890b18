"""Translations from PO files, which Poedit, Weblate and other tools of translators write.

An entry has a context, such as ``region.japan.label``, the English text, and its translation.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from babel.messages.pofile import read_po

Translations = Mapping[tuple[str, str], str]

_LOG = logging.getLogger(__name__)


@cache
def read(path: Path) -> Translations:
    """The translations of a file by context and English text.

    What is not translated, marked fuzzy, or has other placeholders than the English is left out, so
    that it is said in English; the last is logged.

    Raises:
        OSError: The file cannot be read.
        babel.messages.pofile.PoFileError: It is not a PO file.
    """
    found = dict(_entries(path))
    wrong = [key for key, text in found.items() if not _fits(key[1], text)]
    if wrong:
        names = ", ".join(context for context, _ in wrong[:3])
        _LOG.warning("%d texts do not fit in %s: %s, ...", len(wrong), path.name, names)
    return {key: text for key, text in found.items() if key not in wrong}


def placeholders(text: str) -> frozenset[str]:
    """Names of the placeholders in a text.

    Raises:
        ValueError: A brace is not closed.
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _entries(path: Path) -> Iterator[tuple[tuple[str, str], str]]:
    with path.open("rb") as file:
        catalogue = read_po(file, ignore_obsolete=True, abort_invalid=True)
    for one in catalogue:
        # Plural forms would be tuples; no text of ours has them.
        texts = isinstance(one.id, str) and isinstance(one.string, str)
        if texts and one.id and one.string and not one.fuzzy:
            yield (one.context or "", str(one.id)), str(one.string)


def _fits(english: str, text: str) -> bool:
    try:
        return placeholders(text) == placeholders(english)
    except ValueError:
        return False
