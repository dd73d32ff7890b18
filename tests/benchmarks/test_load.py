from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reports import Report, text_table
from benchmarks.statistics import growth
from benchmarks.visitor import client_address


def curve(mb: float, requests: int = 500) -> list[float]:
    """Memory that grows by so many MB per 100 requests, after a warm-up, with noise of 20 MB."""
    noise = random.Random(3)
    return [
        600 + 100 * min(1, number / 50) + mb * number / 100 + noise.gauss(0, 20)
        for number in range(requests)
    ]


@pytest.mark.parametrize("mb", [0.0, 15.0, -15.0])
def test_growth_is_found_within_its_interval(mb: float) -> None:
    found, error = growth(curve(mb))
    assert 0 < error < 8
    assert abs(found - mb) <= error
    assert (found - error <= 0) == (mb <= 0)


def test_growth_needs_fifty_requests() -> None:
    with pytest.raises(ValueError, match="fifty"):
        growth([600.0] * 30)


def test_every_visitor_has_a_separate_address() -> None:
    assert len({client_address(number) for number in range(70_000)}) == 70_000


def test_tables_are_aligned_and_show_missing_figures() -> None:
    rows: dict[str, Report] = {"a": {"x": 1, "y": {"z": 0.5}}, "bc": {"x": None, "y": {}}}
    assert text_table("", rows, ["x", "y.z"]) == "    x    y.z\na   1  0.500\nbc  –"
    assert text_table("", rows, ["x"], transpose=True) == "   a  bc\nx  1   –"


# In a process of its own, because locust replaces the blocking calls of the whole process.
LOAD_TEST = """
import json, types
from locust import task
from locust.exception import StopUser
from benchmarks.users import LoadTest, TimedUser, percentiles
from benchmarks.visitor import VisitorRefused

class Asking(TimedUser):
    @task
    def ask(self):
        number = next(self.environment.numbers)
        if number > 6:
            raise StopUser
        self.request("answer", lambda: self.refuse(number) if number == 3 else number)

    def refuse(self, number):
        raise VisitorRefused(503, "full")

test = LoadTest(types.SimpleNamespace(address="http://127.0.0.1:9/"), [Asking])
test.run(2)
entry = test.figures("answer")
print(json.dumps([entry.num_requests, entry.num_failures, percentiles(entry), test.errors()]))
"""


def test_a_refused_request_counts_as_an_error_and_not_as_a_quick_answer() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "error::gevent.monkey.MonkeyPatchWarning", "-c", LOAD_TEST],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    requests, failures, percentiles, errors = json.loads(process.stdout)
    assert (requests, failures, errors) == (6, 1, {"busy": 1})
    assert percentiles == {"p50": 0.0, "p95": 0.0}
