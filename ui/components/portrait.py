"""The portrait: upload, paste, webcam, or a sample."""

from __future__ import annotations

from abc import ABCMeta
from dataclasses import dataclass, field

import gradio as gr
from gradio.data_classes import ImageData

from pipelines.studio.samples import LOOKING_AWAY, Sample, opening, samples
from ui import pictures
from ui.components.html import html, script
from ui.text.catalogue import t

# Each sample is a button, so that it can be reached by keyboard.
_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', { index: Number(button.dataset.index) });
});
"""
# A click on a face's frame; and no broken-image icon for a file that the browser cannot show.
_CHOOSE = """
element.addEventListener('click', (event) => {
  const face = event.target.closest('button[data-face]');
  if (face) trigger('click', { face: Number(face.dataset.face) });
});
for (const [kind, failed] of [['error', true], ['load', false]]) {
  document.addEventListener(kind, ({ target }) => {
    if (target.closest?.('#portrait')) target.classList.toggle('p-unshown', failed);
  }, true);
}
"""
# Opens the file dialog of the image component.
_OPEN = "() => document.querySelector('#portrait input[type=file]')?.click()"
# Hands the photo to the script that keeps it in the browser.
_KEEP = """(photo) => {
  document.querySelector('.p-kept')?.dispatchEvent(
    new CustomEvent('photo', { detail: photo, bubbles: true }));
}"""


def _path_of(_image: gr.Image, payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path


# Gradio itself opens the file first, raises errors with server paths for broken files, and
# re-encodes others. The class is made without Gradio's metaclass, which writes a stub file beside
# each subclass. It must be a class: Gradio makes the component anew for a session that updates it.
UnopenedImage: type[gr.Image] = ABCMeta.__new__(
    type(gr.Image),
    "Image",
    (gr.Image,),
    {"preprocess": _path_of, "__module__": gr.Image.__module__},
)
"""An image component that passes on the path of the uploaded file without opening it."""


@dataclass
class PortraitPanel:
    """The portrait, its gaze line, and the samples, at the upper right of the page."""

    photo: gr.Image = field(init=False)
    own: gr.Button = field(init=False)
    gaze_line: gr.HTML = field(init=False)
    thumbs: gr.HTML = field(init=False)

    def render(self) -> None:
        """Create the portrait, its gaze line, and the samples."""
        first = opening()
        with gr.Row(elem_id="sitter", equal_height=False):
            self.photo = UnopenedImage(
                str(first.path) if first else None,
                type="filepath",
                format="png",
                image_mode=None,
                sources=["upload", "clipboard", "webcam"],
                label=t("portrait.label"),
                show_label=False,
                height=150,
                buttons=["fullscreen"],
                elem_id="portrait",
                placeholder=str(t("portrait.drop")),
                alt_text=str(t("portrait.alt")),
            )
            with gr.Column(elem_id="or", min_width=150):
                self.own = gr.Button(t("portrait.own"), size="md", variant="primary", elem_id="own")
                self.thumbs = html(_thumbnails(), js_on_load=_PICK)
        self.gaze_line = html(elem_id="seen", js_on_load=_CHOOSE)
        html(
            f'<p class="p-aside p-kept" hidden>{t("portrait.kept")} '
            f'<button type="button">{t("portrait.forget")}</button></p>',
            js_on_load=script("keep_photo"),
            elem_id="kept",
        )

    def listen(self) -> None:
        """Attach the file dialog to the button, and a sample to each thumbnail."""
        self.own.click(None, None, None, js=_OPEN, api_visibility="private")
        # Samples are set by events, which end in the change, too.
        self.photo.change(None, self.photo, None, js=_KEEP, api_visibility="private")
        self.thumbs.click(
            _pick,
            None,
            self.photo,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )


def _pick(event: gr.EventData) -> str:
    return str(samples()[int(event.index)].path)


def _thumbnails() -> str:
    photographs = [one for one in enumerate(samples()) if one[1].gaze is None]
    # The one that the page opens with comes first.
    photographs.sort(key=lambda one: one[1].path != LOOKING_AWAY)
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
