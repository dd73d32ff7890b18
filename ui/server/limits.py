"""Limits for each address, so that no visitor blocks the others.

Publishing and voting have their own limits in the database (`sharing.store`), the queue its own
(`ui.fair_turns`).
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.runtime.settings import SettingsError
from sharing.visitors import address_group
from ui.server.http_middleware import HttpMiddleware

SENTENCE = "Too many requests from your address at once. Try again in a minute."
TOO_MUCH = "Too many uploads from your address: {most:,} MB in an hour. Try again later."
LOGINS = "Too many attempts to log in from your address. Wait {minutes} and try again."
NO_LENGTH = "An upload has to say how long it is (Content-Length)."
AT_ONCE = (
    "Too many connections from your address are open. Close some, or wait until they are done."
)

_log = logging.getLogger("presence.limits")


@dataclass(frozen=True)
class Limit:
    """How much of something an address may do.

    Attributes:
        path: Paths it counts for.
        item: The amount and its time.
        sentence: What is said beyond it.
        by_size: Whether megabytes are counted, instead of requests.
    """

    path: re.Pattern[str]
    item: RateLimitItem
    sentence: str = SENTENCE
    by_size: bool = False


_UPLOAD, _LOGIN = re.compile(r"/gradio_api/upload/?$"), re.compile(r"/login/?$")
_UPLOAD_MB = 2_000

# A moving slider makes some eight requests a second; uploads are rare, and mistyped passwords few.
LIMITS: tuple[Limit, ...] = (
    Limit(_UPLOAD, RateLimitItemPerMinute(40)),
    Limit(_UPLOAD, RateLimitItemPerHour(_UPLOAD_MB), TOO_MUCH.format(most=_UPLOAD_MB), True),
    Limit(_LOGIN, RateLimitItemPerMinute(10), LOGINS.format(minutes="a minute")),
    Limit(_LOGIN, RateLimitItemPerHour(60), LOGINS.format(minutes="an hour")),
    Limit(
        re.compile(r"/gradio_api/(queue/join|call/|run/|api/|mcp|component_server)"),
        RateLimitItemPerMinute(900),
    ),
)
MOST_AT_ONCE: Final = 128
"""Connections that an address may have open; a page has two, and six more while it loads."""
MOST_UPLOADS: Final = 10
"""Uploads that an address may have under way."""


def counts_at(url: str) -> Storage:
    """Where requests are counted.

    Args:
        url: ``redis://host:port`` for several processes; "" for the memory of this one.

    Raises:
        SettingsError: It cannot be used.
    """
    if not url:
        return MemoryStorage()
    try:
        options = {"implementation": "redispy"} if url.startswith("redis") else {}
        storage = storage_from_string(f"async+{url}", wrap_exceptions=True, **options)
    except ConfigurationError as error:
        raise SettingsError(f"PRESENCE_LIMITS_URL cannot be used: {error}") from None
    assert isinstance(storage, Storage)
    return storage


class PerAddress(HttpMiddleware):
    """ASGI middleware that answers 429 beyond `LIMITS`.

    If the shared counts cannot be reached, this process counts by itself.

    Args:
        app: The application.
        root_path: Path that a proxy serves the page under.
        counts: As `counts_at` returns it; the memory of this process if None.
    """

    def __init__(self, app: ASGIApp, root_path: str = "", counts: Storage | None = None) -> None:
        super().__init__(app, root_path)
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._limiter = self._own if counts is None else MovingWindowRateLimiter(counts)
        self._open: Counter[tuple[str, bool]] = Counter()

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_group((scope.get("client") or ("",))[0])
        refusal = await self._refusal(scope, path, address) if scope["method"] == "POST" else None
        upload = bool(_UPLOAD.match(path))
        key, most = (address, upload), MOST_UPLOADS if upload else MOST_AT_ONCE
        if refusal is None and self._open[key] >= most:
            refusal = JSONResponse({"detail": AT_ONCE}, 429, {"Retry-After": "10"})
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        self._open[key] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    async def _refusal(self, scope: Scope, path: str, address: str) -> JSONResponse | None:
        megabytes = 1
        if _UPLOAD.match(path):
            length = dict(scope["headers"]).get(b"content-length", b"")
            if not length.isdigit():
                return JSONResponse({"detail": NO_LENGTH}, 411)
            megabytes = 1 + int(length) // 1_000_000
        for limit in LIMITS:
            if not limit.path.match(path):
                continue
            if not await self._hit(limit, address, megabytes if limit.by_size else 1):
                seconds = str(limit.item.get_expiry())
                return JSONResponse({"detail": limit.sentence}, 429, {"Retry-After": seconds})
        return None

    async def _hit(self, limit: Limit, address: str, cost: int) -> bool:
        keys = address, limit.path.pattern
        try:
            return await self._limiter.hit(limit.item, *keys, cost=cost)
        except StorageError as error:
            _log.warning("shared counts cannot be reached", exc_info=error.storage_error)
            return await self._own.hit(limit.item, *keys, cost=cost)
