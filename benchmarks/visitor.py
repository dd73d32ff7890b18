"""A visitor of the page without a browser: the requests that the page's script sends, in order.

Gradio's page keeps the values of all components, sends those that an event lists as inputs, and
replaces those that it lists as outputs. So does this class; display is left out.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

TIMEOUT_S = 180.0
# Components whose `change` event fires when the server sends a new value.
_OBSERVED = ("html", "state")


class VisitorRefused(Exception):
    """An event was not accepted, or ended in an error.

    Attributes:
        status: HTTP status; 0 if the event ran and failed.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass(frozen=True)
class _Output:
    """Result of an event.

    Attributes:
        data: Values of its outputs; empty for a generator, whose parts come as differences.
        states: Ids of the session states that it changed.
        started: When it left the queue, by `time.monotonic`.
    """

    data: list[Any]
    states: list[int]
    started: float = field(default_factory=time.monotonic)


class Visitor:
    """One session with the server; as a context manager, connected until the end of the block.

    Args:
        address: Address of the page.
        client_address: The visitor's own address, as a proxy would report it.
    """

    def __init__(self, address: str, client_address: str = "127.0.0.1") -> None:
        self._session = secrets.token_hex(6)
        headers = {"X-Forwarded-For": client_address}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT_S)
        config = self._http.get("/config").raise_for_status().json()
        self._dependencies = [one for one in config["dependencies"] if one["backend_fn"]]
        self._components = {one["id"]: one for one in config["components"]}
        self._values = {
            id_: one.get("props", {}).get("value") for id_, one in self._components.items()
        }
        self._closed = threading.Event()
        self._heartbeat = threading.Thread(target=self._stay_connected, daemon=True)

    def __enter__(self) -> Self:
        self._heartbeat.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect: the server takes the end of the heartbeat for the end of the visit."""
        self._closed.set()
        self._http.close()
        self._heartbeat.join(1)

    def appear_from(self, client_address: str) -> None:
        """Send further requests from another address."""
        self._http.headers["X-Forwarded-For"] = client_address

    def open_page(self) -> None:
        """Run the events of a page that has just been loaded."""
        for event in self._listeners("load"):
            self._fire(event)

    def compare(self, photo: Path, looks: str) -> tuple[dict[str, Any], float]:
        """Call the public endpoint ``/compare``.

        Returns:
            Its report, and the seconds of upload and queue until the work began.

        Raises:
            VisitorRefused: It was not accepted, or failed.
        """
        start = time.monotonic()
        event = next(one for one in self._dependencies if one["api_name"] == "compare")
        output = self._run_queued(event, [self._upload(photo), looks])
        return output.data[1], output.started - start

    def change_photo(self, photo: Path) -> None:
        """Put a photo on the page and wait for its comparison.

        Raises:
            VisitorRefused: It was not accepted, or what follows was not.
        """
        portrait = self._find(elem_id="portrait")
        self._values[portrait] = self._upload(photo)
        self._trigger("change", portrait)

    def click(self, **props: Any) -> None:
        """Press a button and wait for what it does on the server."""
        self._trigger("click", self._find(**props))

    def move(self, value: float, **props: Any) -> None:
        """Move a slider and wait for what it does on the server."""
        slider = self._find(**props)
        self._values[slider] = value
        self._trigger("input", slider)

    def value(self, **props: Any) -> Any:
        """Current value of the first component with these properties, such as ``elem_id``."""
        return self._values[self._find(**props)]

    def _upload(self, photo: Path) -> dict[str, Any]:
        with photo.open("rb") as file:
            sent = self._http.post("/gradio_api/upload", files={"files": (photo.name, file)})
        (path,) = _accepted(sent)
        return {"path": path, "orig_name": photo.name, "meta": {"_type": "gradio.FileData"}}

    def _trigger(self, kind: str, component: int) -> None:
        for event in self._listeners(kind, component):
            self._fire(event)

    def _fire(self, event: dict[str, Any]) -> None:
        """Run an event and everything that follows from it.

        Raises:
            VisitorRefused: It was not accepted, or failed.
        """
        data = [
            None if self._components[id_]["type"] == "state" else self._values[id_]
            for id_ in event["inputs"]
        ]
        run = self._run if event["queue"] is False else self._run_queued
        output = run(event, data)
        changed = [
            id_
            for id_, value in zip(event["outputs"], output.data, strict=False)
            if self._store(id_, value)
        ]
        for following in self._dependencies:
            after = following["trigger_after"] == event["id"]
            if after and not following.get("trigger_only_on_failure"):
                self._fire(following)
        for id_ in dict.fromkeys([*changed, *output.states]):
            self._trigger("change", id_)

    def _listeners(self, kind: str, component: int | None = None) -> Iterator[dict[str, Any]]:
        for event in self._dependencies:
            if any(name == kind and component in (None, id_) for id_, name in event["targets"]):
                yield event

    def _find(self, **props: Any) -> int:
        for id_, one in self._components.items():
            actual = {"type": one["type"], **one.get("props", {})}
            if all(actual.get(name) == value for name, value in props.items()):
                return int(id_)
        raise LookupError(f"nothing on the page has {props}")

    def _store(self, id_: int, value: Any) -> bool:
        """Store a component's new value; returns whether that triggers its change event."""
        if isinstance(value, dict) and value.get("__type__") == "update":
            if "value" not in value:
                return False
            value = value["value"]
        before, self._values[id_] = self._values[id_], value
        return self._components[id_]["type"] in _OBSERVED and before != value

    def _body(self, event: dict[str, Any], data: list[Any]) -> dict[str, Any]:
        return {"data": data, "fn_index": event["id"], "session_hash": self._session}

    def _run(self, event: dict[str, Any], data: list[Any]) -> _Output:
        body = self._body(event, data)
        answer = _accepted(self._http.post("/gradio_api/run/predict", json=body))
        return _Output(answer["data"], answer.get("changed_state_ids") or [])

    def _run_queued(self, event: dict[str, Any], data: list[Any]) -> _Output:
        body = self._body(event, data)
        id_ = _accepted(self._http.post("/gradio_api/queue/join", json=body))["event_id"]
        states, started = list[int](), time.monotonic()
        parameters = {"session_hash": self._session}
        with self._http.stream("GET", "/gradio_api/queue/data", params=parameters) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("event_id") != id_:
                    continue
                if message["msg"] == "process_starts":
                    started = time.monotonic()
                output = message.get("output") or {}
                states += output.get("changed_state_ids") or []
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise VisitorRefused(0, str(output)[:200])
                    return _Output(output.get("data") or [], states, started)
        raise VisitorRefused(0, "the connection was lost")

    def _stay_connected(self) -> None:
        path = f"/gradio_api/heartbeat/{self._session}"
        # That a server has gone away is reported by the requests, not by the heartbeat.
        with suppress(httpx.HTTPError), self._http.stream("GET", path) as stream:
            for _ in stream.iter_raw():
                if self._closed.is_set():
                    return


def _accepted(response: httpx.Response) -> Any:
    """Content of a response; raises `VisitorRefused` for every status but 200."""
    if response.status_code != 200:
        raise VisitorRefused(response.status_code, response.text[:200])
    return response.json()


def get(address: str) -> None:
    """Request a page; raises `httpx.HTTPError` where that fails."""
    httpx.get(address, timeout=TIMEOUT_S).raise_for_status()


def client_address(number: int) -> str:
    """A separate client address for each number, since the server limits requests per address."""
    return f"10.{number // 65_536 % 256}.{number // 256 % 256}.{number % 256}"
