from __future__ import annotations

import numpy as np
import pytest

from datasets import eye_rows, eye_set, renders
from datasets.eye_set import EyeSet
from datasets.portraits import ReadPortrait


def test_every_window_shows_a_right_eye(photo_eyes: EyeSet, rendered_eyes: EyeSet) -> None:
    for eyes in (photo_eyes, rendered_eyes):
        assert set(eyes.sides) <= {"left", "right"}
        for index in range(len(eyes)):
            eye = eyes.eye(index)
            # The outer canthus of a right eye is on the left of the picture.
            assert eye.outer[0] < eye.iris_center[0] < eye.inner[0]
            middle = (eye.outer + eye.inner) / 2
            assert middle == pytest.approx((np.array(eye_set.WINDOW) - 1) / 2, abs=5)
            assert 12 < eye.iris_radius < 16
    assert set(photo_eyes.sides) == {"left", "right"}


def test_the_window_is_dark_at_the_iris_centre(photo_eyes: EyeSet) -> None:
    for index in range(len(photo_eyes)):
        eye = photo_eyes.eye(index)
        x, y = np.rint(eye.iris_center).astype(int)
        iris = photo_eyes.windows[index, y - 4 : y + 5, x - 4 : x + 5].mean()
        # The sclera on the wider side of the iris.
        sides = np.rint(eye.iris_center[0] + np.array([-1.5, 1.5]) * eye.iris_radius).astype(int)
        sclera = max(photo_eyes.windows[index, y - 2 : y + 5, at].mean() for at in sides)
        assert iris < sclera - 15


def test_a_cycle_turns_the_eye_away_and_back(photo_eyes: EyeSet) -> None:
    for index in range(len(photo_eyes)):
        for cycle in range(2):
            eye, away = photo_eyes.eye(index), photo_eyes.eye(index, cycle)
            turned = photo_eyes.away_gazes[index, cycle] - photo_eyes.gazes[index]
            shift = away.iris_center - eye.iris_center
            # 10.5 mm for a sine of 1, 0.4 mm for a pixel; the picture's y points down.
            expected = np.sin(np.radians(turned)) * [26.0, -26.0]
            assert shift == pytest.approx(expected, abs=2.5)
            truth = photo_eyes.windows[index].astype(float)
            away_error, back_error = (
                np.abs(pictures[index, cycle] - truth).mean()
                for pictures in (photo_eyes.away, photo_eyes.proposals)
            )
            assert 0 < back_error < away_error
            # Cheek and forehead are unchanged.
            cheek = photo_eyes.windows[index, -8:]
            assert (photo_eyes.proposals[index, cycle, -8:] == cheek).all()


def test_the_same_seed_makes_the_same_eyes(
    hopper_portrait: ReadPortrait, photo_eyes: EyeSet
) -> None:
    same, other = (
        eye_set.from_rows(eye_rows.from_photos(iter([hopper_portrait]), cycles=2, seed=seed))
        for seed in (0, 1)
    )
    assert (same.proposals == photo_eyes.proposals).all()
    assert (other.proposals != photo_eyes.proposals).any()


def test_renders_of_test_people_are_never_used(rendered_eyes: EyeSet) -> None:
    calibrate = {render.identity for render in renders.load() if render.split == "calibrate"}
    assert set(rendered_eyes.people) <= calibrate
    assert set(rendered_eyes.sources) == {"render"}


def test_a_proposal_is_nearer_to_the_truth_than_its_start(rendered_eyes: EyeSet) -> None:
    for index in range(len(rendered_eyes)):
        truth = rendered_eyes.windows[index].astype(float)
        before = np.abs(rendered_eyes.away[index, 0] - truth)[40:76, 40:112].mean()
        after = np.abs(rendered_eyes.proposals[index, 0] - truth)[40:76, 40:112].mean()
        assert after < before
