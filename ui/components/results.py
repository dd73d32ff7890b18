"""The pictures side by side, and the closer looks at them in tabs below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.runtime import slots
from ui import captions, meanings
from ui.components import understand
from ui.differences import Mode
from ui.language import DEFAULT, say, t
from ui.pictures import FileStore
from ui.result_pictures import Figure, ResultPicture
from ui.work import Photo

FILES_KEPT = 7200
"""Seconds after which files made for a visitor may be deleted."""

CLOSE, WHOLE = "Head and shoulders", "Whole photo"
"""Values of the framing; the style sheet knows them."""

_PATHS = (WHOLE, CLOSE)
_MODES: tuple[Mode, ...] = ("how", "where")

# What the slider chooses from: the files of each framing by the picture's name.
Slides = dict[str, dict[str, str]]


@dataclass(frozen=True, eq=False)
class ShownResults:
    """The pictures on screen. Every showing differs from the last, even if the pictures do not.

    Attributes:
        figures: The original, then every look.
    """

    figures: tuple[Figure, ...] = ()


@dataclass
class Results:
    """The right side of the page.

    Attributes:
        file_store: Where pictures go that are made when a tab is opened.
    """

    file_store: FileStore = field(default_factory=FileStore)
    notice: gr.HTML = field(init=False)
    framing: gr.Radio = field(init=False)
    strip: gr.HTML = field(init=False)
    tabs: gr.Tabs = field(init=False)
    left: gr.Dropdown = field(init=False)
    right: gr.Dropdown = field(init=False)
    slider: gr.ImageSlider = field(init=False)
    blink: gr.HTML = field(init=False)
    eyes: gr.HTML = field(init=False)
    mode: gr.Radio = field(init=False)
    difference: gr.HTML = field(init=False)
    numbers: gr.HTML = field(init=False)
    judged: gr.HTML = field(init=False)
    histogram: gr.HTML = field(init=False)
    control: gr.HTML = field(init=False)
    skin: gr.HTML = field(init=False)
    meanings: gr.HTML = field(init=False)
    slides: gr.State = field(init=False)
    shown: gr.State = field(init=False)
    opened: gr.State = field(init=False)

    def render(self, more: Callable[[], None] | None = None) -> None:
        """Notice, strip, tabs.

        Args:
            more: Renders further tabs (each a `gr.Tab`) behind "Numbers".
        """
        self.slides = gr.State({}, time_to_live=FILES_KEPT)
        # The pictures on screen, and which of the tabs is open.
        self.shown = gr.State(ShownResults(), time_to_live=FILES_KEPT)
        self.opened = gr.State("slider")
        self.meanings = _html(
            meanings.explanations(DEFAULT), js_on_load=understand.script("meanings")
        )
        self.notice = _html(elem_id="notice")
        self.framing = gr.Radio(
            [(t("closer.close"), CLOSE), (t("closer.whole"), WHOLE)],
            value=CLOSE,
            label=t("closer.framing"),
            show_label=False,
            container=False,
            elem_id="framing",
        )
        self.strip = _html(
            captions.blank_strip(original=str(t("caption.original"))),
            elem_id="strip",
            js_on_load=understand.script("strip"),
        )
        with gr.Tabs(elem_id="closer", overflow_behavior="wrap") as self.tabs:
            self._render_pairs()
            with gr.Tab(t("closer.eyes"), id="eyes"):
                self.eyes = _html()
            with gr.Tab(t("closer.difference"), id="difference"):
                self.mode = gr.Radio(
                    [(t(f"closer.difference_{mode}"), mode) for mode in _MODES],
                    value=_MODES[0],
                    label=t("closer.difference_of"),
                    show_label=False,
                    container=False,
                    elem_classes="p-modes",
                )
                self.difference = _html(elem_classes="p-lazy")
            with gr.Tab(t("closer.numbers"), id="numbers"):
                self.numbers = _html()
                self.judged = _html(elem_classes="p-lazy")
            if more is not None:
                more()
            with gr.Tab(t("closer.histogram"), id="histogram"):
                self.histogram = _html(elem_classes="p-lazy")
            with gr.Tab(t("closer.control"), id="control"):
                self.control = _html()
            with gr.Tab(t("closer.skin"), id="skin"):
                self.skin = _html()

    def _render_pairs(self) -> None:
        with gr.Tab(t("closer.slider"), id="slider"):
            with gr.Row(elem_classes="p-pair"):
                self.left = gr.Dropdown([], label=t("closer.on_left"), min_width=140)
                self.right = gr.Dropdown([], label=t("closer.on_right"), min_width=140)
            self.slider = gr.ImageSlider(
                type="filepath",
                format="png",
                show_label=False,
                interactive=False,
                max_height=720,
                buttons=["fullscreen"],
                elem_id="slider",
            )
        with gr.Tab(t("closer.blink"), id="blink"):
            self.blink = _html(js_on_load=understand.script("blink"))

    def listen(self, photo: gr.State, language: gr.State) -> None:
        """The lists say what the slider shows; an opened tab is filled.

        Args:
            photo: Holds the `Photo` of the page, or None.
            language: Holds what the page speaks.
        """
        for chooser in (self.left, self.right, self.framing):
            chooser.input(
                _slide,
                [self.slides, self.left, self.right, self.framing],
                self.slider,
                show_progress="hidden",
                api_visibility="private",
            )
        inputs = [self.shown, self.mode, self.framing, photo, language]
        filled: list[Component] = [self.difference, self.histogram, self.judged]
        options: dict[str, Any] = {
            "show_progress": "minimal",
            "show_progress_on": filled,
            "api_visibility": "private",
            "concurrency_id": "closer",
            "concurrency_limit": 2,
            "trigger_mode": "always_last",
        }
        opened = self.tabs.select(self._open, inputs, [self.opened, *filled], **options)
        renewed = gr.on(
            [self.shown.change, self.mode.input, self.framing.input],
            self._fill,
            [self.opened, *inputs],
            filled,
            **options,
        )
        for event in (opened, renewed):
            # The portrait may have gone while its pictures were worked out.
            event.then(
                self._still,
                self.shown,
                filled,
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )

    @property
    def outputs(self) -> list[Component]:
        """Everything that `show` fills."""
        return [
            self.notice,
            self.strip,
            self.left,
            self.right,
            self.slider,
            self.blink,
            self.eyes,
            self.difference,
            self.numbers,
            self.judged,
            self.histogram,
            self.control,
            self.skin,
            self.meanings,
            self.slides,
            self.shown,
        ]

    def show(
        self,
        figures: Sequence[Figure],
        framing: str,
        language: str = DEFAULT,
        pair: tuple[str, str] | None = None,
    ) -> dict[Component, Any]:
        """Values of all outputs for new results, the original first.

        Args:
            figures: The original, then every look, those that could not be made included.
            framing: `CLOSE` or `WHOLE`.
            language: What is spoken.
            pair: Letters of what the slider shows; else the original and the best.
        """
        shots = [one for one in figures if isinstance(one, ResultPicture)]
        names = [shot.name for shot in shots]
        first, second = names[0], next((shot.name for shot in shots if shot.best), names[-1])
        if pair is not None:
            lettered = {shot.letter: shot.name for shot in shots}
            first, second = lettered.get(pair[0], first), lettered.get(pair[1], second)
        working = f'<p class="p-aside">{say(language, "numbers.working")}</p>'
        slides = {shot.name: dict(zip(_PATHS, shot.files.paths, strict=True)) for shot in shots}
        return {
            self.notice: "",
            self.strip: captions.strip(figures, language),
            self.left: gr.update(choices=names, value=first),
            self.right: gr.update(choices=names, value=second),
            self.slider: _slide(slides, first, second, framing),
            self.blink: understand.blink(figures, language),
            self.eyes: captions.eyes(figures, language),
            self.difference: working,
            self.numbers: captions.numbers(figures, language),
            self.judged: working,
            self.histogram: working,
            self.control: captions.control(figures, language),
            self.skin: captions.skin(figures, language),
            self.meanings: meanings.explanations(language),
            self.slides: slides,
            self.shown: ShownResults(tuple(figures)),
        }

    def emptied(self, language: str = DEFAULT) -> dict[Component, Any]:
        """Values of all outputs but the notice for no results: nobody's picture is left."""
        nothing: list[Component] = [
            self.blink,
            self.eyes,
            self.difference,
            self.numbers,
            self.judged,
            self.histogram,
            self.control,
            self.skin,
        ]
        return {
            **dict.fromkeys(nothing, ""),
            self.strip: captions.blank_strip(language),
            self.left: gr.update(choices=[], value=None),
            self.right: gr.update(choices=[], value=None),
            self.slider: None,
            self.slides: {},
            self.shown: ShownResults(),
        }

    def _open(
        self,
        shown: ShownResults | None,
        mode: Mode,
        framing: str,
        photo: Photo | None,
        language: str,
        event: gr.SelectData,
    ) -> dict[Component, Any]:
        tab = str(self.tabs.children[event.index].id)
        return {self.opened: tab, **self._fill(tab, shown, mode, framing, photo, language)}

    def _still(self, shown: ShownResults | None) -> dict[Component, Any]:
        """Leave nothing of pictures that are not shown any more."""
        if shown is not None and shown.figures:
            return {self.difference: gr.skip()}
        return dict.fromkeys((self.difference, self.histogram, self.judged), "")

    def _fill(
        self,
        tab: str,
        shown: ShownResults | None,
        mode: Mode,
        framing: str,
        photo: Photo | None,
        language: str,
    ) -> dict[Component, Any]:
        """What the opened tab shows, if it is one that is worked out only then."""
        figures = shown.figures if shown is not None else ()
        if not figures:
            return {self.difference: gr.skip()}
        with slots.cores().turn():
            return self._filled(tab, figures, mode, framing, photo, language)

    def _filled(
        self,
        tab: str,
        figures: Sequence[Figure],
        mode: Mode,
        framing: str,
        photo: Photo | None,
        language: str,
    ) -> dict[Component, Any]:
        if tab == "difference":
            part = _PATHS.index(framing)
            return {
                self.difference: understand.difference(
                    figures, mode, part, self.file_store, language
                )
            }
        if tab == "histogram":
            return {self.histogram: understand.histogram(figures, photo, language)}
        if tab == "numbers":
            return {self.judged: understand.judged(photo, language)}
        return {self.difference: gr.skip()}


def _html(value: str = "", **more: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **more)


def _slide(slides: Slides, left: str, right: str, framing: str) -> Any:
    files = [slides[name][framing] for name in (left, right) if name in slides]
    # Old files are deleted; a page that was left open may still ask for them.
    if len(files) < 2 or not all(Path(file).exists() for file in files):
        return gr.skip()
    return tuple(files)
