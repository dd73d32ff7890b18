"""Ridge regression in its dual form, for fewer samples than features, with people held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from pipelines.gaze.eye_shape import Linear
from pipelines.image.arrays import Points, Reals


@dataclass(frozen=True)
class CrossFit:
    """A regression fitted on all people, and without each fold.

    Attributes:
        all_people: Fitted on all people.
        without_fold: Per fold, the regression fitted without its people.
        held_out: Prediction of every sample by the regression that did not see its person,
            (n, out).
    """

    all_people: Linear
    without_fold: tuple[Linear, ...]
    held_out: Points


def fit(features: Reals, target: Reals, fold_of: Sequence[int], penalty: float) -> CrossFit:
    """Fit on all people and without each fold.

    Args:
        features: Shape (n, d), float32.
        target: Shape (n, out).
        fold_of: Fold of each sample's person, n of them.
        penalty: Ridge penalty per sample.
    """
    mean = features.mean(axis=0)
    centred = features - mean
    gram = (centred @ centred.T).astype(np.float64)
    folds = np.array(fold_of)
    all_people = _solve(centred, gram, target, np.ones(len(folds), bool), mean, penalty)
    without = []
    held_out = np.zeros_like(target)
    for fold in range(int(folds.max()) + 1):
        linear = _solve(centred, gram, target, folds != fold, mean, penalty)
        held_out[folds == fold] = linear(features[folds == fold])
        without.append(linear)
    return CrossFit(all_people, tuple(without), held_out)


def _solve(
    centred: Reals,
    gram: Points,
    target: Reals,
    used: NDArray[np.bool_],
    mean: Reals,
    penalty: float,
) -> Linear:
    """Solve for the samples in `used`; `gram` holds the inner products of the centred features."""
    bias = target[used].mean(axis=0)
    count = int(used.sum())
    system = gram[np.ix_(used, used)] + penalty * count * np.eye(count)
    dual = solve(system, target[used] - bias, assume_a="pos")
    weights = centred[used].T @ dual.astype(np.float32)
    return Linear(mean, weights, bias)
