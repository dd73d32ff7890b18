"""What somebody with a small request waits while somebody else's 40 megapixels are worked on.

JSON:
    felt: for each kind of small request (``what``) the figures ``alone``, with nobody else there,
        and ``beside``, while large photos are compared without a pause: count (answered), failed,
        p50_s, p95_s and max_s (seconds of the answered ones).
    large_s: seconds of each comparison of the large photo, in ascending order.
    idle_mb, peak_mb: memory of the idle server, and the largest while the large photo was there.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from locust.stats import StatsEntry
from PIL import Image

from benchmarks.load import warm_up
from benchmarks.reports import Report, text_table
from benchmarks.serving import served
from benchmarks.users import (
    HEALTH,
    PAGE,
    PREVIEW,
    Checking,
    Comparing,
    Loading,
    LoadTest,
    Looking,
    pause,
    seconds_at,
)
from pipelines.studio.samples import samples

LARGE = (6320, 6320)
ENGINE = "geometry"
_SMALL_PHOTO, _LARGE_PHOTO = "a small photo", "40 megapixels"
_KEYS = [
    f"{when}.{key}"
    for when in ("alone", "beside")
    for key in ("p50_s", "p95_s", "max_s", "count", "failed")
]


class SmallPhoto(Comparing):
    """A program that compares a look of a small photo now and then."""

    fixed_count, wait_time, name = 1, pause, _SMALL_PHOTO


class LargePhoto(Comparing):
    """A program that compares a look of the large photo, without a pause."""

    fixed_count, name = 1, _LARGE_PHOTO

    def photos(self) -> list[Path]:
        """The large photo."""
        return [self.environment.options.large]


SMALL = (Loading, Checking, Looking, SmallPhoto)


def run(seconds: float) -> Report:
    """Measure the small requests alone, and then beside large photos.

    Args:
        seconds: How long each.
    """
    photos = [samples()[0].path]
    with tempfile.TemporaryDirectory() as folder, served() as server:
        options = {
            "photos": photos,
            "engine": ENGINE,
            "pause": 0.5,
            "large": large_photo(Path(folder)),
        }
        warm_up(server, photos[0], ENGINE)
        idle = server.state()["memory_mb"]
        alone = LoadTest(server, SMALL, **options)
        alone.run(len(SMALL), seconds)
        with server.memory_curve() as memory:
            beside = LoadTest(server, (*SMALL, LargePhoto), **options)
            beside.run(len(SMALL) + 1, seconds)
    return {
        "felt": [
            {
                "what": what,
                "alone": _figures(alone.figures(what)),
                "beside": _figures(beside.figures(what)),
            }
            for what in (PAGE, HEALTH, PREVIEW, _SMALL_PHOTO)
        ],
        "large_s": _times(beside.figures(_LARGE_PHOTO)),
        "idle_mb": round(idle),
        "peak_mb": round(max(memory)),
    }


def large_photo(folder: Path) -> Path:
    """Write a portrait of just under 40 megapixels with the grain of a camera's picture."""
    import skimage.data

    pixels = np.asarray(Image.fromarray(skimage.data.astronaut()).resize(LARGE), np.int16)
    grain = np.random.default_rng(7).normal(0, 3, LARGE).astype(np.int16)
    noisy = np.clip(pixels + grain[..., None], 0, 255).astype(np.uint8)
    path = folder / "large.jpg"
    Image.fromarray(noisy).save(path, quality=88)
    return path


def table(report: Report) -> str:
    """A row for each kind of request, and what the large photo took."""
    large, idle, peak = report["large_s"], report["idle_mb"], report["peak_mb"]
    return "\n".join(
        [
            text_table("seconds", {one["what"]: one for one in report["felt"]}, _KEYS),
            f"{len(large)} comparisons of 40 megapixels, "
            f"{np.median(large or [0]):.1f} s each (median)",
            f"MB: idle {idle}, peak {peak} ({peak - idle:+})",
        ]
    )


def _figures(entry: StatsEntry) -> Report:
    return {
        "count": entry.num_requests - entry.num_failures,
        "failed": entry.num_failures,
        "p50_s": seconds_at(entry, 0.5),
        "p95_s": seconds_at(entry, 0.95),
        "max_s": round(entry.max_response_time / 1000, 2),
    }


def _times(entry: StatsEntry) -> list[float]:
    counts = sorted(entry.response_times.items())
    return [round(milliseconds / 1000, 2) for milliseconds, count in counts for _ in range(count)]
