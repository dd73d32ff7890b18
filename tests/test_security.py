"""Attacks on the running server that no part of it stops alone; see the table in SECURITY.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

import app
from tests.serving import close, free_port
from ui import launching, tools
from ui.gradio_compat import fair_queue

FOREIGN = "https://evil.example"
Launched = Callable[..., AbstractContextManager[tuple[gr.Blocks, httpx.Client]]]


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Launched:
    @contextmanager
    def launch(**settings: str) -> Iterator[tuple[gr.Blocks, httpx.Client]]:
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
        monkeypatch.setenv("PRESENCE_DATA", str(tmp_path / "data"))
        for name, value in settings.items():
            monkeypatch.setenv(f"PRESENCE_{name}", value)
        blocks = app.build()
        address = app.launch(blocks, "127.0.0.1", free_port())
        try:
            with httpx.Client(base_url=address, timeout=30) as client:
                yield blocks, client
        finally:
            close(blocks)

    return launch


def test_where_a_login_is_set_nothing_is_told_without_it(launched: Launched) -> None:
    paths = [
        *("/openapi.json", "/gradio_api/openapi.json", "/gradio_api/info", "/config"),
        *("/gradio_api/mcp/schema", "/gradio_api/mcp/", "/gradio_api/mcp/sse"),
        *("/gradio_api/dev/reload", "/gradio_api/queue/data?session_hash=x", "/monitoring"),
    ]
    with launched(AUTH="ann:secret") as (_, client):
        assert {path: client.get(path).status_code for path in paths}.items() <= {
            (path, status) for path in paths for status in (401, 404)
        }
        assert "linkedin" not in client.get("/").text
        client.post("/login", data={"username": "ann", "password": "secret"}).raise_for_status()
        assert client.get("/gradio_api/info").status_code == 200
        assert "linkedin" in client.get("/").text


def test_tools_and_a_login_cannot_both_be_insisted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESENCE_AUTH", "ann:secret")
    assert not tools.wanted()
    monkeypatch.setenv(tools.SETTING, "1")
    with pytest.raises(ValueError, match="PRESENCE_AUTH"):
        tools.wanted()


@pytest.mark.parametrize("host", ["127.0.0.1", "presence.example"])
def test_no_other_site_reads_an_answer(launched: Launched, host: str) -> None:
    asks = {"Access-Control-Request-Method": "POST"}
    with launched() as (_, client):
        for origin in (FOREIGN, "null"):
            headers = {"Origin": origin, "Host": host}
            answers = [
                client.get("/config", headers=headers),
                client.options("/gradio_api/upload", headers={**headers, **asks}),
            ]
            for answer in answers:
                assert not [one for one in answer.headers if one.startswith("access-control-allow")]


def test_a_public_address_is_the_only_one_that_is_shown(launched: Launched) -> None:
    lies = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    with launched(PUBLIC_URL="https://presence.example") as (_, client):
        # The first request to these decides what all others are shown.
        for path in ("/", "/gradio_api/info", "/config"):
            text = client.get(path, headers=lies).text
            assert "evil.example" not in text
            assert "https://presence.example" in text


def test_made_up_sessions_take_no_open_page_away(
    launched: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "SESSIONS", 5)
    with launched() as (blocks, client):
        states: Any = blocks.app.state_holder
        with fair_queue(blocks).with_page("visitor"):
            for session in ("visitor", *(f"made-up-{number}" for number in range(20))):
                body = {"data": [], "fn_index": 0, "session_hash": session}
                client.post("/gradio_api/run/predict", json=body)
            assert "visitor" in states
            assert len(states.session_data) == 5
        for number in range(5):
            states[f"another-{number}"]
        assert "visitor" not in states
