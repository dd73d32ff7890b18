"""One loaded model in memory: the last one used, until another is wanted or memory runs out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

M = TypeVar("M")


class Held(Generic[M]):
    """Keeps what was loaded last. Models are gigabytes, so there is never more than one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: Hashable = None
        self._model: M | None = None

    def get(self, key: Hashable, load: Callable[[], M]) -> M:
        """The model of this key, loaded if it is not the one that is held."""
        with self._lock:
            if self._model is None or self._key != key:
                # Let the old one go first: both together may not fit.
                self._model = None
                self._model = load()
                self._key = key
            return self._model

    def release(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._key = self._model = None
