"""`python app.py` as a person starts it, for benchmarks of the whole."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A started page.

    Attributes:
        process: It.
        address: Where it is.
        files: The folder in which it keeps what visitors upload and get.
        log: What it says on stderr.
        seconds: From the start of the process to the line that names the address.
    """

    process: subprocess.Popen[str]
    address: str
    files: Path
    log: Path
    seconds: float

    def traces(self) -> int:
        """Errors that nobody foresaw: traces, and lines of our own log that speak of one."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.count("Traceback (most recent call last)") + text.count('"level": "error"')


@contextmanager
def served(data: Path | None = None, **settings: str) -> Iterator[Server]:
    """Start the page on a free port; it is killed at the end.

    Args:
        data: Where it keeps links and files; a folder that goes at the end if None.
        settings: More environment variables.

    Raises:
        RuntimeError: It did not start.
    """
    with tempfile.TemporaryDirectory(prefix="presence-bench-") as folder:
        yield from _served(data or Path(folder), settings)


def _served(data: Path, settings: dict[str, str]) -> Iterator[Server]:
    files, log = data / "files", data / "server.log"
    files.mkdir(exist_ok=True)
    start = time.monotonic()
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={
                **os.environ,
                "PRESENCE_PORT": str(_free_port()),
                "PRESENCE_DATA": str(data),
                "GRADIO_TEMP_DIR": str(files),
                **settings,
            },
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = next((one for one in process.stdout if "Presence is at" in one), "")
        found = re.search(r"http://\S+", line)
        if found is None:
            raise RuntimeError("the page did not start")
        yield Server(process, found.group(), files, log, time.monotonic() - start)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
