"""The portrait: upload, paste, webcam, or a sample one click away."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from ui import pictures
from ui.samples import samples

# A button each, so that they can be reached by keyboard.
_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', { index: Number(button.dataset.index) });
});
"""


@dataclass
class PortraitPanel:
    """The upper left of the page."""

    photo: gr.Image = field(init=False)
    seen: gr.HTML = field(init=False)
    thumbs: gr.HTML = field(init=False)

    def render(self) -> None:
        """The portrait, what we see in it, and the samples."""
        available = samples()
        self.photo = gr.Image(
            str(available[0].path) if available else None,
            type="filepath",
            format="png",
            image_mode=None,
            sources=["upload", "clipboard", "webcam"],
            label="Portrait",
            show_label=False,
            height=260,
            buttons=["fullscreen"],
            elem_id="portrait",
            placeholder="Drop a portrait here\n- or -\nClick to choose one",
            alt_text="Your portrait",
        )
        _take_files_as_they_come(self.photo)
        self.thumbs = gr.HTML(_thumbnails(), js_on_load=_PICK, apply_default_css=False)
        self.seen = gr.HTML("", apply_default_css=False, elem_id="seen")

    def listen(self) -> None:
        """A sample's thumbnail puts it in the portrait's place."""
        self.thumbs.click(
            _pick,
            None,
            self.photo,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )


def _take_files_as_they_come(image: gr.Image) -> None:
    """Hand the uploaded file on unopened.

    Gradio's own way opens it first: broken files would raise with a server path in the text, and
    others would be re-encoded. (A subclass would do, but Gradio writes a stub file next to each.)
    """

    def preprocess(payload: ImageData | None) -> str | None:
        return None if payload is None else payload.path

    vars(image)["preprocess"] = preprocess


def _pick(event: gr.EventData) -> str:
    return str(samples()[int(event.index)].path)


def _thumbnails() -> str:
    buttons = "".join(
        f'<button type="button" data-index="{index}" title="{_title(sample)}">'
        f'<img src="{pictures.thumbnail(sample.path)}" alt="{_title(sample)}"></button>'
        for index, sample in enumerate(samples())
    )
    credits = "; ".join(
        f"{sample.title.split(',')[0]}: {sample.credit}"
        for sample in samples()
        if "own" not in sample.credit
    )
    return (
        f'<div class="p-samples" role="group" aria-label="Sample portraits">{buttons}</div>'
        f'<p class="p-aside p-credits">Samples. {escape(credits)}.</p>'
    )


def _title(sample: Any) -> str:
    return escape(f"{sample.title} ({sample.credit})", quote=True)
