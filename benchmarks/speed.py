"""How long one look takes, step by step, warm, on a portrait of a given size."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from pipelines import studio
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.studio import Look, rendering

LOOKS = (
    "region=north-america&context=linkedin",
    "region=japan&context=therapist",
    "region=off-camera&context=creative-portfolio",
)
STEPS = (*rendering.STEPS, "total")


@dataclass(frozen=True)
class Timing:
    """Median seconds of one look on one photo.

    Attributes:
        look: The look's query string.
        seconds: Step -> median seconds over the rounds.
    """

    look: str
    seconds: dict[str, float]


def measure(photo: Path | None, size: int, rounds: int, looks: Sequence[str]) -> list[Timing]:
    """Time every look, analysis included, after one round that does not count.

    Args:
        photo: A portrait, or None for Grace Hopper's (US Navy, public domain).
        size: Long side to resize the photo to, in pixels.
        rounds: How often each look is made.
        looks: Query strings.
    """
    picture = resized(photo, size)
    timings = []
    for text in looks:
        look = Look.parse(text)
        studio.render(studio.analyse_pixels(picture), look)
        runs = [studio.render(studio.analyse_pixels(picture), look) for _ in range(rounds)]
        median = {step: statistics.median(run.seconds[step] for run in runs) for step in STEPS}
        timings.append(Timing(str(look), median))
    return timings


def table(timings: Sequence[Timing]) -> str:
    """The timings as text, milliseconds."""
    lines = ["".join(f"{step:>12}" for step in STEPS) + "  look (milliseconds)"]
    lines += [
        "".join(f"{timing.seconds[step] * 1000:12.0f}" for step in STEPS) + f"  {timing.look}"
        for timing in timings
    ]
    return "\n".join(lines)


def _hopper() -> Path:
    import matplotlib.cbook

    return Path(str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))


def resized(photo: Path | None, size: int) -> Image8:
    """A portrait, Grace Hopper's if None, at a long side of `size` pixels."""
    image = Pillow.fromarray(loading.load(photo or _hopper()).original_u8)
    factor = size / max(image.size)
    resized = image.resize(
        (round(image.width * factor), round(image.height * factor)), Pillow.Resampling.LANCZOS
    )
    return np.asarray(resized)
