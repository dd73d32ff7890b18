"""Validate the eye model on people it is not trained on: PSNR and a contact sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets import eye_samples
from datasets.drawing import draw, enlarge, gain_of_detail, psnr, to_u8
from datasets.eye_set import EyeSet
from pipelines.image.arrays import Image8

_SHEET_ROWS = 12


@dataclass(frozen=True)
class Validation:
    """Means over the validation eyes.

    Attributes:
        geometry: PSNR in dB, inside the mask, of the proposals alone.
        cycle: PSNR in dB of what the model draws from the proposals.
        withheld: PSNR in dB of what it draws without a proposal.
        detail: Gain of fine detail that makes the drawn eyes as sharp as real ones, see
            `gain_of_detail`.
        sheet: uint8 RGB, one eye in each row: photo, proposal, drawn from it; then without a
            proposal: start, annotation, drawn from them.
    """

    geometry: float
    cycle: float
    withheld: float
    detail: float
    sheet: Image8


def eyes_of(eyes: EyeSet, most: int) -> list[int]:
    """Choose at most `most` validation eyes, evenly spread; photographs only, if there are any."""
    chosen = np.flatnonzero(eyes.splits == "validation")
    photos = chosen[eyes.sources[chosen] != "render"]
    chosen = photos if len(photos) else chosen
    if len(chosen) > most:
        chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(int)]
    return [int(index) for index in chosen]


def validate(pipeline: Any, eyes: EyeSet, indices: list[int], steps: int = 1) -> Validation:
    """Draw the validation eyes with and without their proposals, and compare them with the truth.

    Args:
        pipeline: An `EyePatchControlNetPipeline`.
        eyes: The set.
        indices: The validation eyes.
        steps: Inference steps of the bridge.
    """
    cycles = [eye_samples.sample(eyes, index, "cycle") for index in indices]
    withheld = [eye_samples.sample(eyes, index, "withheld") for index in indices]
    from_cycle, from_withheld = draw(pipeline, cycles, steps), draw(pipeline, withheld, steps)
    truth = np.stack([sample.truth for sample in cycles])
    mask = np.stack([sample.mask for sample in cycles])
    start = np.stack([sample.start for sample in cycles])
    rows = [
        np.hstack(
            [
                to_u8(cycles[k].truth),
                to_u8(cycles[k].start),
                to_u8(from_cycle[k]),
                to_u8(withheld[k].start),
                withheld[k].control,
                to_u8(from_withheld[k]),
            ]
        )
        for k in range(min(_SHEET_ROWS, len(indices)))
    ]
    return Validation(
        geometry=float(psnr(start, truth, mask).mean()),
        cycle=float(psnr(from_cycle, truth, mask).mean()),
        withheld=float(psnr(from_withheld, truth, mask).mean()),
        detail=gain_of_detail(from_cycle, truth, mask),
        sheet=enlarge(np.vstack(rows), 2),
    )
