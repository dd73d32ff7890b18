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

from pipelines.face import HeadPose
from pipelines.gaze import CONTACT_DEG, SOFT_DEG, Gaze, within_reach
from pipelines.studio.captions import MISSED_DEG
from ui.text import numbers
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import direction, gaze_word
from ui.text.templating import render

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
        missed: Whether the eyes of the result do not look where they were asked to.
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
    missed: bool = False

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


@lru_cache(maxsize=8)
def rings(language: str) -> str:
    """The rings and their labels, as SVG."""
    named = {CONTACT_DEG: "contact", SOFT_DEG: "soft"}
    circles = []
    for degrees in (*named, *RINGS_DEG):
        out, name = distance(degrees), named.get(degrees)
        words = f"{translate(language, f'dial.{name}')} " if name else ""
        kind = f" p-ring-{name}" if name else ""
        circles.append(
            (
                out,
                kind,
                -out - _LABEL_DISTANCE,
                f"{words}{numbers.decimal(degrees, language, '0.#')}°",
            )
        )
    return render("dial", "rings", language, RADIUS, circles)


def audience_ranges(aims: Sequence[Aim]) -> str:
    """The range of gazes that fit each look's region, as shaded rings in SVG."""
    rows = [
        (one.letter, _circle(distance(one.span[1])) + _circle(distance(one.span[0])))
        for one in aims
        if one.own is not None
    ]
    return render("dial", "spans", DEFAULT_LANGUAGE, rows)


def reach(head: HeadPose, current: Gaze) -> tuple[Gaze, Gaze]:
    """The least and the largest angles within reach of these eyes in this head."""
    (low, _), (high, _) = (
        within_reach(Gaze(angle, angle), head, current) for angle in (-90.0, 90.0)
    )
    return low, high


@lru_cache(maxsize=64)
def reach_outline(head: HeadPose, current: Gaze) -> str:
    """The outline of the gazes within reach of these eyes in this head, as SVG."""
    low, high = reach(head, current)
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
    return render("dial", "reach", DEFAULT_LANGUAGE, f"M{path}Z")


def points(aims: Sequence[Aim], current: Gaze | None) -> str:
    """The photo's gaze, and each look's target (hollow) and result (filled), as SVG."""
    now = None if current is None else position(current)
    rows = [_point(one) for one in aims if one.asked or one.found]
    return render("dial", "points", DEFAULT_LANGUAGE, now, rows)


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
        sentences.append(
            translate(language, "dial.missed", degrees=numbers.degrees(one.error, language))
        )
    return " ".join(sentences)


def description_list(
    aims: Sequence[Aim], has_photo: bool, current: Gaze | None, language: str
) -> str:
    """The whole dial as an HTML list of sentences; `current` is None where it is not measurable."""
    if current is None:
        rows = [("", translate(language, f"dial.{'unmeasured' if has_photo else 'no_photo'}"))]
    else:
        where, word = direction(current, language), gaze_word(current, language)
        rows = [("", translate(language, "dial.photo_is", where=where, word=word))]
    rows += [(one.letter, describe(one, language)) for one in aims]
    return render("dial", "words", language, rows)


@dataclass(frozen=True)
class _Point:
    """Where a look is drawn: its letter, target, result; whether the target was missed."""

    letter: str
    label: tuple[float, float]
    asked: tuple[float, float] | None
    found: tuple[float, float] | None
    missed: bool


def _point(one: Aim) -> _Point:
    asked, found = (None if gaze is None else position(gaze) for gaze in (one.asked, one.found))
    x, y = asked or found or (0.0, 0.0)
    across, down = _CORNERS[one.letter]
    label = x + 0.8 * _LETTER_DISTANCE * across, y + _LETTER_DISTANCE * down + 2.2
    missed = bool(asked and found) and (one.error or 0) >= MISSED_DEG
    return _Point(one.letter, label, asked, found, missed)


def _circle(radius: float) -> str:
    return f"M{radius:.1f} 0A{radius:.1f} {radius:.1f} 0 1 0 {-radius:.1f} 0" + (
        f"A{radius:.1f} {radius:.1f} 0 1 0 {radius:.1f} 0Z"
    )
