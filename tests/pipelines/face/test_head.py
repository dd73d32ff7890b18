"""Which part of a portrait is the head, and which its clothes."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.face import head, matte, skin
from pipelines.image.arrays import Map
from pipelines.studio import Analysis


@pytest.fixture(scope="module", params=["hopper_analysis", "astronaut_analysis"])
def portrait(request: pytest.FixtureRequest) -> tuple[Analysis, Map]:
    analysis: Analysis = request.getfixturevalue(request.param)
    return analysis, head_of(analysis)


def head_of(analysis: Analysis) -> Map:
    pixels, face = analysis.portrait.pixels, analysis.face
    person = matte.find(pixels, face)
    return head.find(pixels, person, analysis.baseline.visible_skin, face)


def below_chin(analysis: Analysis, units: float) -> int:
    """A row so many interocular distances below the chin."""
    face = analysis.face
    return int(face.oval[:, 1].max() + units * face.interocular)


def test_face_and_hair_are_head(portrait: tuple[Analysis, Map]) -> None:
    analysis, share = portrait
    face = analysis.face
    assert share.dtype == np.float32
    assert (share[skin.inside(face, face.oval)] > 0.9).mean() > 0.99
    # Hair, or a cap, above the forehead.
    top = face.oval[:, 1].min() - 0.3 * face.interocular
    assert share[int(top), int(face.oval[:, 0].mean())] == 1


def test_clothes_and_ground_are_not(portrait: tuple[Analysis, Map]) -> None:
    analysis, share = portrait
    assert not share[below_chin(analysis, 1.2) :].any()
    assert not share[:, :20].any()
    assert not share[:, -20:].any()


def test_between_neck_and_clothes_the_edge_is_soft(portrait: tuple[Analysis, Map]) -> None:
    analysis, share = portrait
    column = share[:, int(analysis.face.oval[:, 0].mean())]
    edge = column[below_chin(analysis, -0.3) : below_chin(analysis, 1.2)]
    assert np.abs(np.diff(edge)).max() < 0.35
    assert ((edge > 0) & (edge < 1)).sum() >= 4


def test_it_is_the_same_every_time(hopper_analysis: Analysis) -> None:
    assert np.array_equal(head_of(hopper_analysis), head_of(hopper_analysis))


def test_room_below_the_chin(hopper_analysis: Analysis, astronaut_analysis: Analysis) -> None:
    for analysis in (hopper_analysis, astronaut_analysis):
        face = analysis.face
        expected = (face.size[0] - face.oval[:, 1].max()) / face.interocular
        assert head.room_below(face) == pytest.approx(expected, abs=0.1)
