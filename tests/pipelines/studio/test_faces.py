"""Photos of several people: each face is edited and read by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines import studio
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import LookError, Refusal
from pipelines.studio import Analysis, Look
from pipelines.studio.analysis import of_face
from pipelines.studio.change import same_face
from pipelines.studio.grid import axis, cells
from pipelines.studio.rendering import Variant
from tests.conftest import png

TURN = Look.parse("gaze=12,0&polish=0&engine=geometry")


@pytest.fixture(scope="module")
def three(hopper: Image8, astronaut: Image8) -> Image8:
    """Hopper, the astronaut, and one whose eyes are hidden."""
    picture = np.full((400, 900, 3), 128, np.uint8)
    picture[:, :300] = hopper[40:440, 100:400]
    picture[:300, 300:600] = astronaut[:300, 80:380]
    picture[:, 600:] = picture[:, :300]
    picture[120:200, 680:860] = 20
    return picture


@pytest.fixture(scope="module")
def group(three: Image8) -> Analysis:
    return studio.analyse_pixels(three)


@pytest.fixture(scope="module")
def everyone(group: Analysis) -> Variant:
    return studio.render(group, replace(TURN, face="all"))


def test_all_faces_are_found_from_the_left(group: Analysis) -> None:
    lefts = [left for left, _, _, _ in group.boxes]
    assert lefts == sorted(lefts)
    assert (group.face.count, group.face.number, len(lefts)) == (3, 1, 3)
    assert "face 1 from the left" in group.warnings[0]


def test_a_look_may_name_its_face(group: Analysis, three: Image8) -> None:
    variant = studio.render(group, replace(TURN, face=2))
    changed = np.flatnonzero((variant.image_u8 != three).any(axis=(0, 2)))
    assert changed.min() >= 300
    assert changed.max() < 600
    assert variant.report()["face"] == 2
    assert variant.measurements.gaze.after.gaze.angle_to(Gaze(12, 0)) < 4
    assert not any("faces" in warning for warning in variant.warnings)


def test_every_face_has_its_own_reading(everyone: Variant, group: Analysis, three: Image8) -> None:
    report = everyone.report()
    assert report["look"].endswith("face=all")
    first, second, third = report["faces"]
    for one in (first, second):
        assert np.hypot(one["gaze"]["after"][0] - 12, one["gaze"]["after"][1]) < 4
    assert (first["face"], second["face"]) == (1, 2)
    assert third["refused"] in ("eyes-hidden", "eyes-shut")
    assert any(str(warning).startswith("Face 3: ") for warning in everyone.warnings)
    changed = (everyone.image_u8 != three).any(axis=2)
    assert changed[:, :300].any()
    assert changed[:, 300:600].any()
    assert not changed[:, 600:].any()


def test_what_all_faces_get_is_what_each_gets_alone(everyone: Variant, group: Analysis) -> None:
    alone = studio.render(group, replace(TURN, face=1)).image_u8
    assert np.array_equal(everyone.image_u8[:, :300], alone[:, :300])


def test_a_grid_shows_one_face(group: Analysis) -> None:
    sides = axis.parse("polish=0,1")
    other = of_face(group, 2)
    assert cells.lay_out(other, replace(TURN, face=2), sides).base.face == 2
    small = cells.at_cell_size(other)
    assert small.face.number == 2
    for face in ("all", 1):
        with pytest.raises(LookError, match="one face"):
            cells.lay_out(other, replace(TURN, face=face), sides)


def test_a_face_that_is_not_there_is_refused(group: Analysis) -> None:
    with pytest.raises(Refusal, match="no-such-face"):
        studio.render(group, replace(TURN, face=7))


def test_a_result_is_read_on_the_face_that_was_edited(astronaut: Image8) -> None:
    """Of two equal faces, the largest of the result may be the other one."""
    face = astronaut[20:230, 120:330]
    twice = np.hstack([face, face])
    before = studio.analyse_pixels(twice)
    edited = studio.render(before, replace(TURN, face=2)).image_u8
    after = studio.analyse_pixels(edited, near=np.array([315.0, 100.0]))
    found, change = same_face(after, before, 0.88)
    assert found.face.number == after.face.number == 2
    moved = change.measurements.gaze.after.gaze.angle_to(found.gaze.gaze)
    assert moved == pytest.approx(12, abs=3)


def test_for_all_the_largest_face_that_can_be_used_stands(three: Image8) -> None:
    hidden = np.ascontiguousarray(three[:, 300:])
    # The largest is now the one whose eyes are hidden.
    assert studio.analyse(png(hidden), face="all").face.number == 1
