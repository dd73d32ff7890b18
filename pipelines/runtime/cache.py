"""The one cache: values that are made once under a key, and shared by all who ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from pipelines.runtime.slots import Slots

T = TypeVar("T")


def _nothing() -> None:
    """Checks nothing."""


class Cache:
    """Keeps values by key for as long as it lives itself; safe to use from threads.

    Who asks for a value that is being made waits for it. If making it raises, nothing is kept and
    the next who asks makes it anew.

    Args:
        most: How many values are kept; the ones used longest ago go first, before a new one is
            made, since two large ones may not fit together. None keeps all.
        root: Where to keep what is shared more widely; this cache itself if None.
    """

    def __init__(self, most: int | None = None, root: Cache | None = None) -> None:
        # Not itself: a reference cycle would keep pictures in memory until it is collected.
        self._root = root
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    @property
    def root(self) -> Cache:
        """Where to keep what is shared more widely."""
        return self if self._root is None else self._root

    def get(
        self,
        key: Hashable,
        make: Callable[[], T],
        check: Callable[[], None] = _nothing,
        valid: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """The value of a key, made by `make` if it is not there.

        Args:
            key: What it is kept under.
            make: Makes it.
            check: Called a few times a second while somebody else makes it; raises to stop waiting.
            valid: Whether a value that is kept can still be used; if not, it is made anew.
        """
        entry = self._entry(key)
        with entry.slot.turn(check):
            if not entry.values or not valid(entry.values[0]):
                entry.values[:] = [make()]
            value: T = entry.values[0]
            return value

    def peek(self, key: Hashable) -> Any | None:
        """The value of a key if it is there, else None; never waits."""
        entry = self._entries.get(key)
        return entry.values[0] if entry is not None and entry.values else None

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._entries.clear()

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            while self._most is not None and len(self._entries) >= self._most:
                self._entries.popitem(last=False)
            self._entries[key] = entry
            return entry


class _Entry:
    def __init__(self) -> None:
        self.slot = Slots(1)
        self.values: list[Any] = []
