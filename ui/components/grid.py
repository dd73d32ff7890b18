"""The explore grid under the results: what varies along two sides, and what to do with a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component

from pipelines.face import framing
from pipelines.runtime.errors import Cancelled, LookError
from pipelines.studio import Look
from pipelines.studio.grid import axis
from pipelines.studio.grid.axis import ALONG, NAMED, Along, Axis
from presets import load
from sharing import options as links
from ui import captions, grid_table, work
from ui.cancellation import Cancellations, Superseded, key
from ui.clipboard import copying
from ui.components import understand
from ui.components.events import QUICK
from ui.components.look_card import LookCard, region_choices
from ui.grid_table import ShownGrid
from ui.language import DEFAULT, say, t
from ui.pictures import FileStore
from ui.result_pictures import Missing
from ui.server.queue import ahead
from ui.visitor import leave_queue
from ui.work import Photo

if TYPE_CHECKING:
    from pipelines.studio import Analysis
    from pipelines.studio.grid.cells import CellResult, Grid

Updates = dict[Any, Any]
Values = Mapping[Component, Any]
Examine = Callable[[str | None, Photo | None], Photo]

START: tuple[tuple[str, Along], ...] = (("columns", "region"), ("rows", "polish"))
_ORDER: tuple[Along, ...] = ("region", "context", "yaw", "pitch", "polish", "engine", "seed")
_BUSY = "() => document.getElementById('page').classList.add('p-gridding')"
_IDLE = "() => document.getElementById('page').classList.remove('p-gridding')"
# It sticks to the window's edge: the page need not move.
_TO_PICKED = """() => setTimeout(() => {
  document.querySelector('#grid-to-a')?.focus({ preventScroll: true });
}, 60)"""
_BACK = """() => {
  const index = document.querySelector('#grid-picked [data-query]')?.dataset.index;
  document.querySelector(`#grid-table .p-cell[data-index="${index}"]`)?.focus();
}"""
# The button does all that a comparison takes, wherever it is pressed from; the results lie above.
_COMPARE = """() => setTimeout(() => {
  document.getElementById('compare').click();
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  document.getElementById('strip').scrollIntoView({ behavior: still ? 'auto' : 'smooth' });
}, 120)"""
_SAVE = "() => setTimeout(() => document.querySelector('#grid-full a')?.click(), 150)"
_LINK = (
    "`${location.origin}${location.pathname}?"
    "${document.querySelector('#grid-picked [data-query]').dataset.query}`"
)


@dataclass
class Side:
    """One side: the setting, and its values, picked from a list or typed."""

    name: str
    start: Along
    along: gr.Dropdown = field(init=False)
    named: gr.Dropdown = field(init=False)
    typed: gr.Textbox = field(init=False)

    def render(self) -> None:
        """The setting; under it one of the two ways to say values."""
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
                value=_usual_names(along),
                multiselect=True,
                label=t("grid.values"),
                visible=along in NAMED,
                elem_classes="p-grid-names",
            )
            self.typed = gr.Textbox(
                "" if along in NAMED else axis.default_values(along),
                label=t("grid.values"),
                info=t("grid.values_info"),
                max_lines=1,
                max_length=200,
                visible=along not in (*NAMED, "nothing"),
            )

    @property
    def inputs(self) -> list[Component]:
        """Everything that `read` needs."""
        return [self.along, self.named, self.typed]

    def read(self, values: Values) -> Axis:
        """The side that the controls say.

        Raises:
            LookError: A value is wrong, or there is none.
        """
        along: Along = values[self.along] if values[self.along] in ALONG else "nothing"
        if along in NAMED:
            return axis.choose(along, values[self.named] or ())
        return axis.read(along, str(values[self.typed] or ""))

    def switched(self, along: Along) -> tuple[Any, Any]:
        """What the controls of the values show once another setting is chosen."""
        # A list without choices would keep its values, and Gradio refuses values that are none.
        names: dict[str, Any] = {}
        if along in NAMED:
            names = {"choices": _choices(along), "value": _usual_names(along)}
        return (
            gr.update(**names, visible=along in NAMED),
            gr.update(
                value="" if along in NAMED else axis.default_values(along),
                visible=along not in (*NAMED, "nothing"),
            ),
        )


@dataclass
class GridPanel:
    """A section under the results, closed at first.

    Attributes:
        cards: The looks on the page; one of them says everything that does not vary.
        file_store: Where this visitor's files go.
        cancellations: Lets a visitor stop their own grid.
        examine: Analyses a photo, or gives what is known of it.
    """

    cards: Sequence[LookCard]
    file_store: FileStore
    cancellations: Cancellations
    examine: Examine = work.examine
    sides: tuple[Side, Side] = field(init=False)
    base: gr.Radio = field(init=False)
    count: gr.HTML = field(init=False)
    start: gr.Button = field(init=False)
    stop: gr.Button = field(init=False)
    notice: gr.HTML = field(init=False)
    progress: gr.HTML = field(init=False)
    table: gr.HTML = field(init=False)
    file: gr.HTML = field(init=False)
    box: gr.Column = field(init=False)
    picked: gr.HTML = field(init=False)
    to: dict[str, gr.Button] = field(init=False, default_factory=dict)
    full: gr.Button = field(init=False)
    saved: gr.HTML = field(init=False)
    copy: gr.Button = field(init=False)
    close: gr.Button = field(init=False)
    shown: gr.State = field(init=False)
    chosen: gr.State = field(init=False)
    small: gr.State = field(init=False)

    def __post_init__(self) -> None:
        columns, rows = (Side(name, along) for name, along in START)
        self.sides = columns, rows

    def render(self) -> None:
        """Sides, start, the grid, and what can be done with the cell that is picked."""
        self.shown = gr.State(None, time_to_live=work.PHOTO_KEPT)
        self.chosen = gr.State(None)
        # The photo at the size of a cell: the next grid of it starts at once.
        self.small = gr.State(None, time_to_live=work.PHOTO_KEPT)
        with gr.Accordion(t("grid.title"), open=False, elem_id="grid"):
            _html(f'<p class="p-aside">{t("grid.lead")}</p>')
            with gr.Row(elem_id="grid-sides"):
                for side in self.sides:
                    side.render()
                with gr.Column(elem_classes="p-side"):
                    shown = [card.letter for card in self.cards if card.shown]
                    self.base = gr.Radio(
                        shown,
                        value=shown[0],
                        label=t("grid.base"),
                        info=t("grid.base_info"),
                        elem_id="grid-base",
                    )
            with gr.Row(elem_id="grid-go"):
                self.start = gr.Button(
                    t("grid.start"), variant="primary", elem_id="grid-start", scale=0
                )
                self.stop = gr.Button(
                    t("grid.stop"), size="sm", elem_classes="p-text-button", elem_id="grid-stop"
                )
                self.count = _html(self._counted(DEFAULT), elem_id="grid-count")
                self.progress = _html(elem_id="grid-progress")
            self.notice = _html(elem_id="grid-notice")
            self.table = _html(elem_id="grid-table", js_on_load=understand.script("grid"))
            self.file = _html(elem_id="grid-file")
            with gr.Column(visible=False, elem_id="grid-picked") as self.box:
                self._render_picked()

    def _render_picked(self) -> None:
        self.picked = _html()
        with gr.Row(elem_id="grid-acts"):
            for letter in work.LETTERS[:2]:
                self.to[letter] = gr.Button(
                    t(f"grid.to_{letter.lower()}"), size="sm", elem_id=f"grid-to-{letter.lower()}"
                )
            self.full = gr.Button(t("grid.full"), size="sm", elem_id="grid-save")
            self.copy = gr.Button(t("grid.copy"), size="sm", elem_id="grid-copy")
            self.close = gr.Button(
                t("grid.close"), size="sm", elem_classes="p-text-button", elem_id="grid-close"
            )
            self.saved = _html(elem_id="grid-full")

    def emptied(self) -> Updates:
        """No grid: nobody's pictures are left."""
        return {
            self.shown: None,
            self.small: None,
            self.table: "",
            self.notice: "",
            self.progress: "",
            **self._unpicked(),
            self.file: "",
        }

    def listen(
        self,
        portrait: gr.Image,
        photo: gr.State,
        active: gr.State,
        language: gr.State,
        blocks: gr.Blocks,
    ) -> None:
        """What each control does.

        Args:
            portrait: The portrait on the page.
            photo: Holds the `Photo` of the page, or None.
            active: Holds the letters of the looks on the page.
            language: Holds what the page speaks.
            blocks: The page.
        """
        sides = [one for side in self.sides for one in side.inputs]
        fields = [one for card in self.cards for one in card.inputs]
        self._listen_to_sides(active, language)
        inputs: set[Any] = {
            portrait,
            photo,
            language,
            self.base,
            self.shown,
            self.small,
            *sides,
            *fields,
        }
        outputs = list(self.emptied())

        def wait(spoken: str) -> str:
            before = ahead("grid")
            said = say(spoken, "grid.behind", count=before) if before else ""
            return f'<p class="p-aside">{escape(said or say(spoken, "grid.waiting"))}</p>'

        def make(values: Values, request: gr.Request) -> Iterator[Updates]:
            before = Before(
                values[portrait], values[photo], str(values[language]), values[self.small]
            )
            yield from self._make(values, before, _visitor(request))

        def leave(path: str | None, shown: ShownGrid | None, request: gr.Request) -> Updates:
            if shown is not None and shown.path == path:
                return {self.notice: gr.skip()}
            self.cancellations.stop(_visitor(request))
            return self.emptied()

        def after(path: str | None, shown: ShownGrid | None) -> Updates:
            late = shown is not None and shown.path != path
            return self.emptied() if late else {self.notice: gr.skip()}

        def sent_away(spoken: str) -> Updates:
            said = captions.notice(say(spoken, "queue.busy"))
            return {self.notice: said, self.progress: ""}

        def leave_page(request: gr.Request) -> None:
            self.cancellations.stop(_visitor(request))

        async def stop(spoken: str, request: gr.Request) -> Updates:
            leave_page(request)
            if not await leave_queue(str(request.session_hash), "grid"):
                return {self.notice: gr.skip()}
            stopped = captions.notice(say(spoken, "grid.stopped"), quiet=True)
            return {self.notice: stopped, self.progress: ""}

        self.start.click(None, None, None, js=_BUSY, api_visibility="private")
        started = self.start.click(wait, language, self.progress, **QUICK).then(
            make,
            inputs,
            outputs,
            show_progress="hidden",
            api_visibility="private",
            # Its own: other visitors' comparisons and previews do not wait for it.
            concurrency_id="grid",
            concurrency_limit=1,
        )
        started.then(None, None, None, js=_IDLE, api_visibility="private")
        # The line is full: nothing else follows.
        started.failure(sent_away, language, [self.notice, self.progress], **QUICK)
        started.failure(None, None, None, js=_IDLE, api_visibility="private")
        # The portrait may have changed while its grid was under way.
        started.then(after, [portrait, self.shown], outputs, **QUICK)
        portrait.change(leave, [portrait, self.shown], outputs, **QUICK)
        self.stop.click(stop, language, [self.notice, self.progress], **QUICK)
        blocks.unload(leave_page)
        self._listen_to_picked(portrait, photo, language)

    def _listen_to_sides(self, active: gr.State, language: gr.State) -> None:
        sides = [one for side in self.sides for one in side.inputs]
        counted = [self.count, self.start]

        def count(values: Values) -> Updates:
            try:
                said = self._counted(values[language], values)
            except LookError as error:
                wrong = escape(work.sentence(error, values[language]))
                return {
                    self.count: f'<p class="p-warning" role="alert">{wrong}</p>',
                    self.start: gr.update(interactive=False),
                }
            return {self.count: said, self.start: gr.update(interactive=True)}

        inputs: set[Any] = {language, *sides}
        for side in self.sides:
            # Not input: Gradio sends that whenever the keyboard leaves a list.
            side.along.change(side.switched, side.along, [side.named, side.typed], **QUICK).then(
                count, inputs, counted, **QUICK
            )
            # Not input: Gradio sends that for keys, but not for what is pasted.
            gr.on(
                [side.named.change, side.typed.change],
                count,
                inputs,
                counted,
                trigger_mode="always_last",
                **QUICK,
            )
        language.change(count, inputs, counted, **QUICK)
        active.change(
            lambda letters, now: gr.update(
                choices=list(letters), value=now if now in letters else letters[0]
            ),
            [active, self.base],
            self.base,
            **QUICK,
        )

    def _listen_to_picked(self, portrait: gr.Image, photo: gr.State, language: gr.State) -> None:
        def pick(shown: ShownGrid | None, spoken: str, event: gr.EventData) -> Updates:
            tile = None if shown is None else shown.at(int(event.index))
            if shown is None or tile is None:
                return self._unpicked()
            return {
                self.chosen: tile.look,
                self.picked: grid_table.chosen(shown, tile, links.write([tile.look]), spoken),
                self.saved: "",
                self.box: gr.update(visible=True),
            }

        unpicked = self._unpicked()
        self.table.click(pick, [self.shown, language], list(unpicked), **QUICK).then(
            None, None, None, js=_TO_PICKED, api_visibility="private"
        )
        self.close.click(None, None, None, js=_BACK, api_visibility="private")
        self.close.click(self._unpicked, None, list(unpicked), **QUICK)
        for letter, button in self.to.items():
            card = next(card for card in self.cards if card.letter == letter)
            button.click(
                lambda look, card=card: {} if look is None else card.fill(look),
                self.chosen,
                card.inputs,
                **QUICK,
            ).success(None, None, None, js=_COMPARE, api_visibility="private")
        self.copy.click(None, None, None, js=copying(_LINK), api_visibility="private")
        self.copy.click(
            lambda spoken: f'<p class="p-aside" role="status">{say(spoken, "grid.copied")}</p>',
            language,
            self.saved,
            **QUICK,
        )
        self.full.click(
            self._save,
            [portrait, photo, self.chosen, language],
            self.saved,
            show_progress="minimal",
            api_visibility="private",
            concurrency_id="work",
            concurrency_limit=2,
        ).success(None, None, None, js=_SAVE, api_visibility="private")

    def _unpicked(self) -> Updates:
        return {
            self.chosen: None,
            self.picked: "",
            self.saved: "",
            self.box: gr.update(visible=False),
        }

    def _counted(self, language: str, values: Values | None = None) -> str:
        from pipelines.studio.grid import cells

        if values is None:
            columns, rows = (axis.parse(side.start) for side in self.sides)
        else:
            columns, rows = (side.read(values) for side in self.sides)
        count = cells.check_sides(columns, rows)
        key = "grid.cells_one" if count == 1 else "grid.cells"
        return f'<p class="p-aside">{escape(say(language, key, count=count))}</p>'

    def _make(self, values: Values, before: Before, visitor: str) -> Iterator[Updates]:
        language = before.language
        try:
            with self.cancellations.running(visitor) as check:
                # Stopped while it waited for its turn.
                check()
                yield from self._made(values, before, check)
        except Superseded:
            # Another grid is on its way.
            yield {self.notice: gr.skip()}
        except Exception as error:
            stopped = isinstance(error, Cancelled)
            said = say(language, "grid.stopped") if stopped else work.sentence(error, language)
            yield {self.notice: captions.notice(said, quiet=stopped), self.progress: ""}

    def _made(self, values: Values, before: Before, check: Callable[[], None]) -> Iterator[Updates]:
        from pipelines.studio.grid import cells

        language = before.language
        columns, rows = (side.read(values) for side in self.sides)
        count = cells.check_sides(columns, rows)
        base = next(card for card in self.cards if card.letter == values[self.base]).read(values)
        waiting = grid_table.progress(0, count, language)
        yield {**self.emptied(), self.small: before.small, self.progress: waiting}
        photo = self.examine(before.path, before.photo)
        check()
        small = before.small_of(photo) or cells.at_cell_size(photo.analysis)
        asked = cells.lay_out(photo.analysis, base, columns, rows)
        window = framing.head(small.face, small.portrait.original_u8.shape)
        shown = grid_table.empty(photo.path, asked, window)
        yield {
            self.table: grid_table.table(shown, language),
            self.shown: shown,
            self.small: (photo.path, small),
        }
        outcomes: list[CellResult] = []
        stopped = False
        try:
            for outcome in cells.render(small, asked, check=check):
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
            stopped = True
        yield {
            self.progress: "",
            self.notice: captions.notice(say(language, "grid.stopped"), quiet=True)
            if stopped
            else "",
            self.file: self._drawn(photo, small, asked, outcomes, language),
        }

    def _drawn(
        self,
        photo: Photo,
        small: Analysis,
        asked: Grid,
        outcomes: Sequence[CellResult],
        language: str,
    ) -> str:
        """A link to the grid as one picture, if there is anything to be seen in it."""
        from pipelines.studio.grid import sheet

        if all(one.variant is None for one in outcomes):
            return ""
        data = sheet.encode(photo.analysis, small, asked, outcomes)
        address = escape(
            self.file_store.address(self.file_store.keep(data, "presence-grid.png")), quote=True
        )
        said = escape(say(language, "grid.as_picture"))
        return f'<p class="p-aside"><a href="{address}" download>{said}</a></p>'

    def _save(self, path: str | None, known: Photo | None, look: Look | None, language: str) -> str:
        """A link to the picked look at the photo's own size."""
        if look is None:
            return ""
        try:
            photo = self.examine(path, known)
            screen = work.on_screen(
                photo, [look], ["A"], self.file_store, lambda *_: None, language
            )
        except Exception as error:
            return captions.notice(work.sentence(error, language))
        figure = screen.figures[1]
        if isinstance(figure, Missing):
            return captions.notice(figure.sentence)
        address, said = escape(figure.full, quote=True), escape(say(language, "grid.saved"))
        return f'<p class="p-aside" role="status"><a href="{address}" download>{said}</a></p>'


@dataclass(frozen=True)
class Before:
    """What the page holds when a grid is asked for."""

    path: str | None
    photo: Photo | None
    language: str
    small: tuple[str, Analysis] | None

    def small_of(self, photo: Photo) -> Analysis | None:
        """The photo at the size of a cell, if it was made before."""
        return self.small[1] if self.small and self.small[0] == photo.path else None


def _visitor(request: gr.Request) -> str:
    """One grid at a time for each visitor, beside their comparison."""
    return key(str(request.session_hash), "grid")


def _choices(along: Along) -> list[tuple[str, str]]:
    presets = load()
    if along == "region":
        return region_choices(presets)
    if along == "context":
        return [(str(t(f"context.{name}")), name) for name in presets.contexts]
    if along == "engine":
        return [(str(t(f"engine.{name}")), name) for name in presets.engines]
    return []


def _usual_names(along: Along) -> list[str]:
    return axis.default_values(along).split(",") if along in NAMED else []


def _html(value: str = "", **more: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **more)
