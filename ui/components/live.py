"""A moved control shows a preview of its look at once, and the full result once it rests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import gradio as gr

from pipelines.face.framing import head_and_shoulders
from pipelines.image.arrays import Image8
from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled, LookError
from pipelines.studio import Look
from pipelines.studio.planning import Plan
from presets import load
from ui import comparison, pictures
from ui.cancellation import Superseded, task_key
from ui.components.compare_events import CompareEvents, is_of_portrait, read_look
from ui.components.events import LATEST, PROGRESS, QUICK, WORK, Updates, Values
from ui.components.html import script
from ui.components.results import WHOLE
from ui.gradio_compat import ahead
from ui.text import captions
from ui.text.catalogue import translate
from ui.text.numbers import gaze_text

if TYPE_CHECKING:
    from pipelines.studio.preview import PreviewStage
    from ui.components.look_card import LookCard
    from ui.components.panels import Panels

REST_MS = 600
"""Milliseconds without a move after which the full result is rendered."""
PATIENCE_S = 1.5
"""Seconds that a preview waits for others; a later one is skipped, and the full result follows."""
JPEG_QUALITY = 92


SETTLE = "() => document.getElementById('settle')?.click()"
"""Script that renders the current settings."""


class _TooBusy(Exception):
    """No slot became free in time."""


def _patience() -> Callable[[], None]:
    """A check that raises `_TooBusy` once `PATIENCE_S` is over."""
    end = time.monotonic() + PATIENCE_S

    def check() -> None:
        if time.monotonic() > end:
            raise _TooBusy

    return check


@dataclass
class LivePreviews:
    """Previews of looks by geometry alone, and the full results by `events`, with their engine.

    Attributes:
        page: The panels of the page.
        events: Handlers of the comparison.
        preview: Hidden; its script shows the preview in its value.
        settle: Hidden button that the script presses to render the full result.
    """

    page: Panels
    events: CompareEvents
    # Serial number of the last move of each session whose pictures are previews.
    _moves: dict[str, int] = field(init=False, default_factory=dict)
    _serials: Iterator[int] = field(init=False, default_factory=lambda: count(1))
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    # Previews wait for each other only, never for comparisons. They bypass Gradio's queue, which
    # needs several requests for each event.
    _slots: slots.Slots = field(init=False, default_factory=slots.Slots)

    def render(self) -> None:
        """Create the two hidden components."""
        self.preview = gr.HTML(
            "",
            html_template="<span></span>",
            js_on_load=script("live"),
            visible="hidden",
        )
        self.settle = gr.Button("Settle", visible="hidden", elem_id="settle")

    def listen(self) -> None:
        """Attach the previews to all controls of the looks, and the full result to the button."""
        page, events = self.page, self.events
        for card in page.cards:
            # Pasted text sends no input event, so fields are looked at when they are left, too.
            typed = [one for one in card.inputs if isinstance(one, gr.Textbox | gr.Number)]
            moved = [one.input for one in card.inputs]  # type: ignore[attr-defined]
            self.preview_on(card, [*moved, *(one.blur for one in typed)])
        events.begin_busy_on(self.settle.click, "settle")
        settled = self.settle.click(
            self._settle,
            events.inputs,
            [*events.outputs, page.results.notice],
            show_progress="full",
            show_progress_on=[page.results.progress],
            trigger_mode="always_last",
            **WORK,
        )
        events.on_queue_full(settled, "settle")
        events.after_comparison(settled)
        events.end_busy_on(settled.then, "settle")

    def prepare(self, event: Any) -> None:
        """After this event, compute what the first preview needs."""
        page = self.page
        inputs = [page.photo, page.share.screen, page.results.framing]
        event.then(self._prepare, inputs, None, **QUICK)

    def preview_on(self, card: LookCard, triggers: Iterable[Callable[..., Any]]) -> Any:
        """Show a preview of a card's look after some events.

        Args:
            card: The controls of the look.
            triggers: The events, such as ``[self.dial.change]``. They should be caused by the
                visitor only, not by handlers that fill a control.
        """
        page = self.page
        # Each input takes the browser time.
        inputs = {page.portrait.photo, page.photo, page.language, page.share.screen}
        return gr.on(
            list(triggers),
            self._move_handler(card),
            {*inputs, page.results.framing, *card.inputs},
            [self.preview, card.finer.wrong],
            **LATEST,
        )

    def forget(self, session: str, *, stopped: bool = False) -> None:
        """Discard all previews and full results in progress of a session.

        Args:
            session: The session.
            stopped: Whether its visitor is told that they were stopped.
        """
        with self._lock:
            self._moves.pop(session, None)
        cancellations = self.page.cancellations
        end = cancellations.stop if stopped else cancellations.supersede
        end(task_key(session, "live"))

    def _prepare(
        self,
        photo: comparison.Photo | None,
        screen: comparison.PageComparison | None,
        framing: str,
    ) -> None:
        """Draw the previews of the results, so that the first move has only the eyes to draw."""
        if photo is None or screen is None or screen.path != photo.path or ahead("work"):
            return
        for look in (one.look for one in screen.rendered):
            if look is not None and is_live(look):
                with suppress(_TooBusy), self._slots.turn(_patience()):
                    preview_picture(photo, look, framing)

    def _move_handler(self, card: LookCard) -> Callable[..., Updates]:
        def on_move(values: Values, request: gr.Request) -> Updates:
            session, screen = str(request.session_hash), self._screen(values)
            wrong = self.events.wrong_setting(card, values)
            look = read_look(card, values)
            settled = look is None or (screen is not None and screen.look(card.letter) == look)
            with self._lock:
                if settled and not wrong and session not in self._moves:
                    # Gradio's lists send this event also when they only lose the focus.
                    return {self.preview: gr.skip(), card.finer.wrong: ""}
                serial = self._moves[session] = next(self._serials)
            # Cancel the full result of the previous settings, which would come too late.
            self.page.cancellations.supersede(task_key(session, "live"))
            preview = None if wrong else self._preview(card, values, screen)
            return {
                self.preview: json.dumps({**preview, "serial": serial}) if preview else gr.skip(),
                card.finer.wrong: wrong,
            }

        return on_move

    def _screen(self, values: Values) -> comparison.PageComparison | None:
        """The results, if they are of the portrait on the page."""
        screen: comparison.PageComparison | None = values[self.page.share.screen]
        return screen if is_of_portrait(screen, values[self.page.portrait.photo]) else None

    def _preview(
        self, card: LookCard, values: Values, screen: comparison.PageComparison | None
    ) -> dict[str, Any] | None:
        """What the script shows; without a picture, only when the full result is due."""
        page = self.page
        photo = values[page.photo]
        if not values[page.portrait.photo]:
            return None
        look = read_look(card, values)
        before = None if screen is None else screen.look(card.letter)
        if photo is None or look is None or before is None or not is_live(look):
            return {"rest": REST_MS}
        framing, language = values[page.results.framing], values[page.language]
        start = time.perf_counter()
        try:
            with self._slots.turn(_patience()):
                image_u8, planned = preview_picture(photo, look, framing)
        except (LookError, _TooBusy):
            # For example a dose where nothing may be retouched; the full result has the message.
            return {"rest": REST_MS}
        # In the whole photo at preview size, the eyes may be too small to be enlarged.
        close = framing != WHOLE
        eyes = pictures.eye_pair(image_u8, _stage(photo, framing).face, 1.0) if close else None
        return {
            "letter": card.letter,
            "source": pictures.jpeg_data_url(image_u8, JPEG_QUALITY),
            "eyes": "" if eyes is None else pictures.jpeg_data_url(eyes, JPEG_QUALITY),
            "seconds": time.perf_counter() - start,
            "picture": "p-whole" if framing == WHOLE else "p-close",
            "title": comparison.look_title(look, language),
            "caption": _caption(planned, language),
            "rest": REST_MS,
        }

    def _settle(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """Render the full results of the current settings, unless they change meanwhile."""
        page, session = self.page, str(request.session_hash)
        unchanged: Updates = {page.share.saved: gr.skip()}
        screen = self._screen(values)
        if not values[page.portrait.photo]:
            return unchanged
        last_move = self._moves.get(session)
        try:
            with page.cancellations.running(task_key(session, "live")) as check:
                updates = self.events.render_comparison(values, progress, check)
        except Superseded:
            return unchanged
        except Exception as error:
            notice = {page.results.notice: captions.error_notice(error, values[page.language])}
            photo = values[page.photo]
            if not isinstance(error, Cancelled) or screen is None or photo is None:
                return notice
            # The results from before take the place of a preview that nothing follows.
            updates = self.events.comparison_updates(photo, screen, values[page.language])
            return {**updates, **notice}
        with self._lock:
            if self._moves.get(session) != last_move:
                return unchanged
            self._moves.pop(session, None)
        return updates


def is_live(look: Look) -> bool:
    """Whether a look's full result is fast enough to follow once a slider rests.

    Previews are drawn by geometry alone, because what a bundled network changes is too fine to be
    noticed while a slider moves.
    """
    return load().engines[look.engine].weights != "hub"


def preview_picture(photo: comparison.Photo, look: Look, framing: str) -> tuple[Image8, Plan]:
    """The preview of a look, and its plan.

    Args:
        photo: The photo, which caches the first stage of its previews.
        look: One that `is_live`.
        framing: A value of the results' framing.

    Raises:
        LookError: The look does not fit the presets.
    """
    from pipelines.studio import preview
    from pipelines.studio.planning import plan

    analysis = photo.analysis
    planned = plan(look, load(), analysis.face.head, analysis.gaze.gaze)
    if analysis.eyes_left_alone is not None:
        planned = replace(planned, target=None)
    return preview.preview(_stage(photo, framing), planned, look.seed), planned


def _stage(photo: comparison.Photo, framing: str) -> PreviewStage:
    from pipelines.studio import preview

    stage = photo.stages.get(framing)
    if stage is None:
        analysis = photo.analysis
        shape = analysis.portrait.original_u8.shape
        window = None if framing == WHOLE else head_and_shoulders(analysis.face, shape)
        stage = photo.stages[framing] = preview.stage(analysis, window)
    return stage


def _caption(planned: Plan, language: str) -> str:
    """The caption of a preview: its target gaze, because nothing is measured yet."""
    if planned.aim is None:
        return translate(language, "live.preview")
    return translate(language, "live.preview_of", gaze=gaze_text(planned.aim, language))
