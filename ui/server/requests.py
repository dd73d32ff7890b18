"""One JSON line for each request: what was asked, how it ended, how long it took.

No pictures, no names, no looks and no ids of links: a path is logged as the kind of route that it
is, an address without its last part (IPv4 /24, IPv6 /48).
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

REQUEST_ID = "x-request-id"

Observe = Callable[[str, int, float], None]
"""Told of each request's kind, status and seconds."""

# First match wins; what matches nothing is "other", so that no path of a visitor is ever written.
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


def kind(path: str) -> str:
    """What kind of route a path is, from a fixed list."""
    return next((name for pattern, name in _KINDS if pattern.match(path)), "other")


def coarse(address: str) -> str:
    """An address without the part that tells one household from the next; "" if it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, bits), strict=False))


class RequestLog:
    """ASGI middleware that logs each request and gives it an id.

    Args:
        app: What answers.
        observe: Told of each request too, for metrics.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, observe: Observe | None = None, root_path: str = "") -> None:
        self._app, self._observe, self._root = app, observe, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, id_ = time.perf_counter(), secrets.token_hex(8)
        # A connection that breaks off before any answer has none.
        status = 0

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=list(message["headers"]))
                headers[REQUEST_ID] = id_
                message = {**message, "headers": headers.raw}
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        except BaseException:
            status = status or 500
            raise
        finally:
            self._tell(scope, id_, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, id_: str, status: int, seconds: float) -> None:
        route = kind(scope["path"].removeprefix(self._root))
        if self._observe is not None:
            self._observe(route, status, seconds)
        _log.info(
            "request",
            extra={
                "said": {
                    "request": id_,
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000),
                    "from": coarse((scope.get("client") or ("",))[0]),
                }
            },
        )


class JsonLines(logging.Formatter):
    """A line of JSON for each record: time, level, logger, message, and what `said` holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "said", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # The kind alone: texts of errors may hold paths, and of files their names.
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: int) -> None:
    """Send what Presence logs to stderr as JSON lines, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("presence")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
