"""The panels of the page and the states that they share, without event handlers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from sharing.link_service import LinkService
from ui import comparison
from ui.cancellation import Cancellations
from ui.components.dial_tab import DialTab
from ui.components.events import Updates
from ui.components.grid_panel import GridPanel
from ui.components.history_strip import HistoryStrip
from ui.components.look_card import LookCard
from ui.components.own_presets import OwnPresets
from ui.components.persona import PersonaPanel
from ui.components.portrait import PortraitPanel
from ui.components.results import Results
from ui.components.save_menu import SaveMenu
from ui.components.share import SharePanel
from ui.file_store import FileStore
from ui.shared_samples import SharedSamples


@dataclass
class Panels:
    """The page's panels.

    Attributes:
        file_store: Holds the files of visitors.
        link_service: Publishes comparisons.
        shared_samples: Analyses and results of the samples.
        due: Hidden; not empty after a comparison whose settings have changed meanwhile.
        photo: State with the analysed `Photo`, or None.
        active: State with the letters of the looks on the page.
        link: The query string of the looks, for the browser's address.
        language: State with the visitor's language.
    """

    file_store: FileStore
    link_service: LinkService
    shared_samples: SharedSamples
    portrait: PortraitPanel = field(init=False, default_factory=PortraitPanel)
    add: gr.Button = field(init=False)
    due: gr.Textbox = field(init=False)
    cancellations: Cancellations = field(init=False, default_factory=Cancellations)
    photo: gr.State = field(init=False)
    active: gr.State = field(init=False)
    link: gr.Textbox = field(init=False)
    language: gr.State = field(init=False)

    def __post_init__(self) -> None:
        self.results = Results(self.file_store)
        self.share = SharePanel(self.link_service, self.file_store)
        self.persona = PersonaPanel(self.file_store, self.cancellations)
        self.cards = [LookCard(letter) for letter in comparison.LETTERS]
        self.own = OwnPresets(self.cards)
        self.dial = DialTab(self.cards)
        self.saving = SaveMenu(self.file_store)
        self.history = HistoryStrip(self.file_store)
        self.grid = GridPanel(
            self.cards, self.file_store, self.cancellations, self.shared_samples.examine
        )

    def show_cards(self, letters: list[str]) -> Updates:
        """Updates that show the cards of these looks and hide the others."""
        updates: Updates = {
            self.active: tuple(letters),
            self.add: gr.update(visible=len(letters) < len(self.cards)),
            # A single look needs no name.
            self.cards[0].head: gr.update(visible=len(letters) > 1),
            self.own.letter: gr.update(choices=letters, value=letters[0]),
        }
        for card in self.cards:
            for box in boxes(card):
                updates[box] = gr.update(visible=card.letter in letters)
        return updates

    @property
    def shown_cards(self) -> list[Any]:
        """All outputs of `show_cards`."""
        cards = (one for card in self.cards for one in boxes(card))
        return [self.active, self.add, self.cards[0].head, self.own.letter, *cards]

    @property
    def card_outputs(self) -> list[Any]:
        """All outputs that show, hide and fill the cards of the looks."""
        return [*self.shown_cards, *(one for card in self.cards for one in card.inputs)]


def boxes(card: LookCard) -> tuple[Any, Any]:
    """A look's card, and its tab of the fine control."""
    return card.box, card.finer.tab
