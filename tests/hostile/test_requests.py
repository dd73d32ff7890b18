"""No request gets a trace, a path, somebody's file, a 500, or no answer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.hostile import requests
from tests.hostile.requests import Call, Request
from tests.serving import served

REQUESTS, CALLS = requests.requests(), requests.calls()


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with served() as page:
        address = f"http://127.0.0.1:{page.port}"
        with httpx.Client(base_url=address, timeout=requests.PATIENCE_S) as client:
            yield client
            assert page.process.poll() is None
            assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("one", REQUESTS, ids=[one.name for one in REQUESTS])
def test_a_hostile_request_is_answered_and_told_nothing(one: Request, server: httpx.Client) -> None:
    assert requests.answered(server, one) in requests.statuses(one.expected)


@pytest.mark.parametrize("one", CALLS, ids=[one.name for one in CALLS])
def test_a_hostile_call_ends_in_an_error_in_words(one: Call, server: httpx.Client) -> None:
    expected = requests.WORDS, *requests.statuses(requests.SHUT)
    assert requests.called(server, one) in expected
