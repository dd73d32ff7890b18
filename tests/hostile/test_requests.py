"""No request gets a trace, a path, somebody's file, a 500, or no answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.hostile import requests
from tests.hostile.requests import Call, Request
from tests.serving import served

PATIENCE_S = 10.0
REQUESTS, CALLS = requests.requests(), requests.calls()
# A trace, a path of a machine, or what is inside the files that were asked for. (An upload's answer
# names where it lies, in a folder for temporary files: that is how Gradio is told which one.)
LEAK = re.compile(
    r"Traceback|File \"|site-packages|/home/|/usr/lib|root:x:0|measured polish, looks side by side"
)


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with served() as page:
        address = f"http://127.0.0.1:{page.port}"
        with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
            yield client
            assert page.process.poll() is None
            assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("one", REQUESTS, ids=[one.name for one in REQUESTS])
def test_a_hostile_request_is_answered_and_told_nothing(one: Request, server: httpx.Client) -> None:
    answer = server.request(one.method, one.path, **one.options)
    assert answer.status_code in one.expected, answer.text[:300]
    assert not LEAK.search(answer.text)


@pytest.mark.parametrize("one", CALLS, ids=[one.name for one in CALLS])
def test_a_hostile_call_ends_in_an_error_in_words(one: Call, server: httpx.Client) -> None:
    asked = server.post(f"/gradio_api/call/{one.endpoint}", json={"data": one.data})
    assert not LEAK.search(asked.text)
    if asked.status_code != 200:
        assert asked.status_code in requests.SHUT
        return
    event = asked.json()["event_id"]
    told = server.get(f"/gradio_api/call/{one.endpoint}/{event}")
    assert told.status_code == 200
    assert "event: error" in told.text
    assert not LEAK.search(told.text)
