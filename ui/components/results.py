"""The pictures side by side, and the closer looks at them in tabs below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from ui import captions
from ui.captions import Shot

FILES_KEPT = 7200
"""Seconds after which files made for a visitor may be deleted."""

CLOSE, WHOLE = "Head and shoulders", "Whole photo"

# What the slider chooses from: the files of each framing by the picture's name.
Slides = dict[str, dict[str, str]]


@dataclass
class Results:
    """The right side of the page."""

    notice: gr.HTML = field(init=False)
    framing: gr.Radio = field(init=False)
    strip: gr.HTML = field(init=False)
    tabs: gr.Tabs = field(init=False)
    left: gr.Dropdown = field(init=False)
    right: gr.Dropdown = field(init=False)
    slider: gr.ImageSlider = field(init=False)
    eyes: gr.HTML = field(init=False)
    numbers: gr.HTML = field(init=False)
    control: gr.HTML = field(init=False)
    skin: gr.HTML = field(init=False)
    slides: gr.State = field(init=False)

    def render(self) -> None:
        """Notice, strip, tabs."""
        self.slides = gr.State({}, time_to_live=FILES_KEPT)
        self.notice = gr.HTML("", apply_default_css=False, elem_id="notice")
        self.framing = gr.Radio(
            [CLOSE, WHOLE],
            value=CLOSE,
            label="Framing",
            show_label=False,
            container=False,
            elem_id="framing",
        )
        self.strip = gr.HTML(captions.blank_strip(), apply_default_css=False, elem_id="strip")
        with gr.Tabs(elem_id="closer") as self.tabs:
            with gr.Tab("Slider"):
                with gr.Row(elem_classes="p-pair"):
                    self.left = gr.Dropdown([], label="On the left", min_width=140)
                    self.right = gr.Dropdown([], label="On the right", min_width=140)
                self.slider = gr.ImageSlider(
                    type="filepath",
                    format="png",
                    show_label=False,
                    interactive=False,
                    max_height=720,
                    buttons=["fullscreen"],
                    elem_id="slider",
                )
            with gr.Tab("Eyes ×4"):
                self.eyes = gr.HTML("", apply_default_css=False)
            with gr.Tab("Numbers"):
                self.numbers = gr.HTML("", apply_default_css=False)
            with gr.Tab("Control image"):
                self.control = gr.HTML("", apply_default_css=False)
            with gr.Tab("What counts as skin"):
                self.skin = gr.HTML("", apply_default_css=False)

    def listen(self) -> None:
        """The two lists say what the slider shows."""
        for chooser in (self.left, self.right, self.framing):
            chooser.input(
                _slide,
                [self.slides, self.left, self.right, self.framing],
                self.slider,
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
            self.eyes,
            self.numbers,
            self.control,
            self.skin,
            self.slides,
        ]

    def show(self, shots: Sequence[Shot], framing: str) -> dict[Component, Any]:
        """Values of all outputs for new results, the original first."""
        names = [shot.name for shot in shots]
        second = next((shot.name for shot in shots if shot.best), names[-1])
        slides = {
            shot.name: dict(zip((WHOLE, CLOSE), shot.files.paths, strict=True)) for shot in shots
        }
        return {
            self.notice: "",
            self.strip: captions.strip(shots),
            self.left: gr.update(choices=names, value=names[0]),
            self.right: gr.update(choices=names, value=second),
            self.slider: _slide(slides, names[0], second, framing),
            self.eyes: captions.eyes(shots),
            self.numbers: captions.numbers(shots),
            self.control: captions.control(shots),
            self.skin: captions.skin(shots),
            self.slides: slides,
        }

    def emptied(self) -> dict[Component, Any]:
        """Values of all outputs but the notice for no results: nobody's picture is left."""
        return {
            self.strip: captions.blank_strip(),
            self.left: gr.update(choices=[], value=None),
            self.right: gr.update(choices=[], value=None),
            self.slider: None,
            self.eyes: "",
            self.numbers: "",
            self.control: "",
            self.skin: "",
            self.slides: {},
        }


def _slide(slides: Slides, left: str, right: str, framing: str) -> Any:
    files = [slides[name][framing] for name in (left, right) if name in slides]
    # Old files are deleted; a page that was left open may still ask for them.
    if len(files) < 2 or not all(Path(file).exists() for file in files):
        return gr.skip()
    return tuple(files)
