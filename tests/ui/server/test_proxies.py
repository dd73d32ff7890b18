"""Visitors' addresses and the page's own, as proxies and liars report them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.server.proxies import MALFORMED_HOST, TRUSTED, Proxies, proxies_in_front

SPOOFED = {"X-Forwarded-For": "192.0.2.1, 203.0.113.5, 198.51.100.7"}


def seen(headers: dict[str, str], **options: Any) -> Any:
    """What the page sees of a request by the peer 10.0.0.1."""

    async def page(request: Request) -> JSONResponse:
        client = request.client.host if request.client else ""
        told = request.headers.get("x-forwarded-for")
        return JSONResponse({"from": client, "told": told, "url": str(request.url)})

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(Proxies, **options)])
    answer = TestClient(app, client=("10.0.0.1", 1)).get("/", headers=headers)
    return answer.json()


@pytest.mark.parametrize(("count", "address"), [(1, "198.51.100.7"), (2, "203.0.113.5")])
def test_proxies_are_counted_from_their_end(count: int, address: str) -> None:
    found = seen(SPOOFED, count=count)
    # The MCP server sends the header on to itself.
    assert (found["from"], found["told"]) == (address, address)


def test_who_came_past_the_proxies_has_the_address_of_the_connection() -> None:
    assert seen({"X-Forwarded-For": "192.0.2.1"}, count=2)["from"] == "10.0.0.1"
    assert seen({}, count=1)["from"] == "10.0.0.1"


def test_without_a_count_uvicorn_has_decided() -> None:
    assert seen(SPOOFED) == {"from": "10.0.0.1", "told": "10.0.0.1", "url": "http://testserver/"}


def test_where_all_proxies_are_trusted_there_is_at_least_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(TRUSTED, raising=False)
    assert proxies_in_front(None) is None
    monkeypatch.setenv(TRUSTED, "*")
    assert (proxies_in_front(None), proxies_in_front(2)) == (1, 2)


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Gradio-Server"])
def test_a_public_address_stands_whatever_a_request_says(header: str) -> None:
    found = seen({header: "evil.example"}, public_url="https://presence.example")
    assert found["url"] == "https://presence.example/"


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_what_is_no_host_is_refused(header: str) -> None:
    assert seen({header: 'e"><script>x</script>'}) == {"detail": MALFORMED_HOST}
