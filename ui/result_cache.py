"""Results of the looks of a photo as files, so that only looks that changed are rendered.

They are kept as long as the photo is. Those that the page opens with, of the samples, are rendered
once for all visitors and stay as long as the server runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar

from pipelines.runtime.cache import Cache
from pipelines.studio import Look
from ui.pictures import FileStore
from ui.result_pictures import Files, Report

MOST_KEPT = 48
"""Looks that are kept of one photo; the ones used longest ago go first."""


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
    """The result of one look, its pixels in files.

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
    """Results of a sample that are rendered once, for all visitors.

    Args:
        file_store: Where their files stay as long as the server runs.
        keys: What is shared; everything else is each visitor's own.
    """

    def __init__(self, file_store: FileStore, keys: Collection[Key]) -> None:
        self._file_store, self._keys = file_store, frozenset(keys)
        self._cache = Cache()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def has(self, key: Key) -> bool:
        """Whether `get` answers without rendering."""
        result = self._cache.peek(key)
        return result is not None and _files_exist(result)

    def get(self, key: Key, render: Callable[[FileStore], V], check: Callable[[], None]) -> V:
        """The result of a look; while another visitor renders it, `check` may end the wait."""
        return self._cache.get(key, lambda: render(self._file_store), check, _files_exist)


class ResultCache:
    """Results of one visitor's photo.

    Args:
        shared: Those that all visitors share, if the photo is a sample.
        most: How many looks are kept.
    """

    def __init__(self, shared: SharedResults | None = None, most: int = MOST_KEPT) -> None:
        self._shared = shared
        self._cache = Cache(most)

    def has(self, key: Key) -> bool:
        """Whether `get` answers without rendering."""
        if self._shared is not None and key in self._shared:
            return self._shared.has(key)
        result = self._cache.peek(key)
        return result is not None and _files_exist(result)

    def get(
        self,
        key: Key,
        file_store: FileStore,
        render: Callable[[FileStore], V],
        check: Callable[[], None] = lambda: None,
    ) -> V:
        """The result of a look.

        Args:
            key: The look, or None for the photo itself.
            file_store: Where this visitor's files go.
            render: Makes the result, with its files in the store that it is given.
            check: Called while somebody else renders the same; raises to end the wait.
        """
        if self._shared is not None and key in self._shared:
            return self._shared.get(key, render, check)
        return self._cache.get(key, lambda: render(file_store), check, _files_exist)


def _files_exist(result: Original | RenderedFiles) -> bool:
    """Whether the files have not been cleared; those that are there count as new again."""
    try:
        for path in result.paths:
            os.utime(path)
    except OSError:
        return False
    return True
