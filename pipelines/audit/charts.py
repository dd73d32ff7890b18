"""Small drawings for the report, as SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from pipelines.gaze import CONTACT_DEG, SOFT_DEG

_MOST_POINTS = 4000
_REACH = 20.0


def gaze_scatter(points: Sequence[tuple[float, float, str, str]]) -> Markup:
    """Where everybody looks, as the camera sees it: right is the picture's right, up is up.

    Args:
        points: (yaw, pitch, word, file), degrees. Beyond 20° they are drawn at the rim; of more
            than 4000 an even choice is drawn.
    """
    step = max(1, -(-len(points) // _MOST_POINTS))
    size = 3.2 if len(points) < 300 else 2.4 if len(points) < 1500 else 1.8
    parts = [_line(20, 220, 420, 220, "grid"), _line(220, 20, 220, 420, "grid")]
    for degrees in (10.0, 20.0):
        parts.append(_ring(degrees, "grid"))
        parts.append(_text(220 + 10 * degrees - 4, 234, f"{degrees:.0f}°", "end"))
    for yaw, pitch, word, file in points[::step]:
        away = float(np.hypot(yaw, pitch))
        shrink = min(1.0, _REACH / max(away, 1e-9))
        x, y = 220 + 10 * yaw * shrink, 220 - 10 * pitch * shrink
        parts.append(
            f'<circle class="dot {escape(word)}" cx="{x:.1f}" cy="{y:.1f}" r="{size}">'
            f"<title>{escape(file)}: {away:.1f}°</title></circle>"
        )
    parts.append(_ring(CONTACT_DEG, "cone"))
    parts.append(_ring(SOFT_DEG, "cone soft"))
    return _svg(440, 440, parts, "Gaze of every portrait around the lens")


def histogram(
    values: Sequence[float],
    edges: Sequence[float],
    ticks: Sequence[tuple[float, str]],
    label: str,
    shade: Sequence[tuple[float, str]] = (),
) -> Markup:
    """Counts between edges; values beyond count in the outermost bars.

    Args:
        values: What is counted.
        edges: Ascending edges of the bars, evenly drawn.
        ticks: (value, words) below the axis.
        label: What the drawing shows, for those who cannot see it.
        shade: (value, class): bars that begin below the value get the class, first match wins.
    """
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], edges[0]))
    counts = np.histogram(inside, bins=np.asarray(edges))[0].tolist()
    width, height, bottom = 440.0, 130.0, 104.0
    bar = width / (len(edges) - 1)
    top = max(1, *counts)
    parts = []
    for index, count in enumerate(counts):
        tall = (bottom - 12) * count / top
        kind = next((name for value, name in shade if edges[index] < value - 1e-9), "")
        parts.append(
            f'<rect class="bar {kind}" x="{index * bar + 0.75:.2f}" y="{bottom - tall:.1f}" '
            f'width="{bar - 1.5:.2f}" height="{tall:.1f}"><title>{edges[index]:g} to '
            f"{edges[index + 1]:g}: {count}</title></rect>"
        )
    parts.append(_line(0, bottom, width, bottom, "axis"))
    for value, words in ticks:
        x = float(np.interp(value, edges, np.arange(len(edges)))) * bar
        anchor = "start" if x < 12 else "end" if x > width - 12 else "middle"
        parts.append(_text(x, bottom + 17, words, anchor))
    return _svg(width, height, parts, label)


def shares(parts: Sequence[tuple[str, int]], label: str) -> Markup:
    """One bar cut into shares; each part is (class, count)."""
    total = max(sum(count for _, count in parts), 1)
    drawn, x = [], 0.0
    for kind, count in parts:
        wide = 440.0 * count / total
        if count:
            drawn.append(
                f'<rect class="share {kind}" x="{x:.2f}" y="0" '
                f'width="{max(wide - 1.5, 0.5):.2f}" height="16"/>'
            )
        x += wide
    return _svg(440, 16, drawn, label)


def strip(spread: dict[str, float | int | None]) -> Markup:
    """A score's spread over 0 to 100: 5 to 95 % thin, the middle half thick, the median a tick."""
    parts = [_line(0, 10, 300, 10, "grid"), _line(150, 3, 150, 17, "grid")]
    if spread["n"]:
        low, left, middle, right, high = (
            3.0 * float(spread[name] or 0) for name in ("p5", "p25", "median", "p75", "p95")
        )
        parts += [
            _line(low, 10, high, 10, "thin"),
            f'<rect class="thick" x="{left:.1f}" y="7" width="{max(right - left, 2):.1f}" '
            'height="6" rx="3"/>',
            f'<rect class="tick" x="{min(max(middle - 1.5, 0), 297):.1f}" y="3" width="3" '
            'height="14" rx="1.5"/>',
        ]
    return _svg(300, 20, parts, "Spread of the score")


def _ring(degrees: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="220" cy="220" r="{10 * degrees:g}" fill="none"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:g}" x2="{x2:.1f}" y2="{y2:g}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], label: str) -> Markup:
    # Every piece of text in `parts` is escaped where it is put in.
    return Markup(
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )
