"""Helpers for `gr.HTML` components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from ui.text import captions

_SCRIPTS = Path(__file__).parent.parent / "js"


def html(value: Any = "", **options: Any) -> gr.HTML:
    """An HTML component without Gradio's default styles; `options` as for `gr.HTML`."""
    return gr.HTML(value, apply_default_css=False, **options)


def aside(text: object, **options: Any) -> gr.HTML:
    """A line of small explanatory text; `options` as for `gr.HTML`."""
    return html(captions.aside(Markup(str(text))), **options)


def script(name: str) -> str:
    """The source of one of the scripts in ``ui/js``, for `js_on_load`."""
    return (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
