from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.gaze import Gaze
from pipelines.studio import Look
from tests.ui.reports import LOOK, PHOTO, VARIANT, caption, likeness, text
from ui.result_pictures import Missing
from ui.text import captions


def test_a_caption_keeps_its_order() -> None:
    assert text(caption(LOOK)) == (
        "3.4° soft (asked 3.6°) clearly the same person change of the face 0.07 "
        "(0.6 is someone else) texture 94 %, floor 88 "
        "Over-polished: &lt;b&gt;too&lt;/b&gt; smooth."
    )


def test_every_measurement_of_a_caption_opens_what_it_means() -> None:
    shown = caption(LOOK)
    for of in ("gaze", "asked", "likeness", "texture"):
        assert f'popovertarget="meaning-{of}"' in shown


@pytest.mark.parametrize(
    ("distance", "word"),
    [
        (0.0, "unchanged"),
        (0.11, "clearly the same person"),
        (0.31, "less like them"),
        (0.7, "reads as someone else"),
    ],
)
def test_a_likeness_has_a_word_that_says_which_way_is_good(distance: float, word: str) -> None:
    shown = text(caption(replace(LOOK, report=likeness(distance))))
    assert f"{word} change of the face {distance:.2f} (0.6 is someone else) texture" in shown


def test_a_retouch_that_was_held_back_says_how_far_and_why() -> None:
    held = {**VARIANT, "held_back": {"share": 0.62, "guard": "texture"}, "warnings": []}
    shown = caption(replace(LOOK, report=held))
    assert text(shown).endswith("floor 88 polish held back to 62 % to keep texture")
    assert 'class="p-warning"' in shown
    assert "held back" not in caption(LOOK)


def test_what_counts_as_skin_is_shown_once() -> None:
    shown = captions.drawn([replace(PHOTO, skin="skin.png"), LOOK], "skin")
    assert shown.count("<img") == 1
    assert 'src="skin.png"' in shown


def test_the_original_has_only_its_gaze() -> None:
    assert text(caption(PHOTO)) == "9.2° averted"


def test_a_gaze_that_cannot_be_measured_is_no_number() -> None:
    shown = text(caption(replace(PHOTO, gaze=None)) + captions.gaze_line(None, []))
    assert shown == "Gaze not measurable The gaze in this photo: not measurable."
    assert "°" not in text(caption(replace(LOOK, gaze=None)))


@pytest.mark.parametrize(
    ("target", "after"), [(None, [2.8, -1.9]), ([0.0, 0.0], [0.9, 0.0]), ([3.0, -2.0], [3.0, -2.0])]
)
def test_what_was_asked_is_only_said_where_it_differs(
    target: list[float] | None, after: list[float]
) -> None:
    gaze = {"asked": target, "target": target, "after": after, "error": None}
    report = {**VARIANT, "gaze": gaze}
    assert "asked" not in caption(replace(LOOK, gaze=Gaze(*after), report=report))


def test_what_was_asked_and_what_these_eyes_reach_are_told_apart() -> None:
    gaze = {"asked": [24.0, 0.0], "target": [15.0, 0.0], "after": [14.8, 0.0], "error": 0.2}
    shot = replace(LOOK, gaze=Gaze(14.8, 0.0), report={**VARIANT, "gaze": gaze})
    assert "14.8° averted (asked 24.0°; these eyes can reach 15.0°)" in text(caption(shot))


def test_eyes_that_were_left_as_they_were_are_not_said_to_reach_anything() -> None:
    gaze = {"asked": [0.0, 0.0], "target": [6.0, 2.0], "after": [37.0, 9.0], "error": 31.8}
    shot = replace(LOOK, gaze=Gaze(37.0, 9.0), report={**VARIANT, "gaze": gaze})
    shown = text(caption(shot))
    assert "37.9° averted (asked 0°, missed by 37.9°)" in shown
    assert "can reach" not in shown


def test_a_figure_can_be_found_and_its_alt_text_has_the_measurement_in_words() -> None:
    shown = captions.strip([PHOTO, LOOK])
    assert '<figure class="p-shot" data-letter="A">' in shown
    assert '<figure class="p-shot p-original" data-letter="">' in shown
    assert (
        'alt="A · Japan · LinkedIn. Gaze: 3.4° soft. '
        'The face: clearly the same person. Texture 94\xa0%."'
    ) in shown


def test_a_look_of_all_faces_is_told_face_by_face() -> None:
    faces = [
        {**VARIANT, "face": 1},
        {**VARIANT, "face": 3, "gaze": {**VARIANT["gaze"], "measurable": False}},
    ]
    refused = {"face": 2, "refused": "eyes-shut", "sentence": "The eyes are shut."}
    look = replace(LOOK, report={**VARIANT, "faces": [faces[0], refused, faces[1]]})
    shown = text(caption(look))
    assert "Face 1: 3.4° soft" in shown
    assert "Face 3: Gaze not measurable" in shown
    assert "Face 2" not in shown


