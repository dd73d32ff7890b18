"""All middleware around the page, in order."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from pipelines.runtime.settings import ServerSettings
from sharing.link_service import LinkService
from ui.server.bad_requests import BadRequests
from ui.server.bodies import Bodies
from ui.server.headers import SecurityHeaders
from ui.server.health import Metrics, healthz
from ui.server.limits import PerAddress, counts_at
from ui.server.proxies import Proxies, proxies_in_front
from ui.server.requests import RequestLog


def middleware(
    link_service: LinkService, settings: ServerSettings
) -> tuple[list[Middleware], list[BaseRoute]]:
    """Middleware, outermost first, and routes, for Gradio's ``app_kwargs``.

    Args:
        link_service: The published comparisons.
        settings: How the page is served.

    Raises:
        SettingsError: The counts of requests cannot be kept where the settings say.
    """
    counts = Metrics() if settings.metrics == "1" else None
    middleware = [
        Middleware(
            Proxies, count=proxies_in_front(settings.proxies), public_url=settings.public_url
        ),
        Middleware(
            RequestLog, observe=counts.observe if counts else None, root_path=link_service.root
        ),
        Middleware(SecurityHeaders, root_path=link_service.root),
        Middleware(PerAddress, root_path=link_service.root, counts=counts_at(settings.limits_url)),
        Middleware(Bodies, root_path=link_service.root),
        Middleware(BadRequests, root_path=link_service.root),
    ]
    routes = [healthz(link_service.works)]
    if counts is not None:
        routes.append(counts.route())
    return middleware, routes
