"""The whole page: portrait and looks on the left, pictures on the right, and what happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from pipelines.studio import Look
from sharing.desk import Desk
from ui import work
from ui.commons import Commons
from ui.components import steps
from ui.components.compare_events import CompareEvents
from ui.components.dial import Dial
from ui.components.events import QUICK
from ui.components.grid import GridPanel
from ui.components.header import header
from ui.components.history import History
from ui.components.look_card import LookCard
from ui.components.own_presets import OwnPresets
from ui.components.persona import PersonaPanel
from ui.components.portrait import PortraitPanel
from ui.components.results import Results
from ui.components.share import SharePanel
from ui.language import DEFAULT, t
from ui.live import Live
from ui.pictures import Shelf
from ui.stops import Stops

Updates = dict[Any, Any]

START = (
    Look(region="japan", context="linkedin"),
    Look(region="nordic", context="actor"),
    Look(region="international", context="executive"),
    Look(region="off-camera", context="creative-portfolio"),
)
SHOWN_AT_START = 2


@dataclass
class Page:
    """Everything a visitor sees."""

    shelf: Shelf
    desk: Desk
    commons: Commons
    portrait: PortraitPanel = field(init=False, default_factory=PortraitPanel)
    cards: list[LookCard] = field(init=False)
    results: Results = field(init=False)
    share: SharePanel = field(init=False)
    persona: PersonaPanel = field(init=False)
    own: OwnPresets = field(init=False)
    dial: Dial = field(init=False)
    history: History = field(init=False)
    add: gr.Button = field(init=False)
    compare: gr.Button = field(init=False)
    stop: gr.Button = field(init=False)
    changed: gr.HTML = field(init=False)
    stops: Stops = field(init=False, default_factory=Stops)
    photo: gr.State = field(init=False)
    active: gr.State = field(init=False)
    link: gr.Textbox = field(init=False)
    language: gr.State = field(init=False)
    comparing: CompareEvents = field(init=False)
    live: Live = field(init=False)
    grid: GridPanel = field(init=False)

    def __post_init__(self) -> None:
        self.results = Results(self.shelf)
        self.share = SharePanel(self.desk, self.shelf)
        self.persona = PersonaPanel(self.shelf, self.stops)
        self.cards = [
            LookCard(letter, start, shown=index < SHOWN_AT_START)
            for index, (letter, start) in enumerate(zip(work.LETTERS, START, strict=True))
        ]
        self.own = OwnPresets(self.cards)
        self.dial = Dial(self.cards)
        self.history = History(self.shelf)
        self.comparing = CompareEvents(self)
        self.live = Live(self, self.comparing)
        self.grid = GridPanel(self.cards, self.shelf, self.stops, self.commons.examine)

    def render(self) -> None:
        """Two columns; on a phone one."""
        self.photo = gr.State(None, time_to_live=work.PHOTO_KEPT)
        self.active = gr.State(tuple(work.LETTERS[:SHOWN_AT_START]))
        self.link = gr.Textbox(visible=False)
        # What the page speaks with this visitor; set when it is opened.
        self.language = gr.State(DEFAULT)
        self.comparing.render()
        self.live.render()
        header()
        self.dial.render_counters()
        with gr.Row(elem_id="page", equal_height=False):
            with gr.Column(elem_id="controls", min_width=300, scale=0):
                self._render_controls()
            with gr.Column(elem_id="results", min_width=300, scale=1):
                self.results.render(self.dial.render)
                self.history.render()
                self.grid.render()

    def listen(self, blocks: gr.Blocks) -> None:
        """What happens when."""
        self.portrait.listen()
        self.results.listen(self.photo, self.language)
        for card in self.cards:
            card.listen(self.language)
        # First: listeners of one event wait for those that came before.
        self.live.listen()
        for card in self.cards:
            self.live.follow(card, [self.dial.moved[card.letter].change])
        self._listen_to_cards()
        self.comparing.listen(blocks)
        restored = self.history.listen(
            news=self.results.strip.change,
            screen=self.share.screen,
            photo=self.photo,
            language=self.language,
            framing=self.results.framing,
            examine=self.commons.examine,
            restore=self._restore,
            restored=[self.portrait.photo, *self.comparing.outputs, *self.card_outputs],
        )
        self.comparing.finish(restored)
        self.share.listen(self.photo, self.language)
        self.persona.listen(self.portrait.photo, self.language)
        self.grid.listen(self.portrait.photo, self.photo, self.active, self.language, blocks)

    def _render_controls(self) -> None:
        self.portrait.render()
        steps.heading("looks")
        for index, card in enumerate(self.cards):
            card.render(removable=index >= SHOWN_AT_START)
        self.add = gr.Button(t("page.add"), elem_classes="p-text-button", size="sm")
        with gr.Column(elem_id="go"):
            self.compare = gr.Button(
                t("page.compare"), variant="primary", size="lg", elem_id="compare"
            )
            self.stop = gr.Button(t("page.stop"), size="md", elem_id="stop")
            self.changed = gr.HTML("", apply_default_css=False, elem_id="changed")
        with gr.Accordion(t("page.fine"), open=False, elem_id="fine"), gr.Tabs():
            for card in self.cards:
                card.render_fine()
        self.own.render()
        self.share.render()
        self.persona.render()

    def _listen_to_cards(self) -> None:
        boxes = [self.active, self.add, *(one for card in self.cards for one in _boxes(card))]
        clicks = [
            self.add.click(self._add, self.active, boxes, **QUICK),
            self.own.listen(
                self.active, self.language, self.show_cards, boxes, self.results.strip.change
            ),
        ]
        for card in self.cards:
            if card.remove is not None:
                clicked = card.remove.click(
                    lambda active, letter=card.letter: self._remove(active, letter),
                    self.active,
                    boxes,
                    **QUICK,
                )
                clicks.append(clicked)
        self.dial.listen(
            active=self.active,
            photo=self.photo,
            screen=self.share.screen,
            language=self.language,
            news=[self.portrait.seen.change, self.results.strip.change, self.language.change],
            after=clicks,
        )
        # Not when the state changes: Gradio tells nobody of that outside its queue.
        for event in (self.results.strip.change, *(click.then for click in clicks)):
            self.own.follow(event, self.active)
        for click in clicks:
            click.then(self.comparing.changed, self.comparing.inputs, self.changed, **QUICK)

    def _add(self, active: tuple[str, ...]) -> Updates:
        hidden = [letter for letter in work.LETTERS if letter not in active]
        return self.show_cards(sorted({*active, *hidden[:1]}))

    def _remove(self, active: tuple[str, ...], letter: str) -> Updates:
        return self.show_cards([one for one in active if one != letter])

    def show_cards(self, letters: list[str]) -> Updates:
        """Show the cards of these looks and hide the others."""
        updates: Updates = {
            self.active: tuple(letters),
            self.add: gr.update(visible=len(letters) < len(self.cards)),
        }
        for card in self.cards:
            for box in _boxes(card):
                updates[box] = gr.update(visible=card.letter in letters)
        return updates

    @property
    def card_outputs(self) -> list[Any]:
        """All that shows, hides and fills the looks' cards."""
        fields = [one for card in self.cards for one in (*_boxes(card), *card.inputs)]
        return [self.active, self.add, *fields]

    def _restore(
        self,
        photo: work.Photo,
        screen: work.OnScreen,
        framing: str,
        language: str,
        visitor: str,
    ) -> Updates:
        """An earlier comparison, with its portrait and its looks."""
        self.live.forget(visitor)
        self.stops.supersede(visitor)
        updates: Updates = {
            self.portrait.photo: screen.path,
            **self.show_cards([one.letter for one in screen.figures[1:]]),
            **self.comparing.shown(photo, screen, framing, language),
            self.changed: "",
        }
        for card in self.cards:
            look = screen.look(card.letter)
            updates |= {} if look is None else card.fill(look)
        return updates


def _boxes(card: LookCard) -> tuple[Any, Any]:
    return card.box, card.fine
