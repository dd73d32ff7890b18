"""What pipelines and links say, in the visitor's language.

They speak English; `ui/texts/sentences.yaml` holds each of their sentences in Korean, as a template
with the same placeholders. What is not there is said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from pipelines.runtime.messages import Message
from presets import load, translated
from ui.language import DEFAULT, FOLDER, known

FILE = FOLDER / "sentences.yaml"


def told(language: str, sentence: str) -> str:
    """A sentence of a pipeline or a link as a visitor reads it.

    Args:
        language: A key of `ui.language.LANGUAGES`.
        sentence: An error's `sentence`, a warning, a step of the progress.
    """
    if known(language) == DEFAULT:
        return sentence
    template = sentence.template if isinstance(sentence, Message) else sentence
    found = templates(FILE).get(template)
    if found is None:
        return _labels(language).get(sentence, sentence)
    values = sentence.values if isinstance(sentence, Message) else {}
    return found.format(**{name: _value(language, value) for name, value in values.items()})


@cache
def templates(path: Path) -> Mapping[str, str]:
    """Korean templates by their English ones.

    Raises:
        ValueError: An entry is not made of ``en`` and ``ko``, or one is given twice.
    """
    found: dict[str, str] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        if set(entry) != {"en", "ko"} or entry["en"] in found:
            raise ValueError(f"{path.name}: {entry}")
        found[entry["en"]] = entry["ko"]
    return found


def _value(language: str, value: object) -> object:
    return told(language, value) if isinstance(value, str) else value


@cache
def _labels(language: str) -> Mapping[str, str]:
    """Names of presets, which sentences speak of."""
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
