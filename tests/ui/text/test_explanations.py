from __future__ import annotations

import re

import pytest

from ui.text import explanations
from ui.text.catalogue import texts
from ui.text.explanations import known


def test_every_measurement_is_explained_and_every_explanation_is_of_one() -> None:
    named = {key.split(".")[1] for key in texts("en") if re.match(r"meaning\.\w+\.what", key)}
    assert named == set(known())


@pytest.mark.parametrize("one", known().values(), ids=lambda one: one.id)
def test_a_threshold_says_where_it_comes_from(one: explanations.Explanation) -> None:
    if f"meaning.{one.id}.limit" not in texts("en") or one.id == "asked":
        return
    limit = texts("en")[f"meaning.{one.id}.limit"]
    assert one.sources or one.own_choice or "our own choice" in limit


def test_a_term_opens_the_explanation_that_is_on_the_page_once() -> None:
    target = re.search(r'popovertarget="([\w-]+)"', explanations.term("en", "likeness"))
    assert target
    shown = explanations.explanations("en")
    assert shown.count(f'<div popover id="{target.group(1)}"') == 1
    assert "0 is the same face, 0.6 someone else" in shown


def test_sources_are_linked_and_open_elsewhere() -> None:
    links = re.findall(r'<a href="([^"]+)" target="_blank" rel="noopener noreferrer">', _all())
    assert len(links) > 10
    assert all(link.startswith("https://") for link in links)


def test_an_unknown_measurement_is_an_error() -> None:
    with pytest.raises(KeyError):
        explanations.term("en", "beauty")


def test_what_a_term_shows_is_escaped() -> None:
    assert "&lt;b&gt;" in explanations.term("en", "gaze", "<b>")


def _all() -> str:
    return explanations.explanations("en")
