from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pipelines.gaze import Gaze
from presets import load
from ui import captions, words
from ui.captions import Files, Shot

ORIGINAL: dict[str, Any] = {
    "gaze": [7.0, -6.0],
    "contact": False,
    "head": {"yaw": 3.0, "pitch": 0.0, "roll": 0.0},
    "skin_tone": {"ita": None},
    "eyes": {"spacing_ratio": 0.44, "tilt_deg": 0.2, "catchlight_agreement": None},
}
VARIANT: dict[str, Any] = {
    "gaze": {"target": [3.0, -2.0], "after": [2.8, -1.9], "error": 0.22},
    "head": ORIGINAL["head"],
    "identity": {"distance": 0.071, "same_person": True},
    "texture_retention": 0.941,
    "texture_floor": 0.88,
    "skin_tone": {"ita_before": None, "ita_after": None, "delta_e00_mean": 0.41},
    "eyes": ORIGINAL["eyes"],
    "changed_outside_face": 1234,
    "guards": {"clipped": 0.0, "halo": 0.4, "sharpening": 1.06, "eyes_over_skin": 1.02},
    "held_back": None,
    "warnings": ["Over-polished: <b>too</b> smooth."],
    "seconds": {"total": 1.24},
}
FILES = Files("whole.png", "close.png", "eyes.png", ("/whole.png", "/close.png"))
PHOTO = Shot("", "Original", FILES, "", "", Gaze(7.0, -6.0), ORIGINAL)
LOOK = Shot("A", "Japan · LinkedIn", FILES, "full.png", "c.png", Gaze(2.8, -1.9), VARIANT)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_a_caption_keeps_its_order() -> None:
    assert text(captions.caption(LOOK)) == (
        "3.4° soft (asked 3.6°) likeness 0.07 texture 94 %, floor 88 "
        "Over-polished: &lt;b&gt;too&lt;/b&gt; smooth."
    )


def test_a_retouch_that_was_held_back_says_how_far_and_why() -> None:
    held = {**VARIANT, "held_back": {"share": 0.62, "guard": "texture"}, "warnings": []}
    shown = captions.caption(replace(LOOK, report=held))
    assert text(shown).endswith("floor 88 held back to 62 % to keep texture")
    assert 'class="p-warning"' in shown
    assert "held back" not in captions.caption(LOOK)
    assert "held back to 62 % to keep texture" in captions.numbers(
        [PHOTO, replace(LOOK, report=held)]
    )


def test_what_counts_as_skin_is_shown_once() -> None:
    shown = captions.skin([replace(PHOTO, skin="skin.png"), LOOK])
    assert shown.count("<img") == 1
    assert 'src="skin.png"' in shown


def test_the_original_has_only_its_gaze() -> None:
    assert text(captions.caption(PHOTO)) == "9.2° averted"


@pytest.mark.parametrize(
    ("target", "after"), [(None, [2.8, -1.9]), ([0.0, 0.0], [0.9, 0.0]), ([3.0, -2.0], [3.0, -2.0])]
)
def test_what_was_asked_is_only_said_where_it_differs(
    target: list[float] | None, after: list[float]
) -> None:
    report = {**VARIANT, "gaze": {"target": target, "after": after, "error": None}}
    assert "asked" not in captions.caption(replace(LOOK, gaze=Gaze(*after), report=report))


def test_the_star_goes_to_the_best_and_ties_are_called_ties() -> None:
    other = replace(LOOK, letter="B")
    assert "★" not in captions.strip([PHOTO, LOOK, other])
    alone = captions.strip([PHOTO, replace(LOOK, best=True), other])
    assert alone.count("★") == 1
    assert "tied" not in alone
    tied = captions.strip([PHOTO, replace(LOOK, best=True), replace(other, best=True)])
    assert tied.count(f"★ {words.BEST}, tied") == 2


def test_numbers_have_a_column_for_every_picture_even_in_black_and_white() -> None:
    table = captions.numbers([PHOTO, LOOK])
    rows = re.findall(r"<tr>.*?</tr>", table)
    assert {row.count("<td>") for row in rows[1:]} == {2}
    assert "7.0° to the right, 6.0° down" in rows[1]
    assert "1 234" in table


def test_notes_say_confidence_and_open_sources() -> None:
    presets = load()
    japan = captions.region_note(presets.regions["japan"])
    assert "confidence low" in japan
    assert "https://doi.org/10.1371/journal.pone.0059312" in japan
    assert "confidence" not in captions.region_note(presets.regions["keep"])
    assert "Wear " in captions.context_note(presets.contexts["linkedin"])


@pytest.mark.parametrize(("value", "said"), [(-0.01, "0.0°"), (3.449, "3.4°"), (-2.0, "−2.0°")])
def test_degrees(value: float, said: str) -> None:
    assert words.degrees(value) == said
