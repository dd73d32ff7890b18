"""The gaze estimator against known gazes: errors, slopes and intervals, as a whole and by kind.

JSON, in degrees, for each of yaw and pitch:
    n: pictures. mae: mean absolute error. median: of the absolute error. bias: mean error.
    slope: of the least-squares line of the read over the true angle; null where those hardly vary.
    intervals: of these figures. by: the same figures by head_yaw, iris, skin and glasses.
    within_person: what is left when each person's own constant error is taken out: the slope, the
        mean absolute error (mae) and the standard deviation of those constants (constant_spread).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.reports import Report
from benchmarks.statistics import Rows, interval, slope
from datasets.renders import Render
from pipelines.gaze import Gaze

AXES = ("yaw", "pitch")
HEAD_YAWS = {
    "under -18": (-90.0, -18.0),
    "-18 to -6": (-18.0, -6.0),
    "-6 to 6": (-6.0, 6.0),
    "6 to 18": (6.0, 18.0),
    "18 and more": (18.0, 90.0),
}


@dataclass(frozen=True)
class EstimatorReading:
    """The gaze that was read from one picture.

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


def report(readings: Sequence[EstimatorReading]) -> Report:
    """`figures`, their intervals, and the same by head yaw, iris, skin and glasses."""
    if not readings:
        return {}
    kinds = {
        "head_yaw": (_head_yaw, list(HEAD_YAWS)),
        "iris": (lambda reading: reading.render.iris_colour, None),
        "skin": (lambda reading: reading.render.skin, None),
        "glasses": (lambda reading: reading.render.glasses, None),
    }
    return {
        **figures(readings),
        "intervals": intervals(readings),
        "within_person": within_person(readings),
        "by": {name: _by(readings, kind, order) for name, (kind, order) in kinds.items()},
    }


def figures(readings: Sequence[EstimatorReading]) -> Report:
    """Number, errors and slopes of some readings; empty without readings."""
    if not readings:
        return {}
    rows = _rows(readings)
    values = {
        f"{name}_{word}": figure(rows[:, axis])
        for name, figure in _FIGURES.items()
        for axis, word in enumerate(AXES)
    }
    finite = {name: None if np.isnan(value) else value for name, value in values.items()}
    return {"n": len(readings), **finite}


def intervals(readings: Sequence[EstimatorReading]) -> dict[str, list[float] | None]:
    """95 % intervals of `figures`, people resampled; None where there are too few of them."""
    rows, people = _rows(readings), [reading.render.identity for reading in readings]
    return {
        f"{name}_{word}": interval(rows[:, axis], people, figure)
        for name, figure in _FIGURES.items()
        for axis, word in enumerate(AXES)
    }


def within_person(readings: Sequence[EstimatorReading]) -> dict[str, float | None]:
    """Slope, error and spread for yaw and pitch without each person's own mean error."""
    people = [reading.render.identity for reading in readings]
    _, whose, counts = np.unique(people, return_inverse=True, return_counts=True)
    result: dict[str, float | None] = {}
    for word, pairs in zip(AXES, _rows(readings).transpose(1, 2, 0), strict=True):
        # (2, people): the mean true and the mean read angle of each.
        means = np.array([np.bincount(whose, values) / counts for values in pairs])
        true, seen = pairs - means[:, whose]
        constants = means[1] - means[0]
        result[f"slope_{word}"] = slope(true, seen)
        result[f"mae_{word}"] = float(np.abs(seen - true).mean())
        result[f"constant_spread_{word}"] = (
            float(np.std(constants, ddof=1)) if len(counts) > 1 else None
        )
    return result


def _rows(readings: Sequence[EstimatorReading]) -> Rows:
    """The true and the read angle, shape (n, 2 axes, 2)."""
    gazes = [(reading.render.gaze, reading.gaze) for reading in readings]
    return np.array([[[getattr(gaze, word) for gaze in pair] for word in AXES] for pair in gazes])


def _slope(pairs: Rows) -> float:
    value = slope(pairs[:, 0], pairs[:, 1])
    return float("nan") if value is None else value


_FIGURES: dict[str, Callable[[Rows], float]] = {
    "mae": lambda pairs: float(np.abs(pairs[:, 1] - pairs[:, 0]).mean()),
    "median": lambda pairs: float(np.median(np.abs(pairs[:, 1] - pairs[:, 0]))),
    "bias": lambda pairs: float((pairs[:, 1] - pairs[:, 0]).mean()),
    "slope": _slope,
}


def _head_yaw(reading: EstimatorReading) -> str:
    yaw = reading.render.head_yaw
    return next(name for name, (low, high) in HEAD_YAWS.items() if low <= yaw < high)


def _by(
    readings: Sequence[EstimatorReading],
    kind: Callable[[EstimatorReading], str],
    order: list[str] | None,
) -> Report:
    kinds = [kind(reading) for reading in readings]
    return {
        name: figures([one for one, own in zip(readings, kinds, strict=True) if own == name])
        for name in order or sorted(set(kinds))
        if name in kinds
    }
