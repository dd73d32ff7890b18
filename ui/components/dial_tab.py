"""Aiming a look by pointing, dragging, or arrow keys: on the face itself, and on the gaze dial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from pipelines.face import HeadPose
from pipelines.gaze import NO_TRIM, Gaze
from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from pipelines.studio.planning import plan
from presets import load, translated
from ui import dial_drawing
from ui.comparison import PageComparison, Photo
from ui.components.events import LATEST, Values
from ui.components.html import aside, html, script
from ui.components.look_card import LookCard
from ui.dial_drawing import EVEN_DEG, LARGEST_DEG, RADIUS, Aim
from ui.text.catalogue import t, translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import decimal_sign
from ui.text.templating import render

STEP_DEG = 0.5
LARGE_STEP_DEG = 2.0
SNAP = 5.0
"""Units of the dial within which a pointer snaps to the lens, or to the gaze of the region."""

# Only the last of several changes draws the dial, once they rest; drawn at each step of a drag, it
# would keep the preview waiting.
_AT_REST = """() => {
  const dial = document.getElementById('page');
  clearTimeout(dial.drawing);
  dial.drawing = setTimeout(() => document.getElementById('draw')?.click(), 250);
}"""
# Takes the value with the new aim, each look's counter, each look's two degrees, then each look's
# gaze strength. Returns all but the first, with those of the aimed look changed.
_WRITE = """(shown, ...fields) => {
  const { letter, text, strength } = shown.aimed;
  const count = shown.letters.length;
  const at = shown.letters.indexOf(letter);
  fields[at] = String(Number(fields[at]) + 1);
  fields.splice(count + 2 * at, 2, ...text);
  fields[3 * count + at] = strength;
  return fields;
}"""


@dataclass
class DialTab:
    """The tab with the dial, and the aim on the pictures.

    Attributes:
        cards: The controls of the looks.
        face: The dial.
        pictures: Hidden; its script aims on the pictures of the results.
        moved: By letter, a hidden counter of how often the look was aimed.
        redraw: Hidden button that a script presses to draw the dial.
    """

    cards: Sequence[LookCard]

    def render(self) -> None:
        """Create the tab."""
        with gr.Tab(t("dial.title"), id="dial"):
            aside(t("dial.aside"))
            self.face = html(
                dial_value([], None, DEFAULT_LANGUAGE),
                html_template=_frame(),
                js_on_load=script("aiming") + script("dial"),
                elem_id="dial",
            )

    def render_outside(self) -> None:
        """Create what is hidden, outside the tabs, which may not have been opened yet."""
        self.moved = {card.letter: gr.Textbox("0", visible="hidden") for card in self.cards}
        self.redraw = gr.Button("Draw", visible="hidden", elem_id="draw")
        self.pictures = gr.HTML(
            dial_value([], None, DEFAULT_LANGUAGE),
            html_template="<span></span>",
            js_on_load=script("aiming") + script("aim"),
            visible="hidden",
        )

    def listen(
        self,
        *,
        active: gr.State,
        photo: gr.State,
        screen: gr.State,
        language: gr.State,
        redraw_on: Sequence[Any],
        card_events: Sequence[Any],
    ) -> None:
        """Attach the handlers that write degrees into the cards and redraw the dial.

        Args:
            active: Holds the letters of the looks on the page.
            photo: Holds the `Photo` of the page, or None.
            screen: Holds the `PageComparison`, or None.
            language: Holds the visitor's language.
            redraw_on: Triggers after which the photo or the comparison may have changed.
            card_events: Events that may have shown or hidden a look.
        """
        fields = [
            *self.moved.values(),
            *(box for card in self.cards for box in (card.finer.yaw, card.finer.pitch)),
            *(card.gaze for card in self.cards),
        ]
        for aimed in (self.face, self.pictures):
            aimed.input(None, [aimed, *fields], fields, js=_WRITE, api_visibility="private")

        def draw(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
            value = dial_value(
                self._aims(values, active, photo, screen, language),
                values[photo],
                values[language],
                [card.letter for card in self.cards],
            )
            return value, value

        settings = [one for card in self.cards for one in _settings(card)]
        options = {
            "fn": draw,
            "inputs": {
                active,
                photo,
                screen,
                language,
                *(one for card in self.cards for one in card.inputs),
            },
            "outputs": [self.face, self.pictures],
            **LATEST,
        }
        for event in card_events:
            event.then(**options)
        gr.on([*redraw_on, self.redraw.click], **options)
        # Not on the counters, which change with the settings, and show a preview.
        changed = [one.change for one in settings]
        gr.on(changed, None, None, None, js=_AT_REST, api_visibility="private")

    def _aims(
        self,
        values: Values,
        active: gr.State,
        photo: gr.State,
        screen: gr.State,
        language: gr.State,
    ) -> list[Aim]:
        compared: PageComparison | None = values[screen]
        of_photo = compared and values[photo] and compared.path == values[photo].path
        results = {one.letter: one for one in compared.rendered} if compared and of_photo else {}
        aims: list[Aim] = []
        if values[photo] and values[photo].analysis.gaze.measured is None:
            return aims
        for card in self.cards:
            if card.letter not in values[active]:
                continue
            try:
                look = card.read(values)
                if load().contexts[look.context].untouched:
                    # Nothing there can be aimed.
                    continue
                strength = float(values[card.gaze]) / 100
                aim = aim_of(card.letter, look, strength, values[photo], values[language])
            except (LookError, TypeError):
                # A number in a field is incomplete.
                continue
            result = results.get(card.letter)
            if result is not None and result.look == look:
                aim = replace(
                    aim,
                    found=result.gaze,
                    error=result.report["gaze"]["error"],
                    missed=not result.reached,
                )
            aims.append(aim)
        return aims


def aim_of(letter: str, look: Look, strength: float, photo: Photo | None, language: str) -> Aim:
    """One look on the dial, without a result.

    Args:
        letter: Letter of the look.
        look: The look of its card.
        strength: Gaze strength of its card, which applies if no degrees are entered.
        photo: The portrait; without one, the head faces the lens and the eyes look into it.
        language: The visitor's language.

    Raises:
        LookError: The look does not fit its context.
    """
    presets, names = load(), translated(language)
    head = HeadPose(0.0, 0.0, 0.0) if photo is None else photo.analysis.face.head
    current = Gaze(0.0, 0.0) if photo is None else photo.analysis.gaze.gaze
    planned = plan(look, presets, head, current)
    region, context = names.regions[look.region], names.contexts[look.context]
    return Aim(
        letter=letter,
        title=f"{region.label} · {context.label}",
        audience=region.label,
        asked=planned.asked,
        reached=planned.target,
        by_hand=isinstance(look.gaze, Gaze),
        own=plan(replace(look, gaze=strength, trim=NO_TRIM), presets, head, current).target,
        span=region.range,
    )


def dial_value(
    aims: Sequence[Aim], photo: Photo | None, language: str, letters: Sequence[str] = "ABCD"
) -> dict[str, Any]:
    """The dial's value, which its script puts into the template."""
    current = None if photo is None else photo.analysis.gaze.measured
    head = None if photo is None else photo.analysis.face.head
    of_eyes = None if head is None or current is None else (head, current)
    return {
        "stage": dial_drawing.rings(language),
        "spans": dial_drawing.audience_ranges(aims),
        "reach": dial_drawing.reach_outline(*of_eyes) if of_eyes else "",
        "limits": [_pair(limit) for limit in dial_drawing.reach(*of_eyes)] if of_eyes else None,
        "points": dial_drawing.points(aims, current),
        "words": dial_drawing.description_list(aims, photo is not None, current, language),
        "letters": list(letters),
        "looks": {
            one.letter: {
                "name": one.name,
                "at": _pair(one.asked),
                "own": _pair(one.own),
                "hand": one.by_hand,
                "missed": one.missed,
                "back": translate(language, "aim.back", audience=one.audience),
                "span": translate(language, "dial.range", audience=one.audience),
            }
            for one in aims
        },
        "now": _pair(current),
        "says": _script_texts(language),
        "aimed": None,
    }


