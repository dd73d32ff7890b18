"""Helpers for `gr.HTML` components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

_SCRIPTS = Path(__file__).parent.parent / "js"


def html(value: Any = "", **options: Any) -> gr.HTML:
    """An HTML component without Gradio's default styles; `options` as for `gr.HTML`."""
    return gr.HTML(value, apply_default_css=False, **options)


def aside(text: object) -> gr.HTML:
    """A line of small explanatory text."""
    return html(f'<p class="p-aside">{text}</p>')


def script(name: str) -> str:
    """The source of one of the scripts in ``ui/js``, for `js_on_load`."""
    return (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
