"""kill -9 under load, and what the next start makes of it: links, pictures, files, seconds."""

from __future__ import annotations

import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.load import ask
from benchmarks.server_metrics import household
from benchmarks.serving import Server, served
from benchmarks.visitor import Visitor, VisitorRefused
from pipelines.studio.samples import samples

_LINK = re.compile(r"/s/[\w-]+(?=\")")
_PICTURE = re.compile(r'<img[^>]*\ssrc="([^"]+/p/[^"]+)"')
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Recovery:
    """What was there after the kill.

    Attributes:
        promised: Links that visitors had been given.
        whole: Of these, those that open with all their pictures.
        orphans: Folders with visitors' files of the killed server, after the start.
        start_s: Seconds from the new process to its address.
        page_s: Seconds from the new process to the first whole page.
    """

    promised: int
    whole: int
    orphans: int
    start_s: float
    page_s: float

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def run(data: Path | None = None, links: int = 8, publishers: int = 3) -> Recovery:
    """Publish and compare, kill the server in the midst of it, start it again, look.

    Args:
        data: Where it keeps links; a folder that goes at the end if None.
        links: At least so many are published before the kill.
        publishers: Visitors who publish without a pause.
    """
    with tempfile.TemporaryDirectory(prefix="presence-bench-") as folder:
        return _run(data or Path(folder), links, publishers)


def table(run: Recovery) -> str:
    """The figures as text."""
    return (
        f"kill -9 under load: {run.whole} of {run.promised} links whole, "
        f"{run.orphans} orphaned folders, address after {run.start_s:.1f} s, "
        f"page after {run.page_s:.1f} s"
    )


def _run(data: Path, links: int, publishers: int) -> Recovery:
    promised: list[str] = []
    with served(data, PRESENCE_PUBLISH_PER_HOUR="100000") as server, ExitStack() as stack:
        over = threading.Event()
        for number in range(publishers):
            stack.enter_context(_alongside(_publish, server, number, promised, over))
        stack.enter_context(_alongside(_compare, server, over))
        deadline = time.monotonic() + _PATIENCE_S
        while len(promised) < links and time.monotonic() < deadline:
            time.sleep(0.05)
        server.process.send_signal(signal.SIGKILL)
        over.set()
        server.process.wait()
    start = time.monotonic()
    with served(data) as server:
        httpx.get(server.address, timeout=_PATIENCE_S).raise_for_status()
        page_s = time.monotonic() - start
        whole = sum(_is_whole(server, link) for link in promised)
        orphans = sum(1 for _ in server.files.glob("presence-files-*")) - 1
    return Recovery(len(promised), whole, orphans, server.seconds, page_s)


def _publish(server: Server, number: int, promised: list[str], over: threading.Event) -> None:
    while not over.is_set():
        try:
            with Visitor(server.address, household(number)) as visitor:
                while not over.is_set():
                    visitor.click(elem_id="publish")
                    for link in _LINK.findall(str(visitor.value(elem_id="published"))):
                        if link not in promised:
                            promised.append(link)
        except (httpx.HTTPError, VisitorRefused):
            # The server is gone, or the page was opened before its pictures were there.
            over.wait(0.2)


def _compare(server: Server, over: threading.Event) -> None:
    while not over.is_set():
        try:
            ask(server.address, [samples()[0].path], "geometry", 99)
        except Exception:  # a server that was killed fails in every way there is
            over.wait(0.2)


def _is_whole(server: Server, link: str) -> bool:
    page = httpx.get(f"{server.address.rstrip('/')}{link}")
    sources = set(_PICTURE.findall(page.text))
    pictures = [httpx.get(server.address.rstrip("/") + source) for source in sources]
    return (
        page.status_code == 200
        and len(pictures) > 1
        and all(one.status_code == 200 and one.content for one in pictures)
    )


@contextmanager
def _alongside(act: Callable[..., None], *arguments: Any) -> Iterator[None]:
    thread = threading.Thread(target=act, args=arguments, daemon=True)
    thread.start()
    yield
    thread.join(_PATIENCE_S)
