"""Which visits need which files, so that a visit's files go when it ends and nobody else's do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path


class Owners:
    """Counts the visits that need a file: the same picture made or uploaded twice is one file."""

    def __init__(self) -> None:
        # For each visit its files, and when it last said so where a file was uploaded.
        self._of: dict[str, dict[str, float | None]] = {}
        self._needed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, visitor: str | None, path: str, *, uploaded: bool = False) -> None:
        """A visit needs this file from now on. Say so before looking whether the file is there."""
        if visitor is None:
            return
        with self._lock:
            mine = self._of.setdefault(visitor, {})
            self._needed[path] += path not in mine
            mine[path] = time.time() if uploaded else None

    def leave(self, visitor: str, forget: Callable[[Iterable[str]], None]) -> None:
        """A visit is over: delete at once those of its files that no other visit needs.

        Args:
            visitor: The visit.
            forget: Told which files were deleted.
        """
        with self._lock:
            free = []
            for path, known in self._of.pop(visitor, {}).items():
                self._needed[path] -= 1
                if self._needed[path] > 0:
                    continue
                del self._needed[path]
                if not _uploaded_since(path, known):
                    free.append(path)
                    Path(path).unlink(missing_ok=True)
            forget(free)


def _uploaded_since(path: str, known: float | None) -> bool:
    """Whether somebody has just uploaded the same photo once more and not yet said so."""
    try:
        return known is not None and Path(path).stat().st_ctime > known
    except OSError:
        return False
