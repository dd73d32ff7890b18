"""Two servers behind nginx as documented: whoever begins at one comes back to it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pipelines.studio.samples import samples
from tests.replicas import NGINX, replicas

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx"),
]


def measured(address: str, source: str) -> str:
    """Upload a photo and have it measured, each request by a connection of its own."""

    def client() -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=source)
        return httpx.Client(base_url=address, timeout=60, transport=transport)

    photo = samples()[0].path.read_bytes()
    with client() as one:
        path = one.post("/gradio_api/upload", files={"files": ("a.jpg", photo)}).json()[0]
    call, file = "/gradio_api/call/measure", {"path": path, "meta": {"_type": "gradio.FileData"}}
    with client() as one:
        asked = one.post(call, json={"data": [file]})
    if asked.status_code != 200:
        return asked.text
    with client() as one:
        return one.get(f"{call}/{asked.json()['event_id']}").text


@pytest.mark.parametrize("sticky", [True, False])
def test_a_visitor_comes_back_to_the_same_server(tmp_path: Path, sticky: bool) -> None:
    with replicas(tmp_path, sticky=sticky) as (address, ports):
        answers = [measured(address, f"127.0.0.{number}") for number in range(2, 6)]
        done = sum("event: complete" in one for one in answers)
        assert done == 4 if sticky else done < 4
        # Both are well, and at work.
        for port in ports:
            assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
