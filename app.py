"""Presence: a portrait playground. Gaze set in degrees, measured polish, looks side by side."""

from __future__ import annotations

import os

from pipelines.runtime import slots

# Before anything imports NumPy or torch; what the environment says already stands.
os.environ.update({**slots.limits(), **os.environ})
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# After every event Gradio makes a table of all before it, which nobody here ever looks at.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))

import io
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from queue import SimpleQueue

import gradio as gr
from starlette.middleware import Middleware

from pipelines.image import credentials
from pipelines.runtime.errors import PresenceError
from pipelines.studio.samples import samples
from sharing.link_service import LinkService
from sharing.settings import Settings
from sharing.web.routes import routes
from ui import language, page_head, theme, tools
from ui.components.api import Api
from ui.components.page import Page
from ui.components.panels import SHOWN_AT_START, START
from ui.components.results import FILES_KEPT
from ui.pictures import FileStore
from ui.server.answers import Answers
from ui.server.folder import own_folder
from ui.server.middleware import middleware
from ui.server.options import Options
from ui.server.queue import LimitedQueue
from ui.server.requests import log_to_stderr
from ui.sessions import Sessions, let_be_cleaned
from ui.shared_samples import SharedSamples

LARGEST_FILE = "40mb"
GRIDS_SHARE = 4
"""A grid takes as long as so many comparisons, and fewer may wait."""
THREADS = 32
"""For events. Files and health have threads of their own, so no work keeps them waiting."""


def build(
    root_path: str = "",
    shared_samples: SharedSamples | None = None,
    waiting: int = Options.queue,
    forget: float = Options.forget,
) -> gr.Blocks:
    """The page and its two endpoints, not launched yet.

    Args:
        root_path: As behind a proxy.
        shared_samples: What all visitors share.
        waiting: How many comparisons may wait for their turn.
        forget: Seconds after which the files and the memory of a closed page go.
    """
    file_store = FileStore(root_path)
    shared_samples = shared_samples or first_looks(root_path)
    page, api = Page(file_store, link_service(root_path), shared_samples), Api(file_store)
    with gr.Blocks(
        title=language.say("en", "page.full_title"),
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(FILES_KEPT // 4, FILES_KEPT),
    ) as blocks:
        page.render()
        api.render()
        # First: the endpoints' names are theirs, whatever else is called so.
        api.listen()
        page.listen(blocks)
        Sessions(blocks, file_store, page.cancellations, forget).listen()
    let_be_cleaned(blocks, file_store)
    blocks.queue()
    blocks._queue = LimitedQueue(
        blocks, {"work": waiting, "grid": max(1, waiting // GRIDS_SHARE)}, concurrency=2
    )
    return blocks


def first_looks(root_path: str = "") -> SharedSamples:
    """What the page opens with, made once for everybody."""
    return SharedSamples(root_path, START[:SHOWN_AT_START])


def link_service(root_path: str = "") -> LinkService:
    """Where links are handled, as the environment says."""
    return LinkService(Settings.from_environment(), root_path)


def main() -> None:
    """Serve the page until an interrupt or SIGTERM."""
    # Not an Event: setting one in a handler can lock up with the wait that it interrupts.
    stop: SimpleQueue[int] = SimpleQueue()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: stop.put(number))
    with _folder_for_files():
        root_path = os.environ.get("PRESENCE_ROOT_PATH", "")
        shared_samples = first_looks(root_path)
        address = _serve(root_path, shared_samples)
        link_service().keep_tidy()
        print(f"Presence is at {address}", flush=True)
        shared_samples.warm_up()
        stop.get()
    # Open connections would hold up an orderly end; nothing is left that needs one.
    os._exit(0)


def launch(blocks: gr.Blocks, host: str, port: int, root_path: str = "") -> str:
    """Launch without blocking, and return the address.

    Raises:
        OSError: The port is taken.
    """
    handler, options = link_service(root_path), Options.from_environment(os.environ)
    before, more = middleware(handler, options)
    # Gradio tells the terminal about its tools even when quiet; the address is all we say.
    with redirect_stdout(io.StringIO()):
        _, address, _ = blocks.launch(
            server_name=host,
            server_port=port,
            root_path=root_path or None,
            theme=theme.theme(),
            css=theme.css(),
            head=theme.HEAD,
            i18n=language.marked(),
            favicon_path=page_head.ASSETS / "favicon.png",
            prevent_thread_lock=True,
            quiet=True,
            show_error=False,
            run_history=False,
            enable_monitoring=False,
            mcp_server=tools.wanted(),
            ssr_mode=False,
            share=False,
            footer_links=["api"],
            max_file_size=LARGEST_FILE,
            # They lie where their packages are installed, which may be anywhere.
            allowed_paths=[str(sample.path) for sample in samples()],
            state_session_capacity=200,
            max_threads=THREADS,
            auth=None if options.auth is None else list(options.auth),
            app_kwargs={
                "routes": [*more, *routes(handler), *page_head.routes()],
                "middleware": [
                    *before,
                    Middleware(Answers, blocks=blocks, root_path=handler.root),
                    Middleware(page_head.PageHead, address=handler.address_of),
                ],
            },
        )
    tools.refine(blocks)
    return address


def _serve(root_path: str, shared_samples: SharedSamples) -> str:
    on_space = "SPACE_ID" in os.environ
    host = os.environ.get("PRESENCE_HOST", "0.0.0.0" if on_space else "127.0.0.1")
    port = os.environ.get("PRESENCE_PORT", "7860")
    if on_space:
        # A Space is reached through its proxies only; else all visitors would share one limit.
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")
    try:
        credentials.check()
        Settings.from_environment()
        tools.wanted()
        options = Options.from_environment(os.environ)
        log_to_stderr(options.log_level)
    except (PresenceError, ValueError) as error:
        sys.exit(f"Presence cannot start. {getattr(error, 'sentence', error)}")
    try:
        blocks = build(root_path, shared_samples, options.queue, options.forget)
        return launch(blocks, host, int(port), root_path)
    except (OSError, ValueError):
        sys.exit(f"Presence cannot use port {port} on {host}. Set PRESENCE_PORT to a free one.")


@contextmanager
def _folder_for_files() -> Iterator[None]:
    """All that is kept for visitors lies in a folder of our own, which goes when we go."""
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
