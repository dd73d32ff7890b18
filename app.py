"""Presence: a portrait playground. Gaze set in degrees, measured polish, looks side by side."""

from __future__ import annotations

import os

from pipelines.runtime import allocation, slots

allocation.keep()
slots.limit_threads()
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Gradio would build a table of all past events after every event; nothing here reads it.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue

import presets
from pipelines.engines import hub
from pipelines.image import credentials
from pipelines.runtime.errors import PresenceError
from pipelines.runtime.settings import ServerSettings
from ui import tools
from ui.launching import build, first_looks, launch, link_service
from ui.server.folder import own_folder
from ui.server.limits import counts_at
from ui.server.proxies import PRIVATE_NETWORKS, TRUSTED
from ui.server.requests import log_to_stderr
from ui.shared_samples import SharedSamples

__all__ = ["build", "first_looks", "launch", "link_service", "main"]


def main() -> None:
    """Serve the page until an interrupt or SIGTERM."""
    # Not an Event: setting one in a signal handler can deadlock with the wait it interrupts.
    stop: SimpleQueue[int] = SimpleQueue()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: stop.put(number))
    settings = _checked_settings()
    hub.preload(presets.load().engines.values())
    with _folder_for_files():
        shared_samples = first_looks(settings.root_path)
        address = _serve(settings, shared_samples)
        link_service(settings.root_path).start_sweeping()
        print(f"Presence is at {address}", flush=True)
        shared_samples.warm_up()
        stop.get()
    # An orderly end would wait for open connections, and nothing is left that needs one.
    os._exit(0)


def _checked_settings() -> ServerSettings:
    try:
        settings = ServerSettings.read()
        credentials.check()
        link_service()
        tools.wanted()
        counts_at(settings.limits_url)
    except (PresenceError, ValueError) as error:
        sys.exit(f"Presence cannot start. {getattr(error, 'sentence', error)}")
    log_to_stderr(settings.log_level)
    return settings


def _serve(settings: ServerSettings, shared_samples: SharedSamples) -> str:
    on_space = "SPACE_ID" in os.environ
    if on_space:
        # A Space is reached through its proxies only; without this all visitors share one limit.
        os.environ.setdefault(TRUSTED, PRIVATE_NETWORKS)
    host = settings.host or ("0.0.0.0" if on_space else "127.0.0.1")
    root_path = settings.root_path
    blocks = build(root_path, shared_samples, settings.queue, settings.forget_after)
    try:
        return launch(blocks, host, int(settings.port), root_path, settings, shared_samples)
    except (OSError, ValueError):
        sys.exit(
            f"Presence cannot use port {settings.port} on {host}. Set PRESENCE_PORT to a free one."
        )


@contextmanager
def _folder_for_files() -> Iterator[None]:
    """Keep all files for visitors in a folder of our own, which is removed at the end."""
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    with ExitStack() as stack:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(own_folder(parent))
        except OSError as error:
            sys.exit(f"Presence cannot keep files in its temporary folder: {error.strerror}.")
        os.environ["GRADIO_TEMP_DIR"] = tempfile.tempdir = str(folder)
        yield


if __name__ == "__main__":
    main()
