"""Hostile requests: every door of the server, with what nobody sane would send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.hostile.cases import Trial, Trials
from tests.serving import served

PATIENCE_S = 10.0
WORDS = "an error in words"
# A trace, a path of a machine, or what is inside the files that were asked for. (An upload's answer
# names where it lies, in a folder for temporary files: that is how Gradio is told which one.)
LEAK = re.compile(
    r"Traceback|File \"|site-packages|/home/|/usr/lib|root:x:0|measured polish, looks side by side"
)

# What a door that is shut may answer; nothing else, and never a trace.
SHUT = frozenset({400, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 429, 431})
FINE = frozenset({200, 204, 206, 304})


@dataclass(frozen=True)
class Request:
    """One request and the statuses that are right.

    Attributes:
        name: What it is, in a few words.
        method: Of HTTP.
        path: Not encoded any further.
        expected: The statuses that are right.
        options: For `httpx.Client.request`.
    """

    name: str
    method: str
    path: str
    expected: frozenset[int] = SHUT
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of a public endpoint; it has to end in an error in words.

    Attributes:
        name: What it is, in a few words.
        endpoint: Such as ``compare``.
        data: The arguments.
    """

    name: str
    endpoint: str
    data: Any


def requests() -> list[Request]:
    """All of them."""
    return [*_files(), *_links(), *_pages(), *_queue()]


def calls() -> list[Call]:
    """All of them."""
    photo = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    looks: dict[str, Any] = {
        "nothing": "",
        "nine looks": "region=japan\n" * 9,
        "a look that is none": "tell me a joke",
        "not a number": "region=japan&polish=nan",
        "infinity": "gaze=inf,inf",
        "too far": "gaze=9e99,0",
        "negative": "polish=-1",
        "a null": "region=\0",
        "right to left": "region=\u202enapaj",
        "a megabyte": "x" * 1_000_000,
        "a number": 7,
        "a list": ["region=japan"],
        "an object": {"region": "japan"},
    }
    return [
        *(
            Call(f"compare, looks: {name}", "compare", [None, value])
            for name, value in looks.items()
        ),
        Call("compare without arguments", "compare", []),
        Call("compare with surplus arguments", "compare", [None, "region=japan", 1, 2, 3]),
        Call("compare a file of the server", "compare", [photo, "region=japan"]),
        Call("compare an address", "compare", [{"url": "http://127.0.0.1:1/"}, "region=japan"]),
        Call("measure a file of the server", "measure", [photo]),
        Call("measure a number", "measure", [5]),
        Call("measure nothing", "measure", [None]),
        Call("measure a path out of the folder", "measure", [{"path": "../../app.py"}]),
    ]


@contextmanager
def trials() -> Iterator[Trials]:
    """Each is sent to a server of its own family."""
    with served() as page:
        address = f"http://127.0.0.1:{page.port}"
        with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
            sent = [
                Trial(one.name, statuses(one.expected), partial(answered, client, one))
                for one in requests()
            ]
            told = [
                Trial(one.name, (WORDS, *statuses(SHUT)), partial(called, client, one))
                for one in calls()
            ]
            yield Trials([*sent, *told], page.process.pid)


def statuses(numbers: frozenset[int]) -> tuple[str, ...]:
    """In order, as words."""
    return tuple(str(one) for one in sorted(numbers))


def answered(client: httpx.Client, one: Request) -> str:
    """The status of a request's answer, or what it gives away."""
    answer = client.request(one.method, one.path, **one.options)
    leak = LEAK.search(answer.text)
    return f"it tells {leak.group()!r}" if leak else str(answer.status_code)


def called(client: httpx.Client, one: Call) -> str:
    """What comes of a call: `WORDS`, the status of one that is not taken, or what it gives away."""
    asked = client.post(f"/gradio_api/call/{one.endpoint}", json={"data": one.data})
    if asked.status_code != 200:
        leak = LEAK.search(asked.text)
        return f"it tells {leak.group()!r}" if leak else str(asked.status_code)
    told = client.get(f"/gradio_api/call/{one.endpoint}/{asked.json()['event_id']}")
    leak = LEAK.search(told.text)
    if leak:
        return f"it tells {leak.group()!r}"
    in_words = "event: error" in told.text and '"error": null' not in told.text
    return WORDS if told.status_code == 200 and in_words else told.text[:80]


