"""Pictures from the web: limits, redirects, and no way into a private network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from pipelines.audit.sources import web
from pipelines.runtime.errors import Refusal

AGAIN = {"count": 0}


class Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers: dict[str, tuple[int, bytes, str]] = {
            "/a.jpg": (200, b"picture", ""),
            "/%C3%A4%20b.jpg": (200, b"umlaut", ""),
            "/moved": (302, b"", "/a.jpg"),
            "/round": (302, b"", "/round"),
            "/to-file": (302, b"", "file:///etc/passwd"),
            "/to-metadata": (302, b"", "http://169.254.169.254/latest/meta-data/"),
            "/large": (200, b"x" * 1000, ""),
            "/forbidden": (403, b"", ""),
        }
        if self.path == "/busy":
            AGAIN["count"] += 1
            answers["/busy"] = (503, b"", "") if AGAIN["count"] == 1 else (200, b"at last", "")
        status, body, location = answers.get(self.path, (404, b"", ""))
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_PAUSE_S", 0.0)


@pytest.mark.parametrize(
    ("path", "found"), [("/a.jpg", b"picture"), ("/moved", b"picture"), ("/ä b.jpg", b"umlaut")]
)
def test_pictures_are_fetched(site: str, path: str, found: bytes) -> None:
    assert web.fetch(site + path, local_network=True) == found


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/none", "not-found"),
        ("/round", "not-found"),
        ("/forbidden", "unreachable"),
        ("/to-file", "unsupported-address"),
    ],
)
def test_refusals_say_why(site: str, path: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        web.fetch(site + path, local_network=True)


def test_a_busy_server_is_asked_once_more(site: str) -> None:
    assert web.fetch(f"{site}/busy", local_network=True) == b"at last"


def test_too_much_is_not_read(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 500)
    with pytest.raises(Refusal, match="too-large"):
        web.fetch(f"{site}/large", local_network=True)


def test_an_answer_that_never_ends_is_given_up(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_TOTAL_S", -1.0)
    with pytest.raises(Refusal, match=r"unreachable.*in time"):
        web.fetch(f"{site}/a.jpg", local_network=True)


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Refusal, match="unreachable"):
            web.fetch(f"http://127.0.0.1:{port}/", local_network=True)


def test_the_local_network_is_closed_unless_opened(site: str) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(Refusal, match=r"private-address|unreachable"):
            web.fetch(site.replace("127.0.0.1", host) + "/a.jpg")
    with pytest.raises(Refusal, match=r"private-address.*--local-network"):
        web.fetch(f"{site}/a.jpg")


def test_a_name_that_leads_inside_is_refused(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)
    with pytest.raises(Refusal, match="private-address"):
        web.fetch("http://pictures.example.org/a.jpg")


def test_every_redirect_is_looked_at(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    public = web.is_public
    monkeypatch.setattr(web, "is_public", lambda host: host == "127.0.0.1" or public(host))
    assert web.fetch(f"{site}/moved") == b"picture"
    with pytest.raises(Refusal, match="private-address"):
        web.fetch(f"{site}/to-metadata")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "ff02::1", "::"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not web.is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    assert web.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://user:word@example.org/a", "http:///a", "http://example.org:0/", "http://[::1/"),
        *("http://example.org:99999/", "http://a\nb/", "file:///etc/passwd"),
    ],
)
def test_strange_addresses_are_refused(url: str) -> None:
    with pytest.raises(Refusal, match="unsupported-address"):
        web.fetch(url, local_network=True)