def test_a_single_look_lies_over_the_photo_with_a_slider() -> None:
    shown = captions.strip([PHOTO, LOOK])
    assert "p-solo" in shown
    assert 'type="range"' in shown
    assert "--at: 18.0%" in shown
    two = captions.strip([PHOTO, LOOK, replace(LOOK, letter="B")])
    assert "p-solo" not in two
    assert 'type="range"' not in two


def test_every_picture_has_its_eyes_and_a_piece_of_skin_under_it() -> None:
    shown = captions.strip([PHOTO, LOOK])
    assert shown.count('src="eyes.png"') == shown.count('src="skin.png"') == 2
    assert 'alt="The eyes, enlarged: A · Japan · LinkedIn"' in shown


def test_what_sets_a_look_apart_stands_at_it() -> None:
    other = replace(LOOK, letter="B", report=likeness(0.11))
    shown = captions.strip([PHOTO, LOOK, other])
    assert shown.count('<p class="p-badge">') == 1
    assert "least changed" in text(shown)
    assert "p-badge" not in captions.strip([PHOTO, LOOK])


def test_only_what_may_change_is_aimed() -> None:
    fixed = {**VARIANT, "look": "region=japan&context=id-passport"}
    assert "data-aim" in captions.strip([PHOTO, LOOK])
    shown = captions.strip([PHOTO, replace(LOOK, report=fixed)])
    assert "data-aim" not in shown
    assert "p-save" in shown


def test_why_eyes_were_not_turned_stands_in_place_of_what_aims_them() -> None:
    gaze = {**VARIANT["gaze"], "target": None, "error": None}
    left = replace(LOOK, report={**VARIANT, "gaze": gaze}, reached=False)
    shown = captions.strip([PHOTO, left])
    assert shown.count("Over-polished") == 1
    assert "Over-polished" in shown[shown.index("p-acts") :]
    shown = captions.strip([PHOTO, LOOK])
    assert "Over-polished" in shown[: shown.index("p-acts")]


def test_of_several_warnings_the_first_is_seen_and_the_others_fold() -> None:
    held = {"share": 0.62, "guard": "texture"}
    many = {**VARIANT, "held_back": held, "warnings": ["Too tight.", "Not enlarged."]}
    shown = text(caption(replace(LOOK, report=many)))
    assert shown.endswith(
        "Too tight. More notes: 2 Not enlarged. polish held back to 62 % to keep texture"
    )
    assert "More notes" not in caption(LOOK)


def test_the_uses_show_every_look_but_not_the_photo() -> None:
    shown = captions.uses([PHOTO, LOOK])
    assert (shown.count('src="square.png"'), shown.count('src="upright.jpg"')) == (2, 1)
    assert captions.uses([PHOTO]) == ""


def test_a_look_that_could_not_be_made_says_so_in_its_place() -> None:
    missing = Missing("B", "Korea · Executive", "The engine's <weights> are not here.", Look())
    shown = captions.strip([PHOTO, LOOK, missing])
    assert '<figure class="p-shot" data-letter="B">' in shown
    assert "The engine&#39;s &lt;weights&gt; are not here." in shown


def test_the_photo_line_says_the_gaze_and_the_truth_of_a_render() -> None:
    assert text(captions.gaze_line(Gaze(7.0, -6.0), [])) == (
        "The gaze in this photo: 9.2° averted. "
        "One photo tells this to about 3° sideways and 4° up or down."
    )
    assert "10.0°" in captions.gaze_line(Gaze(7.0, -6.0), [], true=Gaze(10.0, 0.0))


def test_a_caption_says_what_the_retouch_did() -> None:
    rows = [{"what": "spots", "count": 5}, {"what": "under-eyes", "change": -0.35}]
    report = LOOK.report | {"done": [*rows, {"what": "light", "ev": 0.4}]}
    shown = text(caption(replace(LOOK, report=report)))
    assert "5 spots, under-eyes −35 %, light +0.4 EV" in shown
    nothing = text(caption(replace(LOOK, report=LOOK.report | {"done": []})))
    assert "little to do here" in nothing
    off = text(caption(replace(LOOK, report=LOOK.report | {"done": [], "look": "polish=0"})))
    assert "little to do here" not in off
    korean = text(caption(replace(LOOK, report=report), "ko"))
    assert "잡티 5개" in korean


def test_a_frame_that_levels_the_picture_says_so() -> None:
    assert "levels the picture by 4.2°" in text(caption(replace(LOOK, turned=-4.2)))
    assert "levels" not in text(caption(replace(LOOK, turned=0.2)))


def test_a_photo_for_an_id_is_not_said_to_have_missed_what_nobody_tried() -> None:
    report = LOOK.report | {"look": "context=id-passport"}
    far = replace(LOOK, report=report, gaze=Gaze(20.0, 0.0))
    assert "missed" in text(caption(replace(far, report=LOOK.report)))
    assert "missed" not in text(caption(far))
