from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.gaze import Gaze
from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from pipelines.studio.look import DOSES
from presets.schema import load

PRESETS = load()


def test_the_canonical_form() -> None:
    text = "seed=7&polish=0.80&gaze=1.0&context=linkedin&region=japan"
    assert str(Look.parse(text)) == (
        "region=japan&context=linkedin&gaze=1&polish=0.8&engine=eye-controlnet&seed=7"
    )


def test_an_empty_text_is_the_default_look() -> None:
    assert Look.parse("") == Look()


@pytest.mark.parametrize(
    ("text", "gaze"),
    [("gaze=none", None), ("gaze=0.5", 0.5), ("gaze=-3,2.5", Gaze(-3, 2.5)), ("gaze=-0", 0.0)],
)
def test_the_three_kinds_of_gaze(text: str, gaze: float | Gaze | None) -> None:
    assert Look.parse(text).gaze == gaze


def test_doses_are_sorted() -> None:
    look = Look.parse("doses=X:0.1,B:0.25")
    assert look.doses == (("B", 0.25), ("X", 0.1))
    assert str(look).endswith("&doses=B:0.25,X:0.1")


strengths = st.floats(0, 1)
looks = st.builds(
    Look,
    region=st.sampled_from(sorted(PRESETS.regions)),
    context=st.sampled_from(sorted(PRESETS.contexts)),
    gaze=st.one_of(
        st.none(), strengths, st.builds(Gaze, yaw=st.floats(-40, 40), pitch=st.floats(-30, 30))
    ),
    polish=strengths,
    engine=st.sampled_from(sorted(PRESETS.engines)),
    seed=st.integers(0, 2**32 - 1),
    doses=st.lists(
        st.tuples(st.sampled_from(sorted(DOSES)), strengths), unique_by=lambda pair: pair[0]
    ).map(tuple),
)


@given(looks)
def test_every_look_round_trips(look: Look) -> None:
    look = look.checked(PRESETS)
    assert Look.parse(str(look)) == look
    assert str(Look.parse(str(look))) == str(look)


@given(st.text(max_size=500))
def test_any_text_gives_a_look_or_a_look_error(text: str) -> None:
    try:
        look = Look.parse(text)
    except LookError as error:
        assert error.sentence.isprintable()
        assert len(error.sentence) < 700
    else:
        assert Look.parse(str(look)) == look


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("colour=red", "unknown-key", "'colour'"),
        ("region=mars", "unknown-region", "'mars'"),
        ("context=party", "unknown-context", "'party'"),
        ("engine=magic", "unknown-engine", "'magic'"),
        ("gaze=2", "bad-value", "gaze is 2"),
        ("gaze=nan", "bad-value", "gaze is nan"),
        ("gaze=90,0", "bad-value", "gaze yaw is 90"),
        ("gaze=1,2,3", "bad-value", "'1,2,3'"),
        ("polish=-0.1", "bad-value", "polish is -0.1"),
        ("polish=much", "bad-value", "'much'"),
        ("seed=1.5", "bad-value", "'1.5'"),
        ("seed=99999999999", "bad-value", "'99999999999'"),
        ("doses=Q:1", "bad-value", "'Q'"),
        ("doses=B:0.1,B:0.2", "bad-value", "twice"),
        ("region=japan&region=korea", "bad-value", "region twice"),
        ("region", "bad-value", "'region'"),
    ],
)
def test_errors_name_the_wrong_part(text: str, code: str, named: str) -> None:
    with pytest.raises(LookError) as caught:
        Look.parse(text)
    assert caught.value.code == code
    assert named in caught.value.sentence


@pytest.mark.parametrize("face", [2, 99, "all"])
def test_a_face_is_named_by_its_number_or_all(face: Literal["all"] | int) -> None:
    look = Look.parse(f"region=japan&face={face}")
    assert look.face == face
    assert Look.parse(str(look)) == look
    assert str(look).endswith(f"&face={face}")
    assert "face" not in str(Look(region="japan"))


@pytest.mark.parametrize("face", ["none", "-1", "1.5", "100", "²"])
def test_other_faces_are_refused(face: str) -> None:
    with pytest.raises(LookError, match="face"):
        Look.parse(f"face={face}")
