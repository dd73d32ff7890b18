"""Security headers for every answer that does not set its own; pages elsewhere post nothing."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from ui.server.http_middleware import HttpMiddleware

# Gradio's page needs inline scripts and eval (`js_on_load`). Nothing is loaded from or sent to
# other hosts. Framing is left to the host, because a Space is shown in a frame.
PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)

HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-resource-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
}
"""Headers by lower-case name; a route's own header of that name takes precedence."""

FOREIGN = "Pages of other sites cannot send anything here. Open Presence itself."

# The first match counts. Portraits and results must stay in no cache, such as that of a proxy or a
# shared computer; a page holds who is logged in. Names of assets change with their content.
_CACHING = (
    (re.compile(r"/gradio_api/(?!theme\.css)|/config|/login|/logout"), "private, no-store"),
    (re.compile(r"/?$"), "private, no-cache"),
    (re.compile(r"/assets/.+-[\w-]{8}\.\w+$"), "public, max-age=31536000, immutable"),
)


class SecurityHeaders(HttpMiddleware):
    """ASGI middleware that adds `HEADERS` and says what may be cached.

    It refuses what a page of another site posts with the visitor's cookies. (The pages of links
    have a message of their own for that.)
    """

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        caching = next((value for paths, value in _CACHING if paths.match(path)), None)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if caching is not None:
                    headers.setdefault("cache-control", caching)
                message = {**message, "headers": headers.raw}
            await send(message)

        foreign = Headers(scope=scope).get("sec-fetch-site") == "cross-site"
        if foreign and scope["method"] == "POST" and not path.startswith("/s/"):
            await JSONResponse({"detail": FOREIGN}, 403)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
