"""The fine control of one look: gaze in degrees, trim of each eye, single doses, the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from pipelines.gaze import Gaze, Trim
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from pipelines.studio.look import DOSES, EXPRESSIONS, MOST_GENERATIVE, WIDEST_TRIM
from presets import Context, Presets, Region, load
from ui.components.events import QUICK
from ui.components.html import aside, html
from ui.text.catalogue import t

Values = Mapping[Component, Any]

STEP = 0.01
"""Step of the sliders for doses."""
TRIM_PARTS = ("left_yaw", "left_pitch", "right_yaw", "right_pitch")


@dataclass
class FineControl:
    """One look's tab under "Fine control".

    Attributes:
        yaw: Degrees; empty for the gaze of the region.
        pitch: As `yaw`.
        wrong: Says what is wrong with the degrees.
        doses: By letter. Those of the context are no overrides, so they follow its polish.
        doses_of: Hidden; the context that the doses are for. Until those of a new one have come,
            they do not count.
        elsewhere: Says that another engine that is here draws headshots.
    """

    letter: str
    start: Look
    shown: bool
    tab: gr.Tab = field(init=False)
    yaw: gr.Textbox = field(init=False)
    pitch: gr.Textbox = field(init=False)
    wrong: gr.HTML = field(init=False)
    trim: tuple[gr.Slider, ...] = field(init=False)
    doses: dict[str, gr.Slider] = field(init=False)
    doses_of: gr.Textbox = field(init=False)
    engine: gr.Dropdown = field(init=False)
    generative: gr.Slider = field(init=False)
    expression: gr.Dropdown = field(init=False)
    headshot: gr.Checkbox = field(init=False)
    elsewhere: gr.HTML = field(init=False)
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
            self.generative = _slider("generative", 0.0, MOST_GENERATIVE, visible=False)
            self._render_drawn()
            self.seed = gr.Number(
                self.start.seed, label=t("fine.seed"), precision=0, minimum=0, maximum=2**32 - 1
            )

    def _render_gaze(self, region: Region) -> None:
        aside(t("fine.gaze_aside"))
        with gr.Row(elem_classes="p-fine-row"):
            self.yaw, self.pitch = (
                _degrees(name, hint)
                for name, hint in zip(
                    ("sideways", "upwards"), gaze_placeholders(region), strict=True
                )
            )
        self.wrong = html(elem_classes="p-wrong")
        aside(t("fine.trim_aside"))
        with gr.Row(elem_classes="p-fine-row p-trim"):
            self.trim = tuple(
                _slider(name, 0.0, WIDEST_TRIM, -WIDEST_TRIM, 0.1) for name in TRIM_PARTS
            )

    def _render_doses(self, context: Context) -> None:
        aside(t("fine.doses_aside"))
        self.doses_of = gr.Textbox(self.start.context, visible=False)
        with gr.Row(elem_classes="p-fine-row"):
            self.doses = {
                letter: _slider(name, getattr(context.doses, name), 1.0)
                for letter, name in DOSES.items()
            }

    def _render_drawn(self) -> None:
        """What only large engines draw, hidden until one that is here is chosen."""
        engine = self.start.engine
        self.expression = gr.Dropdown(
            [(str(t(f"fine.expression_{name}")), name) for name in EXPRESSIONS],
            value="keep",
            label=t("fine.expression"),
            info=t("fine.expression_info"),
            visible=_draws(engine, "expressions"),
            elem_classes="p-expression",
        )
        self.headshot = gr.Checkbox(
            label=t("fine.headshot"),
            info=t("fine.headshot_info"),
            visible=_draws(engine, "headshots"),
            elem_classes="p-headshot",
        )
        here = _headshots_are_here()
        self.elsewhere = aside(
            t("fine.headshot_elsewhere"), visible=here and not _draws(engine, "headshots")
        )
        if not here:
            aside(t("fine.headshot_absent"))

    def listen(self) -> None:
        """Attach the handler that describes the picked engine."""
        self.engine.change(
            _on_engine,
            self.engine,
            [self.engine, self.generative, self.expression, self.headshot, self.elsewhere],
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
            self.doses_of,
            self.engine,
            self.generative,
            self.expression,
            self.headshot,
            self.seed,
        ]

    def read(self, values: Values, context: Context) -> dict[str, Any]:
        """Arguments of `Look`; with ``gaze`` only if degrees are entered.

        Args:
            values: Values of `inputs`.
            context: The context of the look.

        Raises:
            LookError: A field does not hold a number.
        """
        yaw, pitch = self._number(values, self.yaw), self._number(values, self.pitch)
        gaze = {} if yaw is None and pitch is None else {"gaze": Gaze(yaw or 0.0, pitch or 0.0)}
        doses = {letter: float(values[slider] or 0) for letter, slider in self.doses.items()}
        engine = load().engines[values[self.engine]]
        own = doses.items() if values[self.doses_of] == context.id else ()
        return {
            **gaze,
            "trim": Trim(*(float(values[slider] or 0) for slider in self.trim)),
            "doses": tuple(
                (letter, dose)
                for letter, dose in own
                if abs(dose - getattr(context.doses, DOSES[letter])) >= STEP / 2
            ),
            "engine": values[self.engine],
            # What the engine cannot draw is about to be hidden and cleared; it counts no more.
            "generative": float(values[self.generative] or 0) if engine.draws_skin else 0.0,
            "generate": "headshot" if values[self.headshot] and engine.draws_headshots else "none",
            "expression": values[self.expression] if engine.draws_expressions else "keep",
            "seed": int(values[self.seed] or 0),
        }

    def fill(self, look: Look) -> dict[Component, Any]:
        """Values of the controls for a look."""
        doses, context = dict(look.doses), load().contexts[look.context]
        explicit = look.gaze if isinstance(look.gaze, Gaze) else None
        headshot = look.generate == "headshot"
        return {
            self.yaw: f"{explicit.yaw:g}" if explicit else "",
            self.pitch: f"{explicit.pitch:g}" if explicit else "",
            **dict(zip(self.trim, look.trim.angles, strict=True)),
            **{
                slider: doses.get(letter, getattr(context.doses, DOSES[letter]))
                for letter, slider in self.doses.items()
            },
            self.doses_of: look.context,
            self.engine: look.engine,
            self.generative: gr.update(value=look.generative, visible=_draws_skin(look.engine)),
            # Shown for a link that asks for it without its engine, so that it can be taken out.
            self.headshot: gr.update(
                value=headshot, visible=headshot or _draws(look.engine, "headshots")
            ),
            self.expression: gr.update(
                value=look.expression,
                visible=look.expression != "keep" or _draws(look.engine, "expressions"),
            ),
            self.seed: look.seed,
        }

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


def _on_engine(chosen: str) -> tuple[Any, ...]:
    engine, able = load().engines[chosen], _draws(chosen, "headshots")
    return (
        gr.update(info=t(f"summary.{chosen}")),
        _offered(_draws_skin(chosen), engine.draws_skin, 0),
        _offered(_draws(chosen, "expressions"), engine.draws_expressions, "keep"),
        _offered(able, engine.draws_headshots, False),
        gr.update(visible=not able and _headshots_are_here()),
    )


def _offered(here: bool, able: bool, off: object) -> Any:
    """Update of a field for what an engine can draw.

    Args:
        here: Whether the engine's files are here, so that the field is shown.
        able: Whether the engine can; if not, the field is cleared as well as hidden, because the
            value of a hidden field still counts. If its files are missing, what a link asks for
            stays, and stays in sight.
        off: The value that asks for nothing.
    """
    if here:
        return gr.update(visible=True)
    return gr.skip() if able else gr.update(visible=False, value=off)


def _draws_skin(engine: str) -> bool:
    return load().engines[engine].draws_skin


def _draws(engine: str, what: Literal["expressions", "headshots"]) -> bool:
    """Whether an engine draws them and its files are here."""
    from pipelines.engines import weights

    preset = load().engines[engine]
    able = preset.draws_expressions if what == "expressions" else preset.draws_headshots
    return able and weights.state(preset, lambda: True) == "ready"


def _headshots_are_here() -> bool:
    return any(_draws(name, "headshots") for name in load().engines)


def _degrees(name: str, hint: str | I18nData) -> gr.Textbox:
    # Not gr.Number, which cannot be empty; an empty field means the gaze of the region.
    return gr.Textbox(
        "",
        label=t(f"fine.{name}"),
        info=t(f"fine.{name}_info"),
        placeholder=hint,
        max_lines=1,
        max_length=12,
        min_width=90,
    )


def _slider(
    name: str,
    value: float,
    most: float,
    least: float = 0.0,
    step: float = STEP,
    *,
    visible: bool = True,
) -> gr.Slider:
    info = None if least else t(f"fine.{name}_info")
    return gr.Slider(
        least,
        most,
        value,
        step=step,
        label=t(f"fine.{name}"),
        info=info,
        min_width=130,
        buttons=[],
        visible=visible,
    )
