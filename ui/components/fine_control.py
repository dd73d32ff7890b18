"""The fine control of one look: gaze in degrees, trim of each eye, single doses, the engine."""

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
from ui.components.events import QUICK
from ui.components.html import aside
from ui.text.catalogue import t

Values = Mapping[Component, Any]

TRIM_PARTS = ("left_yaw", "left_pitch", "right_yaw", "right_pitch")


@dataclass
class FineControl:
    """One look's tab under "Fine control"; an empty number means the preset's own."""

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
        """Create the tab."""
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
        aside(t("fine.gaze_aside"))
        with gr.Row(elem_classes="p-fine-row"):
            self.yaw, self.pitch = (
                _optional(name, hint)
                for name, hint in zip(
                    ("sideways", "upwards"), gaze_placeholders(region), strict=True
                )
            )
        aside(t("fine.trim_aside"))
        with gr.Row(elem_classes="p-fine-row p-trim"):
            self.trim = tuple(_optional(name, "0", has_info=False) for name in TRIM_PARTS)

    def _render_doses(self, context: Context) -> None:
        aside(t("fine.doses_aside"))
        with gr.Row(elem_classes="p-fine-row"):
            self.doses = {
                letter: _optional(name, hint)
                for (letter, name), hint in zip(
                    DOSES.items(), dose_placeholders(context), strict=True
                )
            }

    def listen(self) -> None:
        """Attach the handler that describes the picked engine."""
        self.engine.change(
            _on_engine,
            self.engine,
            [self.engine, self.generative],
            **QUICK,
        )

    @property
    def inputs(self) -> list[Component]:
        """All components that `read` needs."""
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
        """Arguments of `Look`; with ``gaze`` only if degrees are entered.

        Raises:
            LookError: A field does not hold a number.
        """
        numbers = {box: self._number(values, box) for box in self._numbers()}
        yaw, pitch = numbers[self.yaw], numbers[self.pitch]
        gaze = {} if yaw is None and pitch is None else {"gaze": Gaze(yaw or 0.0, pitch or 0.0)}
        doses = ((letter, numbers[box]) for letter, box in self.doses.items())
        return {
            **gaze,
            "trim": Trim(*(numbers[box] or 0.0 for box in self.trim)),
            "doses": tuple((letter, dose) for letter, dose in doses if dose is not None),
            "engine": values[self.engine],
            "generative": numbers[self.generative] or 0.0,
            "seed": int(values[self.seed] or 0),
        }

    def fill(self, look: Look) -> dict[Component, Any]:
        """Values of the controls for a look."""
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
            message = Message(
                "Look {letter}: {text} is not a number.", letter=self.letter, text=repr(text[:20])
            )
            raise LookError("bad-value", message) from error


def engine_choices(presets: Presets) -> list[tuple[str, str]]:
    """Labels and ids of the engines; each label says whether it is ready, or what it lacks."""
    from pipelines.engines import weights
    from pipelines.runtime import devices

    def has_gpu() -> bool:
        return devices.pick().kind != "cpu"

    return [
        (f"{t(f'engine.{name}')} · {t(f'fine.mark_{weights.state(engine, has_gpu)}')}", name)
        for name, engine in presets.engines.items()
    ]


def gaze_placeholders(region: Region) -> list[str | I18nData]:
    """Placeholders of the empty fields for yaw and pitch: the gaze of the region."""
    if region.gaze is None:
        return [t("fine.as_it_is")] * 2
    yaw, pitch = region.gaze
    # The sign depends on the turn of the head.
    return [f"±{yaw:g}" if yaw else "0", f"{pitch:g}".replace("-", "−")]


def dose_placeholders(context: Context) -> list[str]:
    """Placeholders of the empty fields for the doses: those of the context."""
    doses = context.doses.model_dump()
    return [f"{doses[name]:g}" for name in DOSES.values()]


def _on_engine(chosen: str) -> tuple[Any, ...]:
    # Cleared when hidden, because the value of a hidden field still counts.
    skin = gr.update(visible=True) if _draws_skin(chosen) else gr.update(visible=False, value="")
    return gr.update(info=t(f"summary.{chosen}")), skin


def _draws_skin(engine: str) -> bool:
    return load().engines[engine].weights == "hub"


def _optional(
    name: str, hint: str | I18nData, *, has_info: bool = True, shown: bool = True
) -> gr.Textbox:
    # Not gr.Number, which cannot be empty; an empty field means the preset's own value.
    return gr.Textbox(
        "",
        label=t(f"fine.{name}"),
        info=t(f"fine.{name}_info") if has_info else None,
        placeholder=hint,
        max_lines=1,
        max_length=12,
        min_width=90,
        visible=shown,
    )
