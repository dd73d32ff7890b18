"""A visitor's own looks: saved in their browser under a name, loaded, exported and imported."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from presets import PresetError, own
from presets.own import SavedLook
from sharing import options
from ui import comparison
from ui.components.events import QUICK, Updates
from ui.components.html import aside, html, script
from ui.components.look_card import LookCard
from ui.gradio_compat import event_fields
from ui.text import captions
from ui.text.catalogue import t, translate
from ui.text.messages import translate_message
from ui.text.templating import render

STORAGE_KEY = "presence-looks"
# Not secret, because Gradio sends it to every browser; fixed, so that looks outlive a restart.
STORAGE_SECRET = "presence-looks"

_FILE = "presence-looks.yaml"
# Characters of a message about a file.
_MOST_TEXT = 400


@dataclass
class OwnPresets:
    """An accordion in the left column.

    Attributes:
        cards: The controls of the looks.
        saved: The looks in the browser's storage.
    """

    cards: Sequence[LookCard]

    def render(self) -> None:
        """Create the controls to save a look, then the list of saved looks."""
        self.saved = gr.BrowserState(None, storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
        with gr.Accordion(t("own.title"), open=False, elem_id="own-looks"):
            aside(t("own.lead"))
            self.letter = gr.Radio(["A"], value="A", label=t("own.which"), elem_id="own-which")
            with gr.Row(elem_classes="p-own-save"):
                self.name = gr.Textbox(
                    label=t("own.name"),
                    placeholder=t("own.name_example"),
                    max_lines=1,
                    max_length=own.LONGEST_NAME,
                    min_width=150,
                    scale=3,
                    elem_id="own-name",
                )
                self.save = gr.Button(t("own.save"), size="sm", min_width=70, scale=1)
            self.message = html(elem_id="own-said")
            self.listing = aside(t("own.none"), js_on_load=script("own_looks"), elem_id="own-list")
            self.upload = gr.UploadButton(
                str(t("own.import")), file_types=[".yaml", ".yml"], size="sm", elem_id="own-import"
            )

    def listen(
        self,
        active: gr.State,
        language: gr.State,
        show: Callable[[list[str]], Updates],
        boxes: Sequence[Any],
    ) -> Any:
        """Attach the handlers of all controls.

        Args:
            active: Holds the letters of the looks on the page.
            language: Holds the visitor's language.
            show: Gives updates that show the cards of some letters.
            boxes: The outputs of `show`.

        Returns:
            The event after which a look may have been loaded.
        """
        controls = [one for card in self.cards for one in card.inputs]

        def save(values: Mapping[Component, Any]) -> Updates:
            code, letter = values[language], values[self.letter]
            try:
                card = next(card for card in self.cards if card.letter == letter)
                looks, message = save_look(
                    own.from_storage(values[self.saved]),
                    values[self.name],
                    card.read(values),
                    code,
                )
            except LookError as error:
                return {self.message: captions.notice(translate_message(code, error.sentence))}
            return {self.saved: own.to_storage(looks), self.name: "", self.message: _quiet(message)}

        def on_action(
            saved: object, letters: Sequence[str], code: str, event: gr.EventData
        ) -> Updates:
            fields, looks = event_fields(event), own.from_storage(saved)
            chosen = next((one for one in looks if one.name == fields.get("name")), None)
            if chosen is None:
                return {self.message: ""}
            if fields.get("action") == "delete":
                looks = tuple(one for one in looks if one is not chosen)
                message = translate(code, "own.deleted", name=chosen.name)
                return {self.saved: own.to_storage(looks), self.message: _quiet(message)}
            card = next((card for card in self.cards if card.letter == fields.get("letter")), None)
            return {} if card is None else self._load(chosen, card, letters, show, code)

        self.saved.change(looks_html, [self.saved, language], self.listing, **QUICK)
        gr.on(
            [self.save.click, self.name.submit],
            save,
            {self.saved, language, self.letter, self.name, *controls},
            [self.saved, self.name, self.message],
            **QUICK,
        )
        self.upload.upload(
            self._import, [self.upload, self.saved, language], [self.saved, self.message], **QUICK
        )
        filled = list(dict.fromkeys([active, *boxes, *controls]))
        return self.listing.click(
            on_action, [self.saved, active, language], [self.saved, self.message, *filled], **QUICK
        )

    def _load(
        self,
        saved: SavedLook,
        card: LookCard,
        letters: Sequence[str],
        show: Callable[[list[str]], Updates],
        language: str,
    ) -> Updates:
        opened = options.read([saved.look], 1)
        notes = [translate_message(language, note) for note in opened.notes]
        if not opened.looks:
            return {self.message: captions.notice(" ".join(notes))}
        loaded = translate(language, "own.loaded", name=saved.name, letter=card.letter)
        return {
            **show(sorted({*letters, card.letter})),
            **card.fill(opened.looks[0], language),
            self.message: _quiet(" ".join((loaded, *notes))),
        }

    def _import(self, path: str | None, saved: object, language: str) -> Updates:
        if not path:
            return {self.message: ""}
        file = Path(path)
        try:
            with file.open("rb") as opened:
                data = opened.read(own.LARGEST_FILE + 1)
            imported = own.read(file.name, data, _checked)
            looks, message = merge_looks(own.from_storage(saved), imported, language)
        except (PresetError, LookError) as error:
            return {self.message: captions.notice(error.sentence[:_MOST_TEXT])}
        return {self.saved: own.to_storage(looks), self.message: _quiet(message)}


def save_look(
    looks: tuple[SavedLook, ...], name: str, look: Look, language: str
) -> tuple[tuple[SavedLook, ...], str]:
    """The looks with one more, newest first, replacing one of the same name; and a message.

    Raises:
        LookError: There is no name, or no room for another look.
    """
    new = SavedLook(own.clean_name(name or ""), str(look))
    if not new.name:
        raise LookError("nameless", translate(language, "own.nameless"))
    others = tuple(one for one in looks if one.name != new.name)
    if len(others) >= own.MOST_LOOKS:
        raise LookError("full", translate(language, "own.full", most=own.MOST_LOOKS))
    key = "own.replaced" if len(others) < len(looks) else "own.saved"
    return (new, *others), translate(language, key, name=new.name)


def merge_looks(
    looks: tuple[SavedLook, ...], imported: tuple[SavedLook, ...], language: str
) -> tuple[tuple[SavedLook, ...], str]:
    """The looks, then those of a file, and a message.

    Raises:
        LookError: There is no room for all of them.
    """
    merged = {one.name: one for one in looks}
    for one in imported:
        name = own.unique_name(
            one.name, [key for key, other in merged.items() if other.look != one.look]
        )
        merged.setdefault(name, SavedLook(name, one.look))
    if len(merged) > own.MOST_LOOKS:
        raise LookError("full", translate(language, "own.full", most=own.MOST_LOOKS))
    count = len(merged) - len(looks)
    message = translate(language, "own.imported", count=count, all=len(imported))
    return tuple(merged.values()), message


def looks_html(saved: object, language: str) -> str:
    """All saved looks; each opens to its buttons."""
    looks = own.from_storage(saved)
    if not looks:
        return captions.aside(translate(language, "own.none"))
    rows = [(one.name, *_summary(one, language)) for one in looks]
    # A data URL leaves nothing on the server.
    data = base64.b64encode(own.dump(looks).encode()).decode()
    file = _FILE, f"data:application/yaml;base64,{data}"
    return render("own", "looks", language, rows, comparison.LETTERS, file)


def _checked(look: str) -> str:
    try:
        return str(Look.parse(look))
    except LookError as error:
        raise ValueError(error.sentence) from None


def _summary(one: SavedLook, language: str) -> tuple[str, tuple[str, ...]]:
    """A saved look in one line, and notes about what of it is no longer known."""
    opened = options.read([one.look], 1)
    notes = tuple(translate_message(language, note) for note in opened.notes)
    if not opened.looks:
        return "", notes
    look = opened.looks[0]
    parts = comparison.look_title(look, language), comparison.settings(look, language)
    return " · ".join(filter(None, parts)), notes


def _quiet(message: str) -> str:
    return captions.notice(message, quiet=True)
