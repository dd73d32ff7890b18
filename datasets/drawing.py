"""Run the eye model on samples, and compare what it draws with the true eye."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.eye_samples import EyeSample
from pipelines.image.arrays import Image, Image8

_BATCH = 16
# Slightly less than 1: noise in the photographs counts as detail, and the model must not invent it.
_TARGET_SHARPNESS = 0.95
_GAINS = tuple(1 + 0.05 * k for k in range(11))


def draw(pipeline: Any, samples: list[EyeSample], steps: int, seed: int = 0) -> NDArray[np.float32]:
    """Run an `EyePatchControlNetPipeline` on samples.

    Args:
        pipeline: The eye model.
        samples: Its inputs.
        steps: Inference steps of the bridge.
        seed: Of the noise, the same for every 16 samples.

    Returns:
        float32 sRGB in [0, 1], (n, 64, 96, 3).
    """
    import torch

    drawn = []
    for first in range(0, len(samples), _BATCH):
        part = samples[first : first + _BATCH]
        drawn.append(
            pipeline(
                image=np.stack([sample.start for sample in part]).clip(0, 1),
                mask_image=np.stack([sample.mask for sample in part])[..., None],
                control_image=np.stack([sample.control for sample in part]) / np.float32(255),
                gaze=[sample.gaze for sample in part],
                reference=np.stack([sample.reference for sample in part]).clip(0, 1),
                num_inference_steps=steps,
                generator=torch.Generator().manual_seed(seed),
                output_type="np",
            ).images
        )
    return np.concatenate(drawn)


def gain_of_detail(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> float:
    """Find the gain of fine detail that makes drawn eyes as sharp as real ones.

    Args:
        drawn: Eyes drawn with a gain of 1, (n, H, W, 3).
        truth: The true eyes, (n, H, W, 3).
        mask: Where to compare, 0..1, (n, H, W).

    Returns:
        The smallest gain from 1 to 1.5 that brings the median `sharpness` to 0.95; 1.5 if none
        does.
    """
    import torch

    from pipelines.engines import eye_pipeline

    planes = torch.from_numpy(drawn.transpose(0, 3, 1, 2))
    for gain in _GAINS:
        pictures = eye_pipeline.detailed(planes, gain).numpy().transpose(0, 2, 3, 1)
        if np.median(sharpness(pictures, truth, mask)) >= _TARGET_SHARPNESS:
            break
    return gain


def sharpness(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Fine detail inside each mask relative to the truth's, (n,); 1 is equally sharp.

    Args:
        drawn: (n, H, W, 3).
        truth: (n, H, W, 3).
        mask: 0..1, (n, H, W); pixels above 0.5 count.
    """
    rows = zip(drawn, truth, mask > 0.5, strict=True)
    return np.array(
        [
            _fine_rms(pixels, inside) / max(_fine_rms(true_pixels, inside), 1e-6)
            for pixels, true_pixels, inside in rows
        ]
    )


def psnr(
    drawn: NDArray[np.float32], truth: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float64]:
    """PSNR in dB inside each mask, (n,); arrays (n, H, W, 3) and (n, H, W)."""
    square = ((drawn - truth) ** 2).mean(axis=3) * mask
    error = square.sum(axis=(1, 2)) / mask.sum(axis=(1, 2))
    return np.asarray(-10 * np.log10(np.maximum(error, 1e-8)), np.float64)


def to_u8(pixels: Image) -> Image8:
    """Convert a patch from [0, 1] to uint8."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def enlarge(pixels_u8: Image8, factor: int) -> Image8:
    """Enlarge a picture by a whole factor for a contact sheet."""
    size = (pixels_u8.shape[1] * factor, pixels_u8.shape[0] * factor)
    return np.asarray(cv2.resize(pixels_u8, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _fine_rms(pixels: Image, inside: NDArray[np.bool_]) -> float:
    """Root mean square of the detail finer than two pixels, inside a region."""
    grey = cv2.cvtColor(np.asarray(pixels, np.float32), cv2.COLOR_RGB2GRAY)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.5)
    return float(np.sqrt((fine[inside] ** 2).mean()))
