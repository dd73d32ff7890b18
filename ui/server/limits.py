"""Rate limits for each address, so that no visitor blocks the others.

Publishing and voting have their own limits in the database (`sharing.store`).
"""

from __future__ import annotations

import ipaddress
import re

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SENTENCE = "Too many requests from your address at once. Try again in a minute."

# A moving slider makes some eight requests a second; uploads are rare.
LIMITS: tuple[tuple[re.Pattern[str], RateLimitItem], ...] = (
    (re.compile(r"/gradio_api/upload$"), RateLimitItemPerMinute(40)),
    (re.compile(r"/gradio_api/(queue/join|call/|run/|mcp)"), RateLimitItemPerMinute(900)),
)


class PerAddress:
    """ASGI middleware that answers 429 beyond `LIMITS`.

    Args:
        app: The application.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app, self._root = app, root_path
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and scope["method"] == "POST" and not self._is_allowed(scope):
            refusal = JSONResponse({"detail": SENTENCE}, 429, {"Retry-After": "60"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(self._root)
        client = (scope.get("client") or ("",))[0]
        return all(
            self._limiter.hit(limit, address_group(client), pattern.pattern)
            for pattern, limit in LIMITS
            if pattern.match(path)
        )


def address_group(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 network of an IPv6 connection."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
