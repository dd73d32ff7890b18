"""An explore grid: one portrait, two settings that vary along its sides, a look in every cell.

Nothing is approximated: a cell is what `studio.render` makes of its look from the same analysis, to
the bit. What is shared is what is equal: cells with one target for their eyes have the turned eyes
in common, and cells whose plans differ in nothing but names (many regions look into the lens) have
one picture and one set of measurements. A retouch is never carried from one gaze to another.
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
"""Pixels of a cell's long side: head and shoulders with the eyes plain to see."""
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
    """What varies along each side, and the look that says everything else.

    Attributes:
        base: The look.
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
        return _set(_set(self.base, self.columns.along, across), self.rows.along, down)


@dataclass(frozen=True)
class CellResult:
    """A cell that is done: a variant, or the error that kept it from being one."""

    cell: Cell
    variant: Variant | None
    error: Exception | None = None


@dataclass(frozen=True)
class Marks:
    """Cells worth pointing out.

    Attributes:
        best: The most recognisable among those that reached their gaze; several in a tie.
        over_polished: Those that broke a guard.
    """

    best: frozenset[Place]
    over_polished: frozenset[Place]


def check_sides(columns: Axis, rows: Axis = NOTHING) -> int:
    """How many cells two sides make.

    Raises:
        LookError: ``too-many-cells``, ``same-side`` where both sides vary one setting, or
            ``sides-clash`` where one undoes the other: a region is a gaze.
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
    """A grid, before any work starts.

    Args:
        analysis: Of the photo. Where one angle of the gaze varies, the other one is the base
            look's: that of its region, on the side that this head gives it.
        base: The look that says everything else.
        columns: What varies from left to right.
        rows: What varies from top to bottom; of pitches the highest stands on top.

    Raises:
        LookError: As `check_sides`, or the base look does not fit the presets.
    """
    check_sides(columns, rows)
    presets = load()
    base = base.checked(presets)
    if {columns.along, rows.along} & {"yaw", "pitch"} and not isinstance(base.gaze, Gaze):
        now = analysis.gaze.gaze
        asked = plan(base, presets, analysis.face.head, now).asked or now
        base = replace(base, gaze=Gaze(round(asked.yaw, 1), round(asked.pitch, 1)))
    if rows.along == "pitch":
        rows = replace(rows, values=tuple(sorted(rows.values, key=float, reverse=True)))
    return Grid(base, columns, rows)


def small(analysis: Analysis) -> Analysis:
    """The photo's head and shoulders at the size of a cell, analysed at that size.

    Where the person looks is read better in the photo itself, and is taken from there.

    Raises:
        Refusal: The face cannot be made out any more when it is that small.
    """
    original = analysis.portrait.original_u8
    rows, columns = framing.head_and_shoulders(analysis.face, original.shape[:2])
    cut = original[rows, columns]
    factor = min(1.0, LONG_SIDE / max(cut.shape[:2]))
    size = (max(1, round(cut.shape[1] * factor)), max(1, round(cut.shape[0] * factor)))
    shrunk = cv2.resize(np.ascontiguousarray(cut), size, interpolation=cv2.INTER_AREA)
    made = analyse_pixels(np.asarray(shrunk, np.uint8))
    return replace(made, gaze=analysis.gaze, warnings=analysis.warnings)


def render(
    analysis: Analysis,
    grid: Grid,
    *,
    check: Check = lambda: None,
    workers: int | None = None,
    presets: Presets | None = None,
) -> Iterator[CellResult]:
    """Make every cell, and give each as soon as it is done.

    A cell that fails says why and does not stop the others. To end early, close the iterator, or
    let `check` raise: what is under way ends within one step.

    Args:
        analysis: Of the photo; usually from `small`.
        grid: From `lay_out`.
        check: Called before every step of every cell, from several threads; what it raises, such
            as `Cancelled`, ends the work.
        workers: Cells to make at the same time; the cores at hand, four at most, if None.
        presets: The presets to use; the packaged ones if None.
    """
    presets = presets or load()
    cells = grid.cells
    stopped = threading.Event()
    count = workers or min(slots.count(), MOST_WORKERS)
    # Cells that turn the eyes to one place are made one after the other, and share that work.
    eyes = {cell: _eyes(cell.look, analysis, presets) for cell in cells}
    order = list(dict.fromkeys(eyes.values()))
    cells = tuple(sorted(cells, key=lambda cell: order.index(eyes[cell])))
    root, shared = Cache(), Cache(most=count + 1)

    def tell(share: float, step: str) -> None:
        del share, step
        if stopped.is_set():
            raise Cancelled
        try:
            check()
        except BaseException:
            stopped.set()
            raise

    def make(cell: Cell) -> CellResult:
        tell(0.0, "")
        cache = shared.get(eyes[cell], lambda: Cache(root=root))
        try:
            return CellResult(cell, rendering.render(analysis, cell.look, tell, presets, cache))
        except Exception as error:
            if stopped.is_set():
                raise
            return CellResult(cell, None, error)

    pool = ThreadPoolExecutor(count, "grid")
    try:
        for future in as_completed([pool.submit(make, cell) for cell in cells]):
            yield future.result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def mark(outcomes: Sequence[CellResult]) -> Marks:
    """What is worth pointing out among the cells that are done."""
    made = [(one.cell.place, one.variant) for one in outcomes if one.variant is not None]
    best = comparison.best_of([variant for _, variant in made])
    return Marks(
        best=frozenset(made[index][0] for index in best),
        over_polished=frozenset(
            place for place, variant in made if variant.measurements.over_polished
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
        "cells": [_reported(one) for one in sorted(outcomes, key=lambda one: one.cell.place)],
        "best": sorted(list(place) for place in marks.best),
        "over_polished": sorted(list(place) for place in marks.over_polished),
    }


def _reported(outcome: CellResult) -> dict[str, Any]:
    cell, error = outcome.cell, outcome.error
    made = {"look": str(cell.look)} if outcome.variant is None else outcome.variant.report()
    said = error.sentence if isinstance(error, PresenceError) else error and type(error).__name__
    return {"row": cell.row, "column": cell.column, **made, "error": said}


def _set(look: Look, along: Along, value: Value) -> Look:
    if along == "nothing":
        return look
    if along == "region":
        # A gaze in degrees, or none, would leave the region nothing to say.
        strength = look.gaze if isinstance(look.gaze, float | int) and look.gaze else 1.0
        return replace(look, region=str(value), gaze=strength)
    if along == "yaw":
        return replace(look, gaze=Gaze(float(value), _gaze(look).pitch))
    if along == "pitch":
        return replace(look, gaze=Gaze(_gaze(look).yaw, float(value)))
    if along == "seed":
        return replace(look, seed=int(value))
    if along == "polish":
        return replace(look, polish=float(value))
    if along == "context":
        return replace(look, context=str(value))
    return replace(look, engine=str(value))


def _gaze(look: Look) -> Gaze:
    # `lay_out` saw to it.
    assert isinstance(look.gaze, Gaze)
    return look.gaze


def _eyes(look: Look, analysis: Analysis, presets: Presets) -> Hashable:
    """Cells that turn the eyes to one place; those that can't be planned have nothing to share."""
    try:
        planned = plan(look, presets, analysis.face.head, analysis.gaze.gaze)
    except LookError:
        return None
    return planned.target, planned.trim, planned.engine.id, look.seed
