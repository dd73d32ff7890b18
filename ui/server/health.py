"""``/healthz``, and ``/metrics`` if it is enabled."""

from __future__ import annotations

import time
from collections.abc import Callable

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

# Histogram buckets in seconds, from an asset to a slow comparison.
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """Numbers and durations of requests, and the process's memory and file handles."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "presence_requests", "Requests", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "presence_request_seconds",
            "Seconds to the end of the answer",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one request; see `ui.server.requests.Observe`."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def route(self) -> BaseRoute:
        """``/metrics`` in Prometheus's text format."""

        async def metrics(request: Request) -> Response:
            del request
            body = prometheus_client.generate_latest(self._registry)
            return Response(body, media_type=prometheus_client.CONTENT_TYPE_LATEST)

        return Route("/metrics", metrics, methods=["GET"])


def healthz(links_readable: Callable[[], bool]) -> BaseRoute:
    """``/healthz``: 200 if everything works, 503 if links cannot be read.

    Args:
        links_readable: Whether the store of published comparisons can be read.
    """
    since = time.monotonic()

    async def answer(request: Request) -> Response:
        del request
        healthy = await run_in_threadpool(links_readable)
        content = {
            "status": "ok" if healthy else "degraded",
            "links": "ok" if healthy else "unavailable",
            "up_seconds": round(time.monotonic() - since),
        }
        return JSONResponse(content, 200 if healthy else 503, {"Cache-Control": "no-store"})

    return Route("/healthz", answer, methods=["GET"])
