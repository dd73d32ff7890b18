"""The estimator against known gazes: errors, slopes and intervals, as a whole and by kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.statistics import Rows, interval, slope
from datasets.renders import Render
from pipelines.gaze import Gaze

AXES = ("yaw", "pitch")
HEAD_YAWS = ((-90.0, -18.0), (-18.0, -6.0), (-6.0, 6.0), (6.0, 18.0), (18.0, 90.0))


@dataclass(frozen=True)
class EstimatorReading:
    """What was read from one picture.

    Attributes:
        render: The picture and its truth.
        gaze: The gaze that was read.
    """

    render: Render
    gaze: Gaze

    @property
    def error(self) -> float:
        """Angle between the gaze that was read and the true one, in degrees."""
        return self.gaze.angle_to(self.render.gaze)


def figures(readings: Sequence[EstimatorReading]) -> dict[str, Any]:
    """Errors and slopes of some readings, degrees; the keys are stable.

    Returns:
        `n`, then mae, median (of the absolute error), bias and slope for yaw and pitch; a slope
        is None where the true gazes hardly vary. Empty without readings.
    """
    if not readings:
        return {}
    made: dict[str, Any] = {"n": len(readings)}
    rows = _rows(readings)
    for name, figure in _FIGURES.items():
        for axis, word in enumerate(AXES):
            value = figure(rows[:, axis])
            made[f"{name}_{word}"] = None if np.isnan(value) else value
    return made


def report(readings: Sequence[EstimatorReading]) -> dict[str, Any]:
    """`figures`, their intervals, and the same by head yaw, iris, skin and glasses."""
    if not readings:
        return {}
    return {
        **figures(readings),
        "intervals": intervals(readings),
        "within_person": within_person(readings),
        "by": {
            "head_yaw": _by_head_yaw(readings),
            "iris": _by(readings, lambda reading: reading.render.iris_colour),
            "skin": _by(readings, lambda reading: reading.render.skin),
            "glasses": _by(readings, lambda reading: reading.render.glasses),
        },
    }


def intervals(readings: Sequence[EstimatorReading]) -> dict[str, list[float] | None]:
    """95 % intervals of `figures`, people drawn anew; None where there are too few of them."""
    rows, people = _rows(readings), [reading.render.identity for reading in readings]
    return {
        f"{name}_{word}": interval(rows[:, axis], people, figure)
        for name, figure in _FIGURES.items()
        for axis, word in enumerate(AXES)
    }


def within_person(readings: Sequence[EstimatorReading]) -> dict[str, float | None]:
    """What is left when each person's own constant is taken out.

    Returns:
        For yaw and pitch: the slope within a person, the mean absolute error without the
        person's mean error, and the spread (standard deviation) of those constants.
    """
    rows = _rows(readings)
    people = np.array([reading.render.identity for reading in readings])
    made: dict[str, float | None] = {}
    for axis, word in enumerate(AXES):
        true, seen = rows[:, axis].T
        own_true, own_seen = (_less_own_mean(values, people) for values in (true, seen))
        constants = [float((seen - true)[people == one].mean()) for one in np.unique(people)]
        made[f"slope_{word}"] = slope(own_true, own_seen)
        made[f"mae_{word}"] = float(np.abs(own_seen - own_true).mean())
        made[f"constant_spread_{word}"] = (
            float(np.std(constants, ddof=1)) if len(constants) > 1 else None
        )
    return made


def _less_own_mean(values: Rows, people: Rows) -> Rows:
    left = values.copy()
    for one in np.unique(people):
        left[people == one] -= left[people == one].mean()
    return left


def _rows(readings: Sequence[EstimatorReading]) -> Rows:
    """(n, 2 axes, 2): the true and the read angle."""
    return np.array(
        [
            [
                (reading.render.gaze.yaw, reading.gaze.yaw),
                (reading.render.gaze.pitch, reading.gaze.pitch),
            ]
            for reading in readings
        ]
    )


def _slope(pairs: Rows) -> float:
    value = slope(pairs[:, 0], pairs[:, 1])
    return float("nan") if value is None else value


_FIGURES: dict[str, Callable[[Rows], float]] = {
    "mae": lambda pairs: float(np.abs(pairs[:, 1] - pairs[:, 0]).mean()),
    "median": lambda pairs: float(np.median(np.abs(pairs[:, 1] - pairs[:, 0]))),
    "bias": lambda pairs: float((pairs[:, 1] - pairs[:, 0]).mean()),
    "slope": _slope,
}


def _by_head_yaw(readings: Sequence[EstimatorReading]) -> dict[str, Any]:
    parts = {
        _span(low, high): [one for one in readings if low <= one.render.head_yaw < high]
        for low, high in HEAD_YAWS
    }
    return {name: figures(part) for name, part in parts.items() if part}


def _span(low: float, high: float) -> str:
    if low == HEAD_YAWS[0][0]:
        return f"under {high:g}"
    return f"{low:g} and more" if high == HEAD_YAWS[-1][1] else f"{low:g} to {high:g}"


def _by(
    readings: Sequence[EstimatorReading], kind: Callable[[EstimatorReading], str]
) -> dict[str, Any]:
    kinds = sorted({kind(reading) for reading in readings})
    return {name: figures([one for one in readings if kind(one) == name]) for name in kinds}
