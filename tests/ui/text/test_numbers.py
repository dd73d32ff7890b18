from __future__ import annotations

import pytest

from ui.text import numbers


@pytest.mark.parametrize(("value", "said"), [(-0.01, "0.0°"), (3.449, "3.4°"), (-2.0, "−2.0°")])
def test_degrees(value: float, said: str) -> None:
    assert numbers.degrees(value) == said


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.0, "0 %"), (0.0004, "< 0.1 %"), (0.004, "0.4 %"), (0.034, "3 %"), (1.0, "100 %")],
)
def test_small_shares_are_not_said_as_none(part: float, words: str) -> None:
    assert numbers.small_percent(part) == words
