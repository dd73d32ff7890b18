"""The history of the session under the results: a click restores a comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.comparison import PHOTO_KEPT_S, PageComparison, Photo, settings
from ui.components.events import Updates
from ui.components.html import html
from ui.file_store import FileStore
from ui.gradio_compat import event_fields
from ui.history import History
from ui.text import captions
from ui.text.catalogue import translate
from ui.text.templating import render

_PICK = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-frame]');
  if (!button) return;
  trigger('click', { frame: Number(button.dataset.frame) });
  // Its pictures may be out of sight. The button that clears is not in the list.
  if (button.closest('li')) document.getElementById('strip').scrollIntoView({ behavior: 'smooth' });
});
"""
# The number of the button that clears the history; entries count from 1.
_CLEAR = 0


@dataclass
class HistoryStrip:
    """A row of entries; empty until there is an earlier comparison to go back to."""

    file_store: FileStore

    def render(self) -> None:
        """The entries, newest first, and a button that clears them."""
        self.history = gr.State(History(), time_to_live=PHOTO_KEPT_S)
        self.message = html(elem_id="history-said")
        self.strip = html(js_on_load=_PICK, elem_id="history")

    def listen(
        self,
        results_changed: Callable[..., Any],
        screen: gr.State,
        photo: gr.State,
        language: gr.State,
        restore: Callable[[Photo, PageComparison, str, str], Updates],
        restored: list[Any],
    ) -> Any:
        """Record each comparison on the page; restore one on a click.

        Args:
            results_changed: The event after which another comparison may be on the page. It cannot
                be the state's own, because Gradio does not fire State.change for unqueued events.
            screen: Holds the `PageComparison`, or None.
            photo: Holds the `Photo`, or None.
            language: Holds the visitor's language.
            restore: Updates that show a comparison of a photo, in a language, in a session.
            restored: All components that `restore` updates.

        Returns:
            The event after which a comparison may have been restored.
        """
        options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

        def updates(
            history: History, current: PageComparison | None, code: str, message: str = ""
        ) -> Updates:
            return {
                self.history: history,
                self.strip: strip(history, current, code),
                self.message: message,
            }

        def record(
            history: History, current: PageComparison | None, photo: Photo | None, code: str
        ) -> Updates:
            return updates(self.record(history, current, photo), current, code)

        def click(
            history: History,
            current: PageComparison | None,
            code: str,
            event: gr.EventData,
            request: gr.Request,
        ) -> Updates:
            number = event_fields(event).get("frame")
            if number == _CLEAR:
                return updates(self.clear(history, current), current, code)
            entry = history.by_number(number) if isinstance(number, int) else None
            if entry is None or not entry.files_exist:
                # The state of an idle session expires, and Gradio deletes old files.
                gone = captions.notice(translate(code, "history.gone"), quiet=True)
                history = history if entry is None else history.without([entry])
                return updates(history, current, code, gone)
            return {
                **restore(entry.photo, entry.screen, code, str(request.session_hash)),
                **updates(history, entry.screen, code),
            }

        outputs = [self.history, self.strip, self.message]
        results_changed(
            record,
            [self.history, screen, photo, language],
            outputs,
            trigger_mode="multiple",
            **options,
        )
        return self.strip.click(
            click,
            [self.history, screen, language],
            list(dict.fromkeys([*outputs, *restored])),
            **options,
        )

    def record(
        self, history: History, screen: PageComparison | None, photo: Photo | None
    ) -> History:
        """The history with the comparison on the page; deletes the files of what fell out."""
        if screen is None or photo is None or photo.path != screen.path:
            return history
        after = history.with_comparison(screen, photo, time.monotonic())
        if photo.sample is None:
            # The sample that a page opens with is no comparison that the visitor asked for.
            first = history.by_number(1)
            after = after.without([first] if first and first.photo.sample else [])
        self.file_store.release(history.files - after.files)
        return after

    def clear(self, history: History, screen: PageComparison | None) -> History:
        """The history with only the comparison on the page; deletes the files of the others."""
        current = history.find(screen)
        after = history.without(one for one in history.entries if one is not current)
        self.file_store.release(history.files - after.files)
        return after


def strip(history: History, screen: PageComparison | None, language: str) -> str:
    """The entries as HTML; empty if there is none but the comparison on the page."""
    current = history.find(screen)
    if not [one for one in history.entries if one is not current]:
        return ""
    entries = [(one, _named_looks(one.screen, language)) for one in history.entries]
    return render("page", "history", language, entries, current, _CLEAR)


def _named_looks(screen: PageComparison, language: str) -> list[tuple[str, str]]:
    looks = zip(screen.figures[1:], screen.looks, strict=True)
    described = ((figure, settings(look, language)) for figure, look in looks)
    # A title that would be another's holds them already.
    return [(one.name, "" if one.title.endswith(said) else said) for one, said in described]
