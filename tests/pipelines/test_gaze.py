from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.face import HeadPose
from pipelines.gaze import (
    IRIS_PLANE_MM,
    Gaze,
    GazeEstimate,
    estimate,
    iris_shift_mm,
    target_per_eye,
    within_reach,
)
from pipelines.studio import Analysis

angles = st.builds(Gaze, yaw=st.floats(-60, 60), pitch=st.floats(-60, 60))


def test_signs_and_words() -> None:
    assert Gaze(10, 0).vector[0] > 0
    assert Gaze(0, 10).vector[1] > 0
    assert Gaze(0, 0).vector[2] == 1
    assert Gaze(2.5, 0).word == "contact"
    assert Gaze(0, -4.9).word == "soft"
    assert Gaze(4, 4).word == "averted"


@given(angles)
def test_a_vector_is_its_gaze(gaze: Gaze) -> None:
    back = Gaze.from_vector(gaze.vector)
    assert back.yaw == pytest.approx(gaze.yaw, abs=1e-6)
    assert back.pitch == pytest.approx(gaze.pitch, abs=1e-6)


@given(angles, angles)
def test_the_angle_between_gazes_is_symmetric(a: Gaze, b: Gaze) -> None:
    assert a.angle_to(b) == pytest.approx(b.angle_to(a), abs=1e-5)
    assert a.angle_to(a) == pytest.approx(0, abs=1e-4)


def test_the_iris_travels_as_far_as_a_12_mm_eyeball_turns_it() -> None:
    shift = iris_shift_mm(Gaze(0, 0), Gaze(30, 0))
    assert shift == pytest.approx([IRIS_PLANE_MM / 2, 0])
    up = iris_shift_mm(Gaze(0, 0), Gaze(0, 30))
    assert up == pytest.approx([0, -IRIS_PLANE_MM / 2])


def test_vergence_is_kept() -> None:
    now = GazeEstimate(Gaze(1, 2), Gaze(-2, 2.5), Gaze(4, 1.5), 1.0)
    left, right = target_per_eye(now, Gaze(10, -5))
    assert (left.yaw - right.yaw, left.pitch - right.pitch) == (-6, 1)
    assert ((left.yaw + right.yaw) / 2, (left.pitch + right.pitch) / 2) == (10, -5)


def test_a_target_beyond_the_socket_is_clamped() -> None:
    head = HeadPose(yaw=20, pitch=0, roll=0)
    assert within_reach(Gaze(0, 0), head) == (Gaze(0, 0), False)
    assert within_reach(Gaze(-15, 0), head) == (Gaze(-5, 0), True)
    assert within_reach(Gaze(20, -30), head) == (Gaze(20, -15), True)


def test_moving_the_irises_moves_the_estimate_that_way(hopper_analysis: Analysis) -> None:
    face = hopper_analysis.face
    before = estimate(face)
    step = 2 / face.mm_per_px

    def moved(by: np.ndarray[tuple[int], np.dtype[np.float64]]) -> GazeEstimate:
        left, right = (replace(eye, iris_center=eye.iris_center + by) for eye in face.eyes)
        return estimate(replace(face, left=left, right=right), reference=before)

    right, up = moved(np.array([step, 0.0])), moved(np.array([0.0, -step]))
    # 2 mm on an eyeball of 10.5 mm are 11 degrees; the lids' own share is taken off by the gain.
    assert 8 < right.gaze.yaw - before.gaze.yaw < 18
    assert abs(right.gaze.pitch - before.gaze.pitch) < 2
    assert 8 < up.gaze.pitch - before.gaze.pitch < 26


def test_a_picture_of_the_same_photo_keeps_its_constant(hopper_analysis: Analysis) -> None:
    first = estimate(hopper_analysis.face)
    again = estimate(hopper_analysis.face, reference=first)
    assert again == first
