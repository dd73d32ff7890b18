"""404 for results of the public endpoints that do not exist or were fetched already.

A result can be fetched once. Gradio would keep a second request open as long as the client does.
"""

from __future__ import annotations

import re

import gradio as gr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.gradio_compat import is_awaited

GONE = "There is no answer here: nothing was asked for, or it was fetched already."

_PATH = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/(?P<id>[^/]+)/?$")


class Answers:
    """ASGI middleware that answers 404 for results that nobody is working on.

    Args:
        app: The application.
        blocks: The page.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, blocks: gr.Blocks, root_path: str = "") -> None:
        self._app, self._blocks, self._root = app, blocks, root_path
        # Ids whose result a client is waiting for; a second client would wait for nothing.
        self._being_fetched: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            match = _PATH.match(scope["path"].removeprefix(self._root))
            if match:
                await self._answer(match["id"], scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(self, id_: str, scope: Scope, receive: Receive, send: Send) -> None:
        if id_ in self._being_fetched or not is_awaited(self._blocks, id_):
            await JSONResponse({"detail": GONE}, 404)(scope, receive, send)
            return
        self._being_fetched.add(id_)
        try:
            await self._app(scope, receive, send)
        finally:
            self._being_fetched.discard(id_)
