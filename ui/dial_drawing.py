"""Drawing of the gaze dial as SVG, and its description in words.

The angle off the lens is the distance from the centre. Angles near the lens have more room, because
people tell them apart best: the distance grows with asinh(angle / 3°), nearly linearly up to some
three degrees and logarithmically beyond.
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
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.numbers import direction, gaze_word

RADIUS = 100.0
"""Radius of the dial in its own units; the centre is (0, 0)."""
LARGEST_DEG = 30.0
"""Angle off the lens at the edge, where larger angles are drawn, too."""
EVEN_DEG = 3.0
"""Up to about this angle the scale is linear."""
_SCALE = math.asinh(LARGEST_DEG / EVEN_DEG)
RINGS_DEG = (10.0, 15.0, 20.0, 25.0)

# Distances of a label from its ring, and of a letter from its point.
_LABEL_DISTANCE = 2.2
_LETTER_DISTANCE = 7.0
# Directions of the letters, so that those of looks with equal gaze do not overlap.
_CORNERS = {"A": (-1, -1), "B": (1, -1), "C": (-1, 1), "D": (1, 1)}
# Points on each side of the outline of reach.
_STEPS = 48


@dataclass(frozen=True)
class Aim:
    """One look on the dial.

    Attributes:
        letter: "A" to "D".
        title: Region and context.
        audience: Label of the region.
        asked: Target gaze of both eyes, without trim; None if the gaze is kept.
        reached: The target within reach of the eyes.
        by_hand: Whether the target is set in degrees instead of by the region.
        own: Gaze of the region for this head; None if it keeps the gaze.
        span: Least and most degrees off the lens that fit the region.
        found: Gaze of the result; None if this setting was not compared.
        error: Angle in degrees between the target and the result.
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
    """Distance from the centre for an angle off the lens, in the dial's units."""
    return RADIUS * math.asinh(min(degrees, LARGEST_DEG) / EVEN_DEG) / _SCALE


def position(gaze: Gaze) -> tuple[float, float]:
    """Position of a gaze on the dial, x to the right and y down."""
    off = math.hypot(gaze.yaw, gaze.pitch)
    if off == 0:
        return 0.0, 0.0
    out = distance(off) / off
    return gaze.yaw * out, -gaze.pitch * out


def gaze_at(x: float, y: float) -> Gaze:
    """The gaze at a position on the dial; the inverse of `position`."""
    out = math.hypot(x, y)
    if out == 0:
        return Gaze(0.0, 0.0)
    degrees = EVEN_DEG * math.sinh(min(out, RADIUS) / RADIUS * _SCALE)
    return Gaze(degrees * x / out, -degrees * y / out)


@lru_cache(maxsize=8)
def rings(language: str) -> str:
    """The rings and their labels, as SVG."""
    circles = "".join(
        f'<circle class="p-ring{kind}" r="{distance(degrees):.1f}"/>'
        for degrees, kind in (
            (CONTACT_DEG, " p-ring-contact"),
            (SOFT_DEG, " p-ring-soft"),
            *((degrees, "") for degrees in RINGS_DEG),
        )
    )
    labels = "".join(
        f'<text y="{-distance(degrees) - _LABEL_DISTANCE:.1f}">{escape(text)}</text>'
        for degrees, text in (
            (CONTACT_DEG, f"{translate(language, 'dial.contact')} {CONTACT_DEG:g}°"),
            (SOFT_DEG, f"{translate(language, 'dial.soft')} {SOFT_DEG:g}°"),
            *((degrees, f"{degrees:g}°") for degrees in RINGS_DEG),
        )
    )
    cross = f'<path class="p-cross" d="M{-RADIUS} 0H{RADIUS}M0 {-RADIUS}V{RADIUS}"/>'
    return f"{cross}{circles}{labels}"


def audience_ranges(aims: Sequence[Aim]) -> str:
    """The range of gazes that fit each look's region, as shaded rings in SVG."""
    return "".join(
        f'<path class="p-span" data-letter="{one.letter}" fill-rule="evenodd" '
        f'd="{_circle(distance(one.span[1]))}{_circle(distance(one.span[0]))}"/>'
        for one in aims
        if one.own is not None
    )


