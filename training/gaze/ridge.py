"""Ridge regression by its dual, with people held out: fewer samples than features."""

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
    """Regressions of one stage.

    Attributes:
        everybody: Fitted on all people.
        folds: Fitted without the people of that fold.
        held_out: Prediction of every sample by the fold that did not know its person, (n, out).
    """

    everybody: Linear
    folds: tuple[Linear, ...]
    held_out: Points


def fit(features: Reals, wanted: Reals, fold_of: Sequence[int], penalty: float) -> CrossFit:
    """Fit on everybody and without each fold.

    Args:
        features: Shape (n, d), float32.
        wanted: Shape (n, out).
        fold_of: Per sample the fold of its person.
        penalty: Ridge penalty per sample.
    """
    mean = features.mean(axis=0)
    centred = features - mean
    gram = (centred @ centred.T).astype(np.float64)
    folds = np.array(fold_of)
    everybody = _solved(centred, gram, wanted, np.ones(len(folds), bool), mean, penalty)
    without = []
    held_out = np.zeros_like(wanted)
    for fold in range(int(folds.max()) + 1):
        linear = _solved(centred, gram, wanted, folds != fold, mean, penalty)
        held_out[folds == fold] = linear(features[folds == fold])
        without.append(linear)
    return CrossFit(everybody, tuple(without), held_out)


def _solved(
    centred: Reals,
    gram: Points,
    wanted: Reals,
    known: NDArray[np.bool_],
    mean: Reals,
    penalty: float,
) -> Linear:
    bias = wanted[known].mean(axis=0)
    count = int(known.sum())
    system = gram[np.ix_(known, known)] + penalty * count * np.eye(count)
    dual = solve(system, wanted[known] - bias, assume_a="pos")
    weights = centred[known].T @ dual.astype(np.float32)
    return Linear(mean, weights, bias)
