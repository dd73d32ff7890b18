"""The eye model run on samples alone, and how near it comes to the photographed eye."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.eye_samples import EyeSample
from pipelines.image.arrays import Image

_BATCH = 16
# A little less than eyes are: noise of the photographs counts as detail, and none is to be made up.
_SHARP = 0.95
_GAINS = tuple(1 + 0.05 * k for k in range(11))


def draw(pipeline: Any, samples: list[EyeSample], steps: int, seed: int = 0) -> NDArray[np.float32]:
    """What the pipeline makes of some samples, float32, (n, 64, 96, 3)."""
    import torch

    made = []
    for first in range(0, len(samples), _BATCH):
        part = samples[first : first + _BATCH]
        made.append(
            pipeline(
                image=np.stack([one.start for one in part]).clip(0, 1),
                mask_image=np.stack([one.mask for one in part])[..., None],
                control_image=np.stack([one.control for one in part]) / np.float32(255),
                gaze=[one.gaze for one in part],
                reference=np.stack([one.reference for one in part]).clip(0, 1),
                num_inference_steps=steps,
                generator=torch.Generator().manual_seed(seed),
                output_type="np",
            ).images
        )
    return np.concatenate(made)


def gain_of_detail(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> float:
    """The smallest gain, 1 or more, with which drawn eyes are in the median as sharp as `_SHARP`.

    Args:
        drawn: With a gain of 1, (n, H, W, 3).
        truth: Likewise.
        mask: (n, H, W).
    """
    import torch

    from pipelines.engines import eye_pipeline

    planes = torch.from_numpy(drawn.transpose(0, 3, 1, 2))
    for gain in _GAINS:
        pictures = eye_pipeline.detailed(planes, gain).numpy().transpose(0, 2, 3, 1)
        if np.median(sharpness(pictures, truth, mask)) >= _SHARP:
            break
    return gain


def sharpness(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Detail inside each mask as a share of the truth's, (n,); arrays (n, H, W, 3), (n, H, W)."""
    rows = zip(drawn, truth, mask > 0.5, strict=True)
    return np.array(
        [_detail(one, inside) / max(_detail(true, inside), 1e-6) for one, true, inside in rows]
    )


def psnr(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float64]:
    """PSNR in dB inside each mask, (n,); arrays (n, H, W, 3) and (n, H, W)."""
    square = ((drawn - truth) ** 2).mean(axis=3) * mask
    error = square.sum(axis=(1, 2)) / mask.sum(axis=(1, 2))
    return np.asarray(-10 * np.log10(np.maximum(error, 1e-8)), np.float64)


def _detail(pixels: Image, inside: NDArray[np.bool_]) -> float:
    """Root mean square of what is finer than two pixels, inside a region."""
    grey = cv2.cvtColor(np.asarray(pixels, np.float32), cv2.COLOR_RGB2GRAY)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    return float(np.sqrt((fine[inside] ** 2).mean()))
