"""Event handlers for a new portrait, page load, Stop, and what follows every comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr
from gradio.components import Component

from pipelines.runtime.errors import Cancelled, LookError, PresenceError
from pipelines.studio import Look
from pipelines.studio.samples import LOOKING_AWAY
from presets import load
from sharing import options as links
from ui import comparison, pictures
from ui.cancellation import Superseded, task_key
from ui.components.events import PROGRESS, QUICK, WORK, Updates, Values
from ui.components.own_presets import looks_html
from ui.components.results import CLOSE, WHOLE
from ui.gradio_compat import leave_queue
from ui.text import captions
from ui.text.catalogue import translate
from ui.text.explanations import explanations
from ui.text.language import DEFAULT_LANGUAGE, language_of
from ui.text.messages import translate_message
from ui.text.templating import render

if TYPE_CHECKING:
    from ui.components.look_card import LookCard
    from ui.components.panels import Panels


WRITE_ADDRESS = """(query) => {
  if (query) history.replaceState(null, '', location.pathname + '?' + query);
}"""
# The notice is beside the pictures, which may be scrolled out of sight.
_SCROLL_TO_NOTICE = """() => {
  const notice = document.querySelector('.p-refusal');
  if (notice) notice.scrollIntoView({ block: 'center' });
}"""
# Presses the hidden button that renders the settings once more.
_FOLLOW = """(due) => { if (due) document.getElementById('settle')?.click(); }"""
# The Stop button is visible while the page is busy. Each cause has its own busy class, so the end
# of one does not hide the button while work of another goes on.
_BUSY = """() => {
  document.getElementById('page').classList.add('p-busy', 'p-busy-CAUSE');
  // Cancel the slider's delayed full render, because this comparison covers it.
  clearTimeout(document.getElementById('strip').resting);
}"""
_IDLE = """() => {
  const page = document.getElementById('page');
  page.classList.remove('p-opening', 'p-busy-CAUSE');
  if (!page.matches('.p-busy-settle, .p-busy-portrait')) page.classList.remove('p-busy');
}"""
# Nothing of the page can be shared before it has opened.
_OPENED = "() => document.getElementById('page').classList.remove('p-opening')"
# A photo that the browser has kept has an event of its own; no sample takes its place meanwhile.
_UNKEPT = """(photo, saved) =>
  [document.documentElement.classList.contains('p-restoring') ? null : photo, saved]"""
# Formats that most browsers do not show.
_NOT_SHOWN = ("HEIF", "TIFF")


@dataclass(frozen=True)
class Examined:
    """The outcome of the analysis of a portrait.

    Attributes:
        path: The portrait's file; None before the first.
        refusal: The notice why it was refused or stopped; empty if it was analysed.
        before: What the page showed before a portrait that is being analysed, or None.
    """

    path: str | None = None
    refusal: str = ""
    before: tuple[comparison.Photo, comparison.PageComparison] | None = None


class Previews(Protocol):
    """Live previews of a look while its settings move."""

    def prepare(self, event: Any) -> None:
        """After this event, compute what the first preview needs."""

    def forget(self, session: str, *, stopped: bool = False) -> None:
        """Discard all previews in progress of a session; `stopped` if its visitor is told."""


@dataclass
class CompareEvents:
    """A new portrait, page load, Stop, and what follows every comparison.

    Attributes:
        page: The panels of the page.
        comparison_due: State with the portrait of the first comparison, which page load sets if
            it is not cached; its change starts that comparison.
        examined: State with the outcome of the last analysis. It is kept apart from the photo's
            state, because a late comparison of the old portrait could overwrite that one. It also
            remembers a stop, which may be pressed before a browser has sent the work.
        previews: Live previews.
    """

    page: Panels
    previews: Previews = field(init=False)
    _serials: Iterator[int] = field(init=False, default_factory=count)

    def render(self) -> None:
        """Create the states; nothing is visible."""
        self.comparison_due = gr.State("")
        self.examined = gr.State(Examined())

    def listen(self, blocks: gr.Blocks) -> None:
        """Attach all handlers.

        Args:
            blocks: The page.
        """
        page = self.page
        options = self.options
        portrait = page.portrait.photo
        # Before the handlers of the work: Gradio runs the listeners of an event in their order.
        arrived = page.portrait.arrived.change
        self.begin_busy_on(arrived, "portrait")
        cleared = [
            page.photo,
            page.portrait.gaze_line,
            page.results.notice,
            page.results.framing,
            self.examined,
            *self._clear(),
        ]
        # Unqueued, so that no picture of the old portrait stays while the new one waits.
        arrived(
            self._on_portrait,
            [portrait, page.photo, page.share.screen, self.examined, page.language],
            cleared,
            **QUICK,
        )
        compared = arrived(
            self._compare_new_portrait,
            **{
                **options,
                "inputs": self.inputs | {self.examined},
                "outputs": [portrait, *self.outputs, self.examined],
                "trigger_mode": "always_last",
            },
        )
        self.begin_busy_on(page.portrait.gaze_line.click, "portrait")
        chosen = page.portrait.gaze_line.click(
            self._choose_face,
            [page.photo, page.language],
            [page.photo, page.portrait.gaze_line, page.results.notice, page.results.framing],
            show_progress="full",
            show_progress_on=[page.results.progress],
            **WORK,
        ).success(self.compare, **options)
        # Queued, because Gradio does not fire State.change for unqueued events.
        opened = blocks.load(
            self._on_load,
            [portrait, page.own.saved],
            self._load_outputs,
            **{**QUICK, "queue": True},
            js=_UNKEPT,
            concurrency_limit=8,
        )
        page.link.change(None, page.link, None, js=WRITE_ADDRESS, api_visibility="private")
        self.previews.prepare(opened)
        self.begin_busy_on(self.comparison_due.change, "portrait")
        first = self.comparison_due.change(
            self._compare_first, **{**options, "inputs": self.inputs | {self.comparison_due}}
        )
        for event in (compared, first, opened, chosen):
            self.on_queue_full(event, "portrait")
        opened.then(None, None, None, js=_OPENED, api_visibility="private")
        for event in (compared, first, chosen):
            checked = self.after_comparison(event)
            checked.then(None, page.due, None, js=_FOLLOW, api_visibility="private")
            self.previews.prepare(event)
            self.end_busy_on(event.then, "portrait")
        compared.then(None, None, None, js=_SCROLL_TO_NOTICE, api_visibility="private")
        page.results.stop.click(
            self._stop,
            [page.language, portrait, page.share.screen],
            [page.results.notice, self.examined],
            **QUICK,
        )
        # Nobody waits for the results of a closed page.
        blocks.unload(self._cancel_all)

    def after_comparison(self, event: Any) -> Any:
        """After an event that compares, see what has changed meanwhile."""
        page = self.page
        outputs = [page.due, *(card.finer.wrong for card in page.cards), *self._clear()]
        return event.then(self._follow_up, self.inputs, outputs, **QUICK)

    def on_queue_full(self, event: Any, cause: str) -> None:
        """Show a notice if the queue refuses an event, which then has no other follow-up.

        Args:
            event: The event.
            cause: "settle" or "portrait", whose busy class is removed.
        """
        page = self.page
        event.failure(
            lambda language: captions.notice(translate(language, "queue.busy")),
            page.language,
            page.results.notice,
            **QUICK,
        ).then(None, None, None, js=_SCROLL_TO_NOTICE, api_visibility="private")
        self.end_busy_on(event.failure, cause)

    def begin_busy_on(self, trigger: Any, cause: str) -> None:
        """Show Stop from a trigger on; `cause` as for `on_queue_full`."""
        trigger(None, None, None, js=_BUSY.replace("CAUSE", cause), api_visibility="private")

    def end_busy_on(self, trigger: Any, cause: str) -> None:
        """Hide Stop from a trigger on, unless there is another cause."""
        trigger(None, None, None, js=_IDLE.replace("CAUSE", cause), api_visibility="private")

    @property
    def options(self) -> dict[str, Any]:
        """Options of an event that calls `compare`."""
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "show_progress": "full",
            "show_progress_on": [self.page.results.progress],
            **WORK,
        }

    @property
    def inputs(self) -> set[Any]:
        """All inputs of a comparison."""
        page = self.page
        return {
            page.portrait.photo,
            page.photo,
            page.active,
            page.language,
            page.share.screen,
            page.results.framing,
            *(component for card in page.cards for component in card.inputs),
        }

    @property
    def outputs(self) -> list[Component]:
        """All outputs of a comparison."""
        page = self.page
        return [
            page.photo,
            page.portrait.gaze_line,
            page.link,
            page.share.screen,
            page.share.saved,
            *page.results.outputs,
        ]

    def comparison_updates(
        self,
        photo: comparison.Photo,
        screen: comparison.PageComparison,
        language: str,
    ) -> Updates:
        """Updates of `outputs` that show a comparison."""
        page = self.page
        results = page.results.show(screen.figures, language)
        # Gradio does not update HTML that stays the same, which would leave a live preview in it.
        results[page.results.strip] += f"<!-- {next(self._serials)} -->"
        return {
            page.photo: photo,
            page.portrait.gaze_line: _gaze_line(photo, language),
            page.link: links.write(list(screen.looks)),
            # A copy, so that showing it again is a change, too.
            page.share.screen: replace(screen),
            page.share.saved: "",
            **results,
        }

    def is_settled(self, values: Values, screen: comparison.PageComparison | None) -> bool:
        """Whether the results are those of the settings.

        Settings that cannot be read count as settled: the results stay until they are mended.

        Args:
            values: Values of `inputs`.
            screen: The results, or None.
        """
        looks = {card.letter: read_look(card, values) for card in self.active_cards(values)}
        if None in looks.values():
            return True
        return screen is not None and looks == {one.letter: one.look for one in screen.figures[1:]}

    def wrong_setting(self, card: LookCard, values: Values) -> str:
        """What is wrong with a look's degrees, as HTML, or ""."""
        try:
            card.read(values)
        except LookError as error:
            return captions.error_notice(error, values[self.page.language])
        except TypeError:
            # A number is incomplete.
            pass
        return ""

    def active_cards(self, values: Values) -> list[LookCard]:
        """The cards of the looks on the page."""
        return [card for card in self.page.cards if card.letter in values[self.page.active]]

    def _on_load(self, path: str | None, saved: object, request: gr.Request) -> Updates:
        """Set the looks of the address, and show the first comparison if it is cached."""
        page, language = self.page, language_of(request)
        texts = request.query_params.getlist("look")
        opened = links.read(texts, len(page.cards))
        notes = [translate_message(language, note) for note in opened.notes]
        updates: Updates = {
            page.language: language,
            page.results.explanations: explanations(language),
            page.own.listing: looks_html(saved, language),
        }
        looks = list(opened.looks) or [comparison.START]
        if opened.looks:
            updates |= page.show_cards(list(comparison.LETTERS[: len(looks)]))
            for card, look in zip(page.cards, looks, strict=False):
                updates |= card.fill(look, language)
        if "sent" in request.query_params:
            # The looks of somebody else: a sample would pass for the person they are about.
            notes.append(translate(language, "portrait.sent"))
            notice = captions.notice(" ".join(notes), quiet=True)
            return {
                **updates,
                page.portrait.photo: None,
                page.results.strip: captions.asking_strip(language),
                page.results.notice: notice,
                # The change of the portrait that follows shows it again.
                self.examined: Examined(None, notice),
            }
        photo = page.shared_samples.ready(path, looks)
        if photo is None:
            updates[self.comparison_due] = path or ""
            address = page.file_store.address(path) if path else ""
            updates[page.results.strip] = captions.waiting_strip(language, address)
        else:
            screen = comparison.compare(
                photo,
                looks,
                comparison.LETTERS[: len(looks)],
                page.file_store,
                lambda *_: None,
                language,
            )
            updates |= self.comparison_updates(photo, screen, language)
        return {**updates, page.results.notice: captions.notice(" ".join(notes), quiet=True)}

    @property
    def _load_outputs(self) -> list[Any]:
        page = self.page
        return [
            page.language,
            page.results.explanations,
            page.own.listing,
            page.portrait.photo,
            self.comparison_due,
            self.examined,
            *page.card_outputs,
            *self.outputs,
        ]

    def _compare_new_portrait(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Iterator[Updates]:
        """Analyse a new portrait, and compare its looks unless it is refused or was stopped."""
        page, previous = self.page, values[self.examined]
        path, photo, language = (
            values[one] for one in (page.portrait.photo, page.photo, page.language)
        )
        if not path:
            # `_on_portrait` decides about the notice.
            yield {page.photo: None, page.portrait.gaze_line: "", self.examined: Examined()}
            return
        if path == previous.path and previous.refusal:
            yield self._not_examined(previous)
            return
        screen = values[page.share.screen]
        if is_of_portrait(screen, path) and self.is_settled(values, screen):
            yield {page.photo: gr.skip()}
            return
        if photo is None or photo.path != path:
            progress(0, desc=translate_message(language, "Looking at the photo"))
            try:
                with page.cancellations.running(str(request.session_hash)) as check:
                    check()
                    photo = page.shared_samples.examine(path)
                    check()
            except Superseded:
                yield {page.photo: gr.skip()}
                return
            except Cancelled as cancelled:
                examined = Examined(path, captions.error_notice(cancelled, language))
                yield {page.results.strip: "", **self._not_examined(examined)}
                return
            except Exception as error:
                yield self._refused(
                    captions.error_notice(error, language), previous.before, language
                )
                return
        yield {
            page.photo: photo,
            page.portrait.gaze_line: _gaze_line(photo, language),
            page.results.notice: "",
            self.examined: Examined(path),
        }
        yield self.compare({**values, page.photo: photo}, request, progress)

    def _choose_face(
        self, photo: comparison.Photo | None, language: str, event: gr.EventData
    ) -> Updates:
        """Choose another face of the photo by its number, or all, which only all of it shows."""
        page = self.page
        if photo is None:
            return {page.results.notice: gr.skip()}
        try:
            which: Any = event.face if event.face == "all" else int(event.face)
            chosen = comparison.choose_face(photo, which)
        except PresenceError as error:
            return {page.results.notice: captions.error_notice(error, language)}
        return {
            page.photo: chosen,
            page.portrait.gaze_line: _gaze_line(chosen, language),
            page.results.notice: "",
            page.results.framing: WHOLE if chosen.face == "all" else CLOSE,
        }

    def _not_examined(self, examined: Examined) -> Updates:
        page = self.page
        return {
            page.photo: None,
            page.portrait.gaze_line: "",
            page.results.notice: examined.refusal,
            self.examined: examined,
        }

    def _refused(
        self,
        refusal: str,
        before: tuple[comparison.Photo, comparison.PageComparison] | None,
        language: str,
    ) -> Updates:
        """Show why a portrait was refused, over the one from before, or in place of the first."""
        page = self.page
        if before is None:
            return {
                **self._not_examined(Examined(None, refusal)),
                page.portrait.photo: None,
                page.results.strip: "",
            }
        photo, screen = before
        return {
            **self.comparison_updates(photo, screen, language),
            page.portrait.photo: photo.path,
            page.results.notice: refusal,
            self.examined: Examined(photo.path),
        }

    def _on_portrait(
        self,
        path: str | None,
        photo: comparison.Photo | None,
        screen: comparison.PageComparison | None,
        examined: Examined,
        language: str,
        request: gr.Request,
    ) -> Updates:
        """Clear everything that belongs to another portrait than the new one."""
        page = self.page
        page.file_store.register_upload(path)
        # A page that was opened by a link without a portrait says so.
        if is_of_portrait(screen, path) or (not path and examined.refusal):
            return {page.photo: gr.skip()}
        # The results of the old portrait are not needed any more.
        session = str(request.session_hash)
        page.cancellations.supersede(session)
        self.previews.forget(session)
        before = examined.before
        if photo is not None and screen is not None and screen.path == photo.path:
            before = photo, screen
        return {
            page.photo: None,
            page.portrait.gaze_line: "",
            page.results.notice: "",
            page.results.framing: CLOSE,
            self.examined: replace(examined, before=before if path else None),
            **self._clear(language, page.file_store.address(path) if path else ""),
        }

    def _follow_up(self, values: Values) -> Updates:
        """After a comparison: clear it if its portrait was replaced; renew it if it is outdated."""
        page = self.page
        screen, path = values[page.share.screen], values[page.portrait.photo]
        if screen is None:
            return {page.due: ""}
        if not is_of_portrait(screen, path):
            return {page.due: "", **self._clear()}
        due = "" if self.is_settled(values, screen) else str(next(self._serials))
        wrong = {
            card.finer.wrong: self.wrong_setting(card, values) for card in self.active_cards(values)
        }
        return {page.due: due, **wrong}

    def _clear(self, language: str = DEFAULT_LANGUAGE, address: str = "") -> Updates:
        """Updates that remove the results; `address` as for `Results.clear`."""
        page = self.page
        return {**page.share.clear(), **page.results.clear(language, address)}

    def compare(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """Compare the looks of the portrait on the page; returns updates of `outputs`."""
        page, session = self.page, str(request.session_hash)
        language = values[page.language]
        self.previews.forget(session)
        try:
            with page.cancellations.running(session) as check:
                return self.render_comparison(values, progress, check)
        except Superseded:
            return {page.link: gr.skip()}
        except Cancelled as cancelled:
            return {page.link: "", page.results.notice: captions.error_notice(cancelled, language)}
        except Exception as error:
            notice = {page.link: "", page.results.notice: captions.error_notice(error, language)}
            if is_of_portrait(values[page.share.screen], values[page.portrait.photo]):
                return notice
            return {**self._clear(), page.results.strip: "", **notice}

    def _compare_first(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """The first comparison of an opened page; it keeps the notes about the address."""
        page = self.page
        # A photo that the browser has kept has an event of its own.
        if values[page.portrait.photo] != values[self.comparison_due]:
            return {page.link: gr.skip()}
        updates = self.compare(values, request, progress)
        if updates.get(page.share.screen):
            del updates[page.results.notice]
        return updates

    def render_comparison(
        self,
        values: Values,
        progress: gr.Progress,
        check: Callable[[], None],
    ) -> Updates:
        """Compare the looks of the portrait; returns updates of `outputs`.

        Args:
            values: Values of `inputs`.
            progress: Shows the step.
            check: Called often; may raise to stop.

        Raises:
            LookError: A setting is wrong.
            Refusal: The portrait cannot be used.
        """

        def report_progress(share: float, step: str) -> None:
            check()
            if step:
                progress(0.05 + 0.9 * share, desc=translate_message(language, step))

        page, language = self.page, values[self.page.language]
        cards = self.active_cards(values)
        looks = [card.read(values) for card in cards]
        progress(0, desc=translate_message(language, "Looking at the photo"))
        photo = page.shared_samples.examine(values[page.portrait.photo], values[page.photo])
        letters = [card.letter for card in cards]
        screen = comparison.compare(
            photo, looks, letters, page.file_store, report_progress, language
        )
        check()
        return self.comparison_updates(photo, screen, language)

    async def _stop(
        self,
        language: str,
        path: str | None,
        screen: comparison.PageComparison | None,
        request: gr.Request,
    ) -> tuple[Any, Any]:
        """Cancel running work, which reports it itself, and remove waiting work from the queue."""
        notice = captions.error_notice(Cancelled(), language)
        self._cancel_all(request)
        removed = await leave_queue(str(request.session_hash), WORK["concurrency_id"])
        not_compared = path and not is_of_portrait(screen, path)
        return (
            notice if removed else gr.skip(),
            Examined(path, notice) if not_compared else gr.skip(),
        )

    def _cancel_all(self, request: gr.Request) -> None:
        """Cancel the session's comparison, persona and live previews; a grid has its own Stop."""
        session = str(request.session_hash)
        self.page.cancellations.stop(session)
        self.page.cancellations.stop(task_key(session, "persona"))
        self.previews.forget(session, stopped=True)


def read_look(card: LookCard, values: Values) -> Look | None:
    """The look of a card; None while a number in it is incomplete."""
    try:
        return card.read(values).checked(load())
    except (LookError, TypeError):
        return None


def is_of_portrait(screen: comparison.PageComparison | None, path: str | None) -> bool:
    """Whether a comparison is of the portrait with this file."""
    return screen is not None and screen.path == path


def _gaze_line(photo: comparison.Photo, language: str) -> str:
    """The gaze, and the photo where it has several faces, or the browser does not show its file."""
    analysis = photo.analysis
    line = captions.gaze_line(
        analysis.gaze.measured,
        # What the file says of itself is known of a sample.
        () if photo.sample else analysis.warnings,
        language,
        true=None if photo.sample is None else photo.sample.gaze,
        turned_away=photo.sample is not None and photo.sample.path == LOOKING_AWAY,
        face=(photo.face or analysis.face.number) if len(analysis.boxes) > 1 else None,
    )
    if len(analysis.boxes) < 2 and analysis.portrait.origin.form not in _NOT_SHOWN:
        return line
    source = pictures.jpeg_data_url(pictures.small(analysis.portrait.original_u8))
    chosen = photo.face or analysis.face.number
    alt = translate(language, "portrait.alt")
    return line + render("faces", "picture", language, source, analysis.boxes, chosen, alt)
