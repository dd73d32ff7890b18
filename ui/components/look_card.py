"""One look: who will see the portrait, what it is for, and how strongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.errors import LookError
from pipelines.gaze import Gaze
from pipelines.look import DOSES, Look
from presets import Context, Presets, Region, load
from ui import captions, words

Values = Mapping[Component, Any]


@dataclass
class LookCard:
    """The controls of one look; `letter` names it on the page."""

    letter: str
    start: Look
    shown: bool
    box: gr.Column = field(init=False)
    region: gr.Dropdown = field(init=False)
    region_note: gr.HTML = field(init=False)
    context: gr.Dropdown = field(init=False)
    context_note: gr.HTML = field(init=False)
    gaze: gr.Slider = field(init=False)
    polish: gr.Slider = field(init=False)
    yaw: gr.Textbox = field(init=False)
    pitch: gr.Textbox = field(init=False)
    doses: dict[str, gr.Textbox] = field(init=False, default_factory=dict)
    engine: gr.Dropdown = field(init=False)
    generative: gr.Textbox = field(init=False)
    seed: gr.Number = field(init=False)
    fine: gr.Tab = field(init=False)
    remove: gr.Button | None = field(init=False, default=None)

    def render(self, *, removable: bool) -> None:
        """The card in the left column."""
        presets = load()
        look = self.start
        with gr.Column(visible=self.shown, elem_classes="p-look") as self.box:
            with gr.Row(elem_classes="p-look-head"):
                gr.HTML(f"<h2>Look {self.letter}</h2>", apply_default_css=False)
                if removable:
                    self.remove = gr.Button(
                        "remove", size="sm", elem_classes="p-text-button", scale=0, min_width=60
                    )
            self.region = gr.Dropdown(
                region_choices(presets),
                value=look.region,
                label=words.REGION,
                info=words.REGION_INFO,
                elem_classes="p-region",
            )
            self.region_note = _html(captions.region_note(presets.regions[look.region]))
            self.context = gr.Dropdown(
                [(one.label, one.id) for one in presets.contexts.values()],
                value=look.context,
                label=words.CONTEXT,
                info=words.CONTEXT_INFO,
            )
            self.context_note = _html(captions.context_note(presets.contexts[look.context]))
            with gr.Row(elem_classes="p-strengths"):
                self.gaze = _strength("Gaze strength", look.gaze)
                self.polish = _strength("Polish strength", look.polish)

    def render_fine(self) -> None:
        """The same look's finer settings, in a tab of their own."""
        presets = load()
        with gr.Tab(f"Look {self.letter}", visible=self.shown) as self.fine:
            _html(f'<p class="p-aside">{words.FINE_GAZE}</p>')
            asked = _asked_gaze(presets.regions[self.start.region])
            with gr.Row(elem_classes="p-fine-row"):
                self.yaw, self.pitch = (
                    _optional(title, meaning, degrees)
                    for (title, meaning), degrees in zip(words.GAZE_PARTS, asked, strict=True)
                )
            _html(f'<p class="p-aside">{words.FINE_DOSES}</p>')
            asked = _asked_doses(presets.contexts[self.start.context])
            with gr.Row(elem_classes="p-fine-row"):
                self.doses = {
                    letter: _optional(title, meaning, dose)
                    for (letter, (title, meaning)), dose in zip(
                        words.DOSES.items(), asked, strict=True
                    )
                }
            self.engine = gr.Dropdown(
                engine_choices(presets),
                value=self.start.engine,
                label="Engine",
                info=presets.engines[self.start.engine].summary,
                elem_classes="p-engine",
            )
            self.generative = _optional(*words.GENERATIVE, "0", shown=False)
            self.seed = gr.Number(
                self.start.seed, label="Seed", precision=0, minimum=0, maximum=2**32 - 1
            )

    def listen(self) -> None:
        """Picking a preset shows its reasons."""
        quiet: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        degrees, doses = [self.yaw, self.pitch], list(self.doses.values())
        self.region.change(
            _on_region, self.region, [self.region, self.region_note, *degrees], **quiet
        )
        self.context.change(_on_context, self.context, [self.context_note, *doses], **quiet)
        self.engine.change(_on_engine, self.engine, [self.engine, self.generative], **quiet)

    @property
    def inputs(self) -> list[Component]:
        """Everything that `read` needs."""
        return [
            self.region,
            self.context,
            self.gaze,
            self.polish,
            self.yaw,
            self.pitch,
            *self.doses.values(),
            self.engine,
            self.generative,
            self.seed,
        ]

    def read(self, values: Values) -> Look:
        """The look that the controls say.

        Raises:
            LookError: A number is out of range.
        """
        yaw, pitch = self._number(values, self.yaw), self._number(values, self.pitch)
        gaze: float | Gaze = float(values[self.gaze])
        if yaw is not None or pitch is not None:
            gaze = Gaze(yaw or 0.0, pitch or 0.0)
        doses = {letter: self._number(values, box) for letter, box in self.doses.items()}
        look = Look(
            region=values[self.region],
            context=values[self.context],
            gaze=gaze,
            polish=float(values[self.polish]),
            engine=values[self.engine],
            seed=int(values[self.seed] or 0),
            doses=tuple((key, dose) for key, dose in doses.items() if dose is not None),
            generative=self._number(values, self.generative) or 0.0,
        )
        return look.checked(load())

    def _number(self, values: Values, box: gr.Textbox) -> float | None:
        text = str(values[box] or "").strip().replace(",", ".").replace("−", "-")
        if not text:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise LookError(
                "bad-value",
                f"Look {self.letter}, {str(box.label).lower()}: {text[:20]!r} is not a number.",
            ) from error

    def fill(self, look: Look) -> dict[Component, Any]:
        """What the controls show for a look."""
        explicit = look.gaze if isinstance(look.gaze, Gaze) else None
        strength = 1.0 if explicit else look.gaze or 0.0
        doses = dict(look.doses)
        return {
            self.region: look.region,
            self.context: look.context,
            self.gaze: strength,
            self.polish: look.polish,
            self.yaw: f"{explicit.yaw:g}" if explicit else "",
            self.pitch: f"{explicit.pitch:g}" if explicit else "",
            **{
                box: f"{doses[letter]:g}" if letter in doses else ""
                for letter, box in self.doses.items()
            },
            self.engine: look.engine,
            self.generative: gr.update(
                value=f"{look.generative:g}" if look.generative else "",
                visible=_draws_skin(look.engine),
            ),
            self.seed: look.seed,
        }


