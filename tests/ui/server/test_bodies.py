"""A body that trickles in or swells ends in words; one on a poor line comes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ui.server import bodies
from ui.server.bodies import TOO_LARGE, TOO_SLOW, Bodies


async def take(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def catch(request: Request) -> PlainTextResponse:
    try:
        return await take(request)
    except Exception:
        return PlainTextResponse("a guess at what was wrong", 400)


def post(path: str, size: int, pause: float) -> httpx.Response:
    """Send ten parts of a size, with a pause before each."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(10):
            await asyncio.sleep(pause)
            yield b"a" * size

    async def send() -> httpx.Response:
        routes = [
            Route("/take", take, methods=["POST"]),
            Route("/{path:path}", catch, methods=["POST"]),
        ]
        app = Starlette(routes=routes, middleware=[Middleware(Bodies)])
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(path, content=parts())

    # The browser tests leave an event loop running in the main thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, send()).result()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_S", 0.2)


@pytest.mark.parametrize("path", ["/take", "/catch"])
def test_a_trickle_ends(path: str) -> None:
    answer = post(path, 1, 0.05)
    assert (answer.status_code, answer.json()) == (408, {"detail": TOO_SLOW})


def test_silence_ends() -> None:
    assert post("/take", 100_000, 0.4).status_code == 408


def test_a_poor_line_is_waited_for() -> None:
    # 0.5 seconds for 10 times 800 bytes, half a second's worth.
    answer = post("/take", 800, 0.05)
    assert (answer.status_code, answer.text) == (200, "8000 bytes")


@pytest.mark.parametrize(
    ("path", "most"), [("/take", 2), ("/gradio_api/queue/join", 2), ("/gradio_api/upload", 64)]
)
def test_a_body_is_only_so_large(path: str, most: int) -> None:
    fits, beyond = (post(path, size, 0.0) for size in (most * 100_000, most * 100_000 + 1))
    assert fits.status_code == 200
    assert (beyond.status_code, beyond.json()) == (413, {"detail": TOO_LARGE.format(most=most)})
