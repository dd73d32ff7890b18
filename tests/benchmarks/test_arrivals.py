"""The queueing model against textbook results."""

from __future__ import annotations

import math

import pytest

from benchmarks.arrivals import mean_wait


@pytest.mark.parametrize(
    ("arrivals", "places", "cv", "wait"),
    [
        # M/M/1: ρ / (μ - λ); M/M/2 at an offered load of 1: C = 1/3; M/D/1: half of M/M/1.
        (0.5, 1, 1.0, 1.0),
        (1.0, 2, 1.0, 1 / 3),
        (0.5, 1, 0.0, 0.5),
    ],
)
def test_the_mean_wait(arrivals: float, places: int, cv: float, wait: float) -> None:
    assert mean_wait(arrivals, 1.0, places, cv) == pytest.approx(wait)


def test_more_than_can_be_served_waits_for_ever() -> None:
    assert mean_wait(2.0, 1.0, 2, 1.0) == math.inf
