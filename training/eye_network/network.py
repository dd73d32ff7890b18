"""The network in PyTorch, and its weights for `gaze.eye_network`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipelines.gaze.eye_network import SINE_SCALE, SIZE

_CHANNELS = 24
_HIDDEN = (96, 48)
# Head yaw, head pitch, squared yaw, and whether the picture is a render: heads that we render have
# a zero of their own.
_HEAD_TERMS = 4

Arrays = dict[str, NDArray[np.floating[Any]]]


class EyeNetwork(nn.Module):
    """A U-net with three halvings, and a gaze from its coarsest features."""

    def __init__(self) -> None:
        """Start from random weights."""
        super().__init__()
        c = _CHANNELS
        self.level0 = _Block(3, 12)
        self.level1_0, self.level1_1 = _Block(12, c, 5, 2), _Block(c, c)
        self.level2_0, self.level2_1 = _Block(c, 2 * c, 3, 2), _Block(2 * c, 2 * c)
        self.level3_0, self.level3_1 = _Block(2 * c, 4 * c, 3, 2), _Block(4 * c, 4 * c)
        self.up2_0, self.up2_1 = _Block(6 * c, 2 * c, 1), _Block(2 * c, 2 * c)
        self.up1_0, self.up1_1 = _Block(3 * c, c, 1), _Block(c, c)
        self.up0_0, self.up0_1 = _Block(c + 12, 16, 1), _Block(16, 16)
        self.maps = nn.Conv2d(16, 2, 1)
        self.gaze0 = _Block(4 * c, c, 1)
        self.gaze1 = nn.Linear(c * SIZE[0] * SIZE[1] // 64, _HIDDEN[0])
        self.gaze2 = nn.Linear(_HIDDEN[0] + _HEAD_TERMS, _HIDDEN[1])
        self.gaze3 = nn.Linear(_HIDDEN[1], 2)

    def forward(self, pictures: Tensor, head: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of eyeball and iris, (n, 2, 64, 96), and sines of the gaze, (n, 2).

        Args:
            pictures: Normalised, (n, 3, 64, 96).
            head: See `_HEAD_TERMS`, (n, 4).
        """
        full = self.level0(pictures)
        half = self.level1_1(self.level1_0(full))
        quarter = self.level2_1(self.level2_0(half))
        eighth = self.level3_1(self.level3_0(quarter))
        x = self.up2_1(self.up2_0(_joined(eighth, quarter)))
        x = self.up1_1(self.up1_0(_joined(x, half)))
        x = self.up0_1(self.up0_0(_joined(x, full)))
        features = functional.dropout(self.gaze0(eighth).flatten(1), 0.3, self.training)
        hidden = torch.cat([functional.relu(self.gaze1(features)), head], 1)
        sines = self.gaze3(functional.relu(self.gaze2(hidden)))
        return self.maps(x), sines * SINE_SCALE

    def save(self, path: Path) -> None:
        """Write the weights as `gaze.eye_network` reads them: float16, normalisation folded in."""
        arrays: Arrays = {}
        for name, module in self.named_children():
            if isinstance(module, _Block):
                kernel, bias = module.folded()
                _store(arrays, name, kernel.permute(2, 3, 1, 0), bias)
            elif isinstance(module, nn.Linear):
                # The last term of the head is 0 for photographs, which the product reads.
                weight = module.weight[:, :-1] if name == "gaze2" else module.weight
                _store(arrays, name, weight, module.bias)
        assert self.maps.bias is not None
        _store(arrays, "maps", self.maps.weight.permute(2, 3, 1, 0), self.maps.bias)
        np.savez_compressed(path, allow_pickle=False, **arrays)


class _Block(nn.Module):
    """Convolution, batch normalisation and rectifier."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(x)))

    def folded(self) -> tuple[Tensor, Tensor]:
        """Kernel and bias of one convolution that does what convolution and norm do."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None and variance is not None
        gain = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        return self.convolution.weight * gain[:, None, None, None], self.norm.bias - mean * gain


def _joined(low: Tensor, high: Tensor) -> Tensor:
    enlarged = functional.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
    return torch.cat([enlarged, high], 1)


def _store(arrays: Arrays, name: str, weight: Tensor, bias: Tensor) -> None:
    arrays[name] = weight.detach().numpy().astype(np.float16)
    arrays[f"{name}.bias"] = bias.detach().numpy().astype(np.float32)
