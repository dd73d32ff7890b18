"""What fills the results, and what keeps them those of the portrait and the looks on the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import gradio as gr
from gradio.components import Component

from pipelines.runtime.errors import Cancelled, LookError
from pipelines.studio import Look
from presets import load
from sharing import options as links
from ui import captions, link_notes, work
from ui.cancellation import Superseded, key
from ui.components.events import QUICK, WORK
from ui.language import asked_for, say
from ui.sentences import told
from ui.visitor import leave_queue

if TYPE_CHECKING:
    from ui.components.look_card import LookCard
    from ui.components.panels import Panels

Updates = dict[Any, Any]
Values = Mapping[Component, Any]

# Gradio puts a tracker of its own in the place of this default, one for each call.
PROGRESS = gr.Progress()

WRITE_ADDRESS = """(query) => {
  if (query) history.replaceState(null, '', location.pathname + '?' + query);
}"""
# A refusal stands with the pictures, which fine control has scrolled out of sight.
_TO_NOTICE = """() => {
  const notice = document.querySelector('.p-refusal');
  if (notice) notice.scrollIntoView({ block: 'center' });
}"""
# Stop is seen while there is something to stop: what one cause began, another's end leaves alone.
_BUSY = """() => {
  document.getElementById('page').classList.add('p-busy', 'p-busy-CAUSE');
  // What would follow a moved slider is part of what begins now.
  clearTimeout(document.getElementById('strip').resting);
}"""
_IDLE = """() => {
  const page = document.getElementById('page');
  page.classList.remove('p-busy-CAUSE');
  if (!page.matches('.p-busy-click, .p-busy-portrait')) page.classList.remove('p-busy');
}"""
# A page asks for what follows an event within so many seconds.
_FOLLOWS_S = 3
# On a phone the pictures lie below the controls.
_TO_RESULTS = """() => {
  if (innerWidth < 900) document.getElementById('strip').scrollIntoView({ behavior: 'smooth' });
}"""


@dataclass(frozen=True)
class Examined:
    """What came of looking at a portrait by itself.

    Attributes:
        path: Of the portrait; None where there was none yet.
        refusal: The notice that says why nothing is made of it; empty where something is.
    """

    path: str | None = None
    refusal: str = ""


class Previews(Protocol):
    """What shows a look while its settings move."""

    def prepare(self, event: Any) -> None:
        """After this event, learn what the first move would otherwise have to wait for."""

    def forget(self, visitor: str) -> None:
        """Nothing that this visitor's controls said before counts any more."""


