"""How much one address may ask for in a minute, so that nobody's page stops for somebody else's.

Publishing and voting have limits of their own, kept with the links (`sharing.store`).
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

# A hand on a slider asks some eight times a second; a portrait is uploaded now and then.
LIMITS: tuple[tuple[re.Pattern[str], RateLimitItem], ...] = (
    (re.compile(r"/gradio_api/upload$"), RateLimitItemPerMinute(40)),
    (re.compile(r"/gradio_api/(queue/join|call/|run/|mcp)"), RateLimitItemPerMinute(900)),
)


class PerAddress:
    """ASGI middleware that answers 429 beyond `LIMITS`.

    Args:
        app: What answers.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app, self._root = app, root_path
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http" and scope["method"] == "POST" and not self._may(scope):
            refusal = JSONResponse({"detail": SENTENCE}, 429, {"Retry-After": "60"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(self._root)
        client = (scope.get("client") or ("",))[0]
        return all(
            self._limiter.hit(limit, household(client), pattern.pattern)
            for pattern, limit in LIMITS
            if pattern.match(path)
        )


def household(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one IPv6 line has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
