from __future__ import annotations

import numpy as np
import pytest

from ui import histograms

HALF = np.zeros((10, 20, 3), np.uint8)
HALF[:, 10:] = 200


def test_brightness_is_counted_where_it_is_asked_for() -> None:
    all_of_it = histograms.histogram(HALF)
    assert all_of_it.shares.sum() == pytest.approx(1)
    assert all_of_it.shares[0] == all_of_it.shares[50] == 0.5
    mask = np.zeros(HALF.shape[:2], bool)
    mask[:, 10:] = True
    light = histograms.histogram(HALF, mask)
    assert light.median == 200
    assert light.shares[50] == 1


def test_white_is_said() -> None:
    white = HALF.copy()
    white[:5] = 255
    assert histograms.histogram(white).white == 0.5
    assert histograms.histogram(HALF).white == 0


def test_an_empty_mask_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        histograms.histogram(HALF, np.zeros(HALF.shape[:2], bool))


def test_both_lines_have_one_scale() -> None:
    flat = histograms.histogram(np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3))
    _, line = histograms.lines(histograms.histogram(HALF), flat)
    heights = [float(point.split(",")[1]) for point in line.split()]
    assert len(heights) == histograms.BINS
    # A 64th everywhere beside a peak of a half: a sixth of its height, by the root.
    assert heights[0] == pytest.approx(80 * (1 - (1 / 32) ** 0.5), abs=0.2)
