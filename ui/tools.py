"""The two endpoints as tools for MCP clients, where the package `mcp` is installed.

Gradio's MCP server lists and runs them. By itself it would return several pictures as the text of a
list of server paths, reports as Python literals, and store photos sent within a call in a folder
that is never cleaned up. So this module replaces how it converts inputs and outputs.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr
from PIL import Image

from pipelines.runtime.settings import ServerSettings, SettingsError
from ui.file_store import FileStore
from ui.gradio_compat import replace_tool_methods

if TYPE_CHECKING:
    from mcp.types import ImageContent, TextContent

SETTING = "PRESENCE_MCP"
SHOWN_LONG_SIDE = 1024
"""Pixels on the longer side of the pictures in an answer; links lead to the full size."""

_QUALITY = 90
_FILE_KEYS = {"path", "url", "orig_name"}


def wanted() -> bool:
    """Whether to serve tools: as `PRESENCE_MCP` (0 or 1) says, else whether `mcp` is installed.

    Where a login is set there are none: MCP clients could not log in, and would not be asked to.

    Raises:
        SettingsError: The setting is neither, or it is 1 and `mcp` is not installed, or a login is
            set.
    """
    installed = find_spec("mcp") is not None
    settings = ServerSettings.read()
    asked = settings.mcp
    if settings.auth is not None:
        if asked == "1":
            raise SettingsError(f"{SETTING} is 1, but with PRESENCE_AUTH no tools can be served.")
        return False
    if asked == "1" and not installed:
        raise SettingsError(f"{SETTING} is 1, which wants the package mcp: pip install mcp.")
    return installed and asked != "0"


def refine(blocks: gr.Blocks) -> None:
    """Replace how the MCP server of a launched page converts photos and results."""
    file_store = FileStore(blocks.root_path or "")
    replace_tool_methods(
        blocks,
        lambda arguments, places: _with_files(arguments, places, file_store),
        lambda data, root: list(_contents(data, root)),
        file_store.paths,
    )


def _with_files(
    arguments: dict[str, Any], places: list[list[str | int]], file_store: FileStore
) -> dict[str, Any]:
    """The arguments of a call, with web addresses and data URLs replaced by files.

    Args:
        arguments: Values by parameter.
        places: Key paths of the arguments that are files.
        file_store: Holds the files of data URLs.
    """
    from gradio_client import handle_file

    converted = dict(arguments)
    for name in (str(place[0]) for place in places if len(place) == 1):
        value = converted.get(name)
        if not isinstance(value, str) or not value.startswith(("data:", "http://", "https://")):
            raise ValueError(
                f"{name} is no picture that we can fetch. Give an http(s) address, or a data URL "
                "such as data:image/jpeg;base64,..."
            )
        if value.startswith("data:"):
            value = file_store.write(_decoded(name, value), "photo")
        converted[name] = handle_file(value)
    return converted


def _decoded(name: str, url: str) -> bytes:
    head, comma, body = url.partition(",")
    try:
        if not comma or not head.endswith(";base64"):
            raise ValueError
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise ValueError(f"{name} is a data URL that is not base64, or is cut off.") from None


def _contents(data: object, root: str) -> Iterator[ImageContent | TextContent]:
    """The parts of an answer: each picture with its address, each report as JSON.

    Args:
        data: Outputs of an endpoint, nested in lists as Gradio has them.
        root: The page's address for this client.
    """
    from mcp.types import ImageContent, TextContent

    if isinstance(data, list | tuple):
        for item in data:
            yield from _contents(item, root)
    elif isinstance(data, dict) and data.keys() >= _FILE_KEYS:
        path = Path(data["path"])
        address = f"{root}/gradio_api/file={quote(str(path))}"
        yield ImageContent(type="image", data=_preview(path), mimeType="image/jpeg")
        yield TextContent(type="text", text=f"{path.name}, full size: {address}")
    else:
        yield TextContent(type="text", text=json.dumps(data, ensure_ascii=False))


def _preview(path: Path) -> str:
    """A small JPEG of a picture, in base64."""
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SHOWN_LONG_SIDE, SHOWN_LONG_SIDE), Image.Resampling.LANCZOS)
    small.save(buffer, "JPEG", quality=_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode()
