"""The people for fitting: distinct from the test people, repeatable, with realistic eyes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from training.renders.calibration_people import calibration_people
from training.renders.identities import HAIRS, IRISES, PEOPLE, SKINS, Identity
from training.renders.plan import calibration_set, within_orbit
from training.renders.sample_portraits import SAMPLE_PORTRAITS

FORTY = calibration_people(40)
SAMPLE_PEOPLE = tuple(portrait.identity for portrait in SAMPLE_PORTRAITS)


def test_names_and_seeds_are_unique() -> None:
    everybody = [*PEOPLE, *FORTY, *SAMPLE_PEOPLE]
    assert len({person.name for person in everybody}) == len(everybody)
    assert len({person.seed for person in everybody}) == len(everybody)


def test_calibration_people_depend_on_their_number_alone() -> None:
    assert {person.split for person in FORTY} == {"calibrate"}
    assert calibration_people(5) == FORTY[:5]


def test_few_people_cover_all_skin_tones() -> None:
    assert {person.skin for person in calibration_people(len(SKINS))} == set(SKINS)


@pytest.mark.parametrize("person", [*FORTY, *SAMPLE_PEOPLE], ids=lambda person: person.name)
def test_every_person_has_known_colours(person: Identity) -> None:
    assert person.iris in IRISES
    assert person.hair in HAIRS
    assert (person.brow or person.hair) in HAIRS
    assert sum(person.mix) == pytest.approx(1)
    assert min(person.mix) >= 0


def test_lids_are_as_open_as_in_portraits() -> None:
    upper, lower = np.array([person.lid for person in FORTY]).T
    assert 3.0 < upper.mean() < 3.8
    assert 4.1 < lower.mean() < 4.9
    assert min(upper.std(), lower.std()) > 0.4


def test_the_committed_people_have_the_default_eyes() -> None:
    """The committed set was rendered with these values; new defaults would not match its truth."""
    for person in PEOPLE:
        assert dataclasses.replace(person, slit=0.55, ball=(0.5, 0.6)) == person
        assert person.targets()["eyes/l-eye-scale-incr"] >= 0.55


def test_setups_stay_in_range_and_begin_with_a_gaze_into_the_lens() -> None:
    for index, person in enumerate(FORTY):
        near, wide = calibration_set(person, index, 512)
        first = near.poses[0]
        assert (first.gaze_yaw, first.gaze_pitch) == (0, 0)
        for pose in (*near.poses, *wide.poses):
            assert within_orbit(pose)
            assert abs(pose.head_yaw) <= 30
            assert abs(pose.head_pitch) <= 15
            assert abs(pose.gaze_yaw) <= 25
            assert abs(pose.gaze_pitch) <= 15
        assert len(near.poses) == len(wide.poses) == 4
        assert [near, wide] == list(calibration_set(person, index, 512))
