"""How the eye model does on people it is not trained on, in figures and as a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets import eye_samples
from datasets.drawing import draw, gain_of_detail, psnr
from datasets.eye_set import EyeSet
from pipelines.image.arrays import Image8

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
    given = [eye_samples.sample(eyes, index, "cycle") for index in indices]
    blind = [eye_samples.sample(eyes, index, "withheld") for index in indices]
    ours, alone = draw(pipeline, given, steps), draw(pipeline, blind, steps)
    truth = np.stack([one.truth for one in given])
    mask = np.stack([one.mask for one in given])
    start = np.stack([one.start for one in given])
    rows = [
        np.hstack(
            [
                eye_samples.to_u8(given[k].truth),
                eye_samples.to_u8(given[k].start),
                eye_samples.to_u8(ours[k]),
                eye_samples.to_u8(blind[k].start),
                blind[k].control,
                eye_samples.to_u8(alone[k]),
            ]
        )
        for k in range(min(_ROWS, len(indices)))
    ]
    return Checked(
        geometry=float(psnr(start, truth, mask).mean()),
        cycle=float(psnr(ours, truth, mask).mean()),
        withheld=float(psnr(alone, truth, mask).mean()),
        detail=gain_of_detail(ours, truth, mask),
        sheet=eye_samples.enlarged(np.vstack(rows), 2),
    )
