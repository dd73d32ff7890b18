from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.studio import Look
from tests.ui.reports import LOOK, PHOTO, VARIANT, likeness
from ui.result_pictures import Figure, Missing, ResultPicture
from ui.text.judgement import Judgement, judge, verdict


def look(letter: str, error: float | None, distance: float, **report: Any) -> ResultPicture:
    gaze = {**VARIANT["gaze"], "error": error}
    return replace(
        LOOK,
        look=Look(seed=ord(letter)),
        letter=letter,
        report={**likeness(distance), "gaze": gaze, **report},
    )


def test_looks_are_set_apart_by_their_gaze_and_by_how_little_they_change() -> None:
    figures: list[Figure] = [
        PHOTO,
        look("A", 0.2, 0.11),
        look("B", 3.0, 0.04),
        Missing("C", "", "", Look()),
    ]
    assert judge(figures) == Judgement(closest=("A",), least_changed=("B",))
    assert verdict(figures, "en") == (
        "A: closest to the gaze asked for, 0.2° off. B missed its gaze by 3.0°. B: least changed."
    )


def test_what_cannot_be_told_apart_is_not() -> None:
    figures = [PHOTO, look("A", 0.2, 0.071), look("B", 0.5, 0.073)]
    assert judge(figures) == Judgement()
    assert verdict(figures, "en") == "All look where they were asked to, to within 0.5°."


def test_a_single_look_is_not_the_best_of_anything() -> None:
    assert judge([PHOTO, look("A", 0.2, 0.1)]) == Judgement()
    assert verdict([PHOTO, look("A", 0.2, 0.1)], "en") == ""


def test_a_look_that_keeps_its_gaze_is_not_judged_by_it() -> None:
    figures = [PHOTO, look("A", None, 0.1), look("B", 0.2, 0.2)]
    assert judge(figures).closest == ()


def test_an_untouched_look_and_different_purposes_are_named() -> None:
    actor = VARIANT["look"].replace("linkedin", "actor")
    said = verdict([PHOTO, look("A", None, 0.0), look("B", 0.2, 0.2, look=actor)], "en")
    assert "A is the photo itself: nothing was changed." in said
    assert "different purposes" in said


def test_equal_looks_are_called_so_instead_of_compared() -> None:
    a, c = look("A", 3.0, 0.1), look("C", 0.2, 0.1)
    b = replace(a, letter="B")
    assert verdict([PHOTO, a, b], "en") == "A and B are the same look: change one of them."
    said = verdict([PHOTO, a, b, c], "en")
    assert said.startswith("A and B are the same look: change one of them. C: closest")
