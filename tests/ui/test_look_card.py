from __future__ import annotations

from presets import load
from ui import words
from ui.components.look_card import region_choices


def test_regions_come_first_and_preferences_stand_under_their_heading() -> None:
    presets = load()
    values = [value for _, value in region_choices(presets)]
    heading = values.index("")
    assert region_choices(presets)[heading][0] == words.PREFERENCES
    assert {presets.regions[value].group for value in values[:heading]} == {"regions"}
    assert {presets.regions[value].group for value in values[heading + 1 :]} == {"preferences"}
    assert len(values) == len(presets.regions) + 1
