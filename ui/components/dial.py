"""The gaze dial: a tab in which a look's eyes are aimed by pointing, dragging, or arrow keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from pipelines.face import HeadPose
from pipelines.gaze import NO_TRIM, Gaze
from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from pipelines.studio.planning import plan
from presets import load, translated
from ui import dial
from ui.components.events import QUICK
from ui.components.look_card import LookCard
from ui.dial import Aim
from ui.language import DEFAULT, say, t
from ui.work import OnScreen, Photo

Values = Mapping[Component, Any]

STEP_DEG = 0.5
LARGE_STEP_DEG = 2.0
SNAP = 5.0
"""Units of the dial within which a pointer falls into the lens, or into the audience's gaze."""

_SCRIPT = Path(__file__).parent.parent / "js" / "dial.js"

# The frame never changes; the script fills it. So a drag is not cut short by news.
_FRAME = f"""
<div class="p-dial">
  <fieldset class="p-dial-who"></fieldset>
  <svg class="p-dial-face" viewBox="-104 -110 208 216" role="application" tabindex="0"
    aria-describedby="dial-keys"
    data-radius="{dial.RADIUS:g}" data-largest="{dial.LARGEST_DEG:g}" data-even="{dial.EVEN_DEG:g}"
    data-step="{STEP_DEG:g}" data-large="{LARGE_STEP_DEG:g}" data-snap="{SNAP:g}">
    <circle class="p-edge" r="{dial.RADIUS:g}"></circle>
    <g class="p-dial-spans" aria-hidden="true"></g><g class="p-dial-stage" aria-hidden="true"></g>
    <g class="p-dial-reach" aria-hidden="true"></g><g class="p-dial-points" aria-hidden="true"></g>
    <g class="p-dial-aim" aria-hidden="true"><circle r="4.8"></circle><text></text></g>
  </svg>
  <div class="p-dial-beside">
    <p class="p-dial-says" role="status"></p>
    <p class="p-dial-buttons"><button type="button" data-key="Home"></button>
      <button type="button" data-key="Escape"></button></p>
    <p class="p-dial-keys" id="dial-keys"></p>
    <ul class="p-dial-words"></ul>
    <p class="p-dial-key"></p>
  </div>
</div>
"""

# Of the dial's own value, then each look's counter, then each look's degrees: those of the look
# that was aimed are written.
_WRITE = """(shown, ...fields) => {
  const { letter, text } = shown.aimed;
  const count = shown.letters.length;
  const at = shown.letters.indexOf(letter);
  fields[at] = String(Number(fields[at]) + 1);
  fields.splice(count + 2 * at, 2, ...text);
  return fields;
}"""


@dataclass
class Dial:
    """The tab, and for each look's letter a counter `moved`: how often it was aimed here."""

    cards: Sequence[LookCard]
    face: gr.HTML = field(init=False)
    moved: dict[str, gr.Textbox] = field(init=False)

    def render(self) -> None:
        """The tab."""
        with gr.Tab(t("dial.title"), id="dial"):
            gr.HTML(f'<p class="p-aside">{t("dial.aside")}</p>', apply_default_css=False)
            self.face = gr.HTML(
                shown([], None, DEFAULT),
                html_template=_FRAME,
                js_on_load=_SCRIPT.read_text(encoding="utf-8"),
                apply_default_css=False,
                elem_id="dial",
            )

    def render_counters(self) -> None:
        """Fields that nobody sees; outside the tabs, which may not have been opened yet."""
        self.moved = {card.letter: gr.Textbox("0", visible="hidden") for card in self.cards}

    def listen(
        self,
        *,
        active: gr.State,
        photo: gr.State,
        screen: gr.State,
        language: gr.State,
        news: Sequence[Any],
        after: Sequence[Any],
    ) -> None:
        """Aiming writes degrees into the card; whatever else changes is drawn.

        Args:
            active: Holds the letters of the looks on the page.
            photo: Holds the `Photo` of the page, or None.
            screen: Holds the `OnScreen` comparison, or None.
            language: Holds what the page speaks.
            news: Triggers after which a photo or a comparison may be another one.
            after: Events that may have shown or hidden a look.
        """
        fields = [
            *self.moved.values(),
            *(box for card in self.cards for box in (card.finer.yaw, card.finer.pitch)),
        ]
        self.face.input(
            None,
            [self.face, *fields],
            fields,
            js=_WRITE,
            api_visibility="private",
        )

        def draw(values: Values) -> dict[str, Any]:
            return shown(
                self._aims(values, active, photo, screen, language),
                values[photo],
                values[language],
                [card.letter for card in self.cards],
            )

        settings = [one for card in self.cards for one in _settings(card)]
        drawn = {
            "fn": draw,
            "inputs": {
                active,
                photo,
                screen,
                language,
                *(one for card in self.cards for one in card.inputs),
            },
            "outputs": self.face,
            "trigger_mode": "always_last",
            **QUICK,
        }
        for event in after:
            event.then(**drawn)
        gr.on(
            [*news, *(one.change for one in (*self.moved.values(), *settings))],
            **drawn,
        )

    def _aims(
        self,
        values: Values,
        active: gr.State,
        photo: gr.State,
        screen: gr.State,
        language: gr.State,
    ) -> list[Aim]:
        found = _found(values[screen], values[photo])
        aims = []
        for card in self.cards:
            if card.letter not in values[active]:
                continue
            try:
                look = card.read(values)
                strength = float(values[card.gaze])
                one = aim_of(card.letter, look, strength, values[photo], values[language])
            except (LookError, TypeError):
                # A number that is being written: the dial waits for the rest of it.
                continue
            compared = found.get(card.letter)
            if compared is not None and compared[0] == look:
                one = replace(one, found=Gaze(*compared[1]["after"]), error=compared[1]["error"])
            aims.append(one)
        return aims


