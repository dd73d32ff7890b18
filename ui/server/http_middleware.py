"""What middleware around the page has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from starlette.types import ASGIApp, Receive, Scope, Send


class HttpMiddleware(ABC):
    """ASGI middleware for HTTP requests; connections of other kinds pass by.

    Args:
        app: The application.
        root_path: Path that a proxy serves the page under.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection."""
        if scope["type"] == "http":
            await self._handle(scope["path"].removeprefix(self._root), scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @abstractmethod
    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request for a path below the root."""
