"""A thread-safe cache that computes each value once, even when several threads ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from pipelines.runtime.slots import Slots

T = TypeVar("T")


class Cache:
    """In-memory cache with an optional limit on its size (least recently used out first).

    A thread that asks for a value which another thread is computing waits for it. If computing
    raises, nothing is stored and the next caller computes the value again.

    Args:
        most: Largest number of entries. The least recently used entry is dropped before a new one
            is computed, because two large values may not fit into memory together. None: no limit.
        root: A longer-lived cache to which callers can add what is shared more widely; this cache
            itself if None.
    """

    def __init__(self, most: int | None = None, root: Cache | None = None) -> None:
        # Not `root or self`: a reference cycle would keep pictures in memory until it is collected.
        self._root = root
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    @property
    def root(self) -> Cache:
        """The longer-lived cache, or this one."""
        return self if self._root is None else self._root

    def get(
        self,
        key: Hashable,
        make: Callable[[], T],
        check: Callable[[], None] = lambda: None,
        valid: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Return the value of a key, calling `make` if it is not cached.

        Args:
            key: The key.
            make: Computes the value.
            check: Called a few times a second while another thread computes the value; raises to
                stop waiting.
            valid: Whether a cached value may still be used; if not, it is computed again.
        """
        entry = self._entry(key)
        with entry.semaphore.turn(check):
            if not entry.values or not valid(entry.values[0]):
                entry.values[:] = [make()]
            value: T = entry.values[0]
            return value

    def peek(self, key: Hashable) -> Any | None:
        """Return the value of a key if it is cached, else None, without waiting."""
        entry = self._entries.get(key)
        return entry.values[0] if entry is not None and entry.values else None

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()

    def _entry(self, key: Hashable) -> _Entry:
        """The entry of a key, new if there is none, now the most recently used."""
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            while self._most is not None and len(self._entries) >= self._most:
                self._entries.popitem(last=False)
            self._entries[key] = entry
            return entry


class _Entry:
    """A value, as a list of none or one, and the semaphore of the thread that computes it."""

    def __init__(self) -> None:
        self.semaphore = Slots(1)
        self.values: list[Any] = []
