"""A visitor's own looks: saved under a name in their browser, loaded, carried as a file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.face import HeadPose
from pipelines.gaze import Gaze
from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from pipelines.studio.planning import plan
from presets import PresetError, load, own, translated
from presets.own import AsPresets, SavedLook
from sharing import options
from ui import captions, phrases, words, work
from ui.components.events import QUICK
from ui.components.look_card import LookCard
from ui.language import say, t
from ui.sentences import told

STORAGE_KEY = "presence-looks"
# No secret: Gradio sends it to every browser. It is fixed, or no look would outlive a restart.
STORAGE_SECRET = "presence-looks"

_FILE = "presence-looks.yaml"
_MOST_SAID = 400

# What can't be taken back is asked twice. Enter in a name renames.
_LIST = """
const act = (button) => {
  const row = button.closest('[data-name]');
  if (button.dataset.sure) {
    const word = button.textContent;
    button.textContent = button.dataset.sure;
    delete button.dataset.sure;
    button.addEventListener('blur', () => {
      button.dataset.sure = button.textContent;
      button.textContent = word;
    }, { once: true });
    return;
  }
  trigger('click', {
    action: button.dataset.action,
    name: row.dataset.name,
    letter: button.dataset.letter ?? '',
    to: row.querySelector('input').value,
  });
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) act(button);
});
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('input')) return;
  event.preventDefault();
  act(event.target.closest('[data-name]').querySelector('[data-action=rename]'));
});
"""

Updates = dict[Any, Any]


@dataclass
class OwnPresets:
    """An accordion in the left column; `kept` is what the browser keeps."""

    cards: Sequence[LookCard]
    kept: gr.BrowserState = field(init=False)
    letter: gr.Radio = field(init=False)
    name: gr.Textbox = field(init=False)
    save: gr.Button = field(init=False)
    upload: gr.UploadButton = field(init=False)
    said: gr.HTML = field(init=False)
    listing: gr.HTML = field(init=False)

    def render(self) -> None:
        """Save one, then those that are saved."""
        self.kept = gr.BrowserState(None, storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
        shown = [card.letter for card in self.cards if card.shown]
        with gr.Accordion(t("own.title"), open=False, elem_id="own-looks"):
            gr.HTML(_aside(str(t("own.lead"))), apply_default_css=False)
            self.letter = gr.Radio(shown, value=shown[0], label=t("own.which"), elem_id="own-which")
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
            self.said = gr.HTML("", apply_default_css=False, elem_id="own-said")
            self.listing = gr.HTML(
                _aside(str(t("own.none"))),
                apply_default_css=False,
                js_on_load=_LIST,
                elem_id="own-list",
            )
            self.upload = gr.UploadButton(
                str(t("own.import")), file_types=[".yaml", ".yml"], size="sm", elem_id="own-import"
            )

    def listen(
        self,
        active: gr.State,
        language: gr.State,
        show: Callable[[list[str]], Updates],
        boxes: Sequence[Any],
        news: Callable[..., Any],
    ) -> Any:
        """What each control does.

        Args:
            active: Holds the letters of the looks on the page.
            language: Holds what the page speaks.
            show: Updates that bring looks onto the page, by their letters.
            boxes: What `show` updates.
            news: An event that follows the opening of the page: only then is its language known.

        Returns:
            The event after which a look may have been loaded.
        """
        controls = [one for card in self.cards for one in card.inputs]

        def save(values: Mapping[Component, Any]) -> Updates:
            tongue, letter = values[language], values[self.letter]
            try:
                card = next(card for card in self.cards if card.letter == letter)
                looks, done = saved(
                    own.from_storage(values[self.kept]),
                    values[self.name],
                    card.read(values),
                    tongue,
                )
            except (LookError, _NotKeptError) as error:
                return {self.said: captions.notice(told(tongue, error.sentence))}
            return {self.kept: own.to_storage(looks), self.name: "", self.said: _quiet(done)}

        def act(kept: object, letters: Sequence[str], tongue: str, event: gr.EventData) -> Updates:
            wish = _Wish.of(event)
            looks = own.from_storage(kept)
            chosen = next((one for one in looks if one.name == wish.name), None)
            if chosen is None:
                return {self.said: ""}
            if wish.action == "load":
                card = next((card for card in self.cards if card.letter == wish.letter), None)
                return {} if card is None else self._load(chosen, card, letters, show, tongue)
            try:
                looks, done = changed(looks, chosen, wish, tongue)
            except _NotKeptError as error:
                return {self.said: captions.notice(error.sentence)}
            return {self.kept: own.to_storage(looks), self.said: _quiet(done)}

        gr.on(
            [self.kept.change, news],
            listed,
            [self.kept, language],
            self.listing,
            **QUICK,
        )
        gr.on(
            [self.save.click, self.name.submit],
            save,
            {self.kept, language, self.letter, self.name, *controls},
            [self.kept, self.name, self.said],
            **QUICK,
        )
        self.upload.upload(
            self._import, [self.upload, self.kept, language], [self.kept, self.said], **QUICK
        )
        filled = list(dict.fromkeys([active, *boxes, *controls]))
        return self.listing.click(
            act, [self.kept, active, language], [self.kept, self.said, *filled], **QUICK
        )

    def follow(self, event: Any, active: gr.State) -> None:
        """After an event that may bring looks onto the page, or take some off."""
        event(self._letters, [active, self.letter], self.letter, **QUICK)

    def _letters(self, active: Sequence[str], chosen: str) -> Any:
        letters = list(active)
        return gr.update(choices=letters, value=chosen if chosen in letters else letters[0])

    def _load(
        self,
        one: SavedLook,
        card: LookCard,
        letters: Sequence[str],
        show: Callable[[list[str]], Updates],
        language: str,
    ) -> Updates:
        opened = options.read([one.look], 1)
        notes = [told(language, note) for note in opened.notes]
        if not opened.looks:
            return {self.said: captions.notice(" ".join(notes))}
        loaded = say(language, "own.loaded", name=one.name, letter=card.letter)
        return {
            **show(sorted({*letters, card.letter})),
            **card.fill(opened.looks[0]),
            self.said: _quiet(" ".join((loaded, *notes))),
        }

    def _import(self, path: str | None, kept: object, language: str) -> Updates:
        if not path:
            return {self.said: ""}
        file = Path(path)
        try:
            with file.open("rb") as opened:
                data = opened.read(own.LARGEST_FILE + 1)
            found = own.read(file.name, data, _checked, as_presets)
            looks, done = merged(own.from_storage(kept), found, language)
        except (PresetError, _NotKeptError) as error:
            return {self.said: captions.notice(_cut(error.sentence))}
        return {self.kept: own.to_storage(looks), self.said: _quiet(done)}


class _NotKeptError(Exception):
    """A wish about saved looks that cannot be granted; says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class _Wish:
    """What a button of the list asks for, as a browser sent it."""

    action: str
    name: str
    letter: str
    to: str

    @classmethod
    def of(cls, event: gr.EventData) -> _Wish:
        sent = vars(event).get("_data")
        parts = sent if isinstance(sent, dict) else {}
        return cls(*(str(parts.get(key, ""))[:_MOST_SAID] for key in cls.__dataclass_fields__))


