"""Measurements as text: angles, shares, directions of gaze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.gaze import LARGEST_DEG, Gaze
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE

# From here up whole percent will do; from `_TINY` up one decimal; below that a bound is given.
_SMALL, _TINY = 0.01, 0.001


def degrees(value: float, decimals: int = 1) -> str:
    """An angle, such as ``3.4°``; never ``-0.0°``."""
    rounded = round(value, decimals) + 0.0
    return f"{rounded:.{decimals}f}°".replace("-", "−")


def percent(share: float) -> str:
    """A share of 1 in whole percent, such as ``94 %``."""
    return f"{share * 100:.0f} %"


def small_percent(share: float) -> str:
    """A share of 1 in percent, small ones as ``0.4 %`` or ``< 0.1 %`` instead of ``0 %``."""
    if share <= 0 or share >= _SMALL:
        return percent(share)
    return f"{share * 100:.1f} %" if share >= _TINY else "< 0.1 %"


def off_lens(gaze: Gaze) -> str:
    """Angle of a gaze off the lens, such as ``3.4°``; ``> 60°`` if it is too large to measure."""
    # As in reports, so that no two places round one gaze differently.
    rounded = Gaze(round(gaze.yaw, 2), round(gaze.pitch, 2))
    return degrees(rounded.off_lens) if gaze.measurable else f"> {degrees(LARGEST_DEG, 0)}"


def gaze_word(gaze: Gaze, language: str = DEFAULT_LANGUAGE) -> str:
    """Eye contact, soft or averted."""
    return translate(language, f"caption.{gaze.word}")


def direction(gaze: Gaze, language: str = DEFAULT_LANGUAGE) -> str:
    """Direction of a gaze in the picture, such as ``3.0° to the right, 2.0° down``."""
    parts = []
    for angle, positive, negative in (
        (gaze.yaw, "right", "left"),
        (gaze.pitch, "up", "down"),
    ):
        if abs(angle) >= 0.05:
            key = f"caption.{positive if angle > 0 else negative}"
            parts.append(translate(language, key, degrees=degrees(abs(angle))))
    return ", ".join(parts) or translate(language, "caption.lens")


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
            "ev": f"{row.get('ev', 0.0):.1f}",
        }
        parts.append(translate(language, f"done.{key}", **values))
    return ", ".join(parts) or translate(language, "done.little")
