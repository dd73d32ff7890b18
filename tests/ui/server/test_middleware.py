"""Headers, request logs, health, metrics and limits, around an app of three lines."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipelines.runtime.settings import ServerSettings
from sharing.link_service import LinkService
from sharing.settings import Settings
from ui.server.bad_requests import MALFORMED
from ui.server.headers import FOREIGN, HEADERS
from ui.server.middleware import middleware
from ui.server.requests import REQUEST_ID, JsonLines, coarse_address, route_kind
from ui.text.messages import OUR_FAULT


def link_service(folder: Path) -> LinkService:
    return LinkService(Settings(f"sqlite:///{folder / 'links.sqlite'}", str(folder / "pictures")))


def client(folder: Path, **settings: Any) -> TestClient:
    async def page(request: Request) -> PlainTextResponse:
        del request
        return PlainTextResponse("page")

    async def strict(request: Request) -> PlainTextResponse:
        del request
        return PlainTextResponse(
            "strict", headers={"content-security-policy": "default-src 'none'"}
        )

    async def broken(request: Request) -> PlainTextResponse:
        raise OSError("/home/somebody/photo.jpg")

    async def halfway(request: Request) -> StreamingResponse:
        del request

        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise FileNotFoundError("/home/somebody/me.jpg")

        return StreamingResponse(parts())

    before, routes = middleware(link_service(folder), ServerSettings(**settings))
    routes += [
        Route("/", page),
        Route("/s/abc", strict),
        Route("/broken", broken),
        Route("/halfway", halfway),
        Route("/gradio_api/upload", page, methods=["POST"]),
        Route("/gradio_api/made-up", broken, methods=["POST"]),
    ]
    app = Starlette(routes=routes, middleware=before)
    return TestClient(app, raise_server_exceptions=False, client=("203.0.113.77", 1))


def test_every_answer_has_the_headers_and_an_id(tmp_path: Path) -> None:
    visitor = client(tmp_path)
    first, second = visitor.get("/"), visitor.get("/nowhere")
    for answer in (first, second):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert first.headers[REQUEST_ID] != second.headers[REQUEST_ID]


def test_a_stricter_policy_stands(tmp_path: Path) -> None:
    assert client(tmp_path).get("/s/abc").headers["content-security-policy"] == "default-src 'none'"


def test_a_request_is_one_line_without_names_or_ids(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "presence.requests"):
        client(tmp_path).get("/s/abc?look=region%3Djapan")
    (record,) = [one for one in caplog.records if one.name == "presence.requests"]
    line = JsonLines().format(record)
    said = json.loads(line)
    assert (said["route"], said["status"], said["method"]) == ("shared page", 200, "GET")
    assert said["from"] == "203.0.113.0/24"
    assert not any(secret in line for secret in ("abc", "japan", "203.0.113.77"))


def test_a_failure_is_logged_by_its_kind_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "presence.requests"):
        assert client(tmp_path).get("/broken").status_code == 500
    lines = [JsonLines().format(one) for one in caplog.records if one.name == "presence.requests"]
    failure, request = (json.loads(line) for line in lines)
    assert failure["error"] == "OSError"
    assert request["status"] == 500
    assert not any("somebody" in line for line in lines)


def test_no_path_or_header_writes_a_line_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    forged = '%0d%0a{"level": "error"}%1b[2J'
    with caplog.at_level(logging.INFO, "presence.requests"):
        for path in ("/", "/s/", "/gradio_api/call/"):
            client(tmp_path).get(path + forged, headers={"User-Agent": "forged", "X-Id": "forged"})
    lines = [JsonLines().format(one) for one in caplog.records if one.name == "presence.requests"]
    assert len(lines) == 3
    assert {json.loads(line)["level"] for line in lines} == {"info"}
    assert not any(part in line for line in lines for part in ("forged", "error", "\n", "\x1b"))


def test_what_gradio_trips_over_is_a_bad_request_and_the_rest_our_fault(tmp_path: Path) -> None:
    visitor = client(tmp_path)
    malformed, broken = visitor.post("/gradio_api/made-up"), visitor.get("/broken")
    assert (malformed.status_code, malformed.json()) == (400, {"detail": MALFORMED})
    assert (broken.status_code, broken.json()) == (500, {"detail": OUR_FAULT})


def test_health_says_whether_links_work(tmp_path: Path) -> None:
    answer = client(tmp_path).get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["links"] == "ok"
    (tmp_path / "links").mkdir()
    unusable = LinkService(Settings(f"sqlite:///{tmp_path / 'links'}", str(tmp_path)))
    _, routes = middleware(unusable, ServerSettings())
    down = TestClient(Starlette(routes=routes)).get("/healthz")
    assert (down.status_code, down.json()["status"]) == (503, "degraded")


def test_metrics_are_there_only_when_asked_for(tmp_path: Path) -> None:
    assert client(tmp_path).get("/metrics").status_code == 404
    visitor = client(tmp_path, metrics="1")
    visitor.get("/")
    text = visitor.get("/metrics").text
    assert 'presence_requests_total{route="page",status="200"} 1.0' in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("/", "private, no-cache"),
        ("/config", "private, no-store"),
        ("/gradio_api/file=/tmp/x/me.png", "private, no-store"),
        ("/assets/index-BmQ4wZ8k.js", "public, max-age=31536000, immutable"),
    ],
)
def test_only_assets_are_kept_by_caches(tmp_path: Path, path: str, caching: str) -> None:
    assert client(tmp_path).get(path).headers["cache-control"] == caching


def test_a_page_elsewhere_posts_nothing(tmp_path: Path) -> None:
    visitor = client(tmp_path)
    for site, status in (("cross-site", 403), ("same-origin", 200)):
        answer = visitor.post(
            "/gradio_api/upload", headers={"Sec-Fetch-Site": site}, files={"files": b"x"}
        )
        assert answer.status_code == status
        assert (answer.text == f'{{"detail":"{FOREIGN}"}}') == (status == 403)
    # A link on another site may lead here.
    assert visitor.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_an_answer_that_breaks_off_leaves_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        client(tmp_path).get("/halfway")
    (record,) = caplog.records
    line = json.loads(JsonLines().format(record))
    assert line["error"] == "FileNotFoundError"
    assert "me.jpg" not in json.dumps(line)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "page"),
        ("/gradio_api/file=/tmp/x/me.png", "file"),
        ("/gradio_api/queue/join", "queue"),
        ("/s/abc/own/secret/delete", "delete"),
        ("/s/abc/own/secret", "private page"),
        ("/wp-login.php", "other"),
    ],
)
def test_a_path_is_logged_as_its_kind(path: str, name: str) -> None:
    assert route_kind(path) == name


def test_addresses_lose_what_tells_households_apart() -> None:
    assert coarse_address("2001:db8:1:2:3::9") == "2001:db8:1::/48"
    assert coarse_address("testclient") == ""