def saved(
    looks: tuple[SavedLook, ...], name: str, look: Look, language: str
) -> tuple[tuple[SavedLook, ...], str]:
    """The looks with one more, the newest first, and what to say; one of that name is replaced."""
    new = SavedLook(own.clean_name(name or ""), str(look))
    if not new.name:
        raise _NotKeptError(say(language, "own.nameless"))
    others = tuple(one for one in looks if one.name != new.name)
    if len(others) >= own.MOST_LOOKS:
        raise _NotKeptError(say(language, "own.full", most=own.MOST_LOOKS))
    key = "own.replaced" if len(others) < len(looks) else "own.saved"
    return (new, *others), say(language, key, name=new.name)


def changed(
    looks: tuple[SavedLook, ...], chosen: SavedLook, wish: _Wish, language: str
) -> tuple[tuple[SavedLook, ...], str]:
    """The looks after one was renamed or deleted, and what to say."""
    if wish.action == "delete":
        return (
            tuple(one for one in looks if one is not chosen),
            say(language, "own.deleted", name=chosen.name),
        )
    name = own.clean_name(wish.to)
    if not name:
        raise _NotKeptError(say(language, "own.nameless"))
    if any(one.name == name for one in looks if one is not chosen):
        raise _NotKeptError(say(language, "own.taken", name=name))
    renamed = tuple(SavedLook(name, one.look) if one is chosen else one for one in looks)
    return renamed, say(language, "own.renamed", name=name)


def merged(
    looks: tuple[SavedLook, ...], found: own.ImportedLooks, language: str
) -> tuple[tuple[SavedLook, ...], str]:
    """The looks with those of a file after them, and what to say."""
    taken = {one.name: one for one in looks}
    for one in found.looks:
        name = own.unique_name(
            one.name, [key for key, other in taken.items() if other.look != one.look]
        )
        taken.setdefault(name, SavedLook(name, one.look))
    if len(taken) > own.MOST_LOOKS:
        raise _NotKeptError(say(language, "own.full", most=own.MOST_LOOKS))
    parts = [say(language, "own.imported", count=len(taken) - len(looks), all=len(found.looks))]
    if found.edited:
        parts.append(say(language, "own.edited", names=_cut(", ".join(found.edited))))
    return tuple(taken.values()), " ".join(parts)


