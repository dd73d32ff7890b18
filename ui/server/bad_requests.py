"""Answers with a message for requests that raise in Gradio's routes, instead of a bare 500."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from ui.gradio_compat import FnIndexInferError
from ui.server.http_middleware import HttpMiddleware
from ui.server.queue import RETRY_AFTER_S
from ui.text.messages import OUR_FAULT

MALFORMED = "This request does not fit what is served here."

_log = logging.getLogger("presence.requests")

# Raised when Gradio looks up a function, session or file that does not exist. Errors of the work
# itself do not come here: it runs in the queue.
_LOOKUPS = (
    FnIndexInferError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OSError,
)


class BadRequests(HttpMiddleware):
    """ASGI middleware: 400 for malformed requests, 500 with a message for other errors."""

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_with_retry_after(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if message["status"] == 503:
                    MutableHeaders(scope=message).setdefault("Retry-After", str(RETRY_AFTER_S))
            await send(message)

        try:
            await self._app(scope, receive, send_with_retry_after)
        except ClientDisconnect:
            # The client left during an upload: there is nobody to answer, and no fault of ours.
            return
        except Exception as error:
            if started:
                # For example, the file was just deleted. The server aborts the answer by itself; if
                # it saw the error, it would log a trace with the path.
                _log.warning("answer broke off", exc_info=error)
                return
            _log.warning("unanswered request", exc_info=error)
            await _answer(error, path)(scope, receive, send)


def _answer(error: Exception, path: str) -> JSONResponse:
    if path.startswith("/gradio_api/") and isinstance(error, _LOOKUPS):
        return JSONResponse({"detail": MALFORMED}, 400)
    return JSONResponse({"detail": OUR_FAULT}, 500)
