"""Build the page and serve it: Gradio's blocks, its options, and what stands around them."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import gradio as gr
from starlette.middleware import Middleware

from pipelines.runtime.settings import ServerSettings
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
from ui.server.middleware import middleware
from ui.server.queue import LimitedQueue
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
    waiting: int = ServerSettings.model_fields["queue"].default,
    forget_after: float = ServerSettings.model_fields["forget_after"].default,
) -> gr.Blocks:
    """The page and its two endpoints, not launched yet.

    Args:
        root_path: As behind a proxy.
        shared_samples: Samples and first results, the same for all visitors.
        waiting: How many comparisons may wait for their turn.
        forget_after: Seconds after which the files and the memory of a closed page go.
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
        # First: an event that is listened to earlier takes the endpoint's name.
        api.listen()
        page.listen(blocks)
        Sessions(blocks, file_store, page.cancellations, forget_after).listen()
    let_be_cleaned(blocks, file_store)
    blocks.queue()
    limits = {"work": waiting, "grid": max(1, waiting // GRIDS_SHARE)}
    blocks._queue = LimitedQueue(blocks, limits, concurrency=2)
    return blocks


def launch(
    blocks: gr.Blocks,
    host: str,
    port: int,
    root_path: str = "",
    settings: ServerSettings | None = None,
) -> str:
    """Launch without blocking, and return the address.

    Args:
        blocks: From `build`.
        host: Address to listen on.
        port: Port to listen on.
        root_path: As behind a proxy.
        settings: As the environment has them if None.

    Raises:
        OSError: The port is taken.
    """
    links, settings = link_service(root_path), settings or ServerSettings.read()
    around, more_routes = middleware(links, metrics=settings.metrics == "1")
    # Gradio prints about its tools even when quiet.
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
            auth=settings.accounts,
            app_kwargs={
                "routes": [*more_routes, *routes(links), *page_head.routes()],
                "middleware": [
                    *around,
                    Middleware(Answers, blocks=blocks, root_path=links.root),
                    Middleware(page_head.PageHead, address=links.address_of),
                ],
            },
        )
    tools.refine(blocks)
    return address


def first_looks(root_path: str = "") -> SharedSamples:
    """The samples, and the comparison that the page opens with, made once for all visitors."""
    return SharedSamples(root_path, START[:SHOWN_AT_START])


def link_service(root_path: str = "") -> LinkService:
    """Where published comparisons are kept, as the environment says."""
    return LinkService(Settings.from_environment(), root_path)
