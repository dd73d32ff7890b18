"""All middleware around the page, in order."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from sharing.link_service import LinkService
from ui.server.bad_requests import BadRequests
from ui.server.headers import SecurityHeaders
from ui.server.health import Metrics, healthz
from ui.server.limits import PerAddress
from ui.server.requests import RequestLog


def middleware(
    link_service: LinkService, *, metrics: bool
) -> tuple[list[Middleware], list[BaseRoute]]:
    """Middleware, outermost first, and routes, for Gradio's ``app_kwargs``.

    Args:
        link_service: The published comparisons.
        metrics: Whether to serve ``/metrics``.
    """
    counts = Metrics() if metrics else None
    middleware = [
        Middleware(
            RequestLog, observe=counts.observe if counts else None, root_path=link_service.root
        ),
        Middleware(SecurityHeaders),
        Middleware(PerAddress, root_path=link_service.root),
        Middleware(BadRequests, root_path=link_service.root),
    ]
    routes = [healthz(link_service.works)]
    if counts is not None:
        routes.append(counts.route())
    return middleware, routes
