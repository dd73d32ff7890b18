"""The geometry of the renders: projection, fixation, signs, splits. Blender is not needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.renders import eyeball, truth
from training.renders.geometry import (
    angles,
    direction,
    fixation,
    head_rotation,
    head_shot_camera,
    swing,
)
from training.renders.identities import HAIRS, IRISES, PEOPLE, SKINS
from training.renders.plan import Setup, first_set, full_set, within_orbit
from training.renders.pose import Pose, eye_poses

CENTERS = {
    "subject_left": np.array([31.0, 0.0, 0.0]),
    "subject_right": np.array([-31.0, 0.0, 0.0]),
}
CAMERA = head_shot_camera(50.0, 640, 300.0, 0.45)


def test_the_origin_projects_to_the_principal_point() -> None:
    np.testing.assert_allclose(CAMERA.project(np.zeros(3)), [320.0, 288.0])


def test_the_camera_sees_the_frame_it_was_asked_for() -> None:
    top, bottom = CAMERA.project(np.array([[0.0, 135.0, 0.0], [0.0, -165.0, 0.0]]))
    np.testing.assert_allclose([top[1], bottom[1]], [0.0, 640.0])
    assert CAMERA.focal_mm == pytest.approx(50.0)


def test_right_and_up_in_the_world_are_right_and_up_in_the_picture() -> None:
    right, up, near = CAMERA.project(np.array([[10.0, 0, 0], [0, 10.0, 0], [10.0, 0, 100.0]]))
    assert right[0] > CAMERA.cx
    assert up[1] < CAMERA.cy
    assert near[0] > right[0]


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-25, 15), (8, -4)])
def test_angles_undo_direction(yaw: float, pitch: float) -> None:
    assert angles(direction(yaw, pitch)) == pytest.approx((yaw, pitch))


def test_gaze_zero_looks_into_the_lens() -> None:
    np.testing.assert_allclose(fixation(0, 0, CAMERA.distance_mm), CAMERA.centre)


def test_gaze_signs_move_the_fixation_right_and_up() -> None:
    point = fixation(10, 5, 600)
    assert point[0] > 0
    assert point[1] > 0
    assert np.linalg.norm(point) == pytest.approx(600)


def test_head_signs() -> None:
    assert (head_rotation(20, 0, 0) @ [0, 0, 1.0])[0] > 0
    assert (head_rotation(0, 10, 0) @ [0, 0, 1.0])[1] > 0
    assert (head_rotation(0, 0, 10) @ [0, 1.0, 0])[0] > 0
    assert angles(head_rotation(20, -10, 7) @ [0, 0, 1.0]) == pytest.approx((20, -10))


def test_swing_is_a_rotation_from_one_direction_to_the_other() -> None:
    turn = swing(direction(5, 5), direction(-20, 10))
    np.testing.assert_allclose(turn @ direction(5, 5), direction(-20, 10), atol=1e-12)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("head", [(0, 0, 0), (25, -10, 6)])
@pytest.mark.parametrize("gaze", [(0, 0), (15, -8)])
def test_both_axes_meet_in_the_fixation_point(
    head: tuple[float, float, float], gaze: tuple[float, float]
) -> None:
    aim = fixation(*gaze, 625.0)
    for eye in eye_poses(CENTERS, Pose(*head, *gaze), 625.0).values():
        reach = np.linalg.norm(aim - eye.center)
        np.testing.assert_allclose(eye.center + reach * eye.axis, aim, atol=1e-9)
        np.testing.assert_allclose(eye.rotation @ [0, 0, 1.0], eye.axis, atol=1e-12)


def test_eyes_on_the_lens_converge_and_are_zero_off_the_lens() -> None:
    entry = _entry(Pose(0, 0, 0, 0, 0))
    left, right = entry["eyes"]["subject_left"], entry["eyes"]["subject_right"]
    assert left["yaw"] < 0 < right["yaw"]
    assert left["yaw"] == pytest.approx(-np.degrees(np.arctan(31 / CAMERA.distance_mm)), abs=1e-3)
    for eye in (left, right):
        assert eye["yaw_off_lens"] == pytest.approx(0, abs=1e-4)
        assert eye["pitch_off_lens"] == pytest.approx(0, abs=1e-4)


def test_the_subjects_left_eye_is_on_the_right_of_the_picture() -> None:
    eyes = _entry(Pose(0, 0, 0, 0, 0))["eyes"]
    assert eyes["subject_left"]["center_px"][0] > CAMERA.cx > eyes["subject_right"]["center_px"][0]


def test_a_gaze_to_the_right_and_up_moves_the_iris_there() -> None:
    still = _entry(Pose(0, 0, 0, 0, 0))["eyes"]["subject_left"]["iris_px"]
    moved = _entry(Pose(0, 0, 0, 12, 6))["eyes"]["subject_left"]["iris_px"]
    per_mm = CAMERA.f_px / CAMERA.distance_mm
    assert moved[0] - still[0] == pytest.approx(10.48 * np.sin(np.radians(12)) * per_mm, rel=0.1)
    assert still[1] - moved[1] == pytest.approx(10.48 * np.sin(np.radians(6)) * per_mm, rel=0.1)


def test_the_iris_centre_lies_on_its_plane_in_front_of_the_centre() -> None:
    eye = _entry(Pose(10, 5, 2, -8, 3))["eyes"]["subject_right"]
    offset = np.array(eye["iris_center_mm"]) - eye["center_mm"]
    assert np.linalg.norm(offset) == pytest.approx(eyeball.IRIS_PLANE_MM, abs=1e-3)
    assert angles(offset) == pytest.approx((eye["yaw"], eye["pitch"]), abs=0.01)


def test_cornea_and_sclera_meet_at_the_limbus() -> None:
    limbus = np.array([eyeball.LIMBUS_RAD - 1e-9, eyeball.LIMBUS_RAD + 1e-9, 0.0])
    rim, white, apex = eyeball.surface_radius(limbus)
    assert rim == pytest.approx(white, abs=1e-6)
    assert apex == pytest.approx(eyeball.CORNEA_CENTRE_MM + eyeball.CORNEA_MM)
    assert np.hypot(eyeball.IRIS_PLANE_MM, eyeball.IRIS_MM) == pytest.approx(12.0)


def test_there_are_enough_people_and_each_is_in_one_split() -> None:
    names = [person.name for person in PEOPLE]
    assert len(names) == len(set(names)) >= 24
    splits = {person.split for person in PEOPLE}
    assert splits == {"calibrate", "test"}
    for split in splits:
        group = [person for person in PEOPLE if person.split == split]
        assert len(group) >= 12
        assert len({person.skin for person in group}) >= 6
        assert len({person.iris for person in group}) >= 5


def test_every_person_has_known_colours() -> None:
    for person in PEOPLE:
        assert person.skin in SKINS
        assert person.iris in IRISES
        assert person.hair in HAIRS
        assert (person.brow or person.hair) in HAIRS
        assert sum(person.mix) == pytest.approx(1)


def test_skins_run_from_very_light_to_very_dark() -> None:
    tones = [truth.ita(colour) for colour in SKINS.values()]
    assert tones == sorted(tones, reverse=True)
    assert tones[0] > 41
    assert tones[-1] < -30


def test_plans_stay_in_range_and_are_repeatable() -> None:
    for index, person in enumerate(PEOPLE):
        plans = [*full_set(person, index, 640), *first_set(index, 640)]
        for setup in plans:
            assert 35 <= setup.camera.focal_mm <= 105.01
            for pose in setup.poses:
                assert within_orbit(pose)
                assert abs(pose.head_yaw) <= 30
                assert abs(pose.head_pitch) <= 15
                assert abs(pose.gaze_yaw) <= 25
                assert abs(pose.gaze_pitch) <= 15
                assert _head(pose) == _head(setup.poses[0])
        assert list(full_set(person, index, 640)) == plans[:2]


def test_the_committed_truth_agrees_with_the_code() -> None:
    """The eyes of every entry follow from its gaze and its eyeball centres."""
    folder = Path(__file__).parents[2] / "datasets/data/renders"
    if not (folder / "truth.json").exists():
        pytest.skip("the committed renders are missing")
    known = json.loads((folder / "truth.json").read_text())
    people = {person.name: person for person in PEOPLE}
    assert {entry["split"] for entry in known["images"]} == {"calibrate", "test"}
    for entry in known["images"]:
        assert (folder / entry["file"]).exists()
        assert entry["split"] == people[entry["identity"]].split
        aim = fixation(entry["gaze_yaw"], entry["gaze_pitch"], entry["camera"]["distance_mm"])
        for eye in entry["eyes"].values():
            assert angles(aim - eye["center_mm"]) == pytest.approx(
                (eye["yaw"], eye["pitch"]), abs=0.01
            )


def _head(pose: Pose) -> tuple[float, float, float]:
    return pose.head_yaw, pose.head_pitch, pose.head_roll


def _entry(pose: Pose) -> dict[str, Any]:
    setup = Setup((pose,), CAMERA, "studio-soft", 0.0)
    return truth.record("x.jpg", PEOPLE[0], setup, pose, CENTERS)
