"""Two readings of a gaze and the expected one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.gaze import posterior
from pipelines.gaze.posterior import Readings

ANGLES = st.floats(-50, 50)


def expected(
    offsets: tuple[float, float], network: tuple[float, float], head_yaw: float = 0.0
) -> tuple[float, float]:
    readings = Readings(np.array(offsets), np.array(network), head_yaw)
    yaw, pitch = posterior.mean(readings, 0.6)
    return float(yaw), float(pitch)


@given(ANGLES, st.floats(-25, 25), st.floats(-25, 25), st.floats(-35, 35))
def test_mirrored_readings_give_the_mirrored_gaze(
    side: float, up: float, network: float, head_yaw: float
) -> None:
    yaw, pitch = expected((side, up), (network, 0), head_yaw)
    mirrored = expected((-side, up), (-network, 0), -head_yaw)
    assert mirrored == pytest.approx((-yaw, pitch), abs=1e-6)


@pytest.mark.parametrize("degrees", [-40, -25, 25, 40])
def test_readings_that_agree_far_off_the_lens_are_believed(degrees: float) -> None:
    yaw, _ = expected((degrees, 0), (0.5 * degrees, 0))
    assert yaw == pytest.approx(degrees, abs=3)


def test_an_offset_that_the_network_does_not_see_is_the_persons_own() -> None:
    for degrees in (2, 5, 8):
        assert expected((degrees, 0), (0.2, 0))[0] < 0.35 * degrees
    assert expected((8, 0), (4, 0))[0] > 6


def test_the_same_reading_says_less_in_a_turned_head() -> None:
    assert expected((9, 0), (1.5, 0), head_yaw=35)[0] < expected((9, 0), (1.5, 0))[0]


def test_evidence_on_one_axis_counts_for_the_other() -> None:
    alone = expected((0, 6), (0, 1))[1]
    beside = expected((25, 6), (13, 1))[1]
    assert beside > alone
