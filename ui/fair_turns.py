"""Fair turns in a queue: how much of it an address may hold, and who is next.

Work is counted in looks, so that a request for eight looks weighs as much as eight for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A request in a queue.

    Attributes:
        address: Who asked for it, as `sharing.visitors.address_group` has it.
        looks: Its size.
    """

    address: str
    looks: int = 1


class FairTurns:
    """The rules of one queue.

    An address may have as many looks waiting as there are places left: one that is alone may fill
    half of the queue, and somebody who comes later always finds a place (dynamic thresholds,
    Choudhury & Hahne 1998). Addresses take turns, weighted by what they ask for (start-time fair
    queueing, Goyal, Vin & Cheng 1996).

    Args:
        places: How many looks may wait.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        # Virtual time, in looks: of the last start, and of the end of each address's last start.
        self._now = 0.0
        self._ends: dict[str, float] = {}

    def has_room(self, waiting: Sequence[Work]) -> bool:
        """Whether anybody may join."""
        return sum(one.looks for one in waiting) < self._places

    def may_wait(self, new: Work, waiting: Sequence[Work]) -> bool:
        """Whether this work may join; the first of an address may wherever there is room."""
        own = sum(one.looks for one in waiting if one.address == new.address)
        free = self._places - sum(one.looks for one in waiting)
        return free > 0 if own == 0 else own + new.looks <= free

    def order(self, waiting: Sequence[Work]) -> list[int]:
        """Indices of the waiting work in the order of its turns.

        Args:
            waiting: In the order of arrival.
        """
        starts, ends = [], dict(self._ends)
        for one in waiting:
            start = max(self._now, ends.get(one.address, 0.0))
            ends[one.address] = start + one.looks
            starts.append(start)
        return sorted(range(len(waiting)), key=starts.__getitem__)

    def start(self, work: Work) -> None:
        """Record that the turn of this work has come."""
        self._now = max(self._now, self._ends.get(work.address, 0.0))
        self._ends[work.address] = self._now + work.looks
        # An address whose end has passed is treated like a new one.
        self._ends = {one: end for one, end in self._ends.items() if end > self._now}
