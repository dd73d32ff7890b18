"""Measurements in the visitor's words: gazes, retouches that were held back, small shares."""

from __future__ import annotations

from pipelines.gaze import Gaze
from ui import words
from ui.language import DEFAULT, say

# Shares below are said with this many decimals, so that a small one is not "0 %".
_SMALL, _TINY = 0.01, 0.001


def gaze_word(gaze: Gaze, language: str = DEFAULT) -> str:
    """How a gaze reads: eye contact, soft or averted."""
    return say(language, f"caption.{gaze.word}")


def direction(gaze: Gaze, language: str = DEFAULT) -> str:
    """Where a gaze goes, in the picture: ``3.0° to the right, 2.0° down``."""
    parts = []
    for angle, positive, negative in (
        (gaze.yaw, "right", "left"),
        (gaze.pitch, "up", "down"),
    ):
        if abs(angle) >= 0.05:
            key = f"caption.{positive if angle > 0 else negative}"
            parts.append(say(language, key, degrees=words.degrees(abs(angle))))
    return ", ".join(parts) or say(language, "caption.lens")


def held_back(language: str, share: float, guard: str) -> str:
    """How much of a retouch was given and why, such as ``held back to 62 % to keep texture``."""
    why = say(language, f"guard.{guard}")
    return say(language, "caption.held_back", share=words.percent(share), why=why)


def share(part: float) -> str:
    """A share of 1 in percent; small ones with decimals, tiny ones as a bound."""
    if part <= 0 or part >= _SMALL:
        return words.percent(part)
    return f"{part * 100:.1f} %" if part >= _TINY else "< 0.1 %"
