"""The finer settings of one look: gaze in degrees, each eye by itself, single doses, the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from pipelines.gaze import Gaze, Trim
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from pipelines.studio.look import DOSES
from presets import Context, Presets, Region, load
from ui.language import t

Values = Mapping[Component, Any]

TRIM_PARTS = ("left_yaw", "left_pitch", "right_yaw", "right_pitch")


@dataclass
class FineControl:
    """One look's tab under "Fine control"; every number in it may stay empty."""

    letter: str
    start: Look
    shown: bool
    tab: gr.Tab = field(init=False)
    yaw: gr.Textbox = field(init=False)
    pitch: gr.Textbox = field(init=False)
    trim: tuple[gr.Textbox, ...] = field(init=False)
    doses: dict[str, gr.Textbox] = field(init=False)
    engine: gr.Dropdown = field(init=False)
    generative: gr.Textbox = field(init=False)
    seed: gr.Number = field(init=False)

    def render(self) -> None:
        """The tab."""
        presets = load()
        title = t(f"look.title_{self.letter.lower()}")
        with gr.Tab(str(title), visible=self.shown) as self.tab:
            self._render_gaze(presets.regions[self.start.region])
            self._render_doses(presets.contexts[self.start.context])
            self.engine = gr.Dropdown(
                engine_choices(presets),
                value=self.start.engine,
                label=t("fine.engine"),
                info=t(f"summary.{self.start.engine}"),
                elem_classes="p-engine",
            )
            self.generative = _optional("generative", "0", shown=False)
            self.seed = gr.Number(
                self.start.seed, label=t("fine.seed"), precision=0, minimum=0, maximum=2**32 - 1
            )

    def _render_gaze(self, region: Region) -> None:
        _aside("gaze_aside")
        with gr.Row(elem_classes="p-fine-row"):
            self.yaw, self.pitch = (
                _optional(name, hint)
                for name, hint in zip(("sideways", "upwards"), asked_gaze(region), strict=True)
            )
        _aside("trim_aside")
        with gr.Row(elem_classes="p-fine-row p-trim"):
            self.trim = tuple(_optional(name, "0", told=False) for name in TRIM_PARTS)

    def _render_doses(self, context: Context) -> None:
        _aside("doses_aside")
        with gr.Row(elem_classes="p-fine-row"):
            self.doses = {
                letter: _optional(name, hint)
                for (letter, name), hint in zip(DOSES.items(), asked_doses(context), strict=True)
            }

    def listen(self) -> None:
        """Picking an engine says what it is."""
        self.engine.change(
            _on_engine,
            self.engine,
            [self.engine, self.generative],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    @property
    def inputs(self) -> list[Component]:
        """Everything that `read` needs."""
        return [
            self.yaw,
            self.pitch,
            *self.trim,
            *self.doses.values(),
            self.engine,
            self.generative,
            self.seed,
        ]

    def read(self, values: Values) -> dict[str, Any]:
        """Arguments of `Look`; ``gaze`` is among them only where degrees are written.

        Raises:
            LookError: What is written is not a number.
        """
        number = {box: self._number(values, box) for box in self._numbers()}
        yaw, pitch = number[self.yaw], number[self.pitch]
        gaze = {} if yaw is None and pitch is None else {"gaze": Gaze(yaw or 0.0, pitch or 0.0)}
        doses = ((letter, number[box]) for letter, box in self.doses.items())
        return {
            **gaze,
            "trim": Trim(*(number[box] or 0.0 for box in self.trim)),
            "doses": tuple((letter, dose) for letter, dose in doses if dose is not None),
            "engine": values[self.engine],
            "generative": number[self.generative] or 0.0,
            "seed": int(values[self.seed] or 0),
        }

    def fill(self, look: Look) -> dict[Component, Any]:
        """What the controls show for a look."""
        doses = dict(look.doses)
        explicit = look.gaze if isinstance(look.gaze, Gaze) else None
        return {
            self.yaw: f"{explicit.yaw:g}" if explicit else "",
            self.pitch: f"{explicit.pitch:g}" if explicit else "",
            **{
                box: f"{angle:g}" if angle else ""
                for box, angle in zip(self.trim, look.trim.angles, strict=True)
            },
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

    def _numbers(self) -> list[gr.Textbox]:
        return [self.yaw, self.pitch, *self.trim, *self.doses.values(), self.generative]

    def _number(self, values: Values, box: gr.Textbox) -> float | None:
        text = str(values[box] or "").strip().replace(",", ".").replace("−", "-")
        if not text:
            return None
        try:
            return float(text)
        except ValueError as error:
            said = Message(
                "Look {letter}: {text} is not a number.", letter=self.letter, text=repr(text[:20])
            )
            raise LookError("bad-value", said) from error


def engine_choices(presets: Presets) -> list[tuple[str, str]]:
    """Engines, each with a mark: ready, or what it lacks."""
    from pipelines.engines import weights
    from pipelines.runtime import devices

    def has_gpu() -> bool:
        return devices.pick().kind != "cpu"

    return [
        (f"{t(f'engine.{name}')} · {t(f'fine.mark_{weights.state(engine, has_gpu)}')}", name)
        for name, engine in presets.engines.items()
    ]


def asked_gaze(region: Region) -> list[str | I18nData]:
    """What stands in the empty fields for yaw and pitch: the audience's own gaze."""
    if region.gaze is None:
        return [t("fine.as_it_is")] * 2
    yaw, pitch = region.gaze
    # The head's turn picks the side.
    return [f"±{yaw:g}" if yaw else "0", f"{pitch:g}".replace("-", "−")]


def asked_doses(context: Context) -> list[str]:
    """What stands in the empty fields for the doses: the context's own."""
    doses = context.doses.model_dump()
    return [f"{doses[name]:g}" for name in DOSES.values()]


def _on_engine(chosen: str) -> tuple[Any, ...]:
    # What a hidden field holds would still count.
    skin = gr.update(visible=True) if _draws_skin(chosen) else gr.update(visible=False, value="")
    return gr.update(info=t(f"summary.{chosen}")), skin


def _draws_skin(engine: str) -> bool:
    return load().engines[engine].weights == "hub"


def _aside(name: str) -> None:
    gr.HTML(f'<p class="p-aside">{t(f"fine.{name}")}</p>', apply_default_css=False)


def _optional(
    name: str, hint: str | I18nData, *, told: bool = True, shown: bool = True
) -> gr.Textbox:
    # Not gr.Number: it cannot stay empty, and empty says "as the preset has it".
    return gr.Textbox(
        "",
        label=t(f"fine.{name}"),
        info=t(f"fine.{name}_info") if told else None,
        placeholder=hint,
        max_lines=1,
        max_length=12,
        min_width=90,
        visible=shown,
    )
