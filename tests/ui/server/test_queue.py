"""Fair turns, refusals in words, and an end of work that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio import queueing
from starlette.middleware import Middleware

from tests.serving import close, free_port
from ui import gradio_compat
from ui.gradio_compat import FairQueue
from ui.server.answers import GONE, Answers
from ui.server.bad_requests import BadRequests
from ui.server.queue import RETRY_AFTER_S, limit_queue
from ui.text.catalogue import translate

FLOOD, VISITOR = "127.0.0.9", "127.0.0.8"


@dataclass(frozen=True)
class Queued:
    """A page whose work ends when it is told to; "quick" is of another kind, and ends at once."""

    address: str
    line: FairQueue
    end: threading.Event
    order: list[str]

    @property
    def waiting(self) -> int:
        """How many events wait for work."""
        return len(self.line.event_queue_per_concurrency_id["work"].queue)

    def client(self, source: str = FLOOD) -> httpx.Client:
        """A client with an address of its own."""
        transport = httpx.HTTPTransport(local_address=source)
        return httpx.Client(base_url=self.address, timeout=30, transport=transport)

    def ask(self, name: str, looks: int = 1, source: str = FLOOD, **headers: str) -> httpx.Response:
        data = [source, "\n".join(["region=japan"] * looks)] if name == "compare" else []
        with self.client(source) as client:
            return client.post(f"/gradio_api/call/{name}", json={"data": data}, headers=headers)

    def fetched(self, asked: httpx.Response, name: str) -> str:
        with self.client() as client:
            return client.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text


@pytest.fixture
def queued() -> Iterator[Queued]:
    end, order = threading.Event(), list[str]()

    def compare(source: str, looks: str) -> str:
        order.append(source)
        someone_waits = gradio_compat.waiting_check()
        while not end.wait(0.02):
            if not someone_waits():
                order.append("given up")
                break
        return f"{len(looks)} letters"

    with gr.Blocks(analytics_enabled=False) as blocks:
        inputs, out = [gr.Textbox(), gr.Textbox()], gr.Textbox()
        options: dict[str, Any] = {"concurrency_id": "work", "concurrency_limit": 2}
        gr.Button().click(compare, inputs, out, api_name="compare", **options)
        gr.Button().click(lambda: "quick", None, out, api_name="quick")
    blocks.queue(api_open=False)
    line = limit_queue(blocks, 12)
    _, address, _ = blocks.launch(
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        app_kwargs={"middleware": [Middleware(BadRequests), Middleware(Answers, blocks=blocks)]},
    )
    try:
        yield Queued(address, line, end, order)
    finally:
        end.set()
        close(blocks)


def test_a_flood_is_sent_away_in_words_and_somebody_else_is_next(queued: Queued) -> None:
    asked = [queued.ask("compare", 3) for _ in range(40)]
    accepted = [one for one in asked if one.status_code == 200]
    # One runs, since a place is kept for others, and two with six of the twelve places wait.
    assert len(accepted) == 3
    assert queued.order == [FLOOD]
    for language in ("en", "ko"):
        away = queued.ask("compare", 3, **{"Accept-Language": language})
        words = translate(language, "queue.share", count=6)
        assert (away.status_code, away.json()["detail"]) == (503, words)
        assert away.headers["retry-after"] == str(RETRY_AFTER_S)
    second = [queued.ask("compare", 1, VISITOR) for _ in range(2)]
    assert [one.status_code for one in second] == [200, 200]
    _until(lambda: queued.order == [FLOOD, VISITOR])
    queued.end.set()
    for one in (*accepted, *second):
        assert "letters" in queued.fetched(one, "compare")
    # Two places were free at once, so one of the flood may have begun a moment before.
    assert queued.order[:4].count(VISITOR) == 2


def test_a_full_queue_says_so_and_other_work_goes_on(queued: Queued) -> None:
    sources = [f"127.0.0.{number}" for number in range(20, 28)]
    for source in sources:
        queued.ask("compare", 3, source)
    _until(lambda: queued.waiting == 4)
    away = queued.ask("compare", 1, VISITOR)
    assert (away.status_code, away.json()["detail"]) == (503, translate("en", "queue.busy"))
    assert "quick" in queued.fetched(queued.ask("quick"), "quick")


def test_places_ahead_are_those_of_ones_turn(queued: Queued) -> None:
    for looks in (3, 3, 3):
        queued.ask("compare", looks)
    queued.ask("compare", 3, VISITOR)
    _until(lambda: queued.order == [FLOOD, VISITOR])
    assert queued.line.ahead("work", "127.0.0.7") == 2
    assert queued.line.ahead("work", FLOOD) == 4
    assert queued.line.ahead("other", FLOOD) == 0


def test_work_that_nobody_fetches_ends(queued: Queued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradio_compat, "FETCH_WITHIN_S", 0.3)
    assert queued.ask("compare").status_code == 200
    _until(lambda: queued.order == [FLOOD, "given up"])


def test_what_is_cancelled_in_the_moment_it_begins_gives_its_place_back(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        # Called between the making of an event's task and its first step.
        patched.setattr(queueing, "set_task_name", lambda task, *_: task.cancel())
        for source in (FLOOD, VISITOR):
            assert queued.ask("compare", source=source).status_code == 200
        _until(lambda: queued.waiting == 0)
    queued.end.set()
    _until(lambda: not any(queued.line.active_jobs))
    assert "complete" in queued.fetched(queued.ask("compare"), "compare")


def test_only_what_somebody_waits_for_is_kept(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched, waiting = queued.ask("compare"), queued.ask("compare")
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(queued.fetched, fetched, "compare")
        _until(lambda: queued.line.has_listener(fetched.json()["event_id"]))
        monkeypatch.setattr(gradio_compat, "FETCH_WITHIN_S", 0.3)
        _until(lambda: queued.waiting == 0)
        queued.end.set()
        assert "letters" in fetching.result()
    assert queued.order == [FLOOD]
    with queued.client() as client:
        late = client.get(f"/gradio_api/call/compare/{waiting.json()['event_id']}")
    assert (late.status_code, late.json()["detail"]) == (404, GONE)


def test_a_page_that_waits_for_nothing_stays_connected(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradio_compat, "FETCH_WITHIN_S", 0.3)
    with queued.client() as page, queued.client() as other:
        made = page.get("/config").json()["dependencies"]
        quick = next(one["id"] for one in made if one["api_name"] == "quick")
        body = {"data": [], "fn_index": quick, "session_hash": "page"}
        address = "/gradio_api/queue/data?session_hash=page"
        assert other.post("/gradio_api/queue/join", json=body).status_code == 200
        assert "process_completed" in page.get(address).text
        with page.stream("GET", address):
            _until(lambda: queued.line.has_listener("page"))
            time.sleep(1.5)
            # Whoever asks next has what is old swept away. Gradio closes a connection whose session
            # has no place for messages.
            assert "quick" in queued.fetched(queued.ask("quick", source=VISITOR), "quick")
            assert "page" in queued.line.pending_messages_per_session


def test_nobody_gets_past_the_queue(queued: Queued) -> None:
    with queued.client() as client:
        direct = client.post("/gradio_api/run/compare", json={"data": ["", ""]})
    assert direct.status_code == 404
    assert queued.order == []


def _until(true: object) -> None:
    assert callable(true)
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")
