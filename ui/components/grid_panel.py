"""The explore grid under the results: looks that vary along two sides, and the picked cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component

from pipelines.runtime.errors import Cancelled
from pipelines.studio import Look
from pipelines.studio.grid import axis
from pipelines.studio.grid.axis import ALONG, NAMED, Along, Axis
from presets import load
from ui import comparison, grid_table
from ui.cancellation import Cancellations, Superseded, task_key
from ui.comparison import Photo
from ui.components.events import QUICK, Updates, Values
from ui.components.html import aside, html, script
from ui.components.look_card import LookCard, region_choices
from ui.components.portrait import PortraitPanel
from ui.file_store import FileStore
from ui.gradio_compat import leave_queue
from ui.grid_table import GridView
from ui.text import captions, messages, numbers
from ui.text.catalogue import t, translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio import Analysis
    from pipelines.studio.grid.cells import CellResult, Grid

Examine = Callable[[str | None, Photo | None], Photo]
ShowCards = Callable[[list[str]], Updates]

START: tuple[tuple[str, Along], ...] = (("columns", "region"), ("rows", "polish"))
_ORDER: tuple[Along, ...] = ("region", "context", "yaw", "pitch", "polish", "engine", "seed")
_BUSY = "() => document.getElementById('page').classList.add('p-gridding')"
_IDLE = "() => document.getElementById('page').classList.remove('p-gridding')"
# The picked cell sticks to the edge of the window, so the page need not scroll.
_FOCUS_PICKED = """() => setTimeout(() => {
  document.querySelector('#grid-to-a')?.focus({ preventScroll: true });
}, 60)"""
_FOCUS_CELL = """() => {
  const index = document.querySelector('#grid-picked [data-index]')?.dataset.index;
  document.querySelector(`#grid-table .p-cell[data-index="${index}"]`)?.focus();
}"""
# Renders the look, and scrolls up to the results.
_COMPARE = """() => setTimeout(() => {
  document.getElementById('settle').click();
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  document.getElementById('strip').scrollIntoView({ behavior: still ? 'auto' : 'smooth' });
}, 120)"""


@dataclass
class Side:
    """The controls of one side: its setting, and the values, picked from a list or typed."""

    name: str
    start: Along

    def render(self) -> None:
        """Create the controls, of which the list or the text field is visible."""
        along = self.start
        nothing: tuple[Along, ...] = ("nothing",) if self.name == "rows" else ()
        with gr.Column(elem_classes="p-side"):
            self.along = gr.Dropdown(
                [(str(t(f"grid.along_{one}")), one) for one in (*nothing, *_ORDER)],
                value=along,
                label=t(f"grid.{self.name}"),
                elem_id=f"grid-{self.name}",
            )
            self.named = gr.Dropdown(
                _choices(along),
                value=_default_names(along),
                multiselect=True,
                label=t("grid.values"),
                visible=along in NAMED,
                elem_classes="p-grid-names",
            )
            self.typed = gr.Textbox(
                _default_numbers(along, DEFAULT_LANGUAGE),
                label=t("grid.values"),
                info=t("grid.values_info"),
                max_lines=1,
                max_length=200,
                elem_id=f"grid-{self.name}-typed",
                visible=along not in (*NAMED, "nothing"),
            )

    @property
    def inputs(self) -> list[Component]:
        """All components that `read` needs."""
        return [self.along, self.named, self.typed]

    def read(self, values: Values, language: str) -> Axis:
        """The axis of the controls, with numbers as in the language.

        Raises:
            LookError: A value is wrong, or there is none.
        """
        along: Along = values[self.along] if values[self.along] in ALONG else "nothing"
        if along in NAMED:
            return axis.choose(along, values[self.named] or ())
        return axis.read(along, numbers.read_list(str(values[self.typed] or ""), language))

    def on_along(self, along: Along, language: str) -> tuple[Any, Any]:
        """Updates of the list and the text field for another setting."""
        # A list without choices would keep its values, which Gradio then refuses.
        names: dict[str, Any] = {}
        if along in NAMED:
            names = {"choices": _choices(along), "value": _default_names(along)}
        return (
            gr.update(**names, visible=along in NAMED),
            gr.update(
                value=_default_numbers(along, language),
                visible=along not in (*NAMED, "nothing"),
            ),
        )


@dataclass
class GridPanel:
    """An accordion under the results, closed at first.

    Attributes:
        cards: The looks on the page; the first is the base of all cells.
        file_store: Holds the files of visitors.
        cancellations: Cancels the work of visitors.
        examine: As `ui.comparison.examine`.
        shown: State with the `GridView`, or None.
        chosen: State with the look of the picked cell, or None.
    """

    cards: Sequence[LookCard]
    file_store: FileStore
    cancellations: Cancellations
    examine: Examine = comparison.examine
    to: dict[str, gr.Button] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        columns, rows = (Side(name, along) for name, along in START)
        self.sides = columns, rows

    def render(self) -> None:
        """Create the sides, the start button, the grid, and the buttons of the picked cell."""
        self.shown = gr.State(None, time_to_live=comparison.PHOTO_KEPT_S)
        self.chosen = gr.State(None)
        with gr.Accordion(t("grid.title"), open=False, elem_id="grid"):
            aside(t("grid.lead"))
            with gr.Row(elem_id="grid-sides"):
                for side in self.sides:
                    side.render()
            with gr.Row(elem_id="grid-go"):
                self.start = gr.Button(
                    t("grid.start"), variant="primary", elem_id="grid-start", scale=0
                )
                self.stop = gr.Button(
                    t("grid.stop"), size="sm", elem_classes="p-text-button", elem_id="grid-stop"
                )
                self.progress = html(elem_id="grid-progress")
            self.notice = html(elem_id="grid-notice")
            self.table = html(elem_id="grid-table", js_on_load=script("grid"))
            self.file = html(elem_id="grid-file")
            with gr.Column(visible=False, elem_id="grid-picked") as self.box:
                self._render_picked()

    def _render_picked(self) -> None:
        self.picked = html()
        with gr.Row(elem_id="grid-acts"):
            for letter in comparison.LETTERS[:2]:
                self.to[letter] = gr.Button(
                    t(f"grid.to_{letter.lower()}"), size="sm", elem_id=f"grid-to-{letter.lower()}"
                )
            self.close = gr.Button(
                t("grid.close"), size="sm", elem_classes="p-text-button", elem_id="grid-close"
            )

    def clear(self) -> Updates:
        """Updates that remove the grid."""
        return {
            self.shown: None,
            self.table: "",
            self.notice: "",
            self.progress: "",
            **self._close_picked(),
            self.file: "",
        }

    def listen(
        self,
        portrait: PortraitPanel,
        photo: gr.State,
        active: gr.State,
        language: gr.State,
        blocks: gr.Blocks,
        show_cards: ShowCards,
        shown_cards: Sequence[Any],
    ) -> None:
        """Attach the handlers of all controls.

        Args:
            portrait: The portrait on the page.
            photo: Holds the `Photo` of the page, or None.
            active: Holds the letters of the looks on the page.
            language: Holds the visitor's language.
            blocks: The page.
            show_cards: Updates that show the cards of these looks and hide the others.
            shown_cards: The outputs of `show_cards`.
        """
        self._listen_to_sides(language)
        sides = [one for side in self.sides for one in side.inputs]
        inputs: set[Any] = {portrait.photo, photo, language, *sides, *self.cards[0].inputs}
        outputs = list(self.clear())

        def render(values: Values, request: gr.Request) -> Iterator[Updates]:
            path, known, code = values[portrait.photo], values[photo], values[language]
            yield from self._render_or_refuse(values, path, known, code, _task_key(request))

        def on_portrait(path: str | None, shown: GridView | None, request: gr.Request) -> Updates:
            if shown is not None and shown.path == path:
                return {self.notice: gr.skip()}
            self.cancellations.stop(_task_key(request))
            return self.clear()

        def clear_if_outdated(path: str | None, shown: GridView | None) -> Updates:
            outdated = shown is not None and shown.path != path
            return self.clear() if outdated else {self.notice: gr.skip()}

        def show_queue_full(code: str) -> Updates:
            return {self.notice: captions.notice(translate(code, "queue.busy"))}

        def cancel(request: gr.Request) -> None:
            self.cancellations.stop(_task_key(request))

        async def stop(code: str, request: gr.Request) -> Updates:
            cancel(request)
            if not await leave_queue(str(request.session_hash), "grid"):
                return {self.notice: gr.skip()}
            notice = captions.notice(translate(code, "grid.stopped"), quiet=True)
            return {self.notice: notice, self.progress: ""}

        self.start.click(None, None, None, js=_BUSY, api_visibility="private")
        started = self.start.click(
            render,
            inputs,
            outputs,
            show_progress="full",
            show_progress_on=[self.progress],
            api_visibility="private",
            # A queue of its own, so that comparisons and previews do not wait for it.
            concurrency_id="grid",
            # All visitors together; one address has one place fewer.
            concurrency_limit=2,
        )
        started.then(None, None, None, js=_IDLE, api_visibility="private")
        # If the queue is full, the event has no other follow-up.
        started.failure(show_queue_full, language, [self.notice], **QUICK)
        started.failure(None, None, None, js=_IDLE, api_visibility="private")
        # The portrait may have changed while its grid was rendered.
        started.then(clear_if_outdated, [portrait.photo, self.shown], outputs, **QUICK)
        portrait.arrived.change(on_portrait, [portrait.photo, self.shown], outputs, **QUICK)
        self.stop.click(stop, language, [self.notice, self.progress], **QUICK)
        blocks.unload(cancel)
        self._listen_to_picked(active, language, show_cards, shown_cards)

    def _listen_to_sides(self, language: gr.State) -> None:
        for side in self.sides:
            # Not input, which Gradio sends whenever a list loses the focus.
            # On the language, too: all is created in English, before the visitor's is known.
            gr.on(
                [side.along.change, language.change],
                side.on_along,
                [side.along, language],
                [side.named, side.typed],
                **QUICK,
            )

    def _listen_to_picked(
        self,
        active: gr.State,
        language: gr.State,
        show_cards: ShowCards,
        shown_cards: Sequence[Any],
    ) -> None:
        def pick(shown: GridView | None, code: str, event: gr.EventData) -> Updates:
            tile = None if shown is None else shown.at(int(event.index))
            if shown is None or tile is None:
                return self._close_picked()
            return {
                self.chosen: tile.look,
                self.picked: grid_table.picked_cell(shown, tile, code),
                self.box: gr.update(visible=True),
            }

        closed = self._close_picked()
        self.table.click(pick, [self.shown, language], list(closed), **QUICK).then(
            None, None, None, js=_FOCUS_PICKED, api_visibility="private"
        )
        self.close.click(None, None, None, js=_FOCUS_CELL, api_visibility="private")
        self.close.click(self._close_picked, None, list(closed), **QUICK)
        for letter, button in self.to.items():
            card = next(card for card in self.cards if card.letter == letter)

            def fill(
                look: Look | None, letters: Sequence[str], code: str, card: LookCard = card
            ) -> Updates:
                if look is None:
                    return {self.picked: gr.skip()}
                return {**show_cards(sorted({*letters, card.letter})), **card.fill(look, code)}

            button.click(
                fill,
                [self.chosen, active, language],
                [self.picked, *shown_cards, *card.inputs],
                **QUICK,
            ).success(None, None, None, js=_COMPARE, api_visibility="private")

    def _close_picked(self) -> Updates:
        return {
            self.chosen: None,
            self.picked: "",
            self.box: gr.update(visible=False),
        }

    def _render_or_refuse(
        self, values: Values, path: str | None, known: Photo | None, language: str, key: str
    ) -> Iterator[Updates]:
        """Updates of the grid while its cells are rendered, or a notice why it cannot be."""
        try:
            with self.cancellations.running(key) as check:
                # It may have been stopped while it waited.
                check()
                yield from self._render_cells(values, path, known, language, check)
        except Superseded:
            # Another grid follows.
            yield {self.notice: gr.skip()}
        except Exception as error:
            stopped = isinstance(error, Cancelled)
            message = (
                translate(language, "grid.stopped")
                if stopped
                else messages.error_message(error, language)
            )
            yield {self.notice: captions.notice(message, quiet=stopped), self.progress: ""}

    def _render_cells(
        self,
        values: Values,
        path: str | None,
        known: Photo | None,
        language: str,
        check: Callable[[], None],
    ) -> Iterator[Updates]:
        from pipelines.studio.grid import cells

        columns, rows = (side.read(values, language) for side in self.sides)
        count = cells.check_sides(columns, rows)
        base = self.cards[0].read(values)
        yield {**self.clear(), self.progress: grid_table.progress(0, count, language)}
        photo = self.examine(path, known)
        check()
        small = photo.at_cell_size(cells.draws_whole(base))
        grid = cells.lay_out(photo.analysis, base, columns, rows)
        window = cells.window_of(small, base)
        shown = grid_table.empty(photo.path, grid, window)
        yield {self.table: grid_table.table(shown, language), self.shown: shown}
        outcomes: list[CellResult] = []
        stopped = ""
        try:
            for outcome in cells.render(small, grid, check=check):
                outcomes.append(outcome)
                tile = grid_table.tile(outcome, window, self.file_store, language)
                shown = shown.with_tile(tile).marked(cells.mark(outcomes))
                yield {
                    self.table: grid_table.table(shown, language),
                    self.shown: shown,
                    self.progress: grid_table.progress(len(outcomes), count, language),
                }
        except Superseded:
            raise
        except Cancelled:
            stopped = translate(language, "grid.stopped")
        yield {
            self.progress: "",
            self.notice: captions.notice(stopped, quiet=True),
            self.file: self._picture_link(photo, small, grid, outcomes, language),
        }

    def _picture_link(
        self,
        photo: Photo,
        small: Analysis,
        grid: Grid,
        outcomes: Sequence[CellResult],
        language: str,
    ) -> str:
        """A link to the grid as one picture; empty if no cell was rendered."""
        from pipelines.studio.grid import sheet

        if all(one.variant is None for one in outcomes):
            return ""
        data = sheet.encode(photo.analysis, small, grid, outcomes)
        address = self.file_store.address(self.file_store.write(data, "presence-grid.png"))
        return render("grid", "file", language, address, translate(language, "grid.as_picture"))


def _task_key(request: gr.Request) -> str:
    """The key of the session's grid for `Cancellations`."""
    return task_key(str(request.session_hash), "grid")


def _choices(along: Along) -> list[tuple[str, str]]:
    presets = load()
    if along == "region":
        return region_choices(presets)
    if along == "context":
        return [(str(t(f"context.{name}")), name) for name in presets.contexts]
    if along == "engine":
        return [(str(t(f"engine.{name}")), name) for name in presets.engines]
    return []


def _default_numbers(along: Along, language: str) -> str:
    return "" if along in NAMED else numbers.written_list(axis.default_values(along), language)


def _default_names(along: Along) -> list[str]:
    return axis.default_values(along).split(",") if along in NAMED else []
