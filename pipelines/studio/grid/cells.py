"""Explore grids: one portrait, two settings that vary along the axes, a look in every cell.

A cell has the same bytes as `studio.render` gives for its look and analysis. Cells with the same
gaze target share the picture with turned eyes, and cells whose plans differ only in names (many
regions look into the lens) share picture and measurements. A retouch is computed anew for each
gaze.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from pipelines.face import framing
from pipelines.gaze import Gaze
from pipelines.runtime import slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Cancelled, LookError, PresenceError
from pipelines.runtime.messages import Message
from pipelines.studio import comparison, rendering
from pipelines.studio.analysis import Analysis, analyse_pixels
from pipelines.studio.grid.axis import NOTHING, Along, Axis, Value
from pipelines.studio.look import Look
from pipelines.studio.planning import plan
from pipelines.studio.rendering import Variant
from presets.schema import Presets, load

MOST_CELLS = 48
LONG_SIDE = 768
"""Long side of a cell's picture in pixels; at this size the eyes can be seen well."""
MOST_WORKERS = 4

Check = Callable[[], None]
Place = tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """One look in the grid; `row` and `column` count from 0."""

    row: int
    column: int
    look: Look

    @property
    def place(self) -> Place:
        """Row and column."""
        return self.row, self.column


@dataclass(frozen=True)
class Grid:
    """A request for a grid.

    Attributes:
        base: The look that gives all settings that do not vary.
        columns: What varies from left to right.
        rows: What varies from top to bottom.
    """

    base: Look
    columns: Axis
    rows: Axis

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, row by row."""
        return tuple(
            Cell(row, column, self._look(across, down))
            for row, down in enumerate(self.rows.values)
            for column, across in enumerate(self.columns.values)
        )

    def _look(self, across: Value, down: Value) -> Look:
        look = _with_setting(self.base, self.columns.along, across)
        return _with_setting(look, self.rows.along, down)


@dataclass(frozen=True)
class CellResult:
    """A finished cell: its variant, or the error that rendering it raised."""

    cell: Cell
    variant: Variant | None
    error: Exception | None = None


@dataclass(frozen=True)
class Marks:
    """Cells to highlight.

    Attributes:
        best: The most recognisable cells among those that reached their gaze; several in a tie.
        over_polished: Cells that exceed a guard.
    """

    best: frozenset[Place]
    over_polished: frozenset[Place]


def check_sides(columns: Axis, rows: Axis = NOTHING) -> int:
    """Validate the two axes of a grid; returns the number of cells.

    Raises:
        LookError: ``too-many-cells``; ``same-side`` if both axes vary the same setting;
            ``sides-clash`` if one is region and the other yaw or pitch, since a region sets both.
    """
    sides = {columns.along, rows.along}
    if columns.along == rows.along != "nothing":
        raise LookError(
            "same-side", "Both sides vary the same setting. Choose another one for one of them."
        )
    if "region" in sides and sides & {"yaw", "pitch"}:
        raise LookError(
            "sides-clash",
            "Regions set the gaze, and so does the other side. Choose another setting for one of "
            "them.",
        )
    count = len(columns.values) * len(rows.values)
    if count > MOST_CELLS:
        raise LookError(
            "too-many-cells",
            Message(
                "That would be {count} cells; {most} at most. Leave out some values.",
                count=count,
                most=MOST_CELLS,
            ),
        )
    return count


def lay_out(analysis: Analysis, base: Look, columns: Axis, rows: Axis = NOTHING) -> Grid:
    """Build a grid for a photo; renders nothing.

    If only one angle of the gaze varies, the other one is that of the base look's gaze, or of its
    region's gaze as planned for this photo.

    Args:
        analysis: Analysis of the photo.
        base: The look that gives all settings that do not vary.
        columns: What varies from left to right.
        rows: What varies from top to bottom; pitches are sorted, the highest on top.

    Raises:
        LookError: As `check_sides`, or the base look does not fit the presets, or names another
            face than the analysis.
    """
    check_sides(columns, rows)
    presets = load()
    base = base.checked(presets)
    if base.face not in (0, analysis.face.number):
        raise LookError(
            "bad-value",
            "A grid shows the one face that was analysed. Name its number in the look, not all.",
        )
    if {columns.along, rows.along} & {"yaw", "pitch"} and not isinstance(base.gaze, Gaze):
        now = analysis.gaze.gaze
        asked = plan(base, presets, analysis.face.head, now).asked or now
        base = replace(base, gaze=Gaze(round(asked.yaw, 1), round(asked.pitch, 1)))
    if rows.along == "pitch":
        rows = replace(rows, values=tuple(sorted(rows.values, key=float, reverse=True)))
    return Grid(base, columns, rows)


def at_cell_size(analysis: Analysis, whole: bool = False) -> Analysis:
    """Crop a photo to head and shoulders, reduce it to the size of a cell and analyse it again.

    The gaze estimate is kept from the full-size photo, where it is more accurate.

    Args:
        analysis: The photo.
        whole: Whether not to crop it; `draws_whole` tells where that is needed.

    Raises:
        Refusal: No face is found at the smaller size.
    """
    original = analysis.portrait.original_u8
    rows, columns = framing.head_and_shoulders(analysis.face, original.shape[:2])
    if whole:
        rows, columns = (slice(0, side) for side in original.shape[:2])
    cut = original[rows, columns]
    factor = min(1.0, LONG_SIDE / max(cut.shape[:2]))
    size = (max(1, round(cut.shape[1] * factor)), max(1, round(cut.shape[0] * factor)))
    shrunk = cv2.resize(np.ascontiguousarray(cut), size, interpolation=cv2.INTER_AREA)
    middle = analysis.full_face.oval.mean(axis=0) - (columns.start, rows.start)
    small = analyse_pixels(np.asarray(shrunk, np.uint8), near=middle * factor)
    face = replace(small.face, number=analysis.face.number, count=analysis.face.count)
    return replace(small, face=face, gaze=analysis.gaze, warnings=analysis.warnings)


def draws_whole(base: Look) -> bool:
    """Whether a look draws what is around the head, which is another picture in another crop."""
    return base.generate != "none"


def window_of(small: Analysis, base: Look) -> framing.Window:
    """Rows and columns of a cell's picture that are shown: the head, or shoulders that are drawn.

    Args:
        small: From `at_cell_size`.
        base: The look that says everything else.
    """
    shape = small.portrait.original_u8.shape
    if draws_whole(base):
        return framing.head_and_shoulders(small.face, shape)
    return framing.head(small.face, shape)


def render(
    analysis: Analysis,
    grid: Grid,
    *,
    check: Check = lambda: None,
    workers: int | None = None,
    presets: Presets | None = None,
) -> Iterator[CellResult]:
    """Render all cells in threads; yields each as soon as it is done.

    An error in one cell is put into its result and does not affect other cells. To stop early,
    close the iterator or raise in `check`; cells in progress then stop at their next step.

    Args:
        analysis: Analysis of the photo, usually from `at_cell_size`.
        grid: From `lay_out`.
        check: Called before every step of every cell, from several threads; an exception it
            raises, such as `Cancelled`, ends the work.
        workers: Number of threads; if None, the number of available cores, at most four.
        presets: The presets to use; the packaged ones if None.
    """
    presets = presets or load()
    cells = grid.cells
    stopped = threading.Event()
    count = workers or min(slots.count(), MOST_WORKERS)
    # Cells with the same gaze target are rendered in succession, so that few caches are alive.
    targets = {cell: _target_key(cell.look, analysis, presets) for cell in cells}
    order = list(dict.fromkeys(targets.values()))
    cells = tuple(sorted(cells, key=lambda cell: order.index(targets[cell])))
    root, caches = Cache(), Cache(most=count + 1)

    def progress(share: float, step: str) -> None:
        del share, step
        if stopped.is_set():
            raise Cancelled
        try:
            check()
        except BaseException:
            stopped.set()
            raise

    def render_cell(cell: Cell) -> CellResult:
        progress(0.0, "")
        cache = caches.get(targets[cell], lambda: Cache(root=root))
        try:
            variant = rendering.render(analysis, cell.look, progress, presets, cache)
            return CellResult(cell, variant)
        except Exception as error:
            if stopped.is_set():
                raise
            return CellResult(cell, None, error)

    pool = ThreadPoolExecutor(count, "grid")
    try:
        for future in as_completed([pool.submit(render_cell, cell) for cell in cells]):
            yield future.result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def mark(outcomes: Sequence[CellResult]) -> Marks:
    """Find the cells to highlight among those that are done."""
    rendered = [(one.cell.place, one.variant) for one in outcomes if one.variant is not None]
    best = comparison.best_of([variant for _, variant in rendered])
    return Marks(
        best=frozenset(rendered[index][0] for index in best),
        over_polished=frozenset(
            place for place, variant in rendered if variant.measurements.over_polished
        ),
    )


def report(analysis: Analysis, grid: Grid, outcomes: Sequence[CellResult]) -> dict[str, Any]:
    """Plain data for JSON; the keys are stable."""
    height, width = analysis.portrait.original_u8.shape[:2]
    marks = mark(outcomes)
    return {
        "size": [width, height],
        "base": str(grid.base),
        "columns": {"along": grid.columns.along, "values": list(grid.columns.values)},
        "rows": {"along": grid.rows.along, "values": list(grid.rows.values)},
        "original": analysis.baseline.report(analysis.gaze, analysis.face.head),
        "cells": [_report_cell(one) for one in sorted(outcomes, key=lambda one: one.cell.place)],
        "best": sorted(list(place) for place in marks.best),
        "over_polished": sorted(list(place) for place in marks.over_polished),
    }


def _report_cell(outcome: CellResult) -> dict[str, Any]:
    cell, error = outcome.cell, outcome.error
    report = {"look": str(cell.look)} if outcome.variant is None else outcome.variant.report()
    text = error.sentence if isinstance(error, PresenceError) else error and type(error).__name__
    return {"row": cell.row, "column": cell.column, **report, "error": text}


def _with_setting(look: Look, along: Along, value: Value) -> Look:
    if along == "nothing":
        return look
    if along == "region":
        # An explicit gaze, or none, would override the region's.
        strength = look.gaze if isinstance(look.gaze, float | int) and look.gaze else 1.0
        return replace(look, region=str(value), gaze=strength)
    if along == "yaw":
        return replace(look, gaze=Gaze(float(value), _explicit_gaze(look).pitch))
    if along == "pitch":
        return replace(look, gaze=Gaze(_explicit_gaze(look).yaw, float(value)))
    if along == "seed":
        return replace(look, seed=int(value))
    if along == "polish":
        return replace(look, polish=float(value))
    if along == "context":
        return replace(look, context=str(value))
    return replace(look, engine=str(value))


def _explicit_gaze(look: Look) -> Gaze:
    # `lay_out` gives the base look an explicit gaze where an angle varies.
    assert isinstance(look.gaze, Gaze)
    return look.gaze


def _target_key(look: Look, analysis: Analysis, presets: Presets) -> Hashable:
    """A key that is equal for cells with the same turned eyes; None for looks without a plan."""
    try:
        planned = plan(look, presets, analysis.face.head, analysis.gaze.gaze)
    except LookError:
        return None
    return planned.target, planned.trim, planned.engine.id, look.seed
