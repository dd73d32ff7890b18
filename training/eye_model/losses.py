"""The training loss of the eye model. Importing this module loads torch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

GRADIENT = 0.5
"""Weight of the difference of gradients, at full and half size, which keeps edges sharp."""
ENERGY = 0.25
"""Weight of the difference of local contrast; without it the model blurs what is uncertain."""

# Weight outside the mask. Those pixels are not pasted into the result, but they must stay near the
# truth for several steps of the bridge to work.
_OUTSIDE_WEIGHT = 0.02
# Keeps the gradient of the square root finite where there is no contrast.
_EPSILON = 1e-4


def loss(drawn: Tensor, truth: Tensor, mask: Tensor, importance: Tensor | None = None) -> Tensor:
    """L1, gradients on two scales and local high-frequency contrast, weighted by the mask.

    Args:
        drawn: The predicted x_0, in [-1, 1], (n, 3, H, W).
        truth: The true eyes, in [-1, 1], (n, 3, H, W).
        mask: 0..1, (n, 1, H, W).
        importance: Weight of each patch, (n,); equal if None.
    """
    weight = mask + _OUTSIDE_WEIGHT
    if importance is not None:
        weight = weight * importance.view(-1, 1, 1, 1)
    half_size = (functional.avg_pool2d(planes, 2) for planes in (drawn, truth, weight))
    gradients = _gradients(drawn, truth, weight) + _gradients(*half_size)
    energy = _mean((_energy(drawn) - _energy(truth)).abs(), weight)
    return _mean((drawn - truth).abs(), weight) + GRADIENT * gradients + ENERGY * energy


def _gradients(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference of the horizontal and vertical gradients."""
    error = drawn - truth
    across = (error[..., :, 1:] - error[..., :, :-1]).abs()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs()
    return _mean(across, weight[..., :, 1:]) + _mean(down, weight[..., 1:, :])


def _energy(picture: Tensor) -> Tensor:
    """Local contrast: RMS over 5 by 5 pixels of the difference from a 3 by 3 mean."""
    fine = picture - functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
    square = functional.avg_pool2d(fine**2, 5, 1, 2, count_include_pad=False)
    return torch.sqrt(square + _EPSILON)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over pixels and channels."""
    return (values * weight).sum() / (weight.sum() * values.shape[1])
