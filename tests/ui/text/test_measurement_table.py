from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pipelines.studio import Analysis, Look, headshot
from tests.ui.reports import LOOK, PHOTO, VARIANT, text
from ui.result_pictures import Missing
from ui.text import measurement_table
from ui.text.explanations import known


def rows(table: str) -> list[str]:
    return re.findall(r'<tr role="row">.*?</tr>', table)


def test_there_is_a_cell_for_every_picture_even_in_black_and_white() -> None:
    table = measurement_table.results_table(
        [PHOTO, LOOK, Missing("B", "Korea", "Not here.", Look())]
    )
    lines = rows(table)[1:]
    assert {line.count("<td ") for line in lines} == {3}
    assert "9.2°: 7.0° to the right, 6.0° down" in lines[0]
    assert {match for line in lines for match in re.findall('data-of="(.*?)"', line)} == {
        "Original",
        "A",
        "B",
    }


def test_every_line_opens_what_it_means() -> None:
    opened = re.findall(
        r'popovertarget="meaning-(\w+)"', measurement_table.results_table([PHOTO, LOOK])
    )
    assert len(opened) == len(rows(measurement_table.results_table([PHOTO, LOOK]))) - 1
    assert set(opened) <= set(known())


def test_what_changed_outside_the_face_is_said_as_a_share() -> None:
    assert "0.2\xa0% (1,234 pixels)" in measurement_table.results_table([PHOTO, LOOK])
    untouched = {**VARIANT, "changed_outside_face": 0}
    line = next(
        line
        for line in rows(measurement_table.results_table([PHOTO, replace(LOOK, report=untouched)]))
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
        for line in rows(measurement_table.results_table([PHOTO, replace(LOOK, report=made)]))
        if "Eyes drawn by" in line
    )
    assert text(line).endswith(words)


def test_a_photo_by_itself_has_scores_signs_and_their_honest_limit(
    hopper_analysis: Analysis,
) -> None:
    judged = headshot.judge(hopper_analysis)
    shown = measurement_table.photo_table(judged)
    assert "None of these tells today’s generated faces from photographs." in shown
    assert "1 faces" not in shown
    assert "one face" in shown
    for name, component in judged.quality.scores().items():
        of = "gaze_quality" if name == "gaze" else name
        assert f'popovertarget="meaning-{of}"' in shown
        if component is not None:
            assert f"<b>{component:.0f}</b>" in shown
    assert shown.count("usual: ") == 6
