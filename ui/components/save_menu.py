"""Saving a look in another format or size: the menu beside a look asks, a hidden link downloads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from pipelines.image import loading
from pipelines.image.metadata import FORMS
from pipelines.runtime import slots
from pipelines.studio.saving import save
from sharing.errors import Refused
from ui import comparison, pictures, saving
from ui.comparison import PageComparison, Photo
from ui.components.html import html
from ui.file_store import FileStore
from ui.text import captions, messages
from ui.text.numbers import decimal
from ui.text.templating import render

# Characters of the photo's name in the name of a file.
_MOST_OF_NAME = 40
# The menus are made anew with the results, so the page listens for all of them.
_ASK = """
document.getElementById('saving').popover = 'auto';
document.addEventListener('click', ({ target }) => {
  const chosen = target.closest?.('button[data-save]');
  for (const menu of document.querySelectorAll('.p-save[open]')) {
    if (chosen || !menu.contains(target)) menu.open = false;
  }
  if (chosen) trigger('click', { letter: chosen.dataset.save, choice: chosen.dataset.choice });
});
"""
# The answer lies over the page for a while, or until something else is pressed.
_DOWNLOAD = """() => setTimeout(() => {
  const saving = document.getElementById('saving');
  saving.showPopover();
  clearTimeout(saving.closing);
  saving.closing = setTimeout(() => saving.hidePopover(), 12000);
  document.querySelector('#saving a')?.click();
}, 150)"""


@dataclass
class SaveMenu:
    """Files of looks in a format and size of choice.

    Attributes:
        file_store: Holds the files.
    """

    file_store: FileStore

    def render(self) -> None:
        """Create the place of the link; the menus are part of the results."""
        self.saving = html(elem_id="saving", js_on_load=_ASK)

    def listen(self, photo: gr.State, screen: gr.State, language: gr.State) -> None:
        """Make and download the file that a menu asks for.

        Args:
            photo: Holds the `Photo` of the page, or None.
            screen: Holds its `PageComparison`, or None.
            language: Holds the visitor's language.
        """
        self.saving.click(
            self._save,
            [photo, screen, language],
            self.saving,
            show_progress="minimal",
            api_visibility="private",
        ).success(None, None, None, js=_DOWNLOAD, api_visibility="private")

    def _save(
        self, photo: Photo | None, screen: PageComparison | None, language: str, event: gr.EventData
    ) -> str:
        try:
            with slots.cores().turn():
                data, name = file_of(photo, screen, str(event.letter), str(event.choice))
        except Exception as error:
            return captions.error_notice(error, language)
        address = self.file_store.address(self.file_store.write(data, name))
        size = len(data) / 1e3
        shown = f"{size:.0f} kB" if size < 100 else f"{decimal(size / 1e3, language)} MB"
        return render("results", "saved", language, address, name, shown)


def file_of(
    photo: Photo | None, screen: PageComparison | None, letter: str, name: str
) -> tuple[bytes, str]:
    """The file of a look, and its name.

    Raises:
        Refused: There is no such look, or its files were deleted.
        Refusal: The photo's file was deleted.
    """
    rendered = () if screen is None else screen.rendered
    shown = next((one for one in rendered if one.letter == letter), None)
    look = None if shown is None else shown.look
    choice = saving.CHOICES.get(name)
    if photo is None or shown is None or look is None or choice is None:
        raise Refused("nothing-to-share", messages.NOTHING_TO_SHARE)
    try:
        with Image.open(Path(shown.saved)) as image:
            if choice.small:
                image.thumbnail((saving.SMALL_LONG_SIDE,) * 2, Image.Resampling.LANCZOS)
            pixels = np.asarray(image.convert("RGB"))
    except OSError as error:
        raise Refused("nothing-to-share", messages.CLEARED) from error
    asked = replace(look, face=photo.face)
    original = loading.read(photo.path)
    data = save(original, photo.analysis, pixels, asked, choice.form, choice.wishes)
    ending = next(ending for ending, form in FORMS.items() if form == choice.form)
    # Who saves looks of several photos tells the files apart by the photo's own name.
    photo_name = Path(photo.path).stem[:_MOST_OF_NAME]
    look_name = pictures.file_name(comparison.slug(look), look.context)
    return data, f"{photo_name}-{look_name}{ending}"
