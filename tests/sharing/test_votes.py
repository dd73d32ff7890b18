from __future__ import annotations

import pytest

from sharing.publication import pack
from sharing.votes import QUESTIONS, Ballot, shuffled, tally, wilson
from tests.sharing.publications import publication

PICTURES = pack(publication(side=16)).document.pictures


# Newcombe 1998 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E), table I.
@pytest.mark.parametrize(
    ("votes", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_equals_published_values(votes: int, of: int, low: float, high: float) -> None:
    assert wilson(votes, of) == pytest.approx((low, high), abs=5e-5)


def test_without_votes_the_interval_is_0_to_1() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_votes_are_counted_per_question() -> None:
    a, b = PICTURES[0].key, PICTURES[1].key
    counts = tally(PICTURES, [Ballot(a, a, b), Ballot(a, b, b), Ballot(b, b, b)], QUESTIONS)
    assert [one.votes for one in counts["likeness"]] == [2, 1, 0, 0]
    assert [one.votes for one in counts["trust"]] == [1, 2, 0, 0]
    assert [one.votes for one in counts["purpose"]] == [0, 3, 0, 0]
    assert counts["likeness"][0].share == pytest.approx(2 / 3)


def test_the_order_depends_on_the_seed_only() -> None:
    orders = {tuple(one.key for one in shuffled(PICTURES, bytes([n]))) for n in range(200)}
    assert len(orders) == 24
    assert shuffled(PICTURES, b"me") == shuffled(PICTURES, b"me")
    firsts = [shuffled(PICTURES, bytes([n]))[0].key for n in range(200)]
    # The original comes first for about a quarter, 50, within five standard deviations.
    assert 20 < firsts.count(PICTURES[0].key) < 80
