"""Requests that Gradio's own doors trip over are answered in words instead of with a 500."""

from __future__ import annotations

import logging

from gradio.route_utils import FnIndexInferError
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.queue import RETRY_AFTER_S

MALFORMED = "This request does not fit what is served here."
OUR_FAULT = "Something went wrong on our side. Nothing was stored; try again."

_log = logging.getLogger("presence.requests")

# What looking up a made-up function, session or file in Gradio's tables raises. The work itself
# runs behind the queue, where errors are told otherwise: here there are only requests.
_LOOKUPS = (
    FnIndexInferError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OSError,
)


class BadRequests:
    """ASGI middleware: 400 for requests that Gradio's routes choke on, 500 in words for the rest.

    Args:
        app: What answers.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if message["status"] == 503:
                    MutableHeaders(scope=message).setdefault("Retry-After", str(RETRY_AFTER_S))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            # In the middle of an upload: there is nobody to answer, and nothing went wrong here.
            return
        except Exception as error:
            if begun:
                # Such as a file that was cleared just now. The server breaks off by itself; left to
                # it, a trace with the path would stand in its log.
                _log.warning("answer broke off", exc_info=error)
                return
            _log.warning("unanswered request", exc_info=error)
            await _answer(error, scope["path"].removeprefix(self._root))(scope, receive, send)


def _answer(error: Exception, path: str) -> JSONResponse:
    if path.startswith("/gradio_api/") and isinstance(error, _LOOKUPS):
        return JSONResponse({"detail": MALFORMED}, 400)
    return JSONResponse({"detail": OUR_FAULT}, 500)
