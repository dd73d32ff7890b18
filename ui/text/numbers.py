"""Measurements as text in the visitor's language: angles, shares, directions of gaze."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from babel.numbers import get_decimal_symbol

from pipelines.gaze import READING_DEG, Gaze
from sharing.translations import decimal
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE, known_language

__all__ = ["decimal"]

# From here up whole percent will do; from `_TINY` up one decimal; below that a bound is given.
_SMALL, _TINY = 0.01, 0.001


@lru_cache
def decimal_sign(language: str) -> str:
    """What stands before the decimals: a point or a comma."""
    return str(get_decimal_symbol(known_language(language)))


def read(text: str) -> float:
    """The number in a field, with a point or a comma, and either sign for minus.

    Raises:
        ValueError: It is no number.
    """
    return float(text.strip().replace(",", ".").replace("−", "-"))


def written_list(text: str, language: str) -> str:
    """A list or range of numbers as it is written in a language, such as ``0; 0,5; 1``.

    Args:
        text: As programs write it, such as ``0, 0.5, 1``.
        language: The visitor's language.
    """
    if decimal_sign(language) == ".":
        return text
    return re.sub(r"(?<=\d)\.(?=\d)", ",", text.replace(",", ";"))


def read_list(text: str, language: str) -> str:
    """The inverse of `written_list`; a comma between digits is a decimal sign where it is used."""
    if decimal_sign(language) == ",":
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    return text.replace(";", ",")


def margin(language: str) -> dict[str, str]:
    """By how much a gaze in one photograph may be off, as values of texts."""
    sideways, upwards = (degrees(angle, language, 0) for angle in READING_DEG)
    return {"sideways": sideways, "upwards": upwards}


def degrees(value: float, language: str = DEFAULT_LANGUAGE, decimals: int = 1) -> str:
    """An angle, such as ``3.4°``; never ``-0.0°``."""
    return f"{decimal(value, language, '0.0' if decimals else '0')}°"


def percent(share: float) -> str:
    """A share of 1 in whole percent, such as ``94 %``."""
    return f"{share * 100:.0f} %"


def small_percent(share: float, language: str = DEFAULT_LANGUAGE) -> str:
    """A share of 1 in percent, small ones as ``0.4 %`` or ``< 0.1 %`` instead of ``0 %``."""
    if share <= 0 or share >= _SMALL:
        return percent(share)
    bound = "" if share >= _TINY else "< "
    return f"{bound}{decimal(100 * max(share, _TINY), language)} %"


def off_lens(gaze: Gaze, language: str = DEFAULT_LANGUAGE) -> str:
    """Angle of a gaze off the lens, such as ``3.4°``."""
    return degrees(_reported(gaze).off_lens, language)


def gaze_word(gaze: Gaze, language: str = DEFAULT_LANGUAGE) -> str:
    """Eye contact, soft or averted."""
    return translate(language, f"caption.{gaze.word}")


def gaze_text(gaze: Gaze | None, language: str = DEFAULT_LANGUAGE) -> str:
    """Degrees and word, such as ``3.4° soft``, unless the gaze cannot be measured."""
    if gaze is None:
        return translate(language, "caption.unmeasured")
    return f"{off_lens(gaze, language)} {gaze_word(gaze, language)}"


def direction(gaze: Gaze, language: str = DEFAULT_LANGUAGE) -> str:
    """Direction of a gaze in the picture, such as ``3.0° to the right, 2.0° down``."""
    parts = []
    for angle, positive, negative in (
        (_reported(gaze).yaw, "right", "left"),
        (_reported(gaze).pitch, "up", "down"),
    ):
        if abs(angle) >= 0.05:
            key = f"caption.{positive if angle > 0 else negative}"
            parts.append(translate(language, key, degrees=degrees(abs(angle), language)))
    return ", ".join(parts) or translate(language, "caption.lens")


def texture(report: Mapping[str, Any], language: str) -> str:
    """How much texture a look keeps, and the least that is allowed, such as ``94 %, floor 88``."""
    kept, floor = percent(report["texture_retention"]), f"{report['texture_floor'] * 100:.0f}"
    return translate(language, "caption.texture_of", kept=kept, floor=floor)


def held_back(language: str, share: float, guard: str) -> str:
    """Strength of a limited retouch and why, such as ``held back to 62 % to keep texture``."""
    why = translate(language, f"guard.{guard}")
    return translate(language, "caption.held_back", share=percent(share), why=why)


def done(language: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """What a retouch did, such as ``5 spots, under-eyes −35 %, light +0.4 EV``."""
    parts = []
    for row in rows:
        key = "spot" if row.get("count") == 1 else row["what"].replace("-", "_")
        values = {
            "count": row.get("count"),
            "share": percent(abs(row.get("change", 0.0))),
            "ev": decimal(row.get("ev", 0.0), language),
        }
        parts.append(translate(language, f"done.{key}", **values))
    # Contrast is set for the purpose, whatever the photo needs.
    if all(row["what"] == "contrast" for row in rows):
        parts.insert(0, translate(language, "done.little"))
    return ", ".join(parts)


def _reported(gaze: Gaze) -> Gaze:
    """A gaze as in reports, so that no two places round it differently."""
    return Gaze(round(gaze.yaw, 2), round(gaze.pitch, 2))
