"""What the gaze dial shows: a target seen from the front, its points, and the same in words.

Yaw and pitch are polar here: the angle off the lens is the distance from the middle. Degrees near
the lens have more room, because that is where people tell them apart: the distance grows with
asinh(angle / 3°), evenly up to some three degrees and with the logarithm beyond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from pipelines.face import HeadPose
from pipelines.gaze import CONTACT_DEG, SOFT_DEG, Gaze, within_reach
from pipelines.studio.captions import MISSED_DEG
from ui import words
from ui.language import say
from ui.phrases import direction, gaze_word

RADIUS = 100.0
"""Of the dial, in its own units; the middle is (0, 0)."""
LARGEST_DEG = 30.0
"""Off the lens at the dial's edge; what lies beyond is drawn there."""
EVEN_DEG = 3.0
"""Up to about here the scale is even."""
RINGS_DEG = (10.0, 15.0, 20.0, 25.0)

# Of a label to its ring and of a letter to its point.
_ABOVE = 2.2
_BESIDE = 7.0
# The letters of looks that lie on one spot stand around it.
_CORNERS = {"A": (-1, -1), "B": (1, -1), "C": (-1, 1), "D": (1, 1)}
_STEPS = 48


@dataclass(frozen=True)
class Aim:
    """One look on the dial.

    Attributes:
        letter: "A" to "D".
        title: What the look is.
        audience: Who will see it.
        asked: Where both eyes shall look before they are trimmed; None where the gaze is kept.
        reached: The same within reach.
        by_hand: Whether it is written in degrees instead of coming from the audience.
        own: Where the audience's own gaze lies for this head; None where it keeps the gaze.
        span: Least and most degrees off the lens that still fit the audience.
        found: Where the result looks; None before a comparison, or for another setting.
        error: Degrees by which the result missed what was asked of it.
    """

    letter: str
    title: str
    audience: str
    asked: Gaze | None
    reached: Gaze | None
    by_hand: bool
    own: Gaze | None
    span: tuple[float, float]
    found: Gaze | None = None
    error: float | None = None

    @property
    def name(self) -> str:
        """Letter and title."""
        return f"{self.letter} · {self.title}"


def distance(degrees: float) -> float:
    """How far from the middle an angle off the lens lies, in the dial's units."""
    return RADIUS * math.asinh(min(degrees, LARGEST_DEG) / EVEN_DEG) / _WHOLE


def place(gaze: Gaze) -> tuple[float, float]:
    """Where a gaze lies on the dial, x to the right and y down."""
    off = math.hypot(gaze.yaw, gaze.pitch)
    if off == 0:
        return 0.0, 0.0
    out = distance(off) / off
    return gaze.yaw * out, -gaze.pitch * out


def aim(x: float, y: float) -> Gaze:
    """The gaze at a place on the dial: the inverse of `place`."""
    out = math.hypot(x, y)
    if out == 0:
        return Gaze(0.0, 0.0)
    degrees = EVEN_DEG * math.sinh(min(out, RADIUS) / RADIUS * _WHOLE)
    return Gaze(degrees * x / out, -degrees * y / out)


@lru_cache(maxsize=8)
def stage(language: str) -> str:
    """Rings and their words, as SVG."""
    rings = "".join(
        f'<circle class="p-ring{kind}" r="{distance(degrees):.1f}"/>'
        for degrees, kind in (
            (CONTACT_DEG, " p-ring-contact"),
            (SOFT_DEG, " p-ring-soft"),
            *((degrees, "") for degrees in RINGS_DEG),
        )
    )
    labels = "".join(
        f'<text y="{-distance(degrees) - _ABOVE:.1f}">{escape(text)}</text>'
        for degrees, text in (
            (CONTACT_DEG, f"{say(language, 'dial.contact')} {CONTACT_DEG:g}°"),
            (SOFT_DEG, f"{say(language, 'dial.soft')} {SOFT_DEG:g}°"),
            *((degrees, f"{degrees:g}°") for degrees in RINGS_DEG),
        )
    )
    cross = f'<path class="p-cross" d="M{-RADIUS} 0H{RADIUS}M0 {-RADIUS}V{RADIUS}"/>'
    return f"{cross}{rings}{labels}"


