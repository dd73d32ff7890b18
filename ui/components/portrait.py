"""The portrait: upload, paste, webcam, or a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from pipelines.studio.samples import LOOKING_AWAY, opening, samples
from ui import pictures
from ui.components.html import html, script
from ui.gradio_compat import UnopenedImage
from ui.text.catalogue import t
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render

# Each sample is a button, so that it can be reached by keyboard.
_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('click', { index: Number(button.dataset.index) });
});
"""
# A click on a face's frame. A file that the browser cannot show has no broken-image icon, but the
# photo as it was decoded here, once that has come.
_CHOOSE = """
element.addEventListener('click', (event) => {
  const face = event.target.closest('button[data-face]');
  if (face) trigger('click', { face: face.dataset.face });
});
const line = element.closest('#seen');
const show = () => {
  const photo = document.querySelector('#portrait img:is(.p-unshown, [src^="data:"])');
  const decoded = line.querySelector('.p-faces img');
  photo?.classList.toggle('p-unshown', !decoded);
  if (photo && decoded && photo.src !== decoded.src) photo.src = decoded.src;
};
for (const [kind, failed] of [['error', true], ['load', false]]) {
  document.addEventListener(kind, ({ target }) => {
    if (!target.closest?.('#portrait')) return;
    target.classList.toggle('p-unshown', failed);
    show();
  }, true);
}
new MutationObserver(show).observe(line, { childList: true, subtree: true });
"""
# Opens the file dialog of the image component.
_OPEN = "() => document.querySelector('#portrait input[type=file]')?.click()"
# A gaze that was aimed by hand was meant for the face before, unless the browser brings back the
# photo that it kept.
_UNAIM = """(...degrees) =>
  document.documentElement.classList.contains('p-restoring') ? degrees : degrees.map(() => '')"""
# Gradio fires the change of an uploaded image twice, this one's only if the file is another one.
_ARRIVED = "(photo) => photo ? photo.path : 'none'"
# Hands the photo to the script that keeps it in the browser.
_KEEP = """(photo) => {
  document.querySelector('.p-kept')?.dispatchEvent(
    new CustomEvent('photo', { detail: photo, bubbles: true }));
}"""


@dataclass
class PortraitPanel:
    """The portrait, its gaze line, and the samples, at the upper right of the page.

    Attributes:
        photo: The portrait; its value is the path of its file.
        arrived: Hidden; changes once for each other portrait, which `photo` does not.
        own: The button for an own photo.
        gaze_line: The gaze in the portrait.
        thumbs: The samples.
    """

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
        self.arrived = gr.Textbox(visible="hidden", elem_id="arrived")
        self.gaze_line = html(elem_id="seen", js_on_load=_CHOOSE)
        html(
            render("page", "kept", DEFAULT_LANGUAGE),
            js_on_load=script("keep_photo"),
            elem_id="kept",
        )

    def listen(self, aims: Sequence[Component]) -> None:
        """Attach the file dialog to the button, and a sample to each thumbnail.

        Args:
            aims: The degrees of all looks, which a new portrait empties.
        """
        self.own.click(None, None, None, js=_OPEN, api_visibility="private")
        # Before the portrait changes, which starts a comparison.
        new = [self.photo.input, self.thumbs.click]
        gr.on(new, None, aims, aims, js=_UNAIM, api_visibility="private")
        # Samples are set by events, which end in the change, too.
        self.photo.change(None, self.photo, self.arrived, js=_ARRIVED, api_visibility="private")
        self.arrived.change(None, self.photo, None, js=_KEEP, api_visibility="private")
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
    rows = [
        (index, one.path.stem, pictures.thumbnail(one.path), one)
        for index, one in enumerate(samples())
    ]
    # The one that the page opens with comes first.
    rows.sort(key=lambda row: row[3].path != LOOKING_AWAY)
    kinds = [
        ("photographs", [row[:3] for row in rows if row[3].gaze is None]),
        ("renders", [row[:3] for row in rows if row[3].gaze is not None]),
    ]
    return render("page", "samples", DEFAULT_LANGUAGE, kinds)
