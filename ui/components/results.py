"""The results: the pictures, how they will be seen, and tabs that show them in detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.runtime import slots
from ui.comparison import PageComparison, Photo
from ui.components import result_tabs
from ui.components.events import QUICK
from ui.components.html import html, script
from ui.file_store import FileStore
from ui.page_head import OPENING
from ui.result_pictures import Figure
from ui.text import captions, explanations, measurement_table
from ui.text.catalogue import t, translate
from ui.text.language import DEFAULT_LANGUAGE

FILES_KEPT = 7200
"""Seconds after which files made for a visitor may be deleted."""

CLOSE, WHOLE = "Head and shoulders", "Whole photo"
"""Values of the framing; the style sheet relies on them."""


@dataclass
class Results:
    """The left side of the page: notice, pictures, progress, uses; under "More", the tabs.

    Attributes:
        file_store: Holds the pictures that are drawn when a tab is opened.
        judged: The table of the photo by itself.
        open_tab: State with the id of the open tab.
    """

    file_store: FileStore = field(default_factory=FileStore)

    def render(self) -> None:
        """Create what is always seen: notice, pictures, progress with Stop, uses."""
        self.open_tab = gr.State("")
        self.explanations = html(
            explanations.explanations(DEFAULT_LANGUAGE), js_on_load=script("meanings")
        )
        self.notice = html(elem_id="notice")
        self.framing = gr.Radio(
            [(t("closer.close"), CLOSE), (t("closer.whole"), WHOLE)],
            value=CLOSE,
            label=t("closer.framing"),
            show_label=False,
            container=False,
            elem_id="framing",
        )
        self.strip = html(OPENING, elem_id="strip", js_on_load=script("strip"))
        with gr.Row(elem_id="going"):
            self.progress = html(elem_id="progress")
            self.stop = gr.Button(t("page.stop"), size="sm", elem_id="stop", scale=0, min_width=80)
        self.uses = html(elem_id="uses")

    def render_tabs(self, first_tab: Callable[[], None]) -> None:
        """Create the tabs.

        Args:
            first_tab: Creates the first `gr.Tab`. The others are filled when they are opened, which
                nobody does to the first.
        """
        with gr.Tabs(elem_id="closer", overflow_behavior="wrap") as self.tabs:
            first_tab()
            with gr.Tab(t("closer.numbers"), id="numbers"):
                self.numbers = html()
                self.judged = html(elem_classes="p-lazy")
            with gr.Tab(t("closer.difference"), id="difference"):
                self.difference = html(elem_classes="p-lazy")
            with gr.Tab(t("closer.histogram"), id="histogram"):
                self.histogram = html(elem_classes="p-lazy")
            with gr.Tab(t("closer.control"), id="control"):
                self.control = html()
            with gr.Tab(t("closer.skin"), id="skin"):
                self.skin = html()

    def listen(self, screen: gr.State, photo: gr.State, language: gr.State) -> None:
        """Attach the handlers that fill the opened tab.

        Args:
            screen: Holds the `PageComparison` of the results, or None.
            photo: Holds the `Photo` of the page, or None.
            language: Holds the visitor's language.
        """
        inputs = [self.open_tab, screen, self.framing, photo, language]
        lazy: list[Component] = [self.difference, self.histogram, self.judged]
        opened = self.tabs.select(self._on_tab, None, self.open_tab, **QUICK)
        for event in (opened.then, partial(gr.on, [screen.change, self.framing.input])):
            filled = event(
                self._fill_tab,
                inputs,
                lazy,
                show_progress="minimal",
                show_progress_on=lazy,
                api_visibility="private",
                concurrency_id="closer",
                concurrency_limit=2,
                trigger_mode="always_last",
            )
            # The portrait may have been removed while its tab was filled.
            filled.then(self._clear_if_removed, screen, lazy, **QUICK)

    @property
    def outputs(self) -> list[Component]:
        """All outputs of `show`."""
        return [self.notice, self.strip, *self._below]

    @property
    def _below(self) -> list[Component]:
        """What is below the pictures: their uses, and the contents of the tabs."""
        return [
            self.uses,
            self.difference,
            self.numbers,
            self.judged,
            self.histogram,
            self.control,
            self.skin,
        ]

    def show(
        self,
        figures: Sequence[Figure],
        language: str = DEFAULT_LANGUAGE,
    ) -> dict[Component, Any]:
        """Updates that show new results.

        Args:
            figures: The original, then every look, including those that could not be rendered.
            language: The visitor's language.
        """
        working = captions.aside(translate(language, "numbers.working"))
        return {
            self.notice: "",
            self.strip: captions.strip(figures, language),
            self.uses: captions.uses(figures, language),
            self.difference: working,
            self.numbers: measurement_table.results_table(figures, language),
            self.judged: working,
            self.histogram: working,
            self.control: captions.drawn(figures, "control", language),
            self.skin: captions.drawn(figures, "skin", language),
        }

    def clear(self, language: str = DEFAULT_LANGUAGE, address: str = "") -> dict[Component, Any]:
        """Updates that remove all results, but leave the notice.

        Args:
            language: The visitor's language.
            address: Address of a new photo, which stands in their place, or "".
        """
        return {
            **dict.fromkeys(self._below, ""),
            self.strip: captions.waiting_strip(language, address),
        }

    def _on_tab(self, event: gr.SelectData) -> str:
        return str(self.tabs.children[event.index].id)

    def _clear_if_removed(self, screen: PageComparison | None) -> dict[Component, Any]:
        """Clear the tabs if the results were removed."""
        if screen is not None:
            return {self.difference: gr.skip()}
        return dict.fromkeys((self.difference, self.histogram, self.judged), "")

    def _fill_tab(
        self,
        tab: str,
        screen: PageComparison | None,
        framing: str,
        photo: Photo | None,
        language: str,
    ) -> dict[Component, Any]:
        """Updates of the opened tab, if it is one that is computed only when it is opened."""
        if screen is None:
            return {self.difference: gr.skip()}
        figures = screen.figures
        with slots.cores().turn():
            if tab == "difference":
                close, files = framing == CLOSE, self.file_store
                drawn = result_tabs.difference(figures, photo, close, files, language)
                return {self.difference: drawn}
            if tab == "histogram":
                return {self.histogram: result_tabs.histogram(figures, photo, language)}
            if tab == "numbers":
                return {self.judged: result_tabs.judged(photo, language)}
        return {self.difference: gr.skip()}
