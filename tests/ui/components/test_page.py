from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.gaze import Gaze
from pipelines.studio import Look
from ui.components.page import another_look


@pytest.mark.parametrize("region", ["international", "japan", "off-camera", "korea"])
def test_another_look_differs_in_its_audience_alone(region: str) -> None:
    first = Look(region=region, context="executive", polish=0.4, doses=(("B", 0.3),), seed=7)
    looks = [first]
    while len(looks) < 4:
        looks.append(another_look(looks))
        assert replace(looks[-1], region=region) == first
    assert len({look.region for look in looks}) == 4


@pytest.mark.parametrize("gaze", [Gaze(10, 0), 0.0, None])
def test_an_audience_decides_the_gaze_of_another_look(gaze: Gaze | float | None) -> None:
    another = another_look([Look(gaze=gaze, polish=0.4)])
    assert another == Look(region="japan", polish=0.4)


def test_where_nothing_may_be_done_another_look_has_another_purpose() -> None:
    first = Look(region="japan", context="id-passport")
    second = another_look([first])
    assert second == replace(first, context="linkedin")
    assert another_look([first, second]) == replace(second, region="respectful-aside")