@lru_cache(maxsize=64)
def reach_outline(head: HeadPose, current: Gaze) -> str:
    """The outline of the gazes within reach of these eyes in this head, as SVG."""
    low, _ = within_reach(Gaze(-90.0, -90.0), head, current)
    high, _ = within_reach(Gaze(90.0, 90.0), head, current)
    corners = [
        (low.yaw, low.pitch),
        (high.yaw, low.pitch),
        (high.yaw, high.pitch),
        (low.yaw, high.pitch),
    ]
    points = [
        position(Gaze(x0 + (x1 - x0) * step / _STEPS, y0 + (y1 - y0) * step / _STEPS))
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True)
        for step in range(_STEPS)
    ]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="p-reach" d="M{path}Z"/>'


def points(aims: Sequence[Aim], current: Gaze | None) -> str:
    """The photo's gaze, and each look's target (hollow) and result (filled), as SVG."""
    parts = []
    if current is not None:
        x, y = position(current)
        parts.append(f'<path class="p-now" d="M{x - 3:.1f} {y:.1f}h6M{x:.1f} {y - 3:.1f}v6"/>')
    return "".join([*parts, *(_point(one) for one in aims)])


def describe(one: Aim, language: str) -> str:
    """One look in words: its target, its result, and the error if it is large."""
    if one.asked is None or one.reached is None:
        sentences = [translate(language, "dial.kept", name=one.name)]
    else:
        key = "dial.by_hand" if one.by_hand else "dial.by_region"
        where = direction(one.asked, language)
        sentences = [
            translate(
                language, key, name=one.name, where=where, word=gaze_word(one.asked, language)
            )
        ]
        if one.reached.angle_to(one.asked) > 0.05:
            sentences.append(
                translate(language, "dial.clamped", where=direction(one.reached, language))
            )
    if one.found is None:
        return " ".join([*sentences, translate(language, "dial.not_yet")])
    where, word = direction(one.found, language), gaze_word(one.found, language)
    sentences.append(translate(language, "dial.result", where=where, word=word))
    if one.error is not None and one.error >= MISSED_DEG:
        sentences.append(translate(language, "dial.missed", degrees=numbers.degrees(one.error)))
    return " ".join(sentences)


def description_list(aims: Sequence[Aim], current: Gaze | None, language: str) -> str:
    """The whole dial as an HTML list of sentences."""
    if current is None:
        rows = [("", translate(language, "dial.no_photo"))]
    else:
        where, word = direction(current, language), gaze_word(current, language)
        rows = [("", translate(language, "dial.photo_is", where=where, word=word))]
    rows += [(one.letter, describe(one, language)) for one in aims]
    return "".join(
        f"<li{f' data-letter={letter}' if letter else ''}>{escape(text)}</li>"
        for letter, text in rows
    )


def _point(one: Aim) -> str:
    shapes = []
    if one.asked is not None:
        x, y = position(one.asked)
        shapes.append(f'<circle class="p-asked" cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>')
    if one.found is not None:
        u, v = position(one.found)
        if one.asked is not None and (one.error or 0) >= MISSED_DEG:
            shapes.append(f'<path class="p-miss" d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}"/>')
        shapes.append(f'<circle class="p-found" cx="{u:.1f}" cy="{v:.1f}" r="2.2"/>')
    if not shapes:
        return ""
    x, y = position(one.asked or one.found or Gaze(0.0, 0.0))
    across, down = _CORNERS[one.letter]
    letter = (
        f'<text class="p-point-letter" x="{x + 0.8 * _LETTER_DISTANCE * across:.1f}" '
        f'y="{y + _LETTER_DISTANCE * down + 2.2:.1f}">{one.letter}</text>'
    )
    return f'<g class="p-point" data-letter="{one.letter}">{"".join(shapes)}{letter}</g>'


def _circle(radius: float) -> str:
    return f"M{radius:.1f} 0A{radius:.1f} {radius:.1f} 0 1 0 {-radius:.1f} 0" + (
        f"A{radius:.1f} {radius:.1f} 0 1 0 {radius:.1f} 0Z"
    )
