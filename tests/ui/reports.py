"""Reports and shots as the studio would make them, for tests of what is said about them."""

from __future__ import annotations

import re
from typing import Any

from pipelines.gaze import Gaze
from pipelines.studio import Look
from ui.result_pictures import EyeLine, Files, ResultPicture
from ui.text import captions
from ui.text.templating import render

ORIGINAL: dict[str, Any] = {
    "gaze": [7.0, -6.0],
    "gaze_measurable": True,
    "contact": False,
    "head": {"yaw": 3.0, "pitch": 0.0, "roll": 0.0},
    "skin_tone": {"ita": None},
    "eyes": {"spacing_ratio": 0.44, "tilt_deg": 0.2, "catchlight_agreement": None},
}
VARIANT: dict[str, Any] = {
    "look": "region=japan&context=linkedin&gaze=1&polish=1&engine=geometry&seed=0",
    "size": [1000, 800],
    "gaze": {
        "asked": [3.0, -2.0],
        "target": [3.0, -2.0],
        "after": [2.8, -1.9],
        "measurable": True,
        "error": 0.22,
    },
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
FILES = Files(
    whole="whole.png",
    close="close.png",
    eyes="eyes.png",
    skin="skin.png",
    square="square.png",
    upright="upright.jpg",
    wide="wide.png",
)
LINES = EyeLine(0.5, 0.4, 0.1, 0.35, 1.0), EyeLine(0.5, 0.4, 0.2, 0.2, 0.8)
PHOTO = ResultPicture(None, FILES, Gaze(7.0, -6.0), ORIGINAL, title="Original", eye_lines=LINES)
LOOK = ResultPicture(
    Look(region="japan"),
    FILES,
    Gaze(2.8, -1.9),
    VARIANT,
    letter="A",
    title="Japan · LinkedIn",
    control="c.png",
)


def caption(picture: ResultPicture, language: str = "en") -> str:
    """What stands under a picture that is shown alone, as HTML."""
    return render("results", "caption", language, captions.of_figures([picture], language)[0])


def text(html: str) -> str:
    """What a person reads, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def likeness(distance: float) -> dict[str, Any]:
    """A report with another likeness."""
    return {**VARIANT, "identity": {"distance": distance, "same_person": True}, "warnings": []}
