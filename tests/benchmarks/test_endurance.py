from __future__ import annotations

import math
import random

import pytest

from benchmarks.endurance import slope
from benchmarks.server_metrics import columns, household, quantile


def curve(growth: float, requests: int = 500) -> list[float]:
    """Memory that grows by so many MB per 100 requests, after a warm-up, and jitters by 20."""
    chance = random.Random(3)
    return [
        600 + 100 * min(1, number / 50) + growth * number / 100 + chance.gauss(0, 20)
        for number in range(requests)
    ]


@pytest.mark.parametrize("growth", [0.0, 15.0, -15.0])
def test_growth_is_read_within_its_error(growth: float) -> None:
    found = slope(curve(growth))
    assert 0 < found.error < 8
    assert abs(found.mb - growth) <= found.error
    assert found.flat == (growth <= 0)


def test_a_few_requests_say_nothing() -> None:
    with pytest.raises(ValueError, match="fifty"):
        slope([600.0] * 30)


def test_an_answer_that_never_came_is_the_latest() -> None:
    waits = [0.1] * 9 + [math.inf]
    assert quantile(waits, 0.5) == 0.1
    assert quantile(waits, 0.95) == math.inf
    assert quantile([math.inf, math.inf], 0.5) == math.inf
    assert quantile([], 0.5) == 0


def test_every_visitor_has_an_address_of_their_own() -> None:
    assert len({household(number) for number in range(70_000)}) == 70_000
    assert columns([("a", "bc"), ("def", "g")]) == "  a  bc\ndef   g"