def listed(kept: object, language: str) -> str:
    """All saved looks: each opens to what can be done with it."""
    looks = own.from_storage(kept)
    if not looks:
        return _aside(escape(say(language, "own.none")))
    rows = "".join(_row(one, language) for one in looks)
    every, title = say(language, "own.export_all"), _attribute(say(language, "own.list"))
    return (
        f'<div class="p-own-list" role="group" aria-label="{title}">'
        f"{rows}</div><p>{_download(looks, _FILE, every)}</p>"
    )


def as_presets(one: SavedLook) -> AsPresets:
    """What of a look was set by hand, as entries for the preset files."""
    presets = load()
    opened = options.read([one.look], 1).looks
    if not opened:
        return AsPresets(None, None)
    look = opened[0]
    context, region = presets.contexts[look.context], presets.regions[look.region]
    by_hand = bool(look.doses) or look.polish != 1
    doses = None
    if by_hand and not context.untouched:
        # The doses are the same for every head and gaze.
        work_to_do = plan(look, presets, HeadPose(0.0, 0.0, 0.0), Gaze(0.0, 0.0))
        doses = work_to_do.doses.model_dump()
    return AsPresets(
        own.build_context(one.name, context, doses) if doses else None,
        own.build_region(one.name, region, look.gaze.yaw, look.gaze.pitch)
        if isinstance(look.gaze, Gaze)
        else None,
    )


def _checked(look: str) -> str:
    try:
        return str(Look.parse(look))
    except LookError as error:
        raise ValueError(error.sentence) from None


def _row(one: SavedLook, language: str) -> str:
    name = _attribute(one.name)
    letters = "".join(
        f'<button type="button" data-action="load" data-letter="{letter}" '
        f'aria-label="{_attribute(say(language, "own.load_into", name=one.name, letter=letter))}">'
        f"{letter}</button>"
        for letter in work.LETTERS
    )
    what, notes = _what(one, language)
    warnings = "".join(f'<p class="p-warning">{escape(note)}</p>' for note in notes)
    delete, sure = say(language, "own.delete"), say(language, "own.delete_sure")
    return (
        f'<details name="own-looks" data-name="{name}"><summary><b>{escape(one.name)}</b>'
        f"<span>{escape(what)}</span></summary>{warnings}"
        f'<div class="p-own-load"><span>{escape(say(language, "own.load"))}</span>{letters}</div>'
        f'<div class="p-own-name"><input value="{name}" maxlength="{own.LONGEST_NAME}" '
        f'aria-label="{_attribute(say(language, "own.new_name"))}">'
        f'<button type="button" data-action="rename">{escape(say(language, "own.rename"))}</button>'
        "</div><div>"
        f"{_download([one], f'{own.id_for(one.name)}.yaml', say(language, 'own.export'))}"
        f'<button type="button" data-action="delete" data-sure="{_attribute(sure)}">'
        f"{escape(delete)}</button></div></details>"
    )


def _what(one: SavedLook, language: str) -> tuple[str, tuple[str, ...]]:
    """In a line what a look is, and what of it is no longer known."""
    opened = options.read([one.look], 1)
    notes = tuple(told(language, note) for note in opened.notes)
    if not opened.looks:
        return "", notes
    look, presets = opened.looks[0], translated(language)
    parts = [presets.regions[look.region].label, presets.contexts[look.context].label]
    if isinstance(look.gaze, Gaze):
        parts.append(phrases.direction(look.gaze, language))
    elif look.gaze != 1:
        parts.append(say(language, "own.gaze_at", share=words.percent(look.gaze or 0.0)))
    if look.polish != 1:
        parts.append(say(language, "own.polish_at", share=words.percent(look.polish)))
    if look.doses:
        parts.append(say(language, "own.doses"))
    return " · ".join(parts), notes


def _download(looks: Sequence[SavedLook], file: str, word: str) -> str:
    """A link that holds its file: it works by keyboard, and leaves nothing on the server."""
    data = base64.b64encode(own.dump(looks, as_presets).encode()).decode()
    return (
        f'<a download="{_attribute(file)}" href="data:application/yaml;base64,{data}">'
        f"{escape(word)}</a>"
    )


def _aside(text: str) -> str:
    return f'<p class="p-aside">{text}</p>'


def _quiet(sentence: str) -> str:
    return captions.notice(sentence, quiet=True)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _MOST_SAID else f"{sentence[:_MOST_SAID]}…"


def _attribute(text: str) -> str:
    return escape(text, quote=True)
