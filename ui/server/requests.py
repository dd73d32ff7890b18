"""The request log: one JSON line for each request with route, status and duration.

It holds no pictures, names, looks or ids of links. A path is logged as its kind of route, an
address without its last part (IPv4 /24, IPv6 /48).
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.http_middleware import HttpMiddleware

REQUEST_ID = "x-request-id"

Observe = Callable[[str, int, float], None]
"""Called with the kind, status and seconds of each request."""

# The first match counts. Unknown paths are "other", so that no path of a visitor is logged.
_KINDS = (
    (re.compile(r"/$|$"), "page"),
    (re.compile(r"/healthz$"), "healthz"),
    (re.compile(r"/metrics$"), "metrics"),
    (re.compile(r"/gradio_api/upload$"), "upload"),
    (re.compile(r"/gradio_api/upload_progress"), "upload progress"),
    (re.compile(r"/gradio_api/file="), "file"),
    (re.compile(r"/gradio_api/queue/"), "queue"),
    (re.compile(r"/gradio_api/(call|run)/"), "call"),
    (re.compile(r"/gradio_api/mcp"), "mcp"),
    (re.compile(r"/gradio_api/heartbeat"), "heartbeat"),
    (re.compile(r"/gradio_api/"), "gradio"),
    (re.compile(r"/(assets|static|theme\.css|svelte)"), "asset"),
    (re.compile(r"/s/-/"), "shared asset"),
    (re.compile(r"/s/[^/]+/vote$"), "vote"),
    (re.compile(r"/s/[^/]+/own/[^/]+/delete$"), "delete"),
    (re.compile(r"/s/[^/]+/own/"), "private page"),
    (re.compile(r"/s/[^/]+/p/"), "shared picture"),
    (re.compile(r"/s/[^/]+/download\.zip$"), "shared download"),
    (re.compile(r"/s/"), "shared page"),
)

_log = logging.getLogger("presence.requests")


def route_kind(path: str) -> str:
    """The kind of route of a path, from a fixed list."""
    return next((name for pattern, name in _KINDS if pattern.match(path)), "other")


def coarse_address(address: str) -> str:
    """The network of an address, IPv4 /24 or IPv6 /48; "" if it is not an address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, bits), strict=False))


class RequestLog(HttpMiddleware):
    """ASGI middleware that logs each request and gives it an id.

    Args:
        app: The application.
        observe: Called for each request, for metrics.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, observe: Observe | None = None, root_path: str = "") -> None:
        super().__init__(app, root_path)
        self._observe = observe

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        start, id_ = time.perf_counter(), secrets.token_hex(8)
        # Stays 0 if the connection breaks off before an answer.
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=list(message["headers"]))
                headers[REQUEST_ID] = id_
                message = {**message, "headers": headers.raw}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except BaseException:
            status = status or 500
            raise
        finally:
            self._log(path, scope, id_, status, time.perf_counter() - start)

    def _log(self, path: str, scope: Scope, id_: str, status: int, seconds: float) -> None:
        route = route_kind(path)
        if self._observe is not None:
            self._observe(route, status, seconds)
        _log.info(
            "request",
            extra={
                "fields": {
                    "request": id_,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000),
                    "from": coarse_address((scope.get("client") or ("",))[0]),
                }
            },
        )


class JsonLines(logging.Formatter):
    """One line of JSON for each record: time, level, logger, message, and its `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Only the class: messages of errors may hold paths and file names.
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: int) -> None:
    """Log to stderr as JSON lines, from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("presence")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
