"""A visitor of the page without a browser: the requests that its scripts send, in their order.

Gradio's page keeps the values of all controls, sends those that an event names, and puts what comes
back in their place. So does this; what the page merely shows is left out.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

PATIENCE_S = 180.0
PORTRAIT = {"elem_id": "portrait"}
# What the page shows changes by itself, and other events wait for that.
_TELL = ("html", "state")


class VisitorRefused(Exception):
    """An event was not let in, or ended in an error.

    Attributes:
        status: Of HTTP; 0 if the event ran and failed.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Visitor:
    """One open page.

    Args:
        address: Of the page.
        seen_as: The address that this visitor has; as a proxy would say it.
    """

    def __init__(self, address: str, seen_as: str = "127.0.0.1") -> None:
        self._session = secrets.token_hex(6)
        headers = {"X-Forwarded-For": seen_as}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S)
        self._config: dict[str, Any] = self._http.get("/config").json()
        self._components = {one["id"]: one for one in self._config["components"]}
        self._values = {
            id_: one.get("props", {}).get("value") for id_, one in self._components.items()
        }
        self._closed = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._heart.start()
        for event in self._events("load"):
            self.fire(event)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        # Also the connection on which the heart beats: the server takes that for the page's end.
        self._http.close()
        self._heart.join(1)

    def value(self, **props: Any) -> Any:
        """What a control holds now; named by any of its properties, such as ``elem_id``."""
        return self._values[self._find(**props)]

    def set(self, value: Any, **props: Any) -> None:
        """Set a control, without what follows from that."""
        self._values[self._find(**props)] = value

    def bring(self, photo: Path) -> float:
        """Put a photo into the portrait's place; the seconds until its comparison was there.

        Raises:
            VisitorRefused: It was not taken, or what follows was not let in.
        """
        with photo.open("rb") as file:
            sent = self._http.post("/gradio_api/upload", files={"files": (photo.name, file)})
        if sent.status_code != 200:
            raise VisitorRefused(sent.status_code, sent.text[:200])
        meta = {"_type": "gradio.FileData"}
        self.set({"path": sent.json()[0], "orig_name": photo.name, "meta": meta}, **PORTRAIT)
        return self._act("change", **PORTRAIT)

    def click(self, **props: Any) -> float:
        """Press a button and wait for what it does on the server; the seconds that took."""
        return self._act("click", **props)

    def move(self, value: Any, **props: Any) -> float:
        """Move a slider and wait for what it does on the server; the seconds that took."""
        self.set(value, **props)
        return self._act("input", **props)

    def fire(self, event: dict[str, Any]) -> None:
        """Run one event to its end.

        Args:
            event: One of the page's ``dependencies``.

        Raises:
            VisitorRefused: It was not let in, or failed.
        """
        data = [self._sent(id_) for id_ in event["inputs"]]
        body = {"data": data, "fn_index": event["id"], "session_hash": self._session}
        output = self._queued(body) if event["queue"] is not False else self._run(body)
        changed = [
            id_
            for id_, given in zip(event["outputs"], output.data, strict=False)
            if self._take(id_, given)
        ]
        for next_ in self._after(event["id"]):
            self.fire(next_)
        for id_ in dict.fromkeys([*changed, *output.states]):
            for next_ in self._events("change", id_):
                self.fire(next_)

    def _act(self, name: str, **props: Any) -> float:
        start = time.monotonic()
        for event in self._events(name, self._find(**props)):
            self.fire(event)
        return time.monotonic() - start

    def _events(self, name: str, target: int | None = None) -> Iterator[dict[str, Any]]:
        for event in self._config["dependencies"]:
            named = [one for one in event["targets"] if one[1] == name]
            if event["backend_fn"] and any(target in (None, one[0]) for one in named):
                yield event

    def _after(self, id_: int) -> Iterator[dict[str, Any]]:
        for event in self._config["dependencies"]:
            follows = event["trigger_after"] == id_ and not event.get("trigger_only_on_failure")
            if event["backend_fn"] and follows:
                yield event

    def _find(self, **props: Any) -> int:
        for id_, one in self._components.items():
            has = {"type": one["type"], **one.get("props", {})}
            if all(has.get(name) == value for name, value in props.items()):
                return int(id_)
        raise LookupError(f"nothing on the page has {props}")

    def _sent(self, id_: int) -> Any:
        return None if self._components[id_]["type"] == "state" else self._values[id_]

    def _take(self, id_: int, given: Any) -> bool:
        """Put a value in its place; says whether the page would tell of it."""
        if isinstance(given, dict) and given.get("__type__") == "update":
            if "value" not in given:
                return False
            given = given["value"]
        before, self._values[id_] = self._values[id_], given
        return self._components[id_]["type"] in _TELL and before != given

    def _run(self, body: dict[str, Any]) -> _Output:
        answer = self._http.post("/gradio_api/run/predict", json=body)
        if answer.status_code != 200:
            raise VisitorRefused(answer.status_code, answer.text[:200])
        return _Output.of(answer.json())

    def _queued(self, body: dict[str, Any]) -> _Output:
        joined = self._http.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            raise VisitorRefused(joined.status_code, joined.text[:200])
        event, states = joined.json()["event_id"], list[int]()
        with self._http.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self._session}
        ) as stream:
            for message in _messages(stream):
                if message.get("event_id") != event or "output" not in message:
                    continue
                states += message["output"].get("changed_state_ids") or []
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise VisitorRefused(0, str(message["output"])[:200])
                    return _Output(message["output"].get("data") or [], states)
        raise VisitorRefused(0, "the connection was lost")

    def _beat(self) -> None:
        """Stay connected as long as the page is open: its end is what ends a visit."""
        path = f"/gradio_api/heartbeat/{self._session}"
        # A server that goes away says so to whoever asks it for something.
        with suppress(httpx.HTTPError), self._http.stream("GET", path) as stream:
            for _ in stream.iter_raw():
                if self._closed.is_set():
                    return


@dataclass(frozen=True)
class _Output:
    """What an event gave; of a generator only that it is done: its parts come as differences."""

    data: list[Any]
    states: list[int]

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Self:
        return cls(answer["data"], answer.get("changed_state_ids") or [])


def _messages(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in stream.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
