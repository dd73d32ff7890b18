"""How long an explore grid takes, warm, on a portrait of a given size."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import speed
from pipelines import studio
from pipelines.runtime import slots
from pipelines.studio import Look
from pipelines.studio.grid import axis, cells

GRIDS = (
    ("region", "polish"),
    ("context", "polish=0,0.5,1"),
    ("yaw=-12,-4,4,12", "polish=0,0.5,1"),
    ("yaw=-12,-4,4,12", "pitch=-6,0,6"),
)
BASE = "region=japan&context=linkedin&engine=geometry"


@dataclass(frozen=True)
class GridTiming:
    """One grid, made once.

    Attributes:
        columns: What varies from left to right.
        rows: What varies from top to bottom.
        cells: How many there are.
        first: Seconds until the first cell was there, after the analysis.
        wall: Seconds until all were there, after the analysis.
        cpu: Processor seconds for the same.
        analysis: Seconds of the analysis at grid size, which a photo needs once.
        alone: Processor seconds of the same cells made one by one, nothing shared; None if not
            asked for.
    """

    columns: str
    rows: str
    cells: int
    first: float
    wall: float
    cpu: float
    analysis: float
    alone: float | None


def measure(
    photo: Path | None,
    size: int,
    workers: int | None,
    sides: Sequence[tuple[str, str]] = GRIDS,
    *,
    alone: bool = False,
) -> list[GridTiming]:
    """Time grids of twelve cells, after one look that does not count.

    Args:
        photo: A portrait, or None for Grace Hopper's (US Navy, public domain).
        size: Long side to resize the photo to, in pixels.
        workers: Cells to make at the same time; as `grid.render` if None.
        sides: Columns and rows of each grid, as the command line writes them.
        alone: Whether to make the cells one by one, too.
    """
    picture = speed.resized(photo, size)
    analysis = studio.analyse_pixels(picture)
    base = Look.parse(BASE)
    studio.render(analysis, base)
    return [_timed(analysis, base, columns, rows, workers, alone) for columns, rows in sides]


def _timed(
    analysis: studio.Analysis,
    base: Look,
    columns: str,
    rows: str,
    workers: int | None,
    alone: bool,
) -> GridTiming:
    start = time.perf_counter()
    small = cells.small(analysis)
    ready, used = time.perf_counter(), time.process_time()
    asked = cells.lay_out(analysis, base, axis.parse(columns), axis.parse(rows))
    done = []
    for outcome in cells.render(small, asked, workers=workers):
        if outcome.error is not None:
            raise outcome.error
        done.append(time.perf_counter() - ready)
    cpu = time.process_time() - used
    one_by_one = None
    if alone:
        used = time.process_time()
        for cell in asked.cells:
            studio.render(small, cell.look)
        one_by_one = time.process_time() - used
    return GridTiming(columns, rows, len(done), done[0], done[-1], cpu, ready - start, one_by_one)


def report(timings: Sequence[GridTiming], size: int, workers: int | None) -> dict[str, Any]:
    """Plain data for JSON, with what the machine was doing besides."""
    return {
        "size": size,
        "cores": slots.count(),
        "workers": workers or min(slots.count(), cells.MOST_WORKERS),
        "load": round(os.getloadavg()[0], 2),
        "grids": [asdict(timing) for timing in timings],
    }


def table(timings: Sequence[GridTiming]) -> str:
    """The timings as text, seconds."""
    names = ("cells", "first", "wall", "cpu", "analysis", "alone")
    lines = ["".join(f"{name:>10}" for name in names) + "  grid (seconds)"]
    for one in timings:
        figures = [one.first, one.wall, one.cpu, one.analysis, one.alone]
        shown = "".join(f"{'–' if each is None else f'{each:.2f}':>10}" for each in figures)
        lines.append(f"{one.cells:>10}{shown}  {one.columns} x {one.rows}")
    return "\n".join(lines)
