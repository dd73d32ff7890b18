"""Build the page and serve it, with its routes and middleware."""

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
from ui import page_head, theme, tools
from ui.comparison import START
from ui.components.api import Api
from ui.components.page import Page
from ui.components.results import FILES_KEPT
from ui.file_store import FileStore
from ui.gradio_compat import allow_own_origin_only, clean_up, keep_open_pages
from ui.server.answers import Answers
from ui.server.middleware import middleware
from ui.server.queue import limit_queue
from ui.sessions import Sessions
from ui.shared_samples import SharedSamples
from ui.text import catalogue

LARGEST_FILE = "40mb"
SESSIONS = 300
"""Sessions whose state is kept; more than one address can have pages open."""
THREADS = 32
"""Threads for events; files and health checks have others, so work does not delay them."""


def build(
    root_path: str = "",
    shared_samples: SharedSamples | None = None,
    waiting: int = ServerSettings.model_fields["queue"].default,
    forget_after: float = ServerSettings.model_fields["forget_after"].default,
) -> gr.Blocks:
    """Build the page and its two endpoints, without launching them.

    Args:
        root_path: Path that a proxy serves the page under, or "".
        shared_samples: Samples and first results for all visitors.
        waiting: How many looks may wait in the queue.
        forget_after: Seconds after which the files and the state of a closed page are deleted.
    """
    file_store = FileStore(root_path)
    shared_samples = shared_samples or first_looks(root_path)
    page, api = Page(file_store, link_service(root_path), shared_samples), Api(file_store)
    with gr.Blocks(
        title=catalogue.translate("en", "page.full_title"),
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(FILES_KEPT // 4, FILES_KEPT),
    ) as blocks:
        page.render()
        api.render()
        # Before the page, because Gradio gives the endpoint's name to the first event of that name.
        api.listen()
        page.listen(blocks)
        Sessions(blocks, file_store, page.cancellations, forget_after).listen()
    clean_up(blocks, file_store.paths)
    # Queued work can't be asked for past the queue. `blocks.queue` would make the server anew.
    blocks.api_open = False
    limit_queue(blocks, waiting, page.active)
    return blocks


def launch(
    blocks: gr.Blocks,
    host: str,
    port: int,
    root_path: str = "",
    settings: ServerSettings | None = None,
    shared_samples: SharedSamples | None = None,
) -> str:
    """Launch without blocking, and return the address.

    Args:
        blocks: From `build`.
        host: Address to listen on.
        port: Port to listen on.
        root_path: Path that a proxy serves the page under, or "".
        settings: From the environment if None.
        shared_samples: Those of the page; its first comparison is sent with the page.

    Raises:
        OSError: The port is taken.
    """
    links, settings = link_service(root_path), settings or ServerSettings.read()
    opening = shared_samples.opening if shared_samples else lambda _: ""
    layers, more_routes = middleware(links, settings)
    # Gradio prints about its MCP server even when quiet.
    with redirect_stdout(io.StringIO()):
        _, address, _ = blocks.launch(
            server_name=host,
            server_port=port,
            root_path=root_path or None,
            theme=theme.theme(),
            css=theme.css(),
            head=theme.HEAD,
            i18n=catalogue.browser_catalogue(),
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
            # Samples lie in installed packages, outside the folders that Gradio serves by default.
            allowed_paths=[str(sample.path) for sample in samples()],
            state_session_capacity=SESSIONS,
            max_threads=THREADS,
            auth=settings.accounts,
            app_kwargs={
                # FastAPI's own list of routes, which needs no login.
                "openapi_url": None,
                "routes": [*more_routes, *routes(links), *page_head.routes()],
                "middleware": [
                    *layers,
                    Middleware(Answers, blocks=blocks, root_path=links.root),
                    Middleware(page_head.PageHead, address=links.address_of, opening=opening),
                ],
            },
        )
    allow_own_origin_only(blocks)
    keep_open_pages(blocks)
    tools.refine(blocks)
    return address


def first_looks(root_path: str = "") -> SharedSamples:
    """Samples and first comparison, shared by all visitors."""
    return SharedSamples(root_path, (START,))


def link_service(root_path: str = "") -> LinkService:
    """The store of published comparisons, as configured by the environment."""
    return LinkService(Settings.from_environment(), root_path)
