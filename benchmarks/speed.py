"""Seconds that one look takes, step by step, warm, on a portrait of a given size.

JSON: size, the photo's long side in pixels; timings, for each look its query string (look) and the
median seconds of each step over the rounds (seconds; ``total`` is all of it).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from benchmarks.reports import Report, text_table
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


def run(photo: Path | None, size: int, rounds: int, looks: Sequence[str]) -> Report:
    """Time every look, analysis included, after one round that does not count.

    Args:
        photo: A portrait, or None for Grace Hopper's (US Navy, public domain).
        size: Long side to resize the photo to, in pixels.
        rounds: How often each look is rendered.
        looks: Query strings.
    """
    picture = resized(photo, size)
    timings = []
    for look in map(Look.parse, looks):
        studio.render(studio.analyse_pixels(picture), look)
        runs = [studio.render(studio.analyse_pixels(picture), look) for _ in range(rounds)]
        medians = {step: statistics.median(run.seconds[step] for run in runs) for step in STEPS}
        timings.append({"look": str(look), "seconds": medians})
    return {"size": size, "timings": timings}


def table(report: Report) -> str:
    """The timings as text, in seconds."""
    rows = {one["look"]: one["seconds"] for one in report["timings"]}
    return text_table("look (seconds)", rows, STEPS)


def resized(photo: Path | None, size: int) -> Image8:
    """A portrait, Grace Hopper's if None, at a long side of `size` pixels."""
    image = Pillow.fromarray(loading.load(photo or _hopper()).original_u8)
    factor = size / max(image.size)
    resized = image.resize(
        (round(image.width * factor), round(image.height * factor)), Pillow.Resampling.LANCZOS
    )
    return np.asarray(resized)


def _hopper() -> Path:
    import matplotlib.cbook

    return Path(str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
