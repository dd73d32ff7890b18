"""`python app.py` as a person starts it, and what the running server holds."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.reports import Report

ROOT = Path(__file__).parents[1]
SETTLE_S = 10.0
"""Seconds after the last answer after which the server's state is recorded again."""
_SAMPLE_EVERY_S = 0.5
_MB = 1e6


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        process: Its process.
        address: Address of the page.
        files: Folder of visitors' uploads and results.
        log: File with its stderr.
        seconds: From the start of the process to the line that names the address.
    """

    process: subprocess.Popen[str]
    address: str
    files: Path
    log: Path
    seconds: float

    def traces(self) -> int:
        """Number of unforeseen errors: tracebacks, and lines of our own log at level error."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.count("Traceback (most recent call last)") + text.count('"level": "error"')

    def memory(self) -> float:
        """Resident memory of the process and its children in MB."""
        process = psutil.Process(self.process.pid)
        family = [process, *process.children(recursive=True)]
        return float(sum(one.memory_info().rss for one in family) / _MB)

    def state(self, after: float = 0.0) -> Report:
        """What the server holds after so many seconds.

        Returns:
            ``memory_mb``, ``handles`` (open files and sockets), ``threads``, ``files`` (visitors'
            uploads and results) and ``files_mb``.
        """
        time.sleep(after)
        process, sizes = psutil.Process(self.process.pid), []
        for path in self.files.rglob("*"):
            with suppress(OSError):  # removed in the meantime
                if path.is_file():
                    sizes.append(path.stat().st_size)
        return {
            "memory_mb": self.memory(),
            "handles": process.num_fds(),
            "threads": process.num_threads(),
            "files": len(sizes),
            "files_mb": sum(sizes) / _MB,
        }

    @contextmanager
    def memory_curve(self) -> Iterator[list[float]]:
        """A list to which the memory in MB is appended twice a second until the end."""
        done, curve = threading.Event(), [self.memory()]

        def sample() -> None:
            while not done.wait(_SAMPLE_EVERY_S):
                curve.append(self.memory())

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        try:
            yield curve
        finally:
            done.set()
            thread.join()


@contextmanager
def served(data: Path | None = None, **settings: str) -> Iterator[Server]:
    """Start a server on a free port; it is killed at the end.

    Args:
        data: Its folder of links and files; a temporary one if None.
        settings: More environment variables.

    Raises:
        RuntimeError: It did not start.
    """
    with tempfile.TemporaryDirectory(prefix="presence-bench-") as folder:
        yield from _served(data or Path(folder), settings)


def _served(data: Path, settings: dict[str, str]) -> Iterator[Server]:
    files, log = data / "files", data / "server.log"
    files.mkdir(exist_ok=True)
    own = {
        "PRESENCE_PORT": str(_free_port()),
        "PRESENCE_DATA": str(data),
        "GRADIO_TEMP_DIR": str(files),
    }
    start = time.monotonic()
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, **own, **settings},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if "Presence is at" in line), "")
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
