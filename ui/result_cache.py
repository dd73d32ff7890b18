"""What looks made of a photo, without their pixels, so that only looks that changed are rendered.

It lives as long as the photo does. The samples are public: what the page opens with is made once
and shown to everybody, from files that stay as long as the server runs.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pipelines.studio import Look
from ui.pictures import FileStore
from ui.result_pictures import Files, Report

MOST_KEPT = 48
"""Looks that are kept of one photo; the ones used longest ago go first."""
_WAIT_S = 0.2


@dataclass(frozen=True, eq=False)
class Original:
    """The photo itself as files.

    Attributes:
        files: What shows it.
        skin: Address of the picture that shows what counts as skin.
        report: Measurements of the original.
        paths: All its files.
    """

    files: Files
    skin: str
    report: Report = field(repr=False)
    paths: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class RenderedFiles:
    """What one look made, its pixels in files.

    Attributes:
        look: The look.
        files: What shows it.
        full: Path of the full-size PNG.
        control: Address of the annotation.
        report: The variant's report.
        captions: Gaze, likeness and texture in English, a line each, for pages that are shared.
        warnings: What a person should know about it.
        reached: Whether the gaze came near enough to what was asked.
        distance: Of the face embeddings, as the ranking needs it.
        paths: All its files.
    """

    look: Look
    files: Files
    full: str
    control: str
    report: Report = field(repr=False)
    captions: tuple[str, ...] = field(repr=False)
    warnings: tuple[str, ...] = field(repr=False)
    reached: bool
    distance: float
    paths: tuple[str, ...] = field(repr=False)


V = TypeVar("V", Original, RenderedFiles)
# The photo itself is kept like a look.
Key = Look | None


class SharedResults:
    """What a sample's first looks made: by whoever asks first, for everybody.

    Args:
        file_store: Where files stay as long as the server runs.
        keys: What is made for everybody; all else is each visitor's own.
    """

    def __init__(self, file_store: FileStore, keys: Collection[Key]) -> None:
        self._file_store, self._keys = file_store, frozenset(keys)
        self._lock = threading.Lock()
        self._made: dict[Key, Any] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def has(self, key: Key) -> bool:
        """Whether it is there already."""
        made = self._made.get(key)
        return made is not None and _there(made.paths)

    def get(self, key: Key, make: Callable[[FileStore], V], check: Callable[[], None]) -> V:
        """What is there, or what `make` makes; `check` may end the wait for others by raising."""
        while not self._lock.acquire(timeout=_WAIT_S):
            check()
        try:
            if not self.has(key):
                self._made[key] = make(self._file_store)
            found: V = self._made[key]
            return found
        finally:
            self._lock.release()


class ResultCache:
    """What was made of one visitor's photo.

    Args:
        lasting: What of it is made for everybody, if the photo is a sample.
        most: How many looks are kept.
    """

    def __init__(self, lasting: SharedResults | None = None, most: int = MOST_KEPT) -> None:
        self._lasting, self._most = lasting, most
        self._lock = threading.Lock()
        self._made: OrderedDict[Key, Any] = OrderedDict()

    def has(self, key: Key) -> bool:
        """Whether `get` answers without making anything."""
        if self._lasting is not None and key in self._lasting:
            return self._lasting.has(key)
        made = self._made.get(key)
        return made is not None and _there(made.paths)

    def get(
        self,
        key: Key,
        file_store: FileStore,
        make: Callable[[FileStore], V],
        check: Callable[[], None] = lambda: None,
    ) -> V:
        """What was made of a look, or what `make` makes of it now.

        Args:
            key: The look, or None for the photo itself.
            file_store: Where this visitor's files go.
            make: Makes it, with its files on the shelf that it is given.
            check: Called while another visitor makes the same; what it raises ends the wait.
        """
        if self._lasting is not None and key in self._lasting:
            return self._lasting.get(key, make, check)
        with self._lock:
            found: V | None = self._made.pop(key, None)
            if found is not None and _there(found.paths):
                self._made[key] = found
                return found
        made = make(file_store)
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made


def _there(paths: tuple[str, ...]) -> bool:
    """Whether files have not been cleared; those that are there count as new again."""
    try:
        for path in paths:
            os.utime(path)
    except OSError:
        return False
    return True
