"""Evenness: patches that do not belong fade, a blush stays."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.polish import evenness

UNIT = 100.0


@pytest.mark.parametrize(
    ("rise", "sigma", "on_cheek", "least", "most"),
    [(4.0, 0.2, 1, 0.75, 1.0), (4.0, 0.2, 0, 0.3, 0.65), (12.0, 0.2, 1, 0.3, 0.8)],
    ids=["blush", "forehead", "flush"],
)
def test_a_blush_stays_on_a_cheek(
    rise: float, sigma: float, on_cheek: float, least: float, most: float
) -> None:
    rows, columns = np.indices((240, 240))
    away = np.hypot(rows - 120, columns - 120) / UNIT
    lab = np.full((240, 240, 3), (65, 12, 16), np.float32)
    lab[..., 1] += rise * np.exp(-np.square(away / sigma) / 2)
    whole = np.ones((240, 240), np.float32)
    change = evenness.change(lab, whole, on_cheek * whole, UNIT)
    left = lab[..., 1] + change[..., 1]
    inside = away < 0.5 * sigma
    assert least < float((left[inside] - left[0, 0]).mean()) / rise < most
