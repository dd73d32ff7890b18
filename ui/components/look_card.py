"""The controls of one look: region, context, strengths, and their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.gaze import Gaze
from pipelines.studio import Look
from pipelines.studio.look import BACKDROPS, FRAMES
from presets import Presets, load
from ui.comparison import LETTERS, START
from ui.components.events import QUICK, Values
from ui.components.fine_control import FineControl, gaze_placeholders, percent
from ui.components.html import html
from ui.page_head import NOTE
from ui.text.catalogue import t
from ui.text.explanations import evidence
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.templating import render

HEADING = "— "
"""Prefix of the heading among the regions, which cannot be picked; look.css relies on it."""


@dataclass
class LookCard:
    """The controls of one look.

    Attributes:
        letter: "A" to "D".
        finer: Its tab of the fine control.
    """

    letter: str
    remove: gr.Button | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.finer = FineControl(self.letter)

    def render(self) -> None:
        """Create the card; the first one is there at first, and stays."""
        presets, look, removable = load(), START, self.letter != LETTERS[0]
        with gr.Column(visible=not removable, elem_classes="p-look") as self.box:
            with gr.Row(elem_classes="p-look-head", visible=removable) as self.head:
                html(render("page", "look_title", DEFAULT_LANGUAGE, self.letter))
                if removable:
                    self.remove = gr.Button(
                        t("look.remove"),
                        size="sm",
                        elem_classes="p-text-button",
                        scale=0,
                        min_width=60,
                    )
            self.region = gr.Dropdown(
                region_choices(presets),
                value=look.region,
                label=t("look.region"),
                info=t("look.region_info"),
                elem_classes="p-region",
            )
            html(render("page", "own_aim", DEFAULT_LANGUAGE, self.letter))
            self.region_note = html(NOTE.format(kind="region", name=look.region))
            self.context = gr.Dropdown(
                [(str(t(f"context.{name}")), name) for name in presets.contexts],
                value=look.context,
                label=t("look.context"),
                info=t("look.context_info"),
            )
            self.context_note = html(NOTE.format(kind="context", name=look.context))
            with gr.Row(elem_classes="p-strengths") as self.strengths:
                self.gaze = _strength("gaze", look.gaze)
                self.polish = _strength("polish", look.polish)
            with gr.Row(elem_classes="p-outside") as self.outside:
                self.frame = _choice("frame", FRAMES, look.frame)
                self.backdrop = _choice("backdrop", BACKDROPS, look.backdrop)

    def listen(self, language: gr.State) -> None:
        """Attach the handlers that show the notes of a picked preset.

        Args:
            language: Holds the visitor's language.
        """
        fine = self.finer
        # Who picks an audience wants its gaze, not an own aim from before.
        self.region.select(
            None,
            self.gaze,
            [fine.yaw, fine.pitch, self.gaze],
            js="(strength) => ['', '', strength || 100]",
            api_visibility="private",
        )
        # The strength is that of the audience's gaze.
        self.gaze.input(
            None, None, [fine.yaw, fine.pitch], js="() => ['', '']", api_visibility="private"
        )
        # On the language, too: all is created in English, before the visitor's is known.
        gr.on(
            [self.region.change, language.change],
            on_region,
            [self.region, language],
            [self.region, self.region_note, self.gaze, fine.yaw, fine.pitch],
            **QUICK,
        )
        self.context.change(
            on_context,
            [self.context, language],
            [self.context_note, self.strengths, self.outside],
            **QUICK,
        )
        # By the visitor; a look that is filled in has doses of its own.
        self.context.select(
            _own_doses, self.context, [fine.doses_of, *fine.doses.values()], **QUICK
        )
        fine.listen()

    @property
    def inputs(self) -> list[Component]:
        """All components that `read` needs."""
        own = [self.region, self.context, self.gaze, self.polish, self.frame, self.backdrop]
        return [*own, *self.finer.inputs]

    def read(self, values: Values) -> Look:
        """The look of the controls.

        Raises:
            LookError: A number is out of range, or is not a number.
        """
        finer = {
            "gaze": float(values[self.gaze]) / 100,
            **self.finer.read(values, load().contexts[values[self.context]]),
        }
        look = Look(
            region=values[self.region],
            context=values[self.context],
            polish=float(values[self.polish]) / 100,
            frame=values[self.frame],
            backdrop=values[self.backdrop],
            **finer,
        )
        return look.checked(load())

    def fill(self, look: Look, language: str) -> dict[Component, Any]:
        """Values of the controls for a look, numbers in text fields as in the language."""
        strength = 1.0 if isinstance(look.gaze, Gaze) else look.gaze or 0.0
        return {
            self.region: look.region,
            self.context: look.context,
            self.gaze: 100 * strength,
            self.polish: 100 * look.polish,
            self.frame: look.frame,
            self.backdrop: look.backdrop,
            **self.finer.fill(look, language),
        }


def region_choices(presets: Presets) -> list[tuple[str, str]]:
    """Regions, then a heading, then the preferences, which are not regions."""
    groups: dict[str, list[tuple[str, str]]] = {"regions": [], "preferences": []}
    for region in presets.regions.values():
        groups[region.group].append((str(t(f"region.{region.id}")), region.id))
    heading = f"{HEADING}{t('look.preferences')}"
    return [*groups["regions"], (heading, ""), *groups["preferences"]]


def on_region(chosen: str, language: str = DEFAULT_LANGUAGE) -> tuple[Any, ...]:
    """Updates for a picked audience: the list, its note, the strength, the hints for degrees."""
    regions = load().regions
    # The heading can be reached by keyboard; it counts as the first preference.
    region = regions.get(chosen) or next(
        one for one in regions.values() if one.group == "preferences"
    )
    value = gr.skip() if chosen in regions else region.id
    hints = (gr.update(placeholder=degrees) for degrees in gaze_placeholders(region, language))
    # An audience that leaves the gaze as it is has no strength.
    strength = gr.update(visible=region.gaze is not None)
    return value, evidence("region", region.id, language), strength, *hints


def on_context(chosen: str, language: str = DEFAULT_LANGUAGE) -> tuple[Any, ...]:
    """Updates for a picked purpose: its note, the strengths, frame and backdrop."""
    # Where nothing may change there is nothing to set; the note says why.
    settings = gr.update(visible=not load().contexts[chosen].untouched)
    return evidence("context", chosen, language), settings, settings


def _own_doses(chosen: str) -> tuple[Any, ...]:
    return chosen, *map(percent, load().contexts[chosen].doses.model_dump().values())


def _choice(name: str, values: Sequence[str], chosen: str) -> gr.Dropdown:
    choices = [(str(t(f"look.{name}_{value}")), value) for value in values]
    return gr.Dropdown(choices, value=chosen, label=t(f"look.{name}"), min_width=140)


def _strength(name: str, value: object) -> gr.Slider:
    """A slider in percent."""
    start = 100 * float(value) if isinstance(value, int | float) else 100.0
    label = t(f"look.{name}")
    return gr.Slider(0, 100, start, step=5, label=label, min_width=130, buttons=[])
