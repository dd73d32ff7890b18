"""`python app.py` as a person starts it, for tests that need the real process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.http_server import Server

ROOT = Path(__file__).parents[1]
# Settings of the machine that would change where or how the page is served.
OTHERS = (
    "SPACE_ID",
    "GRADIO_TEMP_DIR",
    "PRESENCE_HOST",
    "PRESENCE_ROOT_PATH",
    "PRESENCE_DATABASE_URL",
    "PRESENCE_BLOB_URL",
    "PRESENCE_C2PA_CERT",
    "PRESENCE_C2PA_KEY",
)


@dataclass(frozen=True)
class Served:
    """A started page: its process, its port and the line in which it named its address."""

    process: subprocess.Popen[str]
    port: int
    line: str


@contextmanager
def served(**settings: str) -> Iterator[Served]:
    """Start the page on a free port; whatever is left of it is killed at the end.

    Args:
        settings: More environment variables.
    """
    with tempfile.TemporaryDirectory(prefix="presence-test-") as data:
        yield from _served({"PRESENCE_DATA": data, **settings})


def _served(settings: dict[str, str]) -> Iterator[Served]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    environment = {**kept, **settings, "PRESENCE_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if "Presence is at" in line), "")
        yield Served(process, port, line)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def close(blocks: gr.Blocks) -> None:
    """Stop a page that was launched in this process."""
    try:
        blocks.close(verbose=False)
    except RuntimeError:
        # Gradio sets an asyncio event from this thread; a page that connects or leaves at that
        # moment changes its waiters. The event is set all the same, only the server still runs.
        assert isinstance(blocks.server, Server)
        blocks.server.close()
