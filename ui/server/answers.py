"""Who is there and waits for results, and 404 for those that do not exist or were fetched already.

A result can be fetched once. Gradio would keep a second request open as long as the client does.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import gradio as gr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.gradio_compat import fair_queue, session_of_event
from ui.server.http_middleware import HttpMiddleware

GONE = (
    "There is no answer here: nothing was asked for, it was fetched already, or nobody came for it "
    "within a minute."
)

_PATH = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/(?P<id>[^/]+)/?$")
_RESULTS = re.compile(r"/gradio_api/queue/data/?$")
_PAGE = re.compile(r"/gradio_api/heartbeat/(?P<session>[^/]+)/?$")


class Answers(HttpMiddleware):
    """ASGI middleware that notes who is there, and answers 404 where no result will come.

    Args:
        app: The application.
        blocks: The page.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, blocks: gr.Blocks, root_path: str = "") -> None:
        super().__init__(app, root_path)
        self._blocks = blocks
        # Ids whose result a client is waiting for; a second client would wait for nothing.
        self._being_fetched: set[str] = set()

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await self._app(scope, receive, send)
        elif match := _PATH.match(path):
            await self._answer(match["id"], scope, receive, send)
        elif match := _PAGE.match(path):
            with fair_queue(self._blocks).with_page(match["session"]):
                await self._app(scope, receive, send)
        elif _RESULTS.match(path):
            sessions = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])
            with fair_queue(self._blocks).listening(sessions[0]):
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, id_: str, scope: Scope, receive: Receive, send: Send) -> None:
        session = session_of_event(self._blocks, id_)
        if session is None or id_ in self._being_fetched:
            await JSONResponse({"detail": GONE}, 404)(scope, receive, send)
            return
        self._being_fetched.add(id_)
        try:
            with fair_queue(self._blocks).listening(session):
                await self._app(scope, receive, send)
        finally:
            self._being_fetched.discard(id_)
