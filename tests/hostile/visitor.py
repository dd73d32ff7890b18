"""A visitor without a browser: speaks to the page over HTTP exactly as its own script does."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

PATIENCE_S = 10.0
"""For how long anything may keep anybody waiting without a word."""
WORK_S = 40.0
"""For how long a result may take on a machine that does other things, too."""


class Page:
    """What the page's configuration says about its parts and events."""

    def __init__(self, address: str) -> None:
        config = httpx.get(f"{address}/config", timeout=PATIENCE_S).json()
        self._parts = {one["id"]: one for one in config["components"]}
        self._events = [one for one in config["dependencies"] if one["backend_fn"]]

    def event(self, name: str, kind: str, queue: bool = True) -> dict[str, Any]:
        """An event by its component's ``elem_id``."""
        return next(
            one
            for one in self._events
            if one["queue"] is queue
            and any(self.elem_id(part) == name and what == kind for part, what in one["targets"])
        )

    def named(self, name: str) -> dict[str, Any]:
        """An event by its function."""
        return next(one for one in self._events if one["api_name"] == name)

    def elem_id(self, part: int) -> str:
        """What a component is called."""
        return str(self._parts.get(part, {"props": {}})["props"].get("elem_id"))

    def targets(self, event: dict[str, Any], kind: str) -> list[int]:
        """What an event comes from, of one kind, such as ``slider``."""
        return [part for part, _ in event["targets"] if self._parts[part]["type"] == kind]

    def values(self, event: dict[str, Any], set_to: dict[str | int, Any]) -> list[Any]:
        """What an event is sent: what the page opens with, but for what is set."""
        return [
            set_to.get(part, set_to.get(self.elem_id(part), self._value(part)))
            for part in event["inputs"]
        ]

    def _value(self, part: int) -> Any:
        return self._parts[part]["props"].get("value")


class Visitor:
    """One open page.

    Args:
        address: Of the server.
        page: Its configuration.
        stays: Whether the connection is opened that a page keeps open.
    """

    def __init__(self, address: str, page: Page, stays: bool = True) -> None:
        self.address, self.page = address, page
        self.session = secrets.token_hex(6)
        self.client = httpx.Client(base_url=address, timeout=PATIENCE_S)
        # By a component's elem_id or number.
        self.set_to: dict[str | int, Any] = {}
        self._here: Any = None
        if stays:
            self._here = self.client.stream("GET", f"/gradio_api/heartbeat/{self.session}")
            self._here.__enter__()

    def close(self) -> None:
        """Close the page."""
        self.lose()
        self.client.close()

    def lose(self) -> None:
        """The connection that stays open is lost; the page is still there."""
        if self._here is not None:
            self._here.__exit__(None, None, None)
            self._here = None

    def upload(self, data: bytes, name: str = "portrait.jpg") -> str:
        """Upload a file; the path that the server gives it."""
        answer = self.client.post("/gradio_api/upload", files={"files": (name, data)})
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0])

    def choose(self, path: str | None) -> None:
        """Put a file into the portrait's place."""
        kept = {"path": path, "meta": {"_type": "gradio.FileData"}}
        self.set_to["portrait"] = kept if path else None
        self.do(self.page.event("arrived", "change", queue=False))

    def do(self, event: dict[str, Any], data: Any = None) -> Any:
        """An event that does not queue; its answer."""
        answer = self.client.post(
            f"/gradio_api/run/{event['api_name']}", json=self._body(event, data)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def join(self, event: dict[str, Any], data: Any = None) -> str:
        """Join the queue; the event's id."""
        answer = self.client.post("/gradio_api/queue/join", json=self._body(event, data))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["event_id"])

    @contextmanager
    def listening(self) -> Iterator[Iterator[dict[str, Any]]]:
        """The messages of all that was asked for; leaving this drops the connection."""
        where = f"/gradio_api/queue/data?session_hash={self.session}"
        with self.client.stream("GET", where, timeout=WORK_S) as stream:
            assert stream.status_code == 200
            yield (
                json.loads(line.removeprefix("data: "))
                for line in stream.iter_lines()
                if line.startswith("data: ")
            )

    def outcome(self, *ids: str) -> dict[str, Any]:
        """The last messages of events, by id, once all have ended."""
        ended: dict[str, Any] = {}
        until = time.monotonic() + WORK_S
        with self.listening() as messages:
            for message in messages:
                assert time.monotonic() < until, "no answer"
                assert message["msg"] != "unexpected_error", message
                if message["msg"] == "process_completed":
                    ended[message["event_id"]] = message
                if ended.keys() >= set(ids):
                    return ended
        raise AssertionError(f"the stream ended before {ids}: {ended}")

    def work(self, event: dict[str, Any], data: Any = None) -> dict[str, Any]:
        """Join the queue and wait; the last message."""
        id_ = self.join(event, data)
        return dict(self.outcome(id_)[id_])

    def cancel(self, event: dict[str, Any], id_: str) -> None:
        """What Gradio's clients send to cancel."""
        body = {"session_hash": self.session, "fn_index": event["id"], "event_id": id_}
        assert self.client.post("/gradio_api/cancel", json=body).status_code == 200

    def status(self, path: str) -> int:
        """What asking for a file is answered with; 404 if it goes in this very moment."""
        try:
            return self.client.get(f"/gradio_api/file={path}").status_code
        except httpx.RemoteProtocolError:
            return 404

    def _body(self, event: dict[str, Any], data: Any) -> dict[str, Any]:
        return {
            "data": self.page.values(event, self.set_to),
            "event_data": data,
            "fn_index": event["id"],
            "session_hash": self.session,
            "trigger_id": None,
        }
