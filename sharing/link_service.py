"""The link service: the store, opened on first use, and public URLs."""

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
    """Access to the store and to public URLs, for the main page and the pages of links."""

    def __init__(self, settings: Settings, root_path: str = "") -> None:
        """Set up the service; the store is not opened, so the page starts even if it cannot be.

        Args:
            settings: Where comparisons are stored.
            root_path: Path or URL under which a reverse proxy serves the page, or "".
        """
        self.settings = settings
        parts = urlsplit(root_path.rstrip("/"))
        self.root = parts.path
        self._origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def store(self) -> Store:
        """The store; opened by the first call and cached.

        Raises:
            Unavailable: The store cannot be opened; the next call tries again.
        """
        return _open_store(self.settings)

    def works(self) -> bool:
        """Whether the database can be read; never raises."""
        try:
            return self.store().works()
        except Unavailable:
            return False

    def address(self, path: str, scheme: str, headers: Mapping[str, str]) -> str:
        """Public URL of a path, as seen by the client of a request.

        Args:
            path: Path, such as ``/s/...``.
            scheme: Scheme of the request.
            headers: Headers of the request, names in lower case.
        """
        if self._origin:
            return f"{self._origin}{self.root}{path}"
        host = _first(headers.get("x-forwarded-host")) or headers.get("host", "localhost")
        scheme = _first(headers.get("x-forwarded-proto")) or scheme
        return f"{'https' if scheme == 'https' else 'http'}://{host}{self.root}{path}"

    def address_of(self, request: HTTPConnection, path: str) -> str:
        """Public URL of a path, as seen by the client of a request."""
        return self.address(path, request.url.scheme, request.headers)

    def start_sweeping(self) -> None:
        """Start a background thread that sweeps the store every `SWEEP_EVERY` seconds."""
        threading.Thread(target=self._sweep_forever, name="sweep", daemon=True).start()

    def _sweep_forever(self) -> None:
        problem = ""
        while True:
            previous, problem = problem, ""
            try:
                self.store().sweep()
            except SharingError as error:
                problem = error.code
            if problem != previous:
                _log.warning("sweeping: %s", problem or "works again")
            time.sleep(SWEEP_EVERY)


@lru_cache(maxsize=4)
def _open_store(settings: Settings) -> Store:
    return Store(settings)


def _first(value: str | None) -> str:
    return (value or "").split(",")[0].strip()
