"""Intervals for figures of a set in which each person appears in several pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]

RESAMPLES = 2000
LEVEL = 0.95


def interval(
    rows: Rows, people: Sequence[str], figure: Callable[[Rows], float], seed: int = 0
) -> list[float] | None:
    """95 % percentile interval of a figure, from a bootstrap that resamples people.

    Pictures of one person err alike, so the person is what is drawn anew, with all their pictures
    (cluster bootstrap: Davison & Hinkley 1997, Bootstrap Methods, 3.8).

    Args:
        rows: One row a picture or pair, shape (n, ...).
        people: Whose each row is, n names.
        figure: Makes one number of some rows; may be NaN where they do not define it.
        seed: Of the resampling.

    Returns:
        [low, high]; None for fewer than three people, or where the figure is not defined.
    """
    names, whose = np.unique(np.asarray(people), return_inverse=True)
    if len(names) < 3:
        return None
    members = [np.flatnonzero(whose == person) for person in range(len(names))]
    draw = np.random.default_rng(seed)
    figures = np.array(
        [
            figure(rows[np.concatenate([members[person] for person in drawn])])
            for drawn in draw.integers(0, len(names), (RESAMPLES, len(names)))
        ]
    )
    figures = figures[np.isfinite(figures)]
    if len(figures) < RESAMPLES / 2:
        return None
    low, high = np.quantile(figures, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [float(low), float(high)]


def slope(true: Rows, seen: Rows) -> float | None:
    """Slope of the least-squares line of `seen` over `true`; None where `true` hardly varies."""
    centred = true - true.mean()
    square = float(centred @ centred)
    return float(centred @ seen) / square if square > 1e-6 else None
