"""Shares of a queue and turns in it, in looks."""

from __future__ import annotations

from ui.fair_turns import FairTurns, Work


def test_one_address_fills_half_and_the_next_finds_room() -> None:
    turns, waiting = FairTurns(32), list[Work]()
    while turns.may_wait(Work("flood", 8), waiting):
        waiting.append(Work("flood", 8))
    assert sum(one.looks for one in waiting) == 16
    for address in ("second", "third"):
        assert turns.may_wait(Work(address, 4), waiting)
        waiting.append(Work(address, 4))
    # The more there are, the smaller is the share of each.
    assert not turns.may_wait(Work("second", 8), waiting)
    assert turns.has_room(waiting)


def test_a_full_queue_takes_nobody() -> None:
    turns = FairTurns(2)
    waiting = [Work("one"), Work("other")]
    assert not turns.has_room(waiting)
    assert not turns.may_wait(Work("third"), waiting)


def test_a_newcomer_comes_before_the_rest_of_a_flood() -> None:
    turns = FairTurns(100)
    turns.start(Work("flood", 8))
    waiting = [Work("flood", 8), Work("flood", 8), Work("visitor", 4), Work("visitor", 4)]
    assert turns.order(waiting) == [2, 3, 0, 1]


def test_turns_are_weighted_by_looks() -> None:
    turns = FairTurns(100)
    waiting = [Work("large", 8) for _ in range(3)] + [Work("small", 2) for _ in range(12)]
    served = {"large": 0, "small": 0}
    for _ in range(10):
        index = turns.order(waiting)[0]
        work = waiting.pop(index)
        turns.start(work)
        served[work.address] += work.looks
        assert abs(served["large"] - served["small"]) <= 8
    assert min(served.values()) >= 12


def test_who_was_away_saves_up_no_turns() -> None:
    turns = FairTurns(100)
    for _ in range(50):
        turns.start(Work("busy", 8))
    turns.start(Work("late", 1))
    # After its one look it is not owed the 400 of the other.
    assert turns.order([Work("late", 8), Work("late", 8), Work("busy", 8)]) == [0, 2, 1]