def aim_of(letter: str, look: Look, strength: float, photo: Photo | None, language: str) -> Aim:
    """One look on the dial, without a result.

    Args:
        letter: Of the look.
        look: As its card is set.
        strength: How far it goes towards the audience's gaze where no degrees are written.
        photo: The portrait; without one the head faces the lens and the eyes look into it.
        language: For names.

    Raises:
        LookError: The look does not fit its context.
    """
    presets, names = load(), translated(language)
    head = HeadPose(0.0, 0.0, 0.0) if photo is None else photo.analysis.face.head
    now = Gaze(0.0, 0.0) if photo is None else photo.analysis.gaze.gaze
    planned = plan(look, presets, head, now)
    region, context = names.regions[look.region], names.contexts[look.context]
    return Aim(
        letter=letter,
        title=f"{region.label} · {context.label}",
        audience=region.label,
        asked=planned.asked,
        reached=planned.target,
        by_hand=isinstance(look.gaze, Gaze),
        own=plan(replace(look, gaze=strength, trim=NO_TRIM), presets, head, now).target,
        span=region.range,
    )


def shown(
    aims: Sequence[Aim], photo: Photo | None, language: str, letters: Sequence[str] = "ABCD"
) -> dict[str, Any]:
    """The dial's value: what its script puts into the frame."""
    now = None if photo is None else photo.analysis.gaze.gaze
    head = None if photo is None else photo.analysis.face.head
    return {
        "stage": dial.stage(language),
        "spans": dial.spans(aims),
        "reach": "" if head is None or now is None else dial.reach(head, now),
        "points": dial.points(aims, now),
        "words": dial.in_words(aims, now, language),
        "letters": list(letters),
        "looks": {
            one.letter: {
                "name": one.name,
                "at": _pair(one.asked),
                "own": _pair(one.own),
                "span": say(language, "dial.range", audience=one.audience),
            }
            for one in aims
        },
        "now": _pair(now),
        "says": _says(language),
        "aimed": None,
    }


def _says(language: str) -> dict[str, str]:
    """What the script says by itself, while the eyes are being aimed."""
    own = ("aim", "role", "keys", "back", "lens", "stays", "photo", "asked", "found", "reach")
    return {
        **{name: say(language, f"dial.{name}") for name in own},
        **{
            name: say(language, f"caption.{name}", degrees="{}")
            for name in ("right", "left", "up", "down")
        },
        **{name: say(language, f"caption.{name}") for name in ("contact", "soft", "averted")},
        "into": say(language, "caption.lens"),
    }


def _settings(card: LookCard) -> list[Any]:
    return [card.region, card.context, card.gaze, card.finer.yaw, card.finer.pitch]


def _found(screen: OnScreen | None, photo: Photo | None) -> dict[str, tuple[Look, dict[str, Any]]]:
    if screen is None or photo is None or screen.path != photo.path:
        return {}
    return {
        kept.letter: (kept.look, report["gaze"])
        for kept, report in zip(screen.kept, screen.report["variants"], strict=True)
    }


def _pair(gaze: Gaze | None) -> list[float] | None:
    return None if gaze is None else [round(gaze.yaw, 3), round(gaze.pitch, 3)]