def spans(aims: Sequence[Aim]) -> str:
    """What still fits each look's audience, shaded: rings about the lens, as SVG."""
    return "".join(
        f'<path class="p-span" data-letter="{one.letter}" fill-rule="evenodd" '
        f'd="{_circle(distance(one.span[1]))}{_circle(distance(one.span[0]))}"/>'
        for one in aims
        if one.own is not None
    )


@lru_cache(maxsize=64)
def reach(head: HeadPose, now: Gaze) -> str:
    """The outline within which these eyes turn in this head, as SVG."""
    low, _ = within_reach(Gaze(-90.0, -90.0), head, now)
    high, _ = within_reach(Gaze(90.0, 90.0), head, now)
    corners = [
        (low.yaw, low.pitch),
        (high.yaw, low.pitch),
        (high.yaw, high.pitch),
        (low.yaw, high.pitch),
    ]
    points = [
        place(Gaze(x0 + (x1 - x0) * step / _STEPS, y0 + (y1 - y0) * step / _STEPS))
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True)
        for step in range(_STEPS)
    ]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="p-reach" d="M{path}Z"/>'


def points(aims: Sequence[Aim], now: Gaze | None) -> str:
    """The photo's gaze, and what each look asks for (hollow) and found (filled), as SVG."""
    parts = []
    if now is not None:
        x, y = place(now)
        parts.append(f'<path class="p-now" d="M{x - 3:.1f} {y:.1f}h6M{x:.1f} {y - 3:.1f}v6"/>')
    return "".join([*parts, *(_point(one) for one in aims)])


def sentence(one: Aim, language: str) -> str:
    """One look in words: what it asks for, what was found, by how much it missed."""
    if one.asked is None or one.reached is None:
        said = [say(language, "dial.kept", name=one.name)]
    else:
        key = "dial.by_hand" if one.by_hand else "dial.by_region"
        where = direction(one.asked, language)
        said = [say(language, key, name=one.name, where=where, word=gaze_word(one.asked, language))]
        if one.reached.angle_to(one.asked) > 0.05:
            said.append(say(language, "dial.clamped", where=direction(one.reached, language)))
    if one.found is None:
        return " ".join([*said, say(language, "dial.not_yet")])
    where, word = direction(one.found, language), gaze_word(one.found, language)
    said.append(say(language, "dial.result", where=where, word=word))
    if one.error is not None and one.error >= MISSED_DEG:
        said.append(say(language, "dial.missed", degrees=words.degrees(one.error)))
    return " ".join(said)


def in_words(aims: Sequence[Aim], now: Gaze | None, language: str) -> str:
    """The whole dial as a list of sentences, as HTML."""
    if now is None:
        rows = [("", say(language, "dial.no_photo"))]
    else:
        where, word = direction(now, language), gaze_word(now, language)
        rows = [("", say(language, "dial.photo_is", where=where, word=word))]
    rows += [(one.letter, sentence(one, language)) for one in aims]
    return "".join(
        f"<li{f' data-letter={letter}' if letter else ''}>{escape(text)}</li>"
        for letter, text in rows
    )


def _point(one: Aim) -> str:
    drawn = []
    if one.asked is not None:
        x, y = place(one.asked)
        drawn.append(f'<circle class="p-asked" cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>')
    if one.found is not None:
        u, v = place(one.found)
        if one.asked is not None and (one.error or 0) >= MISSED_DEG:
            drawn.append(f'<path class="p-miss" d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}"/>')
        drawn.append(f'<circle class="p-found" cx="{u:.1f}" cy="{v:.1f}" r="2.2"/>')
    if not drawn:
        return ""
    x, y = place(one.asked or one.found or Gaze(0.0, 0.0))
    across, down = _CORNERS[one.letter]
    letter = (
        f'<text class="p-point-letter" x="{x + 0.8 * _BESIDE * across:.1f}" '
        f'y="{y + _BESIDE * down + 2.2:.1f}">{one.letter}</text>'
    )
    return f'<g class="p-point" data-letter="{one.letter}">{"".join(drawn)}{letter}</g>'


def _circle(radius: float) -> str:
    return f"M{radius:.1f} 0A{radius:.1f} {radius:.1f} 0 1 0 {-radius:.1f} 0" + (
        f"A{radius:.1f} {radius:.1f} 0 1 0 {radius:.1f} 0Z"
    )


_WHOLE = math.asinh(LARGEST_DEG / EVEN_DEG)
