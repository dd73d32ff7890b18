from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from pipelines.runtime.errors import LookError
from pipelines.studio import Look
from presets import own
from presets.own import SavedLook
from ui.components.own_presets import (
    looks_html,
    merge_looks,
    save_look,
)

A, B = SavedLook("Autumn", "region=japan"), SavedLook("Winter", "region=soft")


def refused(run: Any, *arguments: Any) -> str:
    with pytest.raises(LookError) as caught:
        run(*arguments)
    return caught.value.sentence


def test_a_look_is_saved_first_and_replaces_its_namesake() -> None:
    looks, said = save_look((A,), "  Winter ", Look(region="soft"), "en")
    assert [one.name for one in looks] == ["Winter", "Autumn"]
    assert said == "Saved Winter."
    looks, said = save_look(looks, "Autumn", Look(region="nordic"), "en")
    assert [one.name for one in looks] == ["Autumn", "Winter"]
    assert looks[0].look.startswith("region=nordic&")
    assert "already" in said


def test_no_name_and_no_room_are_said() -> None:
    assert "name" in refused(save_look, (A,), " \n ", Look(), "en")
    full = tuple(SavedLook(f"{number}", A.look) for number in range(own.MOST_LOOKS))
    assert f"{own.MOST_LOOKS}" in refused(save_look, full, "one more", Look(), "en")
    assert len(save_look(full, "3", Look(), "en")[0]) == own.MOST_LOOKS


def test_an_import_doubles_nothing_and_takes_nothing_away() -> None:
    other = SavedLook("Winter", "region=korea")
    looks, said = merge_looks((A, B), (A, other), "en")
    assert looks == (A, B, SavedLook("Winter (2)", "region=korea"))
    assert "Imported 1 of 2" in said
    assert merge_looks(looks, (A, other), "en")[0] == looks


def test_a_saved_look_is_told_in_one_line() -> None:
    look = "region=japan&context=linkedin&gaze=0.5&polish=0.8&doses=B:0.3"
    html = looks_html(own.to_storage([SavedLook("Autumn", look)]), "en")
    assert "Japan · LinkedIn · Gaze 50\xa0% · Polish 80\xa0% · Blemishes 30\xa0%" in html


def test_a_hostile_name_is_text_and_its_file_is_whole() -> None:
    name = "<img src=x onerror=alert(1)>\"'"
    html = looks_html(own.to_storage([SavedLook(name, "region=japan&doses=B:0.3")]), "en")
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    data = re.findall(r'base64,([^"]+)"', html)
    (file,) = (own.read("x", base64.b64decode(one), str) for one in data)
    assert file[0].name == name


def test_a_look_that_is_no_longer_known_is_listed_with_what_is_wrong() -> None:
    html = looks_html(own.to_storage([SavedLook("Old", "region=atlantis&context=actor")]), "en")
    assert "There is no region &#39;atlantis&#39;" in html
    assert "Actor headshot" in html
    assert "p-warning" in looks_html(own.to_storage([SavedLook("Torn", "no look")]), "en")
