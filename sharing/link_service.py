"""Where links are handled: the store, opened when first needed, and addresses as seen outside."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from sharing.errors import SharingError, Unavailable
from sharing.settings import Settings
from sharing.store import Store

SWEEP_EVERY = 60
"""Seconds between two sweeps."""

_log = logging.getLogger("presence.sharing")


class LinkService:
    """What the page and the shared pages have in common."""

    def __init__(self, settings: Settings, root_path: str = "") -> None:
        """Nothing is opened yet: the page runs even where nothing can be stored.

        Args:
            settings: Where comparisons are kept.
            root_path: The path (or whole address) under which a proxy shows the page, or "".
        """
        self.settings = settings
        parts = urlsplit(root_path.rstrip("/"))
        self.root = parts.path
        self._origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def store(self) -> Store:
        """The store.

        Raises:
            Unavailable: It cannot be opened; the next call tries again.
        """
        return _opened(self.settings)

    def works(self) -> bool:
        """Whether links can be read; never raises."""
        try:
            return self.store().works()
        except Unavailable:
            return False

    def address(self, path: str, scheme: str, headers: Mapping[str, str]) -> str:
        """A whole address, as whoever sent a request sees it.

        Args:
            path: Such as ``/s/...``.
            scheme: Of the request.
            headers: Of the request, names in small letters.
        """
        if self._origin:
            return f"{self._origin}{self.root}{path}"
        host = _first(headers.get("x-forwarded-host")) or headers.get("host", "localhost")
        scheme = _first(headers.get("x-forwarded-proto")) or scheme
        return f"{'https' if scheme == 'https' else 'http'}://{host}{self.root}{path}"

    def address_of(self, request: HTTPConnection, path: str) -> str:
        """A whole address, as whoever sent ``request`` sees it."""
        return self.address(path, request.url.scheme, request.headers)

    def keep_tidy(self) -> None:
        """Sweep from time to time in the background, for as long as the process lives."""
        threading.Thread(target=self._tidy, name="sweep", daemon=True).start()

    def _tidy(self) -> None:
        trouble = ""
        while True:
            before, trouble = trouble, ""
            try:
                self.store().sweep()
            except SharingError as error:
                trouble = error.code
            if trouble != before:
                _log.warning("sweeping: %s", trouble or "works again")
            time.sleep(SWEEP_EVERY)


@lru_cache(maxsize=4)
def _opened(settings: Settings) -> Store:
    return Store(settings)


def _first(value: str | None) -> str:
    return (value or "").split(",")[0].strip()