def region_choices(presets: Presets) -> list[tuple[str, str]]:
    """Regions, then a heading, then the preferences that are nobody's region."""
    groups: dict[str, list[tuple[str, str]]] = {"regions": [], "preferences": []}
    for region in presets.regions.values():
        groups[region.group].append((region.label, region.id))
    return [*groups["regions"], (words.PREFERENCES, ""), *groups["preferences"]]


def engine_choices(presets: Presets) -> list[tuple[str, str]]:
    """Engines, each with a mark: ready, or what it lacks."""
    from pipelines import devices, model_files

    def has_gpu() -> bool:
        return devices.pick().kind != "cpu"

    return [
        (f"{engine.label} · {words.ENGINE_MARKS[model_files.state(engine, has_gpu)]}", engine.id)
        for engine in presets.engines.values()
    ]


def _on_region(chosen: str) -> tuple[Any, ...]:
    regions = load().regions
    # The heading can be reached by keyboard: then what stands under it is taken.
    region = regions.get(chosen) or next(
        one for one in regions.values() if one.group == "preferences"
    )
    value = gr.skip() if chosen in regions else region.id
    hints = (gr.update(placeholder=degrees) for degrees in _asked_gaze(region))
    return value, captions.region_note(region), *hints


def _on_context(chosen: str) -> tuple[Any, ...]:
    context = load().contexts[chosen]
    hints = (gr.update(placeholder=dose) for dose in _asked_doses(context))
    return captions.context_note(context), *hints


def _asked_gaze(region: Region) -> list[str]:
    if region.gaze is None:
        return ["as it is", "as it is"]
    return [f"{degrees:g}" for degrees in region.gaze]


def _asked_doses(context: Context) -> list[str]:
    doses = context.doses.model_dump()
    return [f"{doses[DOSES[letter]]:g}" for letter in words.DOSES]


def _on_engine(chosen: str) -> tuple[Any, ...]:
    # What a hidden field holds would still count.
    skin = gr.update(visible=True) if _draws_skin(chosen) else gr.update(visible=False, value="")
    return gr.update(info=load().engines[chosen].summary), skin


def _draws_skin(engine: str) -> bool:
    return load().engines[engine].weights == "hub"


def _html(value: str) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False)


def _strength(label: str, value: object) -> gr.Slider:
    start = float(value) if isinstance(value, int | float) else 1.0
    return gr.Slider(0, 1, start, step=0.05, label=label, min_width=130, buttons=[])


def _optional(label: str, info: str, hint: str, *, shown: bool = True) -> gr.Textbox:
    # Not gr.Number: it cannot stay empty, and empty says "as the preset has it".
    return gr.Textbox(
        "",
        label=label,
        info=info,
        placeholder=hint,
        max_lines=1,
        max_length=12,
        min_width=90,
        visible=shown,
    )
