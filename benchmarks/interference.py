"""What somebody with a small request feels while somebody else's 40 megapixels are worked on."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from benchmarks.load import SLIDER, ask
from benchmarks.server_metrics import columns, household, memory_peak, quantile, state, timed
from benchmarks.serving import Server, served
from benchmarks.visitor import Visitor
from pipelines.studio.samples import samples

LARGE = (6320, 6320)
_PAUSE_S = 0.5


@dataclass(frozen=True)
class Felt:
    """Seconds of one kind of small request.

    Attributes:
        what: The request.
        alone: With nobody else there.
        beside: While the large photo is worked on.
    """

    what: str
    alone: list[float]
    beside: list[float]

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "what": self.what,
            **{
                name: {
                    "count": len(values),
                    "p50_s": quantile(values, 0.5),
                    "p95_s": quantile(values, 0.95),
                    "max_s": round(max(values, default=0.0), 2),
                }
                for name, values in (("alone", self.alone), ("beside", self.beside))
            },
        }


@dataclass(frozen=True)
class InterferenceRun:
    """One run.

    Attributes:
        felt: Each kind of small request.
        large: Seconds of the large photo's comparisons.
        idle_mb: Memory of the idle server.
        peak_mb: The most that there was.
    """

    felt: list[Felt]
    large: list[float]
    idle_mb: float
    peak_mb: float

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "felt": [one.report() for one in self.felt],
            "large_s": [round(one, 2) for one in self.large],
            "idle_mb": round(self.idle_mb),
            "peak_mb": round(self.peak_mb),
        }


def run(seconds: float) -> InterferenceRun:
    """Measure the small requests alone, and then beside large photos.

    Args:
        seconds: How long each.
    """
    small = samples()[0].path
    with tempfile.TemporaryDirectory() as folder, served() as server:
        large = large_photo(Path(folder))
        ask(server.address, [small], "geometry", 0)
        with Visitor(server.address, household(1)) as visitor:
            asks = _asks(server, visitor, small)
            for one in asks.values():
                one()
            idle = state(server).memory_mb
            alone = _measured(asks, seconds)
            with memory_peak(server) as peak, ExitStack() as stack:
                times = stack.enter_context(
                    timed(0.0, lambda: ask(server.address, [large], "geometry", 2))
                )
                beside = _measured(asks, seconds)
    felt = [Felt(name, alone[name], beside[name]) for name in asks]
    return InterferenceRun(felt, times, idle, peak())


def large_photo(folder: Path) -> Path:
    """A portrait of just under 40 megapixels with the grain that a camera's has."""
    import skimage.data

    pixels = np.asarray(Image.fromarray(skimage.data.astronaut()).resize(LARGE), np.int16)
    grain = np.random.default_rng(7).normal(0, 3, LARGE).astype(np.int16)
    noisy = np.clip(pixels + grain[..., None], 0, 255).astype(np.uint8)
    path = folder / "large.jpg"
    Image.fromarray(noisy).save(path, quality=88)
    return path


def table(run: InterferenceRun) -> str:
    """The figures as text."""
    rows: list[tuple[str, ...]] = [
        ("seconds", "alone p50", "p95", "max", "beside p50", "p95", "max", "times")
    ]
    for one in run.felt:
        figures = [
            figure
            for values in (one.alone, one.beside)
            for figure in (quantile(values, 0.5), quantile(values, 0.95), max(values, default=0.0))
        ]
        counts = f"{len(one.alone)}, {len(one.beside)}"
        rows.append((one.what, *(f"{figure:.2f}" for figure in figures), counts))
    return "\n".join(
        [
            columns(rows),
            f"{len(run.large)} comparisons of 40 megapixels, "
            f"{quantile(run.large, 0.5):.1f} s each (median)",
            f"MB: idle {run.idle_mb:.0f}, peak {run.peak_mb:.0f} "
            f"({run.peak_mb - run.idle_mb:+.0f})",
        ]
    )


def _asks(server: Server, visitor: Visitor, small: Path) -> dict[str, Callable[[], object]]:
    values = itertools.cycle((0.2, 0.9, 0.5, 0.7))
    return {
        "the page": lambda: httpx.get(server.address, timeout=60).raise_for_status(),
        "health": lambda: httpx.get(f"{server.address}healthz", timeout=60).raise_for_status(),
        "a preview": lambda: visitor.move(next(values), **SLIDER),
        "a small photo": lambda: ask(server.address, [small], "geometry", 3),
    }


def _measured(asks: dict[str, Callable[[], object]], seconds: float) -> dict[str, list[float]]:
    with ExitStack() as stack:
        times = {name: stack.enter_context(timed(_PAUSE_S, one)) for name, one in asks.items()}
        threading.Event().wait(seconds)
    return times
