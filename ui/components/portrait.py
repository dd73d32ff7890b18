"""The portrait: upload, paste, webcam, or a sample one click away."""

from __future__ import annotations

from dataclasses import dataclass, field

import gradio as gr
from gradio.data_classes import ImageData

from pipelines.studio.samples import Sample, samples
from ui import pictures
from ui.components import steps
from ui.language import t

# A button each, so that they can be reached by keyboard.
_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', { index: Number(button.dataset.index) });
});
"""


# The picture's own file field: what a click on an empty portrait opens.
_OPEN = "() => document.querySelector('#portrait input[type=file]')?.click()"


@dataclass
class PortraitPanel:
    """The upper left of the page."""

    photo: gr.Image = field(init=False)
    own: gr.Button = field(init=False)
    seen: gr.HTML = field(init=False)
    thumbs: gr.HTML = field(init=False)

    def render(self) -> None:
        """The portrait, what we see in it, and the samples."""
        available = samples()
        steps.heading("portrait")
        with gr.Row(elem_id="sitter", equal_height=False):
            self.photo = gr.Image(
                str(available[0].path) if available else None,
                type="filepath",
                format="png",
                image_mode=None,
                sources=["upload", "clipboard", "webcam"],
                label=t("portrait.label"),
                show_label=False,
                height=190,
                buttons=["fullscreen"],
                elem_id="portrait",
                placeholder=str(t("portrait.drop")),
                alt_text=str(t("portrait.alt")),
            )
            _take_files_as_they_come(self.photo)
            with gr.Column(elem_id="or", min_width=150):
                self.own = gr.Button(t("portrait.own"), size="md", elem_id="own")
                self.thumbs = gr.HTML(_thumbnails(), js_on_load=_PICK, apply_default_css=False)
        self.seen = gr.HTML("", apply_default_css=False, elem_id="seen")

    def listen(self) -> None:
        """A sample's thumbnail puts it in the portrait's place; the button opens the files."""
        self.own.click(None, None, None, js=_OPEN, api_visibility="private")
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
    photographs = [one for one in enumerate(samples()) if one[1].gaze is None]
    heads = [one for one in enumerate(samples()) if one[1].gaze is not None]
    return "".join(
        f'<p class="p-samples-kind">{t(f"portrait.{kind}")}</p>'
        f'<div class="p-samples" role="group" aria-label="{t(f"portrait.{kind}")}">'
        f"{''.join(_button(index, sample) for index, sample in some)}</div>"
        for kind, some in (("photographs", photographs), ("renders", heads))
        if some
    )


def _button(index: int, sample: Sample) -> str:
    title = t(f"sample.{sample.path.stem}")
    return (
        f'<button type="button" data-index="{index}" title="{title}">'
        f'<img src="{pictures.thumbnail(sample.path)}" alt="{title}"></button>'
    )
