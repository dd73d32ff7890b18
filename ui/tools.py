"""The two endpoints as tools for MCP clients, where the package `mcp` is installed.

Gradio's own server lists them and runs them. Left to itself it would hand several pictures back as
the words of a list of server paths, numbers as Python's, and keep photos that came inside a call in
a folder that nobody clears; so what goes in and what comes out is ours.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr
from PIL import Image

from pipelines.runtime.settings import ServerSettings, SettingsError
from ui.pictures import FileStore

if TYPE_CHECKING:
    from mcp.types import ImageContent, TextContent

Run = Callable[..., Awaitable[Any]]

SETTING = "PRESENCE_MCP"
SHOWN_LONG_SIDE = 1024
"""Pixels of the pictures inside an answer, which a model is to see; links lead to the full size."""

_QUALITY = 90
_NO_WORDS = "show_error"
"""What Gradio's own sentence about an error without words has in it."""
_FAILED = (
    "The photo could not be fetched. Give an address that opens without signing in, or send the "
    "photo itself as a data URL."
)
_FILE = {"path", "url", "orig_name"}


def wanted() -> bool:
    """Whether to serve tools: `PRESENCE_MCP` (0 or 1) where it is set, else whether they can be.

    Raises:
        SettingsError: The setting is neither, or `mcp` is not installed though it is asked for.
    """
    installed = find_spec("mcp") is not None
    asked = ServerSettings.read().mcp
    if asked == "1" and not installed:
        raise SettingsError(f"{SETTING} is 1, which wants the package mcp: pip install mcp.")
    return installed and asked != "0"


def refine(blocks: gr.Blocks) -> None:
    """Let the tools of a launched page take photos and give pictures in our way."""
    server = blocks.mcp_server_obj
    if server is None:
        return
    file_store = FileStore(blocks.root_path or "")
    blocks.temp_file_sets.append(file_store.paths)
    # Looked up on the server at each call. (Gradio makes the server itself, so no subclass.)
    own = vars(server)
    own["convert_strings_to_filedata"] = lambda given, places: _files(given, places, file_store)
    own["postprocess_output_data"] = lambda data, root: list(_contents(data, root))
    for name in ("_execute_tool_without_progress", "_execute_tool_with_progress"):
        own[name] = _in_words(getattr(server, name))


def _in_words(run: Run) -> Run:
    """A call whose photo could not be fetched ends with a sentence about it.

    All that can go wrong in our own code has words already; what is left is Gradio's fetching.
    """

    async def call(*arguments: Any) -> Any:
        try:
            return await run(*arguments)
        except Exception as error:
            if _NO_WORDS in str(error):
                raise ValueError(_FAILED) from None
            raise

    return call


def _files(
    given: dict[str, Any], places: list[list[str | int]], file_store: FileStore
) -> dict[str, Any]:
    """Arguments with their addresses and data URLs as files."""
    from gradio_client import handle_file

    taken = dict(given)
    for name in (str(place[0]) for place in places if len(place) == 1):
        value = taken.get(name)
        if not isinstance(value, str) or not value.startswith(("data:", "http://", "https://")):
            raise ValueError(
                f"{name} is no picture that we can fetch. Give an http(s) address, or a data URL "
                "such as data:image/jpeg;base64,..."
            )
        if value.startswith("data:"):
            value = file_store.keep(_decoded(name, value), "photo")
        taken[name] = handle_file(value)
    return taken


def _decoded(name: str, url: str) -> bytes:
    head, comma, body = url.partition(",")
    try:
        if not comma or not head.endswith(";base64"):
            raise ValueError
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise ValueError(f"{name} is a data URL that is not base64, or is cut off.") from None


def _contents(data: object, root: str) -> Iterator[ImageContent | TextContent]:
    """An answer's parts: each picture to be seen and its address, each report as JSON.

    Args:
        data: Outputs of an endpoint, as deep in lists as Gradio has them.
        root: The page's address, as this client knows it.
    """
    from mcp.types import ImageContent, TextContent

    if isinstance(data, list | tuple):
        for one in data:
            yield from _contents(one, root)
    elif isinstance(data, dict) and data.keys() >= _FILE:
        path = Path(data["path"])
        address = f"{root}/gradio_api/file={quote(str(path))}"
        yield ImageContent(type="image", data=_seen(path), mimeType="image/jpeg")
        yield TextContent(type="text", text=f"{path.name}, full size: {address}")
    else:
        yield TextContent(type="text", text=json.dumps(data, ensure_ascii=False))


def _seen(path: Path) -> str:
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SHOWN_LONG_SIDE, SHOWN_LONG_SIDE), Image.Resampling.LANCZOS)
    small.save(buffer, "JPEG", quality=_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode()
