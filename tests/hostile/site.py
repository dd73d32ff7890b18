"""The page on loopback, in this process: what it does can be seen from both sides."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import pytest

import app
from pipelines.engines import weights
from tests.serving import close, free_port
from ui.server import limits

FORGET_S = 1.5
"""So soon after its page was closed, a visit is forgotten here."""


@dataclass(frozen=True)
class Site:
    """A launched page.

    Attributes:
        blocks: The page.
        address: Without a slash at its end.
        folder: Where files for visitors lie.
    """

    blocks: gr.Blocks
    address: str
    folder: Path

    def files(self) -> set[str]:
        """Paths of all files there but those that are made once for everybody."""
        every = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path) for path in every if "samples" not in path.parts}


@contextmanager
def launched() -> Iterator[Site]:
    """Launch the page, with folders of its own and no weights."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as base:
        folders = {name: Path(base, name) for name in ("served", "links", "models")}
        for folder in folders.values():
            folder.mkdir()
        patch.setenv("GRADIO_TEMP_DIR", str(folders["served"]))
        patch.setenv("PRESENCE_DATA", str(folders["links"]))
        # No weights, whatever this machine has.
        patch.setenv("PRESENCE_MODELS", str(folders["models"]))
        # Here everybody comes from one address.
        patch.setattr(limits, "LIMITS", ())
        with pytest.MonkeyPatch.context() as building:
            # The page of a machine that had an engine for personas when it started.
            building.setattr(weights, "state", lambda *_: "ready")
            blocks = app.build(forget_after=FORGET_S)
        address = app.launch(blocks, "127.0.0.1", free_port()).rstrip("/")
        try:
            yield Site(blocks, address, folders["served"])
        finally:
            close(blocks)
