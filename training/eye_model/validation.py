"""How the eye model does on people it is not trained on, in figures and as a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Image, Image8
from training.data import EyeSet
from training.eye_model import tasks
from training.eye_model.tasks import Sample

_BATCH = 16
# A little less than eyes are: noise of the photographs counts as detail, and none is to be made up.
_SHARP = 0.95
_GAINS = tuple(1 + 0.05 * k for k in range(11))
_ROWS = 12


@dataclass(frozen=True)
class Checked:
    """Mean figures over the validation eyes.

    Attributes:
        geometry: PSNR in dB inside the mask of the proposals alone.
        cycle: PSNR of what the model makes of them.
        withheld: PSNR where the proposal is withheld.
        detail: Gain that makes what the model draws as sharp as eyes are, see `gain_of_detail`.
        sheet: uint8 RGB; a row an eye: photo, proposal, ours, what stood in for the proposal,
            annotation, and ours from these.
    """

    geometry: float
    cycle: float
    withheld: float
    detail: float
    sheet: Image8


def eyes_of(eyes: EyeSet, most: int) -> list[int]:
    """Indices of validation eyes, evenly spread over the set, photographs before renders."""
    part = np.flatnonzero(eyes.splits == "validation")
    photos = part[eyes.sources[part] != "render"]
    part = photos if len(photos) else part
    if len(part) <= most:
        return [int(index) for index in part]
    return [int(index) for index in part[np.linspace(0, len(part) - 1, most).astype(int)]]


def check(pipeline: Any, eyes: EyeSet, indices: list[int], steps: int = 1) -> Checked:
    """Draw the validation eyes.

    Args:
        pipeline: An `EyePatchControlNetPipeline`.
        eyes: The set.
        indices: Which of it.
        steps: Of the bridge.
    """
    given = [tasks.sample(eyes, index, "cycle") for index in indices]
    blind = [tasks.sample(eyes, index, "withheld") for index in indices]
    ours, alone = draw(pipeline, given, steps), draw(pipeline, blind, steps)
    truth = np.stack([one.truth for one in given])
    mask = np.stack([one.mask for one in given])
    start = np.stack([one.start for one in given])
    rows = [
        np.hstack(
            [
                tasks.to_u8(given[k].truth),
                tasks.to_u8(given[k].start),
                tasks.to_u8(ours[k]),
                tasks.to_u8(blind[k].start),
                blind[k].control,
                tasks.to_u8(alone[k]),
            ]
        )
        for k in range(min(_ROWS, len(indices)))
    ]
    return Checked(
        geometry=float(psnr(start, truth, mask).mean()),
        cycle=float(psnr(ours, truth, mask).mean()),
        withheld=float(psnr(alone, truth, mask).mean()),
        detail=gain_of_detail(ours, truth, mask),
        sheet=tasks.enlarged(np.vstack(rows), 2),
    )


def draw(pipeline: Any, samples: list[Sample], steps: int, seed: int = 0) -> NDArray[np.float32]:
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
