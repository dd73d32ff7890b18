"""Does the polish treat light and dark skin alike? Grouped by the measured angle of skin tone.

JSON:
    context: id of the context. n: photos with colour; without_colour: photos without.
    few: number of photos below which a class says little.
    matters: for each measure, the difference of means below which nobody could see anything.
    classes: for each class of the Individual Typology Angle n, few (whether n is below the
        threshold), held_back_share (photos whose doses were reduced) and measures: for lightening
        (degrees), lightening_in_light (without what softer shadows and the exposure of the whole
        picture did), lightening_lit (of the part of the face that was lit), texture_loss and
        identity the mean, the difference to all other photos, its 95 % interval over photos, and
        whether the class stands_out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks import statistics
from benchmarks.polish import Result
from benchmarks.reports import Report, text_table
from benchmarks.statistics import Rows

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


_MEASURES: dict[str, tuple[Callable[[Result], float], float]] = {
    "lightening": (lambda result: result.lightening, 0.5),
    "lightening_in_light": (lambda result: result.lightening_in_light, 0.5),
    "lightening_lit": (lambda result: result.lightening_lit, 0.5),
    "texture_loss": (lambda result: 1 - result.readings.texture, 0.03),
    "identity": (lambda result: result.readings.distance or 0.0, 0.03),
}
"""Quantities of which no class should get more than others.

Each with how it is read from a result, larger being worse, and with the difference of means below
which nobody could see anything.
"""


def report(results: Sequence[Result]) -> Report:
    """Each class against all others; plain data for JSON, the keys are stable.

    A difference is the mean of the class minus that of all other photos, with its 95 % interval
    over photos. A class `stands_out` where the whole interval lies above what matters.

    Args:
        results: Of one context, from `benchmarks.polish.run`.
    """
    coloured = [result for result in results if result.ita is not None]
    named = np.array([class_of(result.ita or 0.0) for result in coloured])
    return {
        "n": len(coloured),
        "without_colour": len(results) - len(coloured),
        "few": FEW,
        "matters": {key: matters for key, (_, matters) in _MEASURES.items()},
        "classes": {name: _group(coloured, named == name) for name, _ in CLASSES},
    }


def class_of(ita: float) -> str:
    """The class of an Individual Typology Angle in degrees."""
    return next(name for name, begins in CLASSES if ita > begins)


def table(report: Report) -> str:
    """The report as text."""
    rows = {
        name: {
            "n": group["n"],
            **{key: _cell(group["measures"].get(key)) for key in _MEASURES},
            "": "few photos: says little" if group["n"] < FEW else "",
        }
        for name, group in report["classes"].items()
    }
    stand_out = [
        f"{name} ({key})"
        for name, group in report["classes"].items()
        for key, value in group["measures"].items()
        if value["stands_out"]
    ]
    return "\n".join(
        [
            f"{report['context']}: mean of a class, and how far it lies from all others "
            "[95 % interval]",
            text_table("class", rows, ("n", *_MEASURES, "")),
            "stands out: " + (", ".join(stand_out) or "no class"),
        ]
    )


def _group(results: Sequence[Result], own: NDArray[np.bool_]) -> Report:
    if not own.any():
        return {"n": 0, "few": True, "held_back_share": None, "measures": {}}
    held_back = np.array([result.held_back is not None for result in results])
    return {
        "n": int(own.sum()),
        "few": bool(own.sum() < FEW),
        "held_back_share": round(float(held_back[own].mean()), 4),
        "measures": {key: _compared(results, own, key) for key in _MEASURES},
    }


def _compared(results: Sequence[Result], own: NDArray[np.bool_], key: str) -> Report:
    measure, matters = _MEASURES[key]
    rows = np.array([own, [measure(result) for result in results]], np.float64).T
    interval = statistics.interval(rows, [result.photo for result in results], _difference)
    difference = _difference(rows)
    return {
        "mean": round(float(rows[own, 1].mean()), 4),
        "difference": round(difference, 4) if np.isfinite(difference) else None,
        "interval": interval and [round(end, 4) for end in interval],
        "stands_out": interval is not None and interval[0] > matters,
    }


def _difference(rows: Rows) -> float:
    own = rows[:, 0] > 0
    if own.all() or not own.any():
        return float("nan")
    return float(rows[own, 1].mean() - rows[~own, 1].mean())


def _cell(value: Report | None) -> str:
    if value is None:
        return "–"
    if value["interval"] is None or value["difference"] is None:
        return f"{value['mean']:.3f}"
    low, high = value["interval"]
    return f"{value['mean']:.3f}  {value['difference']:+.3f} [{low:+.3f}, {high:+.3f}]"
