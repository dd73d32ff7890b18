"""The expected gaze given two readings, and that most people in portraits look into the lens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Points

LENS_DEG = 1.5
"""Standard deviation of the gaze of people who look into the lens, sideways and up, in degrees."""
ELSEWHERE_DEG = (18.0, 9.0)
"""Standard deviations of the gaze of people who look elsewhere, sideways and up."""
OFFSETS_DEG = (3.0, 4.5)
"""Standard errors, from person to person, of a reading from the offsets of the irises."""
NETWORK_DEG = 1.2
"""Standard error of the network's reading of people who look into the lens."""
NETWORK_SLOPE = (0.5, 0.4)
"""Share of a gaze elsewhere that the network reads: it was trained on people who hardly ever do."""
NETWORK_SPREAD = 0.25
"""Growth of the network's standard error per degree of a gaze elsewhere."""
DOUBLED_AT_DEG = 30.0
"""Yaw of the head at which the standard errors are twice those of a frontal head."""
# Shares of readings that are grossly wrong, and how many times larger their error is.
_OFFSETS_OUTLIERS = (0.2, 2.5)
_NETWORK_OUTLIERS = (0.15, 3.0)
_ANGLES = np.arange(-75.0, 75.5, 0.5)

Angles = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Readings:
    """Two readings of one gaze, in degrees sideways and up, upright with the head.

    Attributes:
        offsets: From the offsets of the irises, unbiased, shape (2,).
        network: From the network, biased towards the lens, shape (2,).
        head_yaw: Yaw of the head in degrees.
    """

    offsets: Points
    network: Points
    head_yaw: float


def mean(readings: Readings, lens_share: float) -> Points:
    """Expected gaze in degrees (sideways, up), shape (2,).

    A mixture of two kinds of people, who look into the lens and who look elsewhere. Their
    probabilities follow from both readings on both axes; each kind has its own expected gaze on
    each axis. On a grid of angles, because the errors are not normally distributed.

    Args:
        readings: The readings.
        lens_share: Share of people who look into the lens, above 0 and below 1.
    """
    lens = [_on_axis(readings, axis, at_lens=True) for axis in (0, 1)]
    elsewhere = [_on_axis(readings, axis, at_lens=False) for axis in (0, 1)]
    evidence = [
        np.log(share) + sum(np.log(axis_evidence + 1e-300) for axis_evidence, _ in axes)
        for share, axes in ((lens_share, lens), (1 - lens_share, elsewhere))
    ]
    at_lens = 1 / (1 + np.exp(np.clip(evidence[1] - evidence[0], -50, 50)))
    return np.array(
        [
            at_lens * near + (1 - at_lens) * far
            for (_, near), (_, far) in zip(lens, elsewhere, strict=True)
        ]
    )


def _on_axis(readings: Readings, axis: int, at_lens: bool) -> tuple[float, float]:
    """Evidence of the readings on one axis for one kind of people, and its expected gaze."""
    offsets, network = float(readings.offsets[axis]), float(readings.network[axis])
    growth = 1 + (readings.head_yaw / DOUBLED_AT_DEG) ** 2
    prior = _normal(_ANGLES, LENS_DEG if at_lens else ELSEWHERE_DEG[axis])
    weight = prior / prior.sum()
    weight = weight * _with_outliers(
        offsets - _ANGLES, OFFSETS_DEG[axis] * growth, *_OFFSETS_OUTLIERS
    )
    if at_lens:
        weight = weight * _with_outliers(
            np.array(network), NETWORK_DEG * growth, *_NETWORK_OUTLIERS
        )
    else:
        error = NETWORK_DEG * growth + NETWORK_SPREAD * np.abs(_ANGLES)
        weight = weight * _normal(network - NETWORK_SLOPE[axis] * _ANGLES, error)
    total = float(weight.sum())
    return total, float((weight * _ANGLES).sum() / max(total, 1e-300))


def _normal(x: Angles, deviation: Angles | float) -> Angles:
    """Normal density up to a factor that all share."""
    return np.exp(-0.5 * (x / deviation) ** 2) / deviation


def _with_outliers(x: Angles, deviation: float, share: float, times: float) -> Angles:
    return (1 - share) * _normal(x, deviation) + share * _normal(x, times * deviation)
