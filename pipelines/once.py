"""Work that several looks of one photo share is done once, whichever of them asks for it first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """Keeps what was made under a key, as long as it lives itself; safe to use from threads.

    Who asks for something that is being made waits for it. Where the making ends in an error
    nothing is kept: the next who asks makes it anew.

    Args:
        root: Where to keep what is shared more widely; this one itself if None.
    """

    def __init__(self, root: Once | None = None) -> None:
        # Not itself: what refers to itself keeps its pictures until a collector happens to come by.
        self._root = root
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    @property
    def root(self) -> Once:
        """Where to keep what is shared more widely."""
        return self if self._root is None else self._root

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns, or what it returned when it was called for this key before."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            if not slot.made:
                slot.made.append(make())
            value: T = slot.made[0]
            return value


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made: list[Any] = []
