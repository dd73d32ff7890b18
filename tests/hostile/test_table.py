"""The corpus's table finds its families, and sees what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from subprocess import PIPE, Popen

import pytest

from tests.hostile import table
from tests.hostile.cases import RESULT, Trial, Trials
from tests.hostile.table import Row, families, markdown, totals, tried


def _fail() -> str:
    raise OSError("no room")


# For each line it reads, it uses 60 MB and frees them again.
_SERVER = """
import sys
for line in sys.stdin:
    print(sum(bytearray(b"\\1") * 60_000_000), flush=True)
"""


@contextmanager
def family() -> Iterator[Trials]:
    # In a process of its own, because what else this one frees meanwhile would hide the 60 MB.
    with Popen([sys.executable, "-c", _SERVER], stdin=PIPE, stdout=PIPE, text=True) as server:
        assert server.stdin and server.stdout
        requests, answers = server.stdin, server.stdout

        def heavy() -> str:
            print(file=requests, flush=True)
            return RESULT if answers.readline() else ""

        # The interpreter has started once it has answered.
        heavy()
        yield Trials(
            [
                Trial("fine", (RESULT, "refused"), lambda: "refused"),
                Trial("other | than said", (RESULT,), lambda: "refused"),
                Trial("an error", (RESULT,), _fail),
                Trial("heavy", (RESULT,), heavy),
            ],
            server.pid,
        )


def test_families_are_those_with_trials() -> None:
    found = families()
    assert {"files", "pictures", "requests"} <= set(found)
    assert not {"fuzz", "mutations", "table", "cases"} & set(found)


def test_what_came_is_held_against_what_was_expected() -> None:
    rows = list(tried("made", family))
    assert [row.fine for row in rows] == [True, False, False, True]
    assert rows[2].got == "OSError: no room"
    heavy = rows[3].memory_mb
    assert heavy is None or 55 < heavy < 400
    said = markdown(rows)
    assert "2 as expected, 2 wrong" in said
    assert "other &#124; than said" in said
    assert said.count("| WRONG |") == 2


@pytest.mark.parametrize("change", [{"seconds": 10.1}, {"memory_mb": 2_001.0}])
def test_a_hang_and_a_flood_are_wrong_whatever_came_of_them(change: dict[str, float]) -> None:
    row = Row("made", "slow", (RESULT,), RESULT, 0.1, 10.0)
    assert row.fine
    assert not replace(row, **change).fine  # type: ignore[arg-type]


def test_totals_speak_of_the_slowest_and_the_heaviest() -> None:
    rows = [
        Row("a", "quick", (RESULT,), RESULT, 0.1, 50.0),
        Row("b", "slow", (RESULT,), RESULT, 3.0, None),
    ]
    said = totals(rows)
    assert "2 cases (1 a, 1 b): 2 as expected" in said
    assert "3.00 s, slow" in said
    assert "50 MB, quick" in said
    assert table.HANG_S == 10
