"""The panel that invents a persona, on a machine with and without an engine for it."""

from __future__ import annotations

import gradio as gr
import pytest

from pipelines.engines import weights
from ui.cancellation import Cancellations
from ui.components.persona import PersonaPanel
from ui.file_store import FileStore


def kinds() -> set[str]:
    """The kinds of the components that the panel consists of."""
    with gr.Blocks() as blocks:
        panel = PersonaPanel(FileStore(), Cancellations())
        panel.render()
        panel.listen(gr.Textbox(), gr.State())
    return {type(one).__name__ for one in blocks.blocks.values()}


def test_without_an_engine_a_sentence_is_shown_and_no_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "state", lambda *_: "download")
    assert not {"Button", "Dropdown", "Slider", "Number"} & kinds()
    monkeypatch.setattr(weights, "state", lambda *_: "ready")
    assert {"Button", "Dropdown", "Slider", "Number"} <= kinds()
