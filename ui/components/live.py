"""A moved slider changes its look's picture at once; the full result follows when it rests."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import gradio as gr

from pipelines.face.framing import head_and_shoulders
from pipelines.image.arrays import Image8
from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled, LookError
from pipelines.studio import Look
from pipelines.studio.planning import Plan
from presets import load
from ui import captions, work
from ui.cancellation import key
from ui.components.compare_events import CompareEvents, Updates, Values, read, shows
from ui.components.events import QUICK, WORK
from ui.components.results import WHOLE
from ui.language import say
from ui.phrases import gaze_word
from ui.words import degrees

if TYPE_CHECKING:
    from pipelines.studio.preview import PreviewStage
    from ui.components.look_card import LookCard
    from ui.components.panels import Panels

REST_MS = 600
"""For how long nothing has moved when the full result is made."""
PATIENCE_S = 1.5
"""For how long a preview waits for others: one that is late helps no hand. The result follows."""
JPEG_QUALITY = 92

_SCRIPT = Path(__file__).parent.parent / "js" / "live.js"


class _TooBusy(Exception):
    """No slot became free in time."""


@dataclass
class Live:
    """Previews of looks by geometry alone; `events` makes the full results, with their engine."""

    page: Panels
    events: CompareEvents
    preview: gr.HTML = field(init=False)
    settle: gr.Button = field(init=False)
    # The last move of each visitor whose pictures are previews.
    _moves: dict[str, int] = field(init=False, default_factory=dict)
    _serials: Iterator[int] = field(init=False, default_factory=lambda: count(1))
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    # Previews wait for each other only, never for comparisons. Gradio's queue would send several
    # requests for what is one here.
    _slots: slots.Slots = field(init=False, default_factory=slots.Slots)

    def render(self) -> None:
        """Two components that nobody sees: what the script shows, and what it presses."""
        self.preview = gr.HTML(
            "",
            html_template="<span></span>",
            js_on_load=_SCRIPT.read_text(encoding="utf-8"),
            visible="hidden",
        )
        self.settle = gr.Button("Settle", visible="hidden", elem_id="settle")

    def listen(self) -> None:
        """Every control of a look that `is_live` moves its picture."""
        for card in self.page.cards:
            self.follow(card, [one.input for one in card.inputs])  # type: ignore[attr-defined]
        settled = self.settle.click(
            self._settle,
            {*self.events.inputs, self.page.results.left, self.page.results.right},
            self.events.outputs,
            show_progress="hidden",
            trigger_mode="always_last",
            **WORK,
        )
        self.events.finish(settled)

    def prepare(self, event: Any) -> None:
        """After this event, learn what the first move would otherwise have to wait for."""
        page = self.page
        event.then(self._prepare, [page.photo, page.results.framing], None, **QUICK)

    def follow(self, card: LookCard, triggers: Iterable[Callable[..., Any]]) -> Any:
        """Let a look's picture follow further events, such as a dial's.

        Args:
            card: The look's controls; what they say is what is shown.
            triggers: Such as ``[self.dial.change]``. Programs that fill a control should not
                be among them: the picture would follow what nobody moved.
        """
        return gr.on(
            list(triggers),
            self._mover(card),
            self.events.inputs,
            [self.preview, self.page.changed],
            trigger_mode="always_last",
            **QUICK,
        )

    def forget(self, visitor: str) -> None:
        """Nothing that this visitor's controls said before counts any more."""
        with self._lock:
            self._moves.pop(visitor, None)
        self.page.cancellations.stop(key(visitor, "live"))

    def _prepare(self, photo: work.Photo | None, framing: str) -> None:
        if photo is not None:
            with self._in_turn() as now:
                if now:
                    _stage(photo, framing)

    @contextmanager
    def _in_turn(self) -> Iterator[bool]:
        """Wait for a slot, but not long: yields whether there was one."""
        end = time.monotonic() + PATIENCE_S

        def give_up() -> None:
            if time.monotonic() > end:
                raise _TooBusy

        with ExitStack() as stack:
            try:
                stack.enter_context(self._slots.turn(give_up))
            except _TooBusy:
                yield False
            else:
                yield True

    def _mover(self, card: LookCard) -> Callable[..., Updates]:
        def moved(values: Values, request: gr.Request) -> Updates:
            visitor = str(request.session_hash)
            shown_already = self._is_shown(card, values)
            with self._lock:
                if shown_already and visitor not in self._moves:
                    # Gradio's lists say that they moved whenever the keyboard leaves them.
                    return {self.preview: gr.skip()}
                serial = self._moves[visitor] = next(self._serials)
            # A full result of what was set before would come too late.
            self.page.cancellations.stop(key(visitor, "live"))
            shown = self._preview(card, values)
            return {
                self.preview: json.dumps({**shown, "serial": serial}) if shown else gr.skip(),
                self.page.changed: self._changed(values),
            }

        return moved

    def _is_shown(self, card: LookCard, values: Values) -> bool:
        screen = values[self.page.share.screen]
        of_this = shows(screen, values[self.page.portrait.photo])
        return of_this and self.events.stands(card, values, screen)

    def _changed(self, values: Values) -> str:
        """A line where nothing follows by itself."""
        page = self.page
        if values[page.portrait.photo] and values[page.share.screen] is None:
            # Not compared yet, or so long ago that it has been let go.
            return captions.notice(say(values[page.language], "page.changed"), quiet=True)
        return self.events.changed(values, is_live)

    def _preview(self, card: LookCard, values: Values) -> dict[str, Any] | None:
        page = self.page
        photo, screen = values[page.photo], values[page.share.screen]
        if photo is None or not shows(screen, values[page.portrait.photo]):
            return None
        look, before = read(card, values), screen.look(card.letter)
        if look is None or before is None or not is_live(look):
            return None
        framing, language = values[page.results.framing], values[page.language]
        start = time.perf_counter()
        try:
            with self._in_turn() as now:
                if not now:
                    return {"rest": REST_MS}
                image_u8, planned = picture(photo, look, framing)
        except LookError:
            # Such as a dose where nothing may be retouched: what follows says it in words.
            return {"rest": REST_MS}
        source = data_address(image_u8)
        return {
            "letter": card.letter,
            "source": source,
            "seconds": time.perf_counter() - start,
            "picture": "p-whole" if framing == WHOLE else "p-close",
            "title": work.title(look, language),
            "caption": _caption(planned, language),
            "rest": REST_MS,
        }

    def _settle(self, values: Values, request: gr.Request) -> Updates:
        """The full result of what the controls say now, unless they move on meanwhile."""
        page, visitor = self.page, str(request.session_hash)
        screen, photo = values[page.share.screen], values[page.photo]
        nothing: Updates = {page.share.saved: gr.skip()}
        if photo is None or not shows(screen, values[page.portrait.photo]):
            return nothing
        start = self._moves.get(visitor)
        letters = [one.letter for one in screen.figures[1:]]
        looks = [self._look(letter, values, screen) for letter in letters]
        try:
            with page.cancellations.running(key(visitor, "live")) as check:
                done = work.on_screen(
                    photo,
                    looks,
                    letters,
                    page.file_store,
                    lambda *_: check(),
                    values[page.language],
                )
        except Cancelled:
            return nothing
        except Exception as error:
            return {
                page.results.notice: captions.notice(work.sentence(error, values[page.language]))
            }
        with self._lock:
            if self._moves.get(visitor) != start:
                return nothing
            self._moves.pop(visitor, None)
        framing, language = values[page.results.framing], values[page.language]
        names = {one.name: one.letter for one in screen.figures}
        left, right = (values[one] for one in (page.results.left, page.results.right))
        pair = names.get(left, ""), names.get(right, "")
        updates = self.events.shown(photo, done, framing, language, pair)
        return {
            **updates,
            page.changed: self.events.changed({**values, page.share.screen: done}),
        }

    def _look(self, letter: str, values: Values, screen: work.OnScreen) -> Look:
        """What a card says now, if that is made in no time; else what is shown."""
        shown = screen.look(letter)
        assert shown is not None
        now = next((read(one, values) for one in self.page.cards if one.letter == letter), None)
        return shown if now is None or not is_live(now) else now


