"""Everything that stands between a visitor and the page, in its order."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from sharing.desk import Desk
from ui.server.headers import SecurityHeaders
from ui.server.health import Metrics, healthz
from ui.server.limits import PerAddress
from ui.server.options import Options
from ui.server.requests import RequestLog
from ui.server.shield import Shield


def around(desk: Desk, options: Options) -> tuple[list[Middleware], list[BaseRoute]]:
    """Middleware, the outermost first, and routes, for Gradio's ``app_kwargs``."""
    metrics = Metrics() if options.metrics else None
    middleware = [
        Middleware(RequestLog, observe=metrics.observe if metrics else None, root_path=desk.root),
        Middleware(SecurityHeaders),
        Middleware(PerAddress, root_path=desk.root),
        Middleware(Shield, root_path=desk.root),
    ]
    routes = [healthz(desk.works)]
    if metrics is not None:
        routes.append(metrics.route())
    return middleware, routes
