"""The fine control of one look: gaze in degrees, trim of each eye, single doses, the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import gradio as gr
from gradio.components import Component
from gradio.i18n import I18nData

from pipelines.gaze import Gaze, Trim
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from pipelines.studio.look import DOSES, EXPRESSIONS, MOST_GENERATIVE, WIDEST_TRIM
from presets import Context, Presets, Region, load
from ui.comparison import LETTERS, START
from ui.components.events import QUICK, Values
from ui.components.html import aside, html
from ui.text import numbers
from ui.text.catalogue import t
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import decimal

Drawn = Literal["skin", "expressions", "headshots"]
"""What only some engines draw."""

STEP = 0.01
"""Step of the sliders for doses, which show percent."""
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
    """

    letter: str

    def render(self) -> None:
        """Create the tab."""
        presets = load()
        title = t(f"look.title_{self.letter.lower()}")
        with gr.Tab(str(title), visible=self.letter == LETTERS[0]) as self.tab:
            self._render_gaze(presets.regions[START.region])
            self._render_doses(presets.contexts[START.context])
            self.engine = gr.Dropdown(
                engine_choices(presets),
                value=START.engine,
                label=t("fine.engine"),
                info=t(f"summary.{START.engine}"),
                elem_classes="p-engine",
            )
            self.generative = _dose(
                "generative", 0.0, MOST_GENERATIVE, info=t("fine.generative_info"), visible=False
            )
            self._render_drawn()
            self.seed = gr.Number(
                START.seed, label=t("fine.seed"), precision=0, minimum=0, maximum=2**32 - 1
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
                gr.Slider(
                    -WIDEST_TRIM,
                    WIDEST_TRIM,
                    0.0,
                    step=0.1,
                    label=t(f"fine.{name}"),
                    min_width=130,
                    buttons=[],
                )
                for name in TRIM_PARTS
            )

    def _render_doses(self, context: Context) -> None:
        aside(t("fine.doses_aside"))
        self.doses_of = gr.Textbox(START.context, visible=False)
        with gr.Row(elem_classes="p-fine-row"):
            self.doses = {
                letter: _dose(name, getattr(context.doses, name)) for letter, name in DOSES.items()
            }

    def _render_drawn(self) -> None:
        """What only large engines draw, hidden until one that is here is chosen."""
        engine = START.engine
        self.expression = gr.Dropdown(
            [(str(t(f"fine.expression_{name}")), name) for name in EXPRESSIONS],
            value="keep",
            label=t("fine.expression"),
            info=t("fine.expression_info"),
            visible=_offered(engine, "expressions"),
            elem_classes="p-expression",
        )
        self.headshot = gr.Checkbox(
            label=t("fine.headshot"),
            info=t("fine.headshot_info"),
            visible=_offered(engine, "headshots"),
            elem_classes="p-headshot",
        )
        if not any(_offered(name, "headshots") for name in load().engines):
            aside(t("fine.headshot_absent"))

    def listen(self) -> None:
        """Attach the handler that describes the picked engine."""
        drawn = [self.generative, self.expression, self.headshot]
        self.engine.change(_on_engine, self.engine, [self.engine, *drawn], **QUICK)

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
        doses = {letter: _share(values[slider]) for letter, slider in self.doses.items()}
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
            # What the engine cannot draw is hidden, and does not count.
            "generative": _share(values[self.generative]) if engine.draws_skin else 0.0,
            "generate": "headshot" if values[self.headshot] and engine.draws_headshots else "none",
            "expression": values[self.expression] if engine.draws_expressions else "keep",
            "seed": int(values[self.seed] or 0),
        }

    def fill(self, look: Look, language: str) -> dict[Component, Any]:
        """Values of the controls for a look, numbers in text fields as in the language."""
        doses, context = dict(look.doses), load().contexts[look.context]
        explicit = look.gaze if isinstance(look.gaze, Gaze) else None
        headshot = look.generate == "headshot"
        return {
            self.yaw: decimal(explicit.yaw, language, "0.####") if explicit else "",
            self.pitch: decimal(explicit.pitch, language, "0.####") if explicit else "",
            **dict(zip(self.trim, look.trim.angles, strict=True)),
            **{
                slider: percent(doses.get(letter, getattr(context.doses, DOSES[letter])))
                for letter, slider in self.doses.items()
            },
            self.doses_of: look.context,
            self.engine: look.engine,
            self.generative: gr.update(
                value=percent(look.generative),
                visible=_offered(look.engine, "skin", look.generative > 0),
            ),
            self.headshot: gr.update(
                value=headshot, visible=_offered(look.engine, "headshots", headshot)
            ),
            self.expression: gr.update(
                value=look.expression,
                visible=_offered(look.engine, "expressions", look.expression != "keep"),
            ),
            self.seed: look.seed,
        }

    def _number(self, values: Values, box: gr.Textbox) -> float | None:
        text = str(values[box] or "").strip()
        if not text:
            return None
        try:
            return numbers.read(text)
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


def gaze_placeholders(region: Region, language: str = DEFAULT_LANGUAGE) -> list[str | I18nData]:
    """Placeholders of the empty fields for yaw and pitch: the gaze of the region."""
    if region.gaze is None:
        return [t("fine.as_it_is")] * 2
    yaw, pitch = region.gaze
    # The sign depends on the turn of the head.
    return [f"{'±' if yaw else ''}{decimal(yaw, language, '0.#')}", decimal(pitch, language, "0.#")]


def percent(dose: float) -> float:
    """A dose as its slider shows it."""
    return round(100 * dose, 4)


def _on_engine(chosen: str) -> tuple[Any, ...]:
    fields = (_field_update(chosen, what) for what in get_args(Drawn))
    return gr.update(info=t(f"summary.{chosen}")), *fields


def _field_update(engine: str, what: Drawn) -> Any:
    """Update of the field for what an engine can draw.

    Where its files are missing, what a link asks for stays in sight, so that it can be taken out.
    """
    if not _can(engine, what):
        return gr.update(visible=False)
    return gr.update(visible=True) if _offered(engine, what) else gr.skip()


def _offered(engine: str, what: Drawn, asked: bool = False) -> bool:
    """Whether to show the field: what an engine can draw, if its files are here or it is asked."""
    from pipelines.engines import weights

    here = asked or weights.state(load().engines[engine], lambda: True) == "ready"
    return here and _can(engine, what)


def _can(engine: str, what: Drawn) -> bool:
    return bool(getattr(load().engines[engine], f"draws_{what}"))


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


def _dose(
    name: str,
    value: float,
    most: float = 1.0,
    *,
    info: I18nData | None = None,
    visible: bool = True,
) -> gr.Slider:
    """A slider in percent for a dose."""
    return gr.Slider(
        0,
        percent(most),
        percent(value),
        step=percent(STEP),
        label=t(f"fine.{name}"),
        info=info,
        min_width=130,
        buttons=[],
        visible=visible,
        elem_classes="p-percent",
    )


def _share(shown: float | None) -> float:
    """A dose that a slider shows in percent; 0 if it shows nothing."""
    return round(float(shown or 0) / 100, 6)
