"""What a polish did, as data: only what can be seen."""

from __future__ import annotations

from pipelines.polish.done import Done

EVERYTHING = Done(
    spots=5, under_eye=0.354, shadow=0.4, shine=0.3, ev=0.42, cast=0.1, haze=0.03, contrast=0.084
)


def test_a_row_for_each_thing_that_can_be_seen() -> None:
    assert EVERYTHING.report() == [
        {"what": "spots", "count": 5},
        {"what": "under-eyes", "change": -0.35},
        {"what": "shadow", "change": -0.4},
        {"what": "shine", "change": -0.3},
        {"what": "light", "ev": 0.4},
        {"what": "white-balance"},
        {"what": "haze"},
        {"what": "contrast", "change": 0.08},
    ]
    little = Done(under_eye=0.01, shadow=0.02, ev=0.05, cast=0.01, contrast=0.04)
    assert little.report() == []


def test_what_was_held_back_counts_in_part() -> None:
    part = EVERYTHING.held_back(0.5, 0.1, healed=True)
    assert (part.spots, part.shadow, part.ev) == (5, 0.2, 0.21)
    assert round(part.under_eye, 4) == 0.0354
    assert EVERYTHING.held_back(1.0, 1.0, healed=False).spots == 0
