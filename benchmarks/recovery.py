"""kill -9 under load, and what the next start finds: links, pictures, files, seconds.

It does without locust: what is counted is links, not response times, and the test of the same name
runs it inside pytest, where gevent must not replace the blocking calls.

JSON: the attributes of `Recovery`.
"""

from __future__ import annotations

import re
import signal
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.serving import Server, served
from benchmarks.visitor import Visitor, VisitorRefused, client_address
from pipelines.studio.samples import samples

_LINK = re.compile(r"/s/[\w-]+(?=\")")
_PICTURE = re.compile(r'<img[^>]*\ssrc="([^"]+/p/[^"]+)"')
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Recovery:
    """State after the restart.

    Attributes:
        promised: Links that visitors had been given before the kill.
        whole: Of these, the links that open with all their pictures.
        orphans: Folders with visitors' files of the killed server that are still there.
        start_s: Seconds from the new process to its address.
        page_s: Seconds from the new process to the first whole page.
    """

    promised: int
    whole: int
    orphans: int
    start_s: float
    page_s: float


def run(data: Path | None = None, links: int = 8, publishers: int = 3) -> Recovery:
    """Publish and compare, kill the server meanwhile, start it again and look at the links.

    Args:
        data: The server's data folder; a temporary one if None.
        links: At least so many are published before the kill.
        publishers: Visitors who publish without a pause.
    """
    with tempfile.TemporaryDirectory(prefix="presence-bench-") as folder:
        data = data or Path(folder)
        promised = _publish_until_killed(data, links, publishers)
        start = time.monotonic()
        with served(data) as server:
            httpx.get(server.address, timeout=_TIMEOUT_S).raise_for_status()
            page_s = time.monotonic() - start
            whole = sum(_is_whole(server, link) for link in promised)
            orphans = sum(1 for _ in server.files.glob("presence-files-*")) - 1
    return Recovery(len(promised), whole, orphans, server.seconds, page_s)


def table(run: Recovery) -> str:
    """The figures as one sentence."""
    return (
        f"kill -9 under load: {run.whole} of {run.promised} links whole, "
        f"{run.orphans} orphaned folders, address after {run.start_s:.1f} s, "
        f"page after {run.page_s:.1f} s"
    )


def _publish_until_killed(data: Path, links: int, publishers: int) -> list[str]:
    promised, over = list[str](), threading.Event()
    with served(data, PRESENCE_PUBLISH_PER_HOUR="100000") as server:
        threads = [
            threading.Thread(target=_publish, args=(server, number, promised, over), daemon=True)
            for number in range(publishers)
        ]
        threads.append(threading.Thread(target=_compare, args=(server, over), daemon=True))
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + _TIMEOUT_S
        while len(promised) < links and time.monotonic() < deadline:
            time.sleep(0.05)
        server.process.send_signal(signal.SIGKILL)
        over.set()
        server.process.wait()
        for thread in threads:
            thread.join(_TIMEOUT_S)
    return promised


def _publish(server: Server, number: int, promised: list[str], over: threading.Event) -> None:
    while not over.is_set():
        # Refused: the page was opened before its pictures were there.
        with (
            suppress(httpx.HTTPError, VisitorRefused),
            Visitor(server.address, client_address(number)) as visitor,
        ):
            visitor.open_page()
            while not over.is_set():
                visitor.click(elem_id="publish")
                # The same link appears more than once.
                links = set(_LINK.findall(str(visitor.value(elem_id="published"))))
                promised += links.difference(promised)
        over.wait(0.2)


def _compare(server: Server, over: threading.Event) -> None:
    while not over.is_set():
        # A killed server fails in every way there is.
        with suppress(Exception), Visitor(server.address, client_address(99)) as visitor:
            visitor.compare(samples()[0].path, "engine=geometry")
        over.wait(0.2)


def _is_whole(server: Server, link: str) -> bool:
    address = server.address.rstrip("/")
    page = httpx.get(f"{address}{link}")
    pictures = [httpx.get(address + source) for source in set(_PICTURE.findall(page.text))]
    return (
        page.status_code == 200
        and len(pictures) > 1
        and all(one.status_code == 200 and one.content for one in pictures)
    )
