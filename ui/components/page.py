"""The whole page: results on the left, portrait and looks on the right, and their events."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui import comparison
from ui.components.compare_events import CompareEvents, read_look
from ui.components.events import QUICK, Updates, Values
from ui.components.header import header
from ui.components.live import SETTLE, LivePreviews
from ui.components.panels import Panels
from ui.text.catalogue import t
from ui.text.language import DEFAULT_LANGUAGE

# On a phone the row of results is far above the button.
_SHOW_ADDED = """() => {
  if (innerWidth < 900)
    document.getElementById('strip').scrollIntoView({ behavior: 'smooth', block: 'start' });
}"""


@dataclass
class Page(Panels):
    """All panels with their event handlers."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.comparing = CompareEvents(self)
        self.live = self.comparing.previews = LivePreviews(self, self.comparing)

    def render(self) -> None:
        """Create all components, in two columns, or one on a phone."""
        self.photo = gr.State(None, time_to_live=comparison.PHOTO_KEPT_S)
        self.active = gr.State(tuple(comparison.LETTERS[:1]))
        self.link = gr.Textbox(visible=False)
        # Set when the page is opened.
        self.language = gr.State(DEFAULT_LANGUAGE)
        self.comparing.render()
        self.live.render()
        self.due = gr.Textbox("", visible="hidden")
        header()
        with gr.Row(elem_id="page", elem_classes="p-opening", equal_height=False):
            with gr.Column(elem_id="results", min_width=300, scale=1):
                self.results.render()
            with gr.Column(elem_id="controls", min_width=300, scale=0):
                self._render_controls()
        with gr.Accordion(t("page.more"), open=False, elem_id="more"):
            self.results.render_tabs(self.dial.render)
            self.grid.render()
            self.persona.render()
        self.saving.render()
        self.history.render()
        # After the pictures, which its script needs.
        self.dial.render_outside()

    def listen(self, blocks: gr.Blocks) -> None:
        """Attach all handlers."""
        self.portrait.listen(
            [box for one in self.cards for box in (one.finer.yaw, one.finer.pitch)]
        )
        self.results.listen(self.share.screen, self.photo, self.language)
        for card in self.cards:
            card.listen(self.language)
        # Before other handlers, because Gradio runs the listeners of an event in their order.
        self.live.listen()
        for card in self.cards:
            self.live.preview_on(card, [self.dial.moved[card.letter].change])
        self._listen_to_cards()
        self.comparing.listen(blocks)
        restored = self.history.listen(
            results_changed=self.results.strip.change,
            screen=self.share.screen,
            photo=self.photo,
            language=self.language,
            restore=self._restore,
            restored=[self.portrait.photo, *self.comparing.outputs, *self.card_outputs],
        )
        self.comparing.after_comparison(restored)
        self.share.listen(self.photo, self.language)
        self.saving.listen(self.photo, self.share.screen, self.language)
        self.persona.listen(self.portrait.photo, self.language)
        self.grid.listen(
            self.portrait,
            self.photo,
            self.active,
            self.language,
            blocks,
            self.show_cards,
            self.shown_cards,
        )

    def _render_controls(self) -> None:
        self.portrait.render()
        for card in self.cards:
            card.render()
        self.add = gr.Button(t("page.add"), elem_classes="p-text-button", size="sm")
        self.share.render()
        with gr.Accordion(t("page.fine"), open=False, elem_id="fine"), gr.Tabs():
            for card in self.cards:
                card.finer.render()
        self.own.render()

    def _listen_to_cards(self) -> None:
        shown = self.shown_cards
        added = self.add.click(
            self._add,
            {self.active, self.language, *(one for card in self.cards for one in card.inputs)},
            self.card_outputs,
            **QUICK,
        )
        added.then(None, None, None, js=_SHOW_ADDED, api_visibility="private")
        clicks = [
            added,
            self.own.listen(self.active, self.language, self.show_cards, shown),
        ]
        for card in self.cards:
            if card.remove is not None:
                clicked = card.remove.click(
                    lambda active, letter=card.letter: self._remove(active, letter),
                    self.active,
                    shown,
                    **QUICK,
                )
                clicks.append(clicked)
        self.dial.listen(
            active=self.active,
            photo=self.photo,
            screen=self.share.screen,
            language=self.language,
            redraw_on=[self.results.strip.change, self.language.change],
            card_events=clicks,
        )
        for click in clicks:
            click.then(None, None, None, js=SETTLE, api_visibility="private")

    def _add(self, values: Values) -> Updates:
        active = self.comparing.active_cards(values)
        added = next((card for card in self.cards if card not in active), None)
        if added is None:
            return {self.active: gr.skip()}
        # A copy, in which the visitor changes what should differ.
        looks = (look for card in active if (look := read_look(card, values)))
        return {
            **self.show_cards(sorted(card.letter for card in (*active, added))),
            **added.fill(next(looks, comparison.START), values[self.language]),
        }

    def _remove(self, active: tuple[str, ...], letter: str) -> Updates:
        return self.show_cards([one for one in active if one != letter])

    def _restore(
        self,
        photo: comparison.Photo,
        screen: comparison.PageComparison,
        language: str,
        session: str,
    ) -> Updates:
        """Updates that show an earlier comparison with its portrait and looks."""
        self.live.forget(session)
        self.cancellations.supersede(session)
        updates: Updates = {
            self.portrait.photo: screen.path,
            **self.show_cards([one.letter for one in screen.figures[1:]]),
            **self.comparing.comparison_updates(photo, screen, language),
        }
        for card in self.cards:
            look = screen.look(card.letter)
            updates |= {} if look is None else card.fill(look, language)
        return updates
