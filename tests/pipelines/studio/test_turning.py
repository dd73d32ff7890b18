"""Eyes that look wrong are drawn in another way, turned less, or left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines import studio
from pipelines.face import HeadPose
from pipelines.measure import eyes
from pipelines.studio import Analysis, Look

AWAY = "gaze=-14,0&polish=0"


def turned(analysis: Analysis, engine: str) -> studio.Variant:
    return studio.render(analysis, Look.parse(f"{AWAY}&engine={engine}"))


def judged(monkeypatch: pytest.MonkeyPatch, *agreements: float) -> None:
    """Let the next pictures agree so well."""
    remaining = list(agreements)
    monkeypatch.setattr(eyes, "agreement", lambda *_: remaining.pop(0))


def test_sound_eyes_are_delivered_without_a_word(hopper_analysis: Analysis) -> None:
    variant = turned(hopper_analysis, "geometry")
    assert not any("wrong" in warning for warning in variant.warnings)
    assert variant.measurements.gaze.error is not None
    # The irises have a radius of 8 pixels, so a third of a pixel is 1.3 degrees.
    assert variant.measurements.gaze.error < 2.8


def test_part_of_the_way(hopper_analysis: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, 0.2, 0.9)
    variant = turned(hopper_analysis, "geometry")
    assert any("part of the way" in warning for warning in variant.warnings)
    # The caption tells how far it is from what was asked.
    assert variant.measurements.gaze.error is not None
    assert variant.measurements.gaze.error > 3


@pytest.mark.parametrize(("engine", "tries"), [("geometry", 2), ("eye-controlnet", 3)])
def test_eyes_are_left_where_nothing_looks_right(
    engine: str, tries: int, hopper_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, *[0.1] * tries)
    variant = turned(hopper_analysis, engine)
    assert np.array_equal(variant.image_u8, hopper_analysis.portrait.original_u8)
    assert any("left as it is" in warning for warning in variant.warnings)


def test_geometry_stands_in_for_the_network(
    hopper_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, 0.1, 0.9)
    variant = turned(hopper_analysis, "eye-controlnet")
    assert variant.generation is not None
    assert (variant.generation.delivered, variant.generation.reason) == ("proposal", "eyes")


def test_the_eyes_of_a_far_turned_head_are_left_and_the_rest_is_polished(
    hopper_analysis: Analysis,
) -> None:
    face = replace(hopper_analysis.face, head=HeadPose(48.0, 0.0, 0.0))
    turned_far = replace(hopper_analysis, face=face)
    variant = studio.render(turned_far, Look.parse("gaze=0,0&engine=geometry"))
    assert any("about 48° away" in str(warning) for warning in variant.warnings)
    kept = studio.render(hopper_analysis, Look.parse("gaze=none&engine=geometry"))
    assert (variant.image_u8 == kept.image_u8).all()
    assert (variant.image_u8 != hopper_analysis.portrait.original_u8).any()
