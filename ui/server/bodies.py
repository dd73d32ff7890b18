"""Limits for the bodies of requests: their size, and a time-out where they come too slowly."""

from __future__ import annotations

import asyncio
import re
import time

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from ui.server.http_middleware import HttpMiddleware

TOO_SLOW = "This request came too slowly, and nothing was kept of it. Try again on a faster line."
TOO_LARGE = "This request is larger than what is taken here: {most:,} MB."
PATIENCE_S = 30.0
"""Seconds without any byte, and those that every body has."""
SLOWEST = 16_000
"""Bytes a second that a body has to reach after `PATIENCE_S`, on average; a poor phone line."""

# In MB. Tools are called with a photo inside; reading JSON of tens of MB takes the server many
# seconds and gigabytes.
_MOST = ((re.compile(r"/gradio_api/upload/?$"), 64), (re.compile(r"/gradio_api/mcp"), 30))
_MOST_ELSE = 2


class Bodies(HttpMiddleware):
    """ASGI middleware: 408 for a body that comes too slowly, 413 for one that is too large."""

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        most = next((most for paths, most in _MOST if paths.match(path)), _MOST_ELSE)
        body = _Body(receive, most * 1_000_000)
        try:
            await self._app(scope, body.receive, body.unless_refused(send))
        except Exception:
            if body.refused is None:
                raise
        if body.refused is not None and not body.answered:
            sentence = {408: TOO_SLOW, 413: TOO_LARGE.format(most=most)}[body.refused]
            await JSONResponse({"detail": sentence}, body.refused)(scope, receive, send)


class _Body:
    """The body of one request.

    Attributes:
        refused: The status with which it is refused, or None.
        answered: Whether an answer has begun.
    """

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._start, self._bytes, self._complete = time.monotonic(), 0, False
        self.refused: int | None = None
        self.answered = False

    async def receive(self) -> Message:
        """The next part of the body.

        Raises:
            TimeoutError: It comes too slowly.
            ValueError: It is too large.
        """
        if self._complete:
            # What comes now is the end of the connection, for which handlers wait.
            return await self._receive()
        left = self._start + PATIENCE_S + self._bytes / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), min(left, PATIENCE_S))
        except TimeoutError:
            self.refused = 408
            raise
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            self.refused = 413
            raise ValueError("too large")
        self._complete = not message.get("more_body", False)
        return message

    def unless_refused(self, send: Send) -> Send:
        """`send` without the answer that a handler gives to a body that broke off."""

        async def send_unless_refused(message: Message) -> None:
            if self.answered or self.refused is None:
                self.answered = True
                await send(message)

        return send_unless_refused
