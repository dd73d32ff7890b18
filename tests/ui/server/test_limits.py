"""What one address may do: so often, so much, so many at once; also over several processes."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipelines.runtime.settings import SettingsError
from tests.serving import free_port
from ui.server.limits import (
    AT_ONCE,
    LOGINS,
    MOST_UPLOADS,
    NO_LENGTH,
    SENTENCE,
    TOO_MUCH,
    PerAddress,
    counts_at,
)

UPLOAD = "/gradio_api/upload"


async def answer(request: Request) -> PlainTextResponse:
    del request
    return PlainTextResponse("answer")


def app(url: str = "") -> Starlette:
    routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=[Middleware(PerAddress, counts=counts_at(url))])


def visitor(address: str = "203.0.113.77", url: str = "") -> TestClient:
    return TestClient(app(url), client=(address, 1))


def test_uploads_are_bounded_by_the_minute_and_pages_are_not() -> None:
    client = visitor()
    answers = [client.post(UPLOAD, content=b"x") for _ in range(41)]
    assert {one.status_code for one in answers[:40]} == {200}
    assert (answers[40].status_code, answers[40].json()) == (429, {"detail": SENTENCE})
    assert answers[40].headers["retry-after"] == "60"
    assert client.get("/").status_code == 200


def test_uploads_are_bounded_by_their_size() -> None:
    client, large = visitor(), {"Content-Length": str(400_000_000)}
    codes = [client.post(UPLOAD, headers=large).status_code for _ in range(4)]
    assert codes == [200] * 4
    beyond = client.post(UPLOAD, headers=large)
    assert (beyond.status_code, beyond.json()["detail"]) == (429, TOO_MUCH.format(most=2000))
    assert client.post(UPLOAD, content=b"small").status_code == 200


def test_an_upload_says_how_long_it_is() -> None:
    without = visitor().post(UPLOAD, content=iter([b"x"]))
    assert (without.status_code, without.json()["detail"]) == (411, NO_LENGTH)


def test_passwords_cannot_be_guessed_at() -> None:
    client = visitor()
    answers = [client.post("/login") for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert answers[10].json()["detail"] == LOGINS.format(minutes="a minute")


def test_the_networks_of_ipv6_count_as_one_address() -> None:
    shared = app()
    for number in range(40):
        client = TestClient(shared, client=(f"2001:db8:1:2::{number:x}", 1))
        assert client.post(UPLOAD, content=b"x").status_code == 200
    for address, status in (("2001:db8:1:2:9::9", 429), ("2001:db8:1:3::1", 200)):
        client = TestClient(shared, client=(address, 1))
        assert client.post(UPLOAD, content=b"x").status_code == status


def test_only_so_many_uploads_are_under_way_at_once() -> None:
    end = asyncio.Event()

    async def slow(request: Request) -> PlainTextResponse:
        await end.wait()
        return await answer(request)

    routes = [Route(UPLOAD, slow, methods=["POST"]), Route("/", answer)]
    served = Starlette(routes=routes, middleware=[Middleware(PerAddress)])

    async def upload() -> None:
        transport = httpx.ASGITransport(served, client=("203.0.113.77", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            under_way = [asyncio.create_task(client.post(UPLOAD)) for _ in range(MOST_UPLOADS)]
            await asyncio.sleep(0.05)
            one_more = await client.post(UPLOAD)
            assert (one_more.status_code, one_more.json()["detail"]) == (429, AT_ONCE)
            assert (await client.get("/")).status_code == 200
            end.set()
            assert {(await one).status_code for one in under_way} == {200}
            assert (await client.post(UPLOAD)).status_code == 200

    # The browser tests leave an event loop running in the main thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, upload()).result()


@pytest.mark.parametrize("url", ["nowhere://x", "mongodb://x"])
def test_counts_that_cannot_be_kept_are_refused_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="PRESENCE_LIMITS_URL"):
        counts_at(url)


@pytest.fixture
def redis() -> Iterator[str]:
    """Address of a Redis server."""
    client = pytest.importorskip("redis", reason="the package redis is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed; on Debian: apt-get install redis-server")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}"
    try:
        patient = client.retry.Retry(client.backoff.ConstantBackoff(0.1), 100)
        with client.Redis.from_url(url, retry=patient) as connection:
            connection.ping()
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
def test_two_processes_count_together(redis: str) -> None:
    with visitor(url=redis) as one, visitor(url=redis) as other:
        answers = [client.post(UPLOAD, content=b"x") for _ in range(21) for client in (one, other)]
    assert [answer.status_code for answer in answers] == [200] * 40 + [429] * 2


@pytest.mark.long
def test_without_the_shared_counts_a_process_counts_for_itself() -> None:
    pytest.importorskip("redis")
    with visitor(url=f"redis://127.0.0.1:{free_port()}") as alone:
        codes = [alone.post(UPLOAD, content=b"x").status_code for _ in range(41)]
    assert codes == [200] * 40 + [429]
