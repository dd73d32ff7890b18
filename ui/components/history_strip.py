"""The history of the session under the results: a click restores a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import gradio as gr

from ui.comparison import PHOTO_KEPT_S, PageComparison, Photo
from ui.components.html import html
from ui.file_store import FileStore
from ui.gradio_compat import event_fields
from ui.history import FileReferences, History, HistoryEntry, new_entry
from ui.text import captions
from ui.text.catalogue import translate
from ui.text.messages import error_message
from ui.text.templating import render

Updates = dict[Any, Any]
Examine = Callable[[str, Photo | None], Photo]


class Restore(Protocol):
    """Brings a comparison back onto the page."""

    def __call__(
        self, photo: Photo, screen: PageComparison, language: str, session: str
    ) -> Updates:
        """Updates that show the comparison."""


_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-frame]');
  if (button) trigger('click', { frame: Number(button.dataset.frame) });
});
"""
# The number of the button that clears the history; entries count from 1.
_CLEAR = 0


@dataclass
class HistoryStrip:
    """A row of entries; empty until there is an earlier comparison to go back to."""

    file_store: FileStore
    history: gr.State = field(init=False)
    strip: gr.HTML = field(init=False)
    message: gr.HTML = field(init=False)
    references: FileReferences = field(init=False)

    def __post_init__(self) -> None:
        self.references = FileReferences(self.file_store)

    def render(self) -> None:
        """The entries, newest first, and a button that clears them."""
        self.history = gr.State(
            History(), time_to_live=PHOTO_KEPT_S, delete_callback=self._release_files
        )
        self.message = html(elem_id="history-said")
        self.strip = html(js_on_load=_PICK, elem_id="history")

    def listen(
        self,
        results_changed: Callable[..., Any],
        screen: gr.State,
        photo: gr.State,
        language: gr.State,
        examine: Examine,
        restore: Restore,
        restored: list[Any],
    ) -> Any:
        """Record each comparison on the page; restore one on a click.

        Args:
            results_changed: The event after which another comparison may be on the page. It cannot
                be the state's own, because Gradio does not fire State.change for unqueued events.
            screen: Holds the `PageComparison`, or None.
            photo: Holds the `Photo`, or None.
            language: Holds the visitor's language.
            examine: As `ui.comparison.examine`.
            restore: As `Restore`.
            restored: All components that `restore` updates.

        Returns:
            The event after which a comparison may have been restored.
        """
        options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        def record(
            history: History, current: PageComparison | None, photo: Photo | None, language: str
        ) -> Updates:
            history = self.record(history, current, photo)
            return {
                self.history: history,
                self.strip: strip(history, current, language),
                self.message: "",
            }

        def click(
            history: History,
            current: PageComparison | None,
            known: Photo | None,
            language: str,
            event: gr.EventData,
            request: gr.Request,
        ) -> Updates:
            number = _number(event)
            if number == _CLEAR:
                history = self.clear(history, current)
                return {
                    self.history: history,
                    self.strip: strip(history, current, language),
                    self.message: "",
                }
            entry = history.by_number(number)
            if entry is None or not entry.files_exist:
                # The state of an idle session expires, and Gradio deletes old files.
                history = history if entry is None else self._without(history, entry)
                return {
                    self.history: history,
                    self.strip: strip(history, current, language),
                    self.message: captions.notice(translate(language, "history.gone"), quiet=True),
                }
            try:
                photo = entry.photo or examine(entry.screen.path, known)
            except Exception as error:
                return {self.message: captions.notice(error_message(error, language))}
            return {
                **restore(photo, entry.screen, language, str(request.session_hash)),
                self.strip: strip(history, entry.screen, language),
                self.message: "",
            }

        results_changed(
            record,
            [self.history, screen, photo, language],
            [self.history, self.strip, self.message],
            trigger_mode="multiple",
            **options,
        )
        return self.strip.click(
            click,
            [self.history, screen, photo, language],
            list(dict.fromkeys([self.history, self.strip, self.message, *restored])),
            **options,
        )

    def record(
        self, history: History, screen: PageComparison | None, photo: Photo | None
    ) -> History:
        """The history with the comparison on the page, if it is not in it already."""
        same = history.find(screen)
        if screen is None or (same is not None and same.screen is screen):
            return history
        number = history.last_number + 1 if same is None else same.number
        try:
            entry = new_entry(number, screen, photo, self.file_store)
        except OSError:
            # The files were deleted since they were shown, so there is nothing to go back to.
            return history
        after = history.with_entry(entry)
        self.references.add(entry.files)
        numbers = {one.number for one in after.entries}
        for one in history.entries:
            if one is same or one.number not in numbers:
                self.references.release_and_delete(one.files)
        return after

    def clear(self, history: History, screen: PageComparison | None) -> History:
        """The history with only the comparison on the page; deletes the files of the others."""
        current = history.find(screen)
        return self._without(history, *(one for one in history.entries if one is not current))

    def _without(self, history: History, *removed: HistoryEntry) -> History:
        for one in removed:
            self.references.release_and_delete(one.files)
        return history.without(removed)

    def _release_files(self, history: History) -> None:
        # The page may still be open, so its files are left to Gradio's cleanup.
        for one in history.entries:
            self.references.release(one.files)


def strip(history: History, screen: PageComparison | None, language: str) -> str:
    """The entries as HTML; empty if there is none but the comparison on the page."""
    current = history.find(screen)
    if not [one for one in history.entries if one is not current]:
        return ""
    rows = [
        _Row(
            one.number,
            tuple(figure.name for figure in one.screen.figures[1:]),
            tuple(one.thumbs),
            one is current,
        )
        for one in history.entries
    ]
    return render("page", "history", language, rows, _CLEAR)


@dataclass(frozen=True)
class _Row:
    """What the template needs of an entry: its number, looks, thumbnails, whether it is shown."""

    number: int
    names: tuple[str, ...]
    pictures: tuple[str, ...]
    current: bool


def _number(event: gr.EventData) -> int:
    number = event_fields(event).get("frame")
    return number if isinstance(number, int) else -1
