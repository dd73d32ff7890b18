"""Cache of the results of a photo's looks, so that only changed looks are rendered.

It lives as long as the photo. The first results of the samples are rendered once for all visitors
and stay until the server stops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

from pipelines.runtime.cache import Cache
from pipelines.studio import Look
from ui.file_store import FileStore
from ui.result_pictures import ResultPicture

MOST_KEPT = 48
"""Looks kept of one photo; the least recently used are dropped first."""


# None is the key of the photo itself.
Key = Look | None


class SharedResults:
    """Results of a sample, rendered once for all visitors.

    Args:
        file_store: Where their files stay until the server stops.
        keys: What is shared; everything else is cached for each visitor.
    """

    def __init__(self, file_store: FileStore, keys: Collection[Key]) -> None:
        self._file_store, self._keys = file_store, frozenset(keys)
        self._cache = Cache()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

    def has(self, key: Key) -> bool:
        """Whether `get` returns without rendering."""
        result = self._cache.peek(key)
        return result is not None and _finished(result)

    def get(
        self, key: Key, render: Callable[[FileStore], ResultPicture], check: Callable[[], None]
    ) -> ResultPicture:
        """The result of a look; while another visitor renders it, `check` may raise.

        One that an engine could not finish is rendered again for the next visitor.
        """
        return self._cache.get(key, lambda: render(self._file_store), check, _finished)


class ResultCache:
    """Results of one visitor's photo, those that an engine could not finish, too.

    Such a look would otherwise be tried again, for nothing and perhaps for minutes, whenever
    anything changes on the page; another seed or another photo is tried.

    Args:
        shared: Results shared by all visitors, if the photo is a sample.
        most: How many results are kept.
    """

    def __init__(self, shared: SharedResults | None = None, most: int = MOST_KEPT) -> None:
        self._shared = shared
        self._cache = Cache(most)

    def has(self, key: Key) -> bool:
        """Whether `get` returns without rendering."""
        if self._shared is not None and key in self._shared:
            return self._shared.has(key)
        result = self._cache.peek(key)
        return result is not None and _usable(result)

    def get(
        self,
        key: Key,
        file_store: FileStore,
        render: Callable[[FileStore], ResultPicture],
        check: Callable[[], None] = lambda: None,
    ) -> ResultPicture:
        """The result of a look.

        Args:
            key: The look, or None for the photo itself.
            file_store: Where this visitor's files go.
            render: Makes the result, with its files in the given store.
            check: Called while somebody else renders the same; may raise to end the wait.
        """
        if self._shared is not None and key in self._shared:
            return self._shared.get(key, render, check)
        return self._cache.get(key, lambda: render(file_store), check, _usable)


def _finished(result: ResultPicture) -> bool:
    """Whether the engine could finish and the result is usable."""
    return not result.failed and _usable(result)


def _usable(result: ResultPicture) -> bool:
    """Whether all files still exist; renews their time for Gradio."""
    try:
        for path in result.paths:
            os.utime(path)
    except OSError:
        return False
    return True
