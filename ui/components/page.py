"""The whole page: portrait and looks on the left, pictures on the right, and what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import Cancelled, LookError
from pipelines.look import Look
from sharing import options as links
from sharing.desk import Desk
from ui import captions, links_said, words, work
from ui.components.look_card import LookCard
from ui.components.persona import PersonaPanel
from ui.components.portrait import PortraitPanel
from ui.components.results import Results
from ui.components.share import SharePanel
from ui.pictures import Shelf

Updates = dict[Any, Any]

# Gradio puts a tracker of its own in the place of this default, one for each call.
PROGRESS = gr.Progress()

START = (
    Look(region="japan", context="linkedin"),
    Look(region="nordic", context="actor"),
    Look(region="international", context="executive"),
    Look(region="off-camera", context="creative-portfolio"),
)
SHOWN_AT_START = 2

_WRITE_ADDRESS = """(query) => {
  if (query) history.replaceState(null, '', location.pathname + '?' + query);
}"""
# A refusal stands with the pictures, which fine control has scrolled out of sight.
_TO_NOTICE = """() => {
  const notice = document.querySelector('.p-refusal');
  if (notice) notice.scrollIntoView({ block: 'center' });
}"""
# Stop is seen while there is something to stop.
_BUSY = "() => document.getElementById('page').classList.add('p-busy')"
_IDLE = "() => document.getElementById('page').classList.remove('p-busy')"
# On a phone the pictures lie below the controls.
_TO_RESULTS = """() => {
  if (innerWidth < 900) document.getElementById('strip').scrollIntoView({ behavior: 'smooth' });
}"""


@dataclass
class Page:
    """Everything a visitor sees."""

    shelf: Shelf
    desk: Desk
    portrait: PortraitPanel = field(init=False, default_factory=PortraitPanel)
    cards: list[LookCard] = field(init=False)
    results: Results = field(init=False, default_factory=Results)
    share: SharePanel = field(init=False)
    persona: PersonaPanel = field(init=False)
    add: gr.Button = field(init=False)
    compare: gr.Button = field(init=False)
    stop: gr.Button = field(init=False)
    changed: gr.HTML = field(init=False)
    stops: work.Stops = field(init=False, default_factory=work.Stops)
    photo: gr.State = field(init=False)
    active: gr.State = field(init=False)
    link: gr.Textbox = field(init=False)

    def __post_init__(self) -> None:
        self.share = SharePanel(self.desk, self.shelf)
        self.persona = PersonaPanel(self.shelf, self.stops)
        self.cards = [
            LookCard(letter, start, shown=index < SHOWN_AT_START)
            for index, (letter, start) in enumerate(zip(work.LETTERS, START, strict=True))
        ]

    def render(self) -> None:
        """Two columns; on a phone one."""
        self.photo = gr.State(None, time_to_live=work.PHOTO_KEPT)
        self.active = gr.State(tuple(work.LETTERS[:SHOWN_AT_START]))
        self.link = gr.Textbox(visible=False)
        gr.HTML(
            f'<header class="p-head"><h1>{words.TITLE}</h1><p>{words.LEAD}</p></header>',
            apply_default_css=False,
        )
        with gr.Row(elem_id="page", equal_height=False):
            with gr.Column(elem_id="controls", min_width=300, scale=0):
                self._render_controls()
            with gr.Column(elem_id="results", min_width=300, scale=1):
                self.results.render()

    def listen(self, blocks: gr.Blocks) -> None:
        """What happens when."""
        self.portrait.listen()
        self.results.listen()
        for card in self.cards:
            card.listen()
        self._listen_to_cards()
        self._listen_to_compare(blocks)
        self.share.listen(self.photo)
        self.persona.listen(self.portrait.photo)

    def _render_controls(self) -> None:
        self.portrait.render()
        for index, card in enumerate(self.cards):
            card.render(removable=index >= SHOWN_AT_START)
        self.add = gr.Button("+ add a look", elem_classes="p-text-button", size="sm")
        with gr.Column(elem_id="go"):
            self.compare = gr.Button("Compare", variant="primary", size="lg", elem_id="compare")
            self.stop = gr.Button("Stop", elem_classes="p-text-button", size="sm", elem_id="stop")
            self.changed = gr.HTML("", apply_default_css=False, elem_id="changed")
        with gr.Accordion("Fine control", open=False, elem_id="fine"), gr.Tabs():
            for card in self.cards:
                card.render_fine()
        self.share.render()
        self.persona.render()

    def _listen_to_cards(self) -> None:
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        boxes = [self.active, self.add, *(one for card in self.cards for one in _boxes(card))]
        clicks = [self.add.click(self._add, self.active, boxes, **quick)]
        for card in self.cards:
            if card.remove is not None:
                clicked = card.remove.click(
                    lambda active, letter=card.letter: self._remove(active, letter),
                    self.active,
                    boxes,
                    **quick,
                )
                clicks.append(clicked)
        for click in clicks:
            click.then(self._changed, self._inputs(), self.changed, **quick)
        gr.on(
            [one.input for card in self.cards for one in card.inputs],  # type: ignore[attr-defined]
            self._changed,
            self._inputs(),
            self.changed,
            trigger_mode="always_last",
            **quick,
        )

    def _inputs(self) -> set[Component]:
        """Everything that a comparison depends on."""
        return {
            self.portrait.photo,
            self.photo,
            self.active,
            self.share.screen,
            self.results.framing,
            *(component for card in self.cards for component in card.inputs),
        }

    def _listen_to_compare(self, blocks: gr.Blocks) -> None:
        inputs = self._inputs()
        outputs = [
            self.photo,
            self.portrait.seen,
            self.link,
            self.share.screen,
            self.share.saved,
            self.changed,
            *self.results.outputs,
        ]
        options: dict[str, Any] = {
            "inputs": inputs,
            "outputs": outputs,
            "show_progress": "full",
            "show_progress_on": [self.results.strip],
            "api_visibility": "private",
            "concurrency_id": "work",
            "concurrency_limit": 2,
        }
        filled = [
            self.active,
            self.add,
            self.results.notice,
            *(one for card in self.cards for one in (*_boxes(card), *card.inputs)),
        ]
        self.compare.click(None, None, None, js=_TO_RESULTS, api_visibility="private")
        # Before the work: listeners of one event wait for those that came first.
        for trigger in (self.compare.click, self.portrait.photo.change):
            trigger(None, None, None, js=_BUSY, api_visibility="private")
        compared = self.compare.click(self._compare, **options)
        whose = [self.portrait.photo, self.share.screen]
        emptied = [self.photo, *self._emptied()]
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        # At once, not in turn with the work: nobody else's pictures stay beside a portrait.
        self.portrait.photo.change(self._on_portrait, whose, emptied, **quick)
        renewed = self.portrait.photo.change(
            self._examine,
            [self.portrait.photo, self.photo],
            [self.photo, self.portrait.seen, self.results.notice, self.results.strip],
            show_progress="full",
            show_progress_on=[self.portrait.seen],
            trigger_mode="always_last",
            api_visibility="private",
            concurrency_id="work",
            concurrency_limit=2,
        ).then(self._renewed, **options)
        first = blocks.load(
            self._open,
            None,
            filled,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        ).then(self._first, **options)
        for event in (compared, renewed, first):
            event.success(None, self.link, None, js=_WRITE_ADDRESS, api_visibility="private")
            # The portrait may have changed while its comparison was under way.
            event.then(self._after, inputs, emptied, **quick)
        for event in (compared, renewed):
            event.then(None, None, None, js=_TO_NOTICE, api_visibility="private")

        self._listen_to_stop(blocks, compared, renewed)

    def _listen_to_stop(self, blocks: gr.Blocks, *running: Any) -> None:
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        for event in running:
            event.then(None, None, None, js=_IDLE, api_visibility="private")
        self.stop.click(self._stop, None, None, **quick)
        # Nobody waits for what a closed page has asked for.
        blocks.unload(self._stop)

    def _stop(self, request: gr.Request) -> None:
        self.stops.stop(str(request.session_hash))
        self.stops.stop(f"{request.session_hash}-persona")

    def _add(self, active: tuple[str, ...]) -> Updates:
        hidden = [letter for letter in work.LETTERS if letter not in active]
        return self._show(sorted({*active, *hidden[:1]}))

    def _remove(self, active: tuple[str, ...], letter: str) -> Updates:
        return self._show([one for one in active if one != letter])

    def _show(self, letters: list[str]) -> Updates:
        updates: Updates = {
            self.active: tuple(letters),
            self.add: gr.update(visible=len(letters) < len(self.cards)),
        }
        for card in self.cards:
            for box in _boxes(card):
                updates[box] = gr.update(visible=card.letter in letters)
        return updates

    def _open(self, request: gr.Request) -> Updates:
        """Fill the looks from the address; what is unknown is named, the rest is used."""
        texts = request.query_params.getlist("look")
        opened = links.read(texts, len(self.cards))
        notes = links_said.notes(texts, opened.notes)
        updates: Updates = {self.results.notice: captions.notice(" ".join(notes), quiet=True)}
        if opened.looks:
            letters = work.LETTERS[: max(len(opened.looks), SHOWN_AT_START)]
            updates |= self._show(list(letters))
            for card, look in zip(self.cards, opened.looks, strict=False):
                updates |= card.fill(look)
        return updates

    def _examine(
        self, path: str | None, known: work.Photo | None, progress: gr.Progress = PROGRESS
    ) -> Updates:
        if not path:
            return {self.photo: None, self.portrait.seen: "", self.results.notice: ""}
        if known is not None and known.path == path:
            return {self.portrait.seen: _seen(known)}
        progress(0, desc="Looking at the photo")
        try:
            photo = work.examine(path)
        except Exception as error:
            return {
                self.photo: None,
                self.portrait.seen: "",
                self.results.notice: captions.notice(work.sentence(error)),
                self.results.strip: "",
            }
        return {
            self.photo: photo,
            self.portrait.seen: _seen(photo),
            self.results.notice: "",
        }

    def _on_portrait(self, path: str | None, screen: work.OnScreen | None) -> Updates:
        """Take everything off the page that is not of the portrait on it."""
        if _shows(screen, path):
            return {self.share.saved: gr.skip()}
        return {self.photo: None, **self._emptied()}

    def _after(self, values: Mapping[Component, Any]) -> Updates:
        """Take a comparison off that came after its portrait had gone."""
        screen = values[self.share.screen]
        if screen is None or _shows(screen, values[self.portrait.photo]):
            return {self.changed: self._changed(values)}
        return {self.photo: None, **self._emptied()}

    def _changed(self, values: Mapping[Component, Any]) -> str:
        """A line where the looks set are not the looks shown."""
        screen = values[self.share.screen]
        if screen is None:
            return ""
        try:
            looks = [card.read(values) for card in self.cards if card.letter in values[self.active]]
        except (LookError, TypeError):
            # A number that is being written, or emptied: certainly not what is shown.
            looks = []
        shown = [one.look for one in screen.kept]
        return "" if looks == shown else captions.notice(words.CHANGED, quiet=True)

    def _emptied(self) -> Updates:
        return {self.changed: "", **self.share.emptied(), **self.results.emptied()}

    def _compare(
        self,
        values: Mapping[Component, Any],
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> Updates:
        try:
            with self.stops.running(str(request.session_hash)) as check:
                return self._compared(values, progress, check)
        except Cancelled as stopped:
            notice = captions.notice(stopped.sentence, quiet=True)
            return {self.link: "", self.results.notice: notice}
        except Exception as error:
            return {
                self.link: "",
                self.results.notice: captions.notice(work.sentence(error)),
                **self._refused(values),
            }

    def _refused(self, values: Mapping[Component, Any]) -> Updates:
        """A refusal leaves only pictures of the portrait that is on the page."""
        if _shows(values[self.share.screen], values[self.portrait.photo]):
            return {}
        return {**self._emptied(), self.results.strip: ""}

    def _renewed(
        self,
        values: Mapping[Component, Any],
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> Updates:
        """The comparison that follows a new portrait, unless that was refused."""
        photo, path = values[self.photo], values[self.portrait.photo]
        if photo is None or photo.path != path:
            return {self.link: ""}
        return self._compare(values, request, progress)

    def _first(
        self,
        values: Mapping[Component, Any],
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> Updates:
        """The comparison that is there when the page opens; it leaves the note alone."""
        if not values[self.portrait.photo]:
            return {self.link: ""}
        updates = self._compare(values, request, progress)
        if updates.get(self.results.slides):
            del updates[self.results.notice]
        return updates

    def _compared(
        self, values: Mapping[Component, Any], progress: gr.Progress, check: Callable[[], None]
    ) -> Updates:
        def tell(share: float, step: str) -> None:
            check()
            progress(0.05 + 0.85 * share, desc=step)

        cards = [card for card in self.cards if card.letter in values[self.active]]
        looks = [card.read(values) for card in cards]
        progress(0, desc="Looking at the photo")
        photo = work.examine(values[self.portrait.photo], values[self.photo])
        comparison = work.compare(photo, looks, tell)
        progress(0.9, desc="Laying out the pictures")
        shots = work.shots(comparison, [card.letter for card in cards], self.shelf)
        return {
            self.photo: photo,
            self.portrait.seen: _seen(photo),
            self.link: links.write(looks),
            self.share.screen: work.on_screen(photo, comparison, shots),
            self.share.saved: "",
            **self.results.show(shots, values[self.results.framing]),
        }


def _shows(screen: work.OnScreen | None, path: str | None) -> bool:
    """Whether the comparison on the page is of the portrait on it."""
    return screen is not None and screen.path == path


def _seen(photo: work.Photo) -> str:
    return captions.seen(photo.analysis.gaze.gaze, photo.analysis.warnings)


def _boxes(card: LookCard) -> tuple[Any, Any]:
    return card.box, card.fine
