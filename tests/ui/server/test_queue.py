"""A full queue sends away in words; other lines go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
import httpx
import pytest
from starlette.middleware import Middleware

from tests.serving import free_port
from ui.gradio_compat import LimitedQueue
from ui.server.bad_requests import BadRequests
from ui.server.queue import RETRY_AFTER_S, limit_queue
from ui.text.catalogue import translate


@dataclass(frozen=True)
class Queued:
    """A page of two buttons: one's work ends when it is told to, the other's at once."""

    client: httpx.Client
    line: LimitedQueue
    end: threading.Event

    def ask(self, name: str, **headers: str) -> httpx.Response:
        body: dict[str, list[str]] = {"data": []}
        return self.client.post(f"/gradio_api/call/{name}", json=body, headers=headers)

    def told(self, asked: httpx.Response, name: str) -> str:
        return self.client.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text


@pytest.fixture
def queued() -> Iterator[Queued]:
    end = threading.Event()

    def work() -> str:
        end.wait(30)
        return "worked"

    with gr.Blocks(analytics_enabled=False) as blocks:
        out = gr.Textbox()
        options: dict[str, Any] = {"concurrency_id": "work", "concurrency_limit": 1}
        gr.Button().click(work, None, out, api_name="work", **options)
        gr.Button().click(lambda: "quick", None, out, api_name="quick")
    blocks.queue()
    line = limit_queue(blocks, 2)
    _, address, _ = blocks.launch(
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        app_kwargs={"middleware": [Middleware(BadRequests)]},
    )
    try:
        with httpx.Client(base_url=address, timeout=30) as client:
            yield Queued(client, line, end)
    finally:
        end.set()
        blocks.close()


def test_who_does_not_fit_in_is_told_so_in_their_language_and_nothing_hangs(queued: Queued) -> None:
    asked = [queued.ask("work")]
    _until(lambda: queued.line.waiting("work") == 0)
    asked += [queued.ask("work") for _ in range(2)]
    assert [one.status_code for one in asked] == [200, 200, 200]
    assert queued.line.is_full("work")
    assert (queued.line.ahead("work"), queued.line.ahead("other")) == (3, 0)
    for language in ("en", "ko"):
        away = queued.ask("work", **{"Accept-Language": language})
        assert (away.status_code, away.json()["detail"]) == (503, translate(language, "queue.busy"))
        assert away.headers["retry-after"] == str(RETRY_AFTER_S)
    # The page opens all the same.
    assert "quick" in queued.told(queued.ask("quick"), "quick")
    queued.end.set()
    assert all("worked" in queued.told(one, "work") for one in asked)
    assert not queued.line.is_full("work")


def _until(true: object) -> None:
    assert callable(true)
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")