def is_live(look: Look) -> bool:
    """Whether a look's full result is made fast enough to follow once a slider rests.

    The preview itself is geometry's: what a bundled network changes about it is too fine to be
    missed while a hand moves.
    """
    return load().engines[look.engine].weights != "hub"


def picture(photo: work.Photo, look: Look, framing: str) -> tuple[Image8, Plan]:
    """The preview of a look, and what was planned for it.

    Args:
        photo: Keeps what previews of it begin with.
        look: One that `is_live`.
        framing: A value of the results' framing.

    Raises:
        LookError: The look does not fit the presets.
    """
    from pipelines.studio import preview
    from pipelines.studio.planning import plan

    analysis = photo.analysis
    planned = plan(look, load(), analysis.face.head, analysis.gaze.gaze)
    return preview.preview(_stage(photo, framing), planned, look.seed), planned


def data_address(image_u8: Image8) -> str:
    """A picture as an address that holds it: a JPEG whose colours are as fine as its light."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image_u8, cv2.COLOR_RGB2BGR), options)
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _stage(photo: work.Photo, framing: str) -> PreviewStage:
    from pipelines.studio import preview

    kept = photo.stages.get(framing)
    if kept is None:
        analysis = photo.analysis
        shape = analysis.portrait.original_u8.shape
        window = None if framing == WHOLE else head_and_shoulders(analysis.face, shape)
        kept = photo.stages[framing] = preview.stage(analysis, window)
    return kept


def _caption(planned: Plan, language: str) -> str:
    """What a preview can say: what was asked for. Nothing has been measured yet."""
    aim = planned.aim
    if aim is None:
        return say(language, "live.preview")
    asked = {"degrees": degrees(aim.off_lens), "word": gaze_word(aim, language)}
    return say(language, "live.preview_of", **asked)
