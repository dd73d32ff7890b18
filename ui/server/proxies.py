"""Where a request came from and which address it was for, where proxies are in between.

uvicorn takes the word of the proxies in ``FORWARDED_ALLOW_IPS``. With ``*`` it believes the first
entry of ``X-Forwarded-For``, which the visitor may have written; counted from the other end, the
entries are those of the proxies.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TRUSTED = "FORWARDED_ALLOW_IPS"
PRIVATE_NETWORKS = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"
"""For `TRUSTED` where a server is reached through its host's proxies only."""
MALFORMED_HOST = "This is no address of a host."

_HOST = re.compile(r"[A-Za-z0-9.:_\-\[\]]{1,255}")


def proxies_in_front(count: int | None) -> int | None:
    """How many proxies to count; 1 if all are trusted and nothing is said; None to trust uvicorn.

    Args:
        count: As the settings say.
    """
    trusts_all = "*" in os.environ.get(TRUSTED, "").split(",")
    return count or (1 if trusts_all else None)


class Proxies:
    """ASGI middleware that sets the visitor's address and the page's public address.

    Args:
        app: The application.
        count: How many proxies each request comes through; None to take uvicorn's word.
        public_url: Origin under which visitors reach the page, such as ``https://example.org``;
            what requests say of it is ignored. If "", requests are believed.
    """

    def __init__(self, app: ASGIApp, count: int | None = None, public_url: str = "") -> None:
        self._app, self._count, self._public = app, count, urlsplit(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": list(scope["headers"])}
        headers = MutableHeaders(scope=scope)
        hosts = [headers.get(name) for name in ("host", "x-forwarded-host")]
        if not self._public.netloc and not all(_is_host(one) for one in hosts if one is not None):
            await JSONResponse({"detail": MALFORMED_HOST}, 400)(scope, receive, send)
            return
        self._set_client(scope, headers)
        # Gradio believes it.
        del headers["x-gradio-server"]
        if self._public.netloc:
            headers["host"] = self._public.netloc
            del headers["x-forwarded-host"]
            headers["x-forwarded-proto"] = scope["scheme"] = self._public.scheme
        await self._app(scope, receive, send)

    def _set_client(self, scope: Scope, headers: MutableHeaders) -> None:
        """Set the visitor's address, also for the requests that the MCP server sends to itself."""
        lines = ",".join(headers.getlist("x-forwarded-for"))
        passed = [one.strip() for one in lines.split(",") if one.strip()]
        if self._count is not None and len(passed) >= self._count:
            scope["client"] = passed[-self._count], 0
        if scope.get("client"):
            del headers["x-forwarded-for"]
            headers["x-forwarded-for"] = scope["client"][0]


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text.split(",")[0].strip()) is not None
