from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipelines.studio import Analysis, headshot
from tests.ui.reports import LOOK, PHOTO, VARIANT, text
from ui import numbers, phrases
from ui.meanings import MEANINGS
from ui.result_pictures import Missing


def rows(table: str) -> list[str]:
    return re.findall(r'<tr role="row">.*?</tr>', table)


def test_there_is_a_cell_for_every_picture_even_in_black_and_white() -> None:
    table = numbers.numbers([PHOTO, LOOK, Missing("B", "Korea", "Not here.")])
    lines = rows(table)[1:]
    assert {line.count("<td ") for line in lines} == {3}
    assert "9.2°: 7.0° to the right, 6.0° down" in lines[0]
    assert {match for line in lines for match in re.findall('data-of="(.*?)"', line)} == {
        "Original",
        "A",
        "B",
    }


def test_every_line_opens_what_it_means() -> None:
    opened = re.findall(r'popovertarget="meaning-(\w+)"', numbers.numbers([PHOTO, LOOK]))
    assert len(opened) == len(rows(numbers.numbers([PHOTO, LOOK]))) - 1
    assert set(opened) <= set(MEANINGS)


def test_what_changed_outside_the_face_is_said_as_a_share() -> None:
    assert "0.2 % (1\N{NARROW NO-BREAK SPACE}234 pixels)" in numbers.numbers([PHOTO, LOOK])
    untouched = {**VARIANT, "changed_outside_face": 0}
    line = next(
        line
        for line in rows(numbers.numbers([PHOTO, replace(LOOK, report=untouched)]))
        if "Changed outside" in line
    )
    assert text(line) == "Changed outside the face – none"


@pytest.mark.parametrize(
    ("passes", "delivered", "words"),
    [
        (0, "proposal", "geometry"),
        (1, "drawn", "network, one pass on the processor, bfloat16"),
        (2, "drawn", "network, 2 passes on the processor, bfloat16"),
        (1, "proposal", "geometry, after one try of the network"),
        (3, "proposal", "geometry, after 3 tries of the network"),
    ],
)
def test_who_drew_the_eyes_is_said_in_the_right_number(
    passes: int, delivered: str, words: str
) -> None:
    made = {
        **VARIANT,
        "generation": {
            "passes": passes,
            "delivered": delivered,
            "device": "the processor, bfloat16",
        },
    }
    line = next(
        line
        for line in rows(numbers.numbers([PHOTO, replace(LOOK, report=made)]))
        if "Eyes drawn by" in line
    )
    assert text(line).endswith(words)


def test_a_photo_by_itself_has_scores_signs_and_their_honest_limit(
    hopper_analysis: Analysis,
) -> None:
    judged = headshot.judge(hopper_analysis)
    shown = numbers.photo(judged)
    assert "None of these tells today’s generated faces from photographs." in shown
    assert "1 faces" not in shown
    assert "one face" in shown
    for name, component in judged.quality.scores().items():
        of = "gaze_quality" if name == "gaze" else name
        assert f'popovertarget="meaning-{of}"' in shown
        if component is not None:
            assert f"<b>{component:.0f}</b>" in shown
    assert shown.count("usual: ") == 6


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.0, "0 %"), (0.0004, "< 0.1 %"), (0.004, "0.4 %"), (0.034, "3 %"), (1.0, "100 %")],
)
def test_small_shares_are_not_said_as_none(part: float, words: str) -> None:
    assert phrases.share(part) == words
