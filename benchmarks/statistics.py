"""Bootstrap intervals over people, least-squares slopes, and the growth of a memory curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]

RESAMPLES = 2000
LEVEL = 0.95
_BLOCKS = 20


def interval(
    rows: Rows, people: Sequence[str], figure: Callable[[Rows], float], seed: int = 0
) -> list[float] | None:
    """95 % percentile interval of a figure, from a bootstrap that resamples people.

    Errors of pictures of one person are correlated, so each resample draws people with all their
    pictures (cluster bootstrap: Davison & Hinkley 1997, Bootstrap Methods, 3.8).

    Args:
        rows: One row for each picture or pair, shape (n, ...).
        people: The person of each row, n names.
        figure: Computes one number from some rows; NaN where they do not define it.
        seed: Of the resampling.

    Returns:
        [low, high]; None for fewer than three people, or where the figure is not defined.
    """
    names, whose = np.unique(np.asarray(people), return_inverse=True)
    if len(names) < 3:
        return None
    members = [np.flatnonzero(whose == person) for person in range(len(names))]
    random = np.random.default_rng(seed)
    figures = np.array(
        [
            figure(rows[np.concatenate([members[person] for person in drawn])])
            for drawn in random.integers(0, len(names), (RESAMPLES, len(names)))
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


def growth(curve: Sequence[float]) -> tuple[float, float]:
    """Growth per 100 steps of a curve, and half of its 95 % confidence interval.

    Least squares over the medians of 20 blocks, after a warm-up of a fifth of the curve in which
    caches fill and allocators find their size. The memory after one request depends on what runs
    at the same time and on the request before; medians of blocks depend on each other much less.

    Args:
        curve: Memory after each request.

    Raises:
        ValueError: There are fewer than 50.
    """
    from scipy.stats import linregress, t

    steady = list(curve[round(0.2 * len(curve)) :])
    size = len(steady) // _BLOCKS
    if size < 2:
        raise ValueError("fifty requests are the least that a slope can be read from")
    medians = np.median(np.reshape(steady[: size * _BLOCKS], (_BLOCKS, size)), axis=1)
    line = linregress((np.arange(_BLOCKS) + 0.5) * size / 100, medians)
    return float(line.slope), float(t.ppf((1 + LEVEL) / 2, _BLOCKS - 2) * line.stderr)
