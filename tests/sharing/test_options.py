from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.gaze import Gaze
from pipelines.studio import Look
from presets import load
from sharing import options

REGIONS, CONTEXTS = sorted(load().regions), sorted(load().contexts)
STRENGTHS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
LOOKS = st.builds(
    Look,
    region=st.sampled_from(REGIONS),
    context=st.sampled_from(CONTEXTS),
    gaze=st.none() | STRENGTHS | st.just(Gaze(-4.5, 2.0)),
    polish=STRENGTHS,
    seed=st.integers(0, 2**32 - 1),
    doses=st.sampled_from([(), (("B", 0.3), ("E", 0.0))]),
)


def values(query: str) -> list[str]:
    return parse_qs(query).get("look", [])


@given(st.lists(LOOKS, min_size=1, max_size=4))
def test_looks_survive_the_address(looks: list[Look]) -> None:
    query = options.write(looks)
    # A chat tool must not see where one look ends and the next begins.
    assert query.count("&") == len(looks) - 1
    assert query.isascii()
    assert options.read(values(query), 4) == options.Opened(tuple(looks), ())


def test_the_unknown_is_named_and_the_rest_is_used() -> None:
    text = "region=atlantis&context=therapist&polish=0.5&mood=happy&seed=-1"
    opened = options.read([text], 4)
    assert opened.looks == (Look(context="therapist", polish=0.5),)
    assert len(opened.notes) == 3
    for culprit in ("'atlantis'", "'mood'", "'-1'"):
        assert any(culprit in note for note in opened.notes)


@pytest.mark.parametrize("text", ["nonsense", "=", "&&&", "\0", "a=b", "x" * 9000])
def test_what_is_no_look_is_only_named(text: str) -> None:
    opened = options.read([text, "region=japan"], 4)
    assert opened.looks == (Look(region="japan"),)
    assert opened.notes


def test_an_empty_address_says_nothing() -> None:
    assert options.read([], 4) == options.Opened((), ())


def test_too_many_looks_are_cut_and_said() -> None:
    opened = options.read(["region=japan"] * 6, 4)
    assert len(opened.looks) == 4
    assert "holds 6 looks; the first 4" in opened.notes[0]
    assert len(options.read(["region=japan"] * 9000, 4).looks) == 4


def test_no_note_holds_a_strangers_whole_text() -> None:
    opened = options.read(["region=" + "z" * 9000, "region=" + "z" * 300], 4)
    assert all(len(note) < 600 for note in opened.notes)
