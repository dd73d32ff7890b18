from __future__ import annotations

from urllib.parse import urlencode

import pytest

from pipelines.studio import Look
from presets import load
from sharing import options as links
from ui import link_notes


def said(*texts: str) -> list[str]:
    return link_notes.notes(texts, links.read(texts, 4).notes)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("region", load().regions[Look().region].label),
        ("context", load().contexts[Look().context].label),
        ("engine", load().engines[Look().engine].label),
    ],
)
def test_an_unknown_name_says_what_is_used_instead(kind: str, label: str) -> None:
    (note,) = said(urlencode({kind: "zzz"}))
    assert note == f"There is no {kind} 'zzz'; {label} is used instead."


def test_the_rest_of_a_link_and_its_other_notes_stay_as_they_are() -> None:
    texts = ("region=japan&context=zzz&polish=9", "hello=1", "region=nordic")
    first, *others = said(*texts)
    assert first == "There is no context 'zzz'; LinkedIn is used instead."
    assert others == list(links.read(texts, 4).notes[1:])
    assert len(others) == 2


def test_a_name_that_imitates_our_sentence_is_only_quoted() -> None:
    (note,) = said(urlencode({"context": "x'. Choose one of y"}))
    assert note == "There is no context 'x'. Choose one of y'; LinkedIn is used instead."


def test_a_good_link_says_nothing() -> None:
    assert said("region=japan") == []
