"""Does the polish treat light and dark skin alike? Grouped by the measured angle of skin tone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.polish import Result
from benchmarks.statistics import interval

CLASSES = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", -np.inf),
)
"""The six classes of the Individual Typology Angle and the angle above which each begins.

After Chardon et al. 1991 and Del Bino & Bernerd 2013, Br. J. Dermatol. 169(s3). They describe a
picture as it was lit and exposed, not anybody's group.
"""
FEW = 10
"""With fewer photos a class says little, and the table says so."""


@dataclass(frozen=True)
class _Measure:
    """Something that no class should get more of.

    Attributes:
        key: Name in the report.
        title: Name in the table.
        of: Reads it from a result; larger is worse.
        matters: A difference of means below this could not be seen by anybody.
    """

    key: str
    title: str
    of: Callable[[Result], float]
    matters: float


_MEASURES = (
    _Measure("lightening", "lightening, deg", lambda result: result.lightening, 0.5),
    _Measure("texture_loss", "texture loss", lambda result: 1 - result.readings.texture, 0.03),
    _Measure("identity", "likeness", lambda result: result.readings.distance or 0.0, 0.03),
)


def report(results: Sequence[Result]) -> dict[str, Any]:
    """Each class against all others; plain data for JSON, the keys are stable.

    A difference is the mean of the class minus that of all other photos, with its 95 % interval
    over photos. A class `stands_out` where the whole interval lies above what matters.

    Args:
        results: Of one context, from `benchmarks.polish.run`.
    """
    coloured = [result for result in results if result.ita is not None]
    named = [class_of(result.ita or 0.0) for result in coloured]
    return {
        "n": len(coloured),
        "without_colour": len(results) - len(coloured),
        "few": FEW,
        "matters": {measure.key: measure.matters for measure in _MEASURES},
        "classes": {
            name: _group(coloured, [each == name for each in named]) for name, _ in CLASSES
        },
    }


def class_of(ita: float) -> str:
    """The class of an Individual Typology Angle in degrees."""
    return next(name for name, begins in CLASSES if ita > begins)


def table(made: dict[str, Any], context: str) -> str:
    """The report as text."""
    lines = [
        f"{context}: mean of a class, and how far it lies from all others [95 % interval]",
        f"{'class':14}{'n':>5}" + "".join(f"{measure.title:>38}" for measure in _MEASURES),
    ]
    for name, group in made["classes"].items():
        cells = "".join(f"{_cell(group['measures'].get(each.key)):>38}" for each in _MEASURES)
        few = "  few photos: says little" if group["n"] < FEW else ""
        lines.append(f"{name:14}{group['n']:5}{cells}{few}")
    stand_out = [
        f"{name} ({key})"
        for name, group in made["classes"].items()
        for key, value in group["measures"].items()
        if value["stands_out"]
    ]
    lines.append("stands out: " + (", ".join(stand_out) if stand_out else "no class"))
    return "\n".join(lines)


def _group(results: Sequence[Result], belongs: list[bool]) -> dict[str, Any]:
    count = sum(belongs)
    if not count:
        return {"n": 0, "few": True, "held_back_share": None, "measures": {}}
    held = [each.held_back is not None for each, own in zip(results, belongs, strict=True) if own]
    return {
        "n": count,
        "few": count < FEW,
        "held_back_share": round(sum(held) / count, 4),
        "measures": {each.key: _compared(results, belongs, each) for each in _MEASURES},
    }


def _compared(results: Sequence[Result], belongs: list[bool], measure: _Measure) -> dict[str, Any]:
    rows = np.array(
        [[own, measure.of(each)] for each, own in zip(results, belongs, strict=True)], np.float64
    )
    between = interval(rows, [result.photo for result in results], _difference)
    difference = _difference(rows)
    return {
        "mean": round(float(rows[rows[:, 0] > 0, 1].mean()), 4),
        "difference": round(difference, 4) if np.isfinite(difference) else None,
        "interval": None if between is None else [round(end, 4) for end in between],
        "stands_out": between is not None and between[0] > measure.matters,
    }


def _difference(rows: Any) -> float:
    own = rows[:, 0] > 0
    if own.all() or not own.any():
        return float("nan")
    return float(rows[own, 1].mean() - rows[~own, 1].mean())


def _cell(value: dict[str, Any] | None) -> str:
    if value is None:
        return "–"
    if value["interval"] is None or value["difference"] is None:
        return f"{value['mean']:.3f}"
    low, high = value["interval"]
    return f"{value['mean']:.3f}  {value['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
