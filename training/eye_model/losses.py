"""What the eye model is trained to make small; importing this loads torch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

GRADIENT = 0.5
"""Weight of the gradients' difference at full and half size: edges, not only colours."""
ENERGY = 0.25
"""Weight of the difference of local contrast: without it everything uncertain is blurred."""

# What is outside the mask is not pasted; it counts a little, so that steps stay on the bridge.
_OUTSIDE = 0.02
_SMALLEST = 1e-4


def loss(drawn: Tensor, truth: Tensor, mask: Tensor, importance: Tensor | None = None) -> Tensor:
    """L1, gradients on two scales and local high-frequency energy inside the mask.

    Args:
        drawn: x_0 as predicted, in [-1, 1], (n, 3, H, W).
        truth: In [-1, 1], (n, 3, H, W).
        mask: 0..1, (n, 1, H, W).
        importance: How much each patch counts, (n,); all the same if None.
    """
    weight = mask + _OUTSIDE
    if importance is not None:
        weight = weight * importance.view(-1, 1, 1, 1)
    half = functional.avg_pool2d
    gradients = _gradients(drawn, truth, weight) + _gradients(
        half(drawn, 2), half(truth, 2), half(weight, 2)
    )
    energy = _mean((_energy(drawn) - _energy(truth)).abs(), weight)
    return _mean((drawn - truth).abs(), weight) + GRADIENT * gradients + ENERGY * energy


def _gradients(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    error = drawn - truth
    across = (error[..., :, 1:] - error[..., :, :-1]).abs()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs()
    return _mean(across, weight[..., :, 1:]) + _mean(down, weight[..., 1:, :])


def _energy(picture: Tensor) -> Tensor:
    """Root mean square of what a 3 by 3 mean takes away, over 5 by 5 pixels."""
    fine = picture - functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
    square = functional.avg_pool2d(fine**2, 5, 1, 2, count_include_pad=False)
    return torch.sqrt(square + _SMALLEST)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / (weight.sum() * values.shape[1])
