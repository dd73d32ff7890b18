"""`python app.py` as a person starts it, for benchmarks of the whole."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
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
    """

    process: subprocess.Popen[str]
    address: str
    files: Path


@contextmanager
def served(**settings: str) -> Iterator[Server]:
    """Start the page on a free port; it is killed at the end.

    Args:
        settings: More environment variables.

    Raises:
        RuntimeError: It did not start.
    """
    with (
        tempfile.TemporaryDirectory(prefix="presence-bench-") as folder,
        socket.socket() as probe,
    ):
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        files = Path(folder, "files")
        files.mkdir()
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={
                **os.environ,
                "PRESENCE_PORT": str(port),
                "PRESENCE_DATA": folder,
                "GRADIO_TEMP_DIR": str(files),
                **settings,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = next((one for one in process.stdout if "Presence is at" in one), "")
            found = re.search(r"http://\S+", line)
            if found is None:
                raise RuntimeError("the page did not start")
            yield Server(process, found.group(), files)
        finally:
            process.kill()
            process.wait()