def _files() -> Iterator[Request]:
    for path in (
        "/etc/passwd",
        "app.py",
        "../app.py",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "/proc/self/environ",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "",
        "a" * 5_000,
    ):
        yield Request(f"file {path[:24]!r}", "GET", f"/gradio_api/file={path}")
    yield Request("stream of a file", "GET", "/gradio_api/stream/a/b/c/playlist.m3u8")
    yield Request("a static file outside", "GET", "/static/../../app.py")
    yield Request("an asset outside", "GET", "/assets/..%2f..%2f..%2fapp.py")
    yield Request("an upload without files", "POST", "/gradio_api/upload")
    yield Request(
        "an upload that is no form", "POST", "/gradio_api/upload", options={"content": b"x" * 1_000}
    )
    yield Request(
        "an upload of 43 MB",
        "POST",
        "/gradio_api/upload",
        options={"files": {"files": ("a.png", b"\0" * 43_000_000)}},
    )
    yield Request(
        "an upload whose name climbs",
        "POST",
        "/gradio_api/upload",
        FINE | SHUT,
        {"files": {"files": ("../../../../tmp/evil.png", b"x")}},
    )


def _links() -> Iterator[Request]:
    for id_ in (
        "x",
        "%2e%2e",
        "%00",
        "a" * 4_000,
        "-",
        "‮",
        "1'%20OR%20'1'='1",
        "-/../../app.py",
    ):
        yield Request(f"link {id_[:20]!r}", "GET", f"/s/{id_}")
    yield Request("private page of nobody", "GET", "/s/x/own/y")
    yield Request("deleting what is not there", "POST", "/s/x/own/y/delete")
    yield Request("a vote for nothing", "POST", "/s/x/vote", options={"data": {"choice": "A"}})
    yield Request(
        "a vote of a megabyte", "POST", "/s/x/vote", options={"content": b"a" * 1_000_000}
    )
    yield Request("a vote that is no form", "POST", "/s/x/vote", options={"json": [1, None]})
    yield Request("a picture of nothing", "GET", "/s/x/p/original.png")
    yield Request("another method", "DELETE", "/s/x")


def _pages() -> Iterator[Request]:
    yield Request("the page", "GET", "/", FINE)
    yield Request("the page with looks of noise", "GET", "/?look=%00%FF&look=" + "x" * 3_000, FINE)
    yield Request("the page in no language", "GET", "/?lang=../../etc", FINE)
    yield Request(
        "a cookie of noise", "GET", "/", FINE, {"headers": {"Cookie": "presence-lang=\x7f;;=;"}}
    )
    yield Request(
        "a host that is not ours", "GET", "/", FINE | SHUT, {"headers": {"Host": "evil.example"}}
    )
    yield Request(
        "a forwarded host with a script",
        "GET",
        "/",
        FINE | SHUT,
        {"headers": {"X-Forwarded-Host": '"><script>'}},
    )
    yield Request("a header of 100 kB", "GET", "/", FINE | SHUT, {"headers": {"X": "x" * 100_000}})
    yield Request(
        "a range of files", "GET", "/", FINE | SHUT, {"headers": {"Range": "bytes=0-1,5-9"}}
    )
    yield Request("a method nobody knows", "BREW", "/", SHUT | {501})
    yield Request("monitoring", "GET", "/monitoring")
    yield Request("metrics that are off", "GET", "/metrics")
    yield Request("a folder", "GET", "/gradio_api/", SHUT)
    yield Request("an admin's page", "GET", "/wp-admin/setup.php")
    yield Request("posting to the page", "POST", "/", options={"json": {}})


def _queue() -> Iterator[Request]:
    join = "/gradio_api/queue/join"
    hostile: dict[str, Any] = {
        "nothing": {},
        "a list": [],
        "an index that is none": {"fn_index": 99_999, "data": [], "session_hash": "a"},
        "a negative index": {"fn_index": -1, "data": [], "session_hash": "a"},
        "an index of text": {"fn_index": "x", "data": [], "session_hash": "a"},
        "data that is none": {"fn_index": 0, "data": "x", "session_hash": "a"},
    }
    for name, body in hostile.items():
        yield Request(f"joining the queue with {name}", "POST", join, FINE | SHUT, {"json": body})
    yield Request("joining with half a body", "POST", join, SHUT, {"content": b'{"fn_index": 0, '})
    yield Request("a session of nobody", "GET", "/gradio_api/queue/data", SHUT)
    yield Request(
        "an endpoint that is private",
        "POST",
        "/gradio_api/call/_compare",
        SHUT,
        {"json": {"data": []}},
    )
    yield Request(
        "an endpoint by number", "POST", "/gradio_api/run/0", SHUT, {"json": {"data": []}}
    )
    yield Request(
        "component server",
        "POST",
        "/gradio_api/component_server",
        SHUT,
        {"json": {"component_id": 1, "fn_name": "__init__", "data": None}},
    )
    yield Request(
        "resetting another's iterator",
        "POST",
        "/gradio_api/reset",
        FINE | SHUT,
        {"json": {"event_id": "x"}},
    )
    yield Request(
        "cancelling another's work",
        "POST",
        "/gradio_api/cancel",
        FINE | SHUT,
        {"json": {"session_hash": "x", "fn_index": 0, "event_id": "x"}},
    )