@dataclass
class CompareEvents:
    """Compare, the portrait, the opening of the page, and stopping."""

    page: Panels
    wanted: gr.State = field(init=False)
    placed: gr.State = field(init=False)
    examined: gr.State = field(init=False)
    previews: Previews = field(init=False)
    _serials: Iterator[int] = field(init=False, default_factory=count)

    def render(self) -> None:
        """Nothing that is seen."""
        # Set when the page opens with a comparison that has to be made first.
        self.wanted = gr.State("")
        # The portrait that the page was emptied for: it tells of some changes more than once.
        self.placed = gr.State("")
        # No comparison writes this one: an earlier portrait's may end at any time. And a page asks
        # for its events one after the other, so some come only after somebody has pressed Stop.
        self.examined = gr.State(Examined())

    def listen(self, blocks: gr.Blocks) -> None:
        """What happens when."""
        page = self.page
        options = self.options
        portrait = page.portrait.photo
        page.compare.click(None, None, None, js=_TO_RESULTS, api_visibility="private")
        # Before the work: listeners of one event wait for those that came first.
        for trigger, cause in ((page.compare.click, "click"), (portrait.change, "portrait")):
            begins = _BUSY.replace("CAUSE", cause)
            trigger(None, None, None, js=begins, api_visibility="private")
        compared = page.compare.click(self.compare, **options)
        emptied = [
            self.placed,
            page.photo,
            page.portrait.seen,
            page.results.notice,
            *self._emptied(),
        ]
        # At once, not in turn with the work: nobody else's pictures stay beside a portrait.
        portrait.change(
            self._on_portrait, [portrait, page.share.screen, self.placed], emptied, **QUICK
        )
        examined = portrait.change(
            self._examine,
            [portrait, page.photo, page.language, self.examined],
            [
                page.photo,
                page.portrait.seen,
                page.results.notice,
                page.results.strip,
                self.examined,
            ],
            show_progress="full",
            show_progress_on=[page.results.strip],
            trigger_mode="always_last",
            **WORK,
        )
        renewed = examined.then(
            self._renewed, **{**options, "inputs": self.inputs | {self.examined}}
        )
        # Through the queue: changes of states are not told of events beside it.
        opened = blocks.load(
            self._open,
            [portrait, page.results.framing],
            self._opened,
            **{**QUICK, "queue": True},
            concurrency_limit=8,
        )
        opened.success(None, page.link, None, js=WRITE_ADDRESS, api_visibility="private")
        self.previews.prepare(opened)
        first = self.wanted.change(self._first, **options)
        self.sent_away(compared, "click")
        for event in (examined, renewed, first, opened):
            self.sent_away(event, "portrait")
        for event in (compared, renewed, first):
            self.finish(event)
            self.previews.prepare(event)
        for event, cause in ((compared, "click"), (renewed, "portrait")):
            event.then(None, None, None, js=_TO_NOTICE, api_visibility="private")
            self._idle_after(event.then, cause)
        page.stop.click(
            self._stop,
            [page.language, portrait, page.share.screen],
            [page.results.notice, self.examined],
            **QUICK,
        ).then(self._stop_what_follows, self.examined, None, **QUICK)
        # Nobody waits for what a closed page has asked for.
        blocks.unload(self._leave)

    def finish(self, event: Any) -> None:
        """What follows every comparison: the address; and is it still the portrait's?"""
        page = self.page
        event.success(None, page.link, None, js=WRITE_ADDRESS, api_visibility="private")
        # The portrait may have changed while its comparison was under way.
        event.then(self._after, self.inputs, list(self._emptied()), **QUICK)

    def sent_away(self, event: Any, cause: str) -> None:
        """What the page says where the queue is full: nothing else follows such an event."""
        page = self.page
        event.failure(
            lambda language: captions.notice(say(language, "queue.busy")),
            page.language,
            page.results.notice,
            **QUICK,
        ).then(None, None, None, js=_TO_NOTICE, api_visibility="private")
        self._idle_after(event.failure, cause)

    def _idle_after(self, trigger: Any, cause: str) -> None:
        trigger(None, None, None, js=_IDLE.replace("CAUSE", cause), api_visibility="private")

    @property
    def options(self) -> dict[str, Any]:
        """How an event asks for `compare`: ``button.click(fill, ...).then(compare, **options)``."""
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "show_progress": "full",
            "show_progress_on": [self.page.results.strip],
            **WORK,
        }

    @property
    def inputs(self) -> set[Any]:
        """Everything that a comparison depends on."""
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
        """Everything that a comparison fills."""
        page = self.page
        return [
            page.photo,
            page.portrait.seen,
            page.link,
            page.share.screen,
            page.share.saved,
            page.changed,
            *page.results.outputs,
        ]

    def shown(
        self,
        photo: work.Photo,
        screen: work.OnScreen,
        framing: str,
        language: str,
        pair: tuple[str, str] | None = None,
    ) -> Updates:
        """Values of `outputs` for a comparison; `pair` as for `Results.show`."""
        page = self.page
        results = page.results.show(screen.figures, framing, language, pair)
        # Gradio leaves HTML alone that is the same as before, and with it a preview.
        results[page.results.strip] += f"<!-- {next(self._serials)} -->"
        return {
            page.photo: photo,
            page.portrait.seen: _seen(photo, language),
            page.link: links.write(list(screen.looks)),
            page.share.screen: screen,
            page.share.saved: "",
            **results,
        }

    def changed(self, values: Values, follows: Callable[[Look], bool] = lambda _: False) -> str:
        """A line where the looks set are not the looks shown.

        Args:
            values: Of `inputs`.
            follows: Whether the picture of a changed look follows by itself.
        """
        screen = values[self.page.share.screen]
        if screen is None:
            return ""
        cards = self.active(values)
        same = [card.letter for card in cards] == [one.letter for one in screen.figures[1:]]
        if same and all(self.stands(card, values, screen, follows) for card in cards):
            return ""
        return captions.notice(say(values[self.page.language], "page.changed"), quiet=True)

    def active(self, values: Values) -> list[LookCard]:
        """The cards that are on the page."""
        return [card for card in self.page.cards if card.letter in values[self.page.active]]

    def stands(
        self,
        card: LookCard,
        values: Values,
        screen: work.OnScreen,
        follows: Callable[[Look], bool] = lambda _: False,
    ) -> bool:
        """Whether a card's look is what is shown of it, or follows by itself; as for `changed`."""
        look = read(card, values)
        return look is not None and (look == screen.look(card.letter) or follows(look))

    def _open(self, path: str | None, framing: str, request: gr.Request) -> Updates:
        """Fill the looks from the address; what is unknown is named, the rest is used."""
        page, language = self.page, asked_for(request)
        texts = request.query_params.getlist("look")
        opened = links.read(texts, len(page.cards))
        notes = [told(language, note) for note in link_notes.notes(texts, opened.notes)]
        updates: Updates = {page.language: language}
        looks = [card.start for card in page.cards if card.shown]
        if opened.looks:
            letters = work.LETTERS[: max(len(opened.looks), len(looks))]
            looks = [*opened.looks, *looks[len(opened.looks) :]]
            updates |= page.show_cards(list(letters))
            for card, look in zip(page.cards, opened.looks, strict=False):
                updates |= card.fill(look)
        photo = page.shared_samples.ready(path, looks)
        if photo is None:
            updates[self.wanted] = str(request.session_hash)
        else:
            # Made before anybody came: it is there with the page.
            screen = work.on_screen(
                photo, looks, work.LETTERS[: len(looks)], page.file_store, lambda *_: None, language
            )
            updates |= self.shown(photo, screen, framing, language)
        return {**updates, page.results.notice: captions.notice(" ".join(notes), quiet=True)}

    @property
    def _opened(self) -> list[Any]:
        page = self.page
        return [page.language, self.wanted, *page.card_outputs, *self.outputs]

    def _examine(
        self,
        path: str | None,
        known: work.Photo | None,
        language: str,
        before: Examined,
        request: gr.Request,
        progress: gr.Progress = PROGRESS,
    ) -> Updates:
        page = self.page
        if path == before.path and before.refusal:
            return self._not_examined(before)
        if known is not None and known.path == path:
            return {page.portrait.seen: _seen(known, language), self.examined: Examined(path)}
        if not path:
            return self._not_examined(Examined())
        progress(0, desc=told(language, "Looking at the photo"))
        try:
            with page.cancellations.running(str(request.session_hash)) as check:
                check()
                photo = page.shared_samples.examine(path)
                check()
        except Superseded:
            return {page.photo: gr.skip()}
        except Exception as error:
            examined = Examined(path, _said(error, language))
            return {page.results.strip: "", **self._not_examined(examined)}
        return {
            page.photo: photo,
            page.portrait.seen: _seen(photo, language),
            page.results.notice: "",
            self.examined: Examined(path),
        }

    def _not_examined(self, examined: Examined) -> Updates:
        page = self.page
        return {
            page.photo: None,
            page.portrait.seen: "",
            page.results.notice: examined.refusal,
            self.examined: examined,
        }

    def _on_portrait(
        self, path: str | None, screen: work.OnScreen | None, placed: str, request: gr.Request
    ) -> Updates:
        """Take everything off the page that is not of the portrait on it."""
        page = self.page
        page.file_store.take(path)
        now = {self.placed: path or ""}
        if shows(screen, path) or (path and path == placed):
            return now
        # What is made of the portrait before is for nobody.
        page.cancellations.supersede(str(request.session_hash))
        return {
            **now,
            page.photo: None,
            page.portrait.seen: "",
            page.results.notice: "",
            **self._emptied(),
        }

    def _after(self, values: Values) -> Updates:
        """Take a comparison off that came after its portrait had gone."""
        page = self.page
        screen = values[page.share.screen]
        if screen is None or shows(screen, values[page.portrait.photo]):
            return {page.changed: self.changed(values)}
        return self._emptied()

    def _emptied(self) -> Updates:
        page = self.page
        return {page.changed: "", **page.share.emptied(), **page.results.emptied()}

    def compare(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """Values of `outputs` for the portrait and the looks on the page."""
        page, visitor = self.page, str(request.session_hash)
        language = values[page.language]
        self.previews.forget(visitor)
        try:
            with page.cancellations.running(visitor) as check:
                return self._compared(values, progress, check)
        except Superseded:
            return {page.link: gr.skip()}
        except Cancelled as stopped:
            return {page.link: "", page.results.notice: _said(stopped, language)}
        except Exception as error:
            return {
                page.link: "",
                page.results.notice: _said(error, language),
                **self._refused(values),
            }

    def _refused(self, values: Values) -> Updates:
        """A refusal leaves only pictures of the portrait that is on the page."""
        page = self.page
        if shows(values[page.share.screen], values[page.portrait.photo]):
            return {}
        return {**self._emptied(), page.results.strip: ""}

    def _renewed(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """The comparison that follows a new portrait, unless that was refused."""
        page = self.page
        path = values[page.portrait.photo]
        if not path or values[self.examined] != Examined(path):
            return {page.link: ""}
        if shows(values[page.share.screen], path) and not self.changed(values):
            # It came back from the history, with its results.
            return {page.link: ""}
        return self.compare(values, request, progress)

    def _first(
        self, values: Values, request: gr.Request, progress: gr.Progress = PROGRESS
    ) -> Updates:
        """The comparison that is there when the page opens; it leaves the note alone."""
        page = self.page
        if not values[page.portrait.photo]:
            return {page.link: ""}
        updates = self.compare(values, request, progress)
        if updates.get(page.results.slides):
            del updates[page.results.notice]
        return updates

    def _compared(
        self, values: Values, progress: gr.Progress, check: Callable[[], None]
    ) -> Updates:
        def tell(share: float, step: str) -> None:
            check()
            if step:
                progress(0.05 + 0.9 * share, desc=told(language, step))

        page, language = self.page, values[self.page.language]
        cards = self.active(values)
        looks = [card.read(values) for card in cards]
        progress(0, desc=told(language, "Looking at the photo"))
        photo = page.shared_samples.examine(values[page.portrait.photo], values[page.photo])
        letters = [card.letter for card in cards]
        screen = work.on_screen(photo, looks, letters, page.file_store, tell, language)
        check()
        return self.shown(photo, screen, values[page.results.framing], language)

    async def _stop(
        self, language: str, path: str | None, screen: work.OnScreen | None, request: gr.Request
    ) -> tuple[Any, Any]:
        """What runs ends by itself and says so; what waits for its turn is let go at once."""
        notice = _said(Cancelled(), language)
        self._leave(request)
        left = await leave_queue(str(request.session_hash), WORK["concurrency_id"])
        only_this = path and not shows(screen, path)
        return (
            notice if left else gr.skip(),
            Examined(path, notice) if only_this else gr.skip(),
        )

    async def _stop_what_follows(self, examined: Examined, request: gr.Request) -> None:
        """A photo that is looked at no more is followed by its comparison: it need not wait."""
        if not examined.refusal:
            return
        line, following = WORK["concurrency_id"], (self._examine, self._renewed)
        names = {function.__name__ for function in following}
        for _ in range(_FOLLOWS_S):
            await asyncio.sleep(1)
            await leave_queue(str(request.session_hash), line, names, examined.path)

    def _leave(self, request: gr.Request) -> None:
        visitor = str(request.session_hash)
        self.page.cancellations.stop(visitor)
        self.page.cancellations.stop(key(visitor, "persona"))
        self.previews.forget(visitor)


def read(card: LookCard, values: Values) -> Look | None:
    """The look that a card says; None while a number in it is being written."""
    try:
        return card.read(values).checked(load())
    except (LookError, TypeError):
        return None


def shows(screen: work.OnScreen | None, path: str | None) -> bool:
    """Whether the comparison on the page is of the portrait on it."""
    return screen is not None and screen.path == path


def _said(error: Exception, language: str) -> str:
    """The notice of what ended work; a stop is no alarm."""
    return captions.notice(work.sentence(error, language), quiet=isinstance(error, Cancelled))


def _seen(photo: work.Photo, language: str) -> str:
    return captions.seen(
        photo.analysis.gaze.gaze,
        photo.analysis.warnings,
        language,
        true=None if photo.sample is None else photo.sample.gaze,
    )
