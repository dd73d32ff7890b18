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
def test_looks_round_trip_through_the_url(looks: list[Look]) -> None:
    query = options.write(looks)
    # Only the separators of looks are plain ampersands; those within a look are encoded.
    assert query.count("&") == len(looks) - 1
    assert query.isascii()
    assert options.read(values(query), 4) == options.ParsedLooks(tuple(looks), ())


def test_invalid_values_are_named_and_the_rest_is_used() -> None:
    text = "region=atlantis&context=therapist&polish=0.5&mood=happy&seed=-1"
    parsed = options.read([text], 4)
    assert parsed.looks == (Look(context="therapist", polish=0.5),)
    assert len(parsed.notes) == 3
    for value in ("'atlantis'", "'mood'", "'-1'"):
        assert any(value in note for note in parsed.notes)


@pytest.mark.parametrize("text", ["nonsense", "=", "&&&", "\0", "a=b", "x" * 9000])
def test_a_value_without_any_valid_part_gives_only_a_note(text: str) -> None:
    parsed = options.read([text, "region=japan"], 4)
    assert parsed.looks == (Look(region="japan"),)
    assert parsed.notes


def test_an_empty_query_gives_neither_looks_nor_notes() -> None:
    assert options.read([], 4) == options.ParsedLooks((), ())


def test_too_many_looks_are_cut_with_a_note() -> None:
    parsed = options.read(["region=japan"] * 6, 4)
    assert len(parsed.looks) == 4
    assert "holds 6 looks; the first 4" in parsed.notes[0]
    assert len(options.read(["region=japan"] * 9000, 4).looks) == 4


def test_notes_shorten_long_values() -> None:
    parsed = options.read(["region=" + "z" * 9000, "region=" + "z" * 300], 4)
    assert all(len(note) < 600 for note in parsed.notes)
