"""The results of this visit as a filmstrip: a click goes back to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol

import gradio as gr

from ui import captions, work
from ui.history import FileHolds, History, HistoryEntry, taken
from ui.language import say
from ui.pictures import FileStore
from ui.work import OnScreen, Photo

Updates = dict[Any, Any]
Examine = Callable[[str, Photo | None], Photo]


class Restore(Protocol):
    """Brings a comparison back onto the page."""

    def __call__(
        self, photo: Photo, screen: OnScreen, framing: str, language: str, visitor: str
    ) -> Updates:
        """Values of all that shows it."""


_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-frame]');
  if (button) trigger('click', { frame: Number(button.dataset.frame) });
});
"""
# Buttons count frames from 1.
_CLEAR = 0


@dataclass
class HistoryStrip:
    """The filmstrip under the results; it is empty until there is something to go back to."""

    file_store: FileStore
    history: gr.State = field(init=False)
    strip: gr.HTML = field(init=False)
    said: gr.HTML = field(init=False)
    holds: FileHolds = field(init=False)

    def __post_init__(self) -> None:
        self.holds = FileHolds(self.file_store)

    def render(self) -> None:
        """The frames, the newest first, and a button that clears them."""
        self.history = gr.State(
            History(), time_to_live=work.PHOTO_KEPT, delete_callback=self._let_go
        )
        self.said = gr.HTML("", apply_default_css=False, elem_id="history-said")
        self.strip = gr.HTML("", apply_default_css=False, js_on_load=_PICK, elem_id="history")

    def listen(
        self,
        news: Callable[..., Any],
        screen: gr.State,
        photo: gr.State,
        language: gr.State,
        framing: gr.Radio,
        examine: Examine,
        restore: Restore,
        restored: list[Any],
    ) -> Any:
        """What is on screen is remembered; a click brings it back.

        Args:
            news: The event after which another comparison may be on the page. (Not the state's
                own: Gradio tells nobody of states that change outside its queue.)
            screen: Holds the comparison on the page, or None.
            photo: Holds the analysed photo.
            language: Holds what the page speaks.
            framing: How the results are cut.
            examine: Analyses a photo's file, unless it is the one given.
            restore: As for `Restore`.
            restored: All that it updates.

        Returns:
            The event after which a comparison may have come back.
        """
        quick: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        def note(
            history: History, shown: OnScreen | None, now: Photo | None, spoken: str
        ) -> Updates:
            history = self.noted(history, shown, now)
            return {self.history: history, self.strip: strip(history, shown, spoken), self.said: ""}

        def click(
            history: History,
            shown: OnScreen | None,
            now: Photo | None,
            cut: str,
            spoken: str,
            event: gr.EventData,
            request: gr.Request,
        ) -> Updates:
            number = _number(event)
            if number == _CLEAR:
                history = self.cleared(history, shown)
                return {
                    self.history: history,
                    self.strip: strip(history, shown, spoken),
                    self.said: "",
                }
            frame = history.numbered(number)
            if frame is None or not frame.there:
                # An idle visitor's film is forgotten, and old files are deleted.
                history = history if frame is None else self._without(history, frame)
                return {
                    self.history: history,
                    self.strip: strip(history, shown, spoken),
                    self.said: captions.notice(say(spoken, "history.gone"), quiet=True),
                }
            try:
                back = frame.photo or examine(frame.screen.path, now)
            except Exception as error:
                return {self.said: captions.notice(work.sentence(error, spoken))}
            return {
                **restore(back, frame.screen, cut, spoken, str(request.session_hash)),
                self.strip: strip(history, frame.screen, spoken),
                self.said: "",
            }

        news(
            note,
            [self.history, screen, photo, language],
            [self.history, self.strip, self.said],
            trigger_mode="always_last",
            **quick,
        )
        return self.strip.click(
            click,
            [self.history, screen, photo, framing, language],
            list(dict.fromkeys([self.history, self.strip, self.said, *restored])),
            **quick,
        )

    def noted(self, history: History, screen: OnScreen | None, photo: Photo | None) -> History:
        """The film with what is on the page, if that is not on it yet."""
        same = history.of(screen)
        if screen is None or (same is not None and same.screen is screen):
            return history
        number = history.taken + 1 if same is None else same.number
        try:
            frame = taken(number, screen, photo, self.file_store)
        except OSError:
            # Cleared between being shown and being remembered: nothing to go back to.
            return history
        after = history.with_frame(frame)
        self.holds.hold(frame.files)
        kept = {one.number for one in after.frames}
        for one in history.frames:
            if one is same or one.number not in kept:
                self.holds.remove(one.files)
        return after

    def cleared(self, history: History, screen: OnScreen | None) -> History:
        """The film with only what is on the page; the files of all else are deleted at once."""
        shown = history.of(screen)
        return self._without(history, *(one for one in history.frames if one is not shown))

    def _without(self, history: History, *gone: HistoryEntry) -> History:
        for one in gone:
            self.holds.remove(one.files)
        return history.without(gone)

    def _let_go(self, history: History) -> None:
        # The page may still be open: its files go when they are old.
        for one in history.frames:
            self.holds.let_go(one.files)


def strip(history: History, screen: OnScreen | None, language: str) -> str:
    """The frames; nothing as long as all there is, is on the page."""
    shown = history.of(screen)
    if not [one for one in history.frames if one is not shown]:
        return ""
    frames = "".join(_frame(one, one is shown, language) for one in history.frames)
    title = escape(say(language, "history.title"))
    return (
        f'<section aria-label="{title}"><header><h3>{title}</h3>'
        f'<button type="button" data-frame="{_CLEAR}">{escape(say(language, "history.clear"))}'
        f'</button></header><ol class="p-film">{frames}</ol></section>'
    )


def _frame(frame: HistoryEntry, shown: bool, language: str) -> str:
    names = [one.name for one in frame.screen.figures[1:]]
    label = escape(say(language, "history.restore", looks=", ".join(names)), quote=True)
    pictures = "".join(f'<img src="{escape(one, quote=True)}" alt="">' for one in frame.thumbs)
    current = ' aria-current="true"' if shown else ""
    titles = "".join(f"<span>{escape(name)}</span>" for name in names)
    return (
        f'<li><button type="button" data-frame="{frame.number}" aria-label="{label}" '
        f'title="{label}"{current}><span class="p-film-row">{pictures}</span>{titles}</button></li>'
    )


def _number(event: gr.EventData) -> int:
    sent = vars(event).get("_data")
    number = sent.get("frame") if isinstance(sent, dict) else None
    return number if isinstance(number, int) else -1
