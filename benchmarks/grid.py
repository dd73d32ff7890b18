"""Seconds that an explore grid of twelve cells takes, warm, on a portrait of a given size.

JSON: size, the photo's long side in pixels; cores of the machine; workers, cells rendered at the
same time; load, load average over a minute; and grids, for each grid:
    columns, rows: what varies, as the command line writes it; cells: how many there are.
    first, wall: seconds until the first and until all cells were there, after the analysis.
    cpu: processor seconds until all were there.
    analysis: seconds of the analysis at grid size, which a photo needs once.
    alone: processor seconds of the same cells rendered one by one, nothing shared; or null.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks import speed
from benchmarks.reports import Report, text_table
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
KEYS = ("cells", "first", "wall", "cpu", "analysis", "alone")


def run(photo: Path | None, size: int, workers: int | None, *, alone: bool = False) -> Report:
    """Time grids of twelve cells, after one look that does not count.

    Args:
        photo: A portrait, or None for Grace Hopper's (US Navy, public domain).
        size: Long side to resize the photo to, in pixels.
        workers: Cells to render at the same time; as `cells.render` if None.
        alone: Whether to render the cells one by one, too.
    """
    analysis = studio.analyse_pixels(speed.resized(photo, size))
    base = Look.parse(BASE)
    studio.render(analysis, base)
    return {
        "grids": [_timed(analysis, base, *sides, workers, alone) for sides in GRIDS],
        "size": size,
        "cores": slots.count(),
        "workers": workers or min(slots.count(), cells.MOST_WORKERS),
        "load": round(os.getloadavg()[0], 2),
    }


def table(report: Report) -> str:
    """The timings as text, in seconds."""
    rows = {f"{one['columns']} x {one['rows']}": one for one in report["grids"]}
    return text_table("grid (seconds)", rows, KEYS)


def _timed(
    analysis: studio.Analysis,
    base: Look,
    columns: str,
    rows: str,
    workers: int | None,
    alone: bool,
) -> Report:
    start = time.perf_counter()
    small = cells.at_cell_size(analysis)
    ready, cpu_ready = time.perf_counter(), time.process_time()
    layout = cells.lay_out(analysis, base, axis.parse(columns), axis.parse(rows))
    times = []
    for outcome in cells.render(small, layout, workers=workers):
        if outcome.error is not None:
            raise outcome.error
        times.append(time.perf_counter() - ready)
    cpu_done = time.process_time()
    if alone:
        for cell in layout.cells:
            studio.render(small, cell.look)
    return {
        "columns": columns,
        "rows": rows,
        "cells": len(times),
        "first": times[0],
        "wall": times[-1],
        "cpu": cpu_done - cpu_ready,
        "analysis": ready - start,
        "alone": time.process_time() - cpu_done if alone else None,
    }