def _frame() -> str:
    numbers = (RADIUS, LARGEST_DEG, EVEN_DEG, STEP_DEG, LARGE_STEP_DEG, SNAP)
    return render("dial", "frame", DEFAULT_LANGUAGE, *(f"{number:g}" for number in numbers))


def _script_texts(language: str) -> dict[str, str]:
    """The texts that the script itself shows, during a drag."""
    names = ("aim", "role", "keys", "back", "lens", "stays", "photo", "asked", "found", "reach")
    return {
        **{name: translate(language, f"dial.{name}") for name in names},
        **{
            name: translate(language, f"caption.{name}", degrees="{}")
            for name in ("right", "left", "up", "down")
        },
        **{name: translate(language, f"caption.{name}") for name in ("contact", "soft", "averted")},
        "into": translate(language, "caption.lens"),
        "own": translate(language, "aim.own", where="{}"),
        "sign": decimal_sign(language),
        "on_face": translate(language, "aim.on_face"),
        "furthest": translate(language, "aim.furthest"),
    }


def _settings(card: LookCard) -> list[Any]:
    return [card.region, card.context, card.gaze, card.finer.yaw, card.finer.pitch]


def _pair(gaze: Gaze | None) -> list[float] | None:
    return None if gaze is None else [round(gaze.yaw, 3), round(gaze.pitch, 3)]
