"""Draw an explore grid as one picture: headings on two sides, a caption under every cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from pipelines.face.framing import Window
from pipelines.image import metadata
from pipelines.image.arrays import Image8
from pipelines.image.encoding import Encoding
from pipelines.image.metadata import Form
from pipelines.runtime.errors import PresenceError
from pipelines.studio import captions, marking
from pipelines.studio.analysis import Analysis
from pipelines.studio.grid.axis import heading
from pipelines.studio.grid.cells import CellResult, Grid, Marks, Place, mark, window_of
from pipelines.studio.sheet import ACCENT, AMBER, GROUND, INK, MARGIN, QUIET, Line, font, wrap

# Width of a cell by the number of cells; limits the size of the file.
_WIDTHS = ((12, 360), (24, 280), (48, 220))
_SIDE = 150
_GAP = 20
_LINE = 22
_HEADING, _CAPTION = 19, 16
_FAILED = "This look could not be made."


@dataclass(frozen=True)
class _Sizes:
    """Sizes in pixels: of a cell's picture and caption, and of the headings at top and side."""

    width: int
    height: int
    caption: int
    top: int
    side: int


def draw(small: Analysis, grid: Grid, outcomes: Sequence[CellResult]) -> Image8:
    """Draw the grid with headings, captions and marks; cells without an outcome stay empty.

    Args:
        small: The analysis that the cells were rendered from.
        grid: The grid.
        outcomes: The finished cells, in any order; at least one has a picture.

    Returns:
        uint8 RGB, shape (H, W, 3).

    Raises:
        ValueError: No cell has a picture.
    """
    if all(one.variant is None for one in outcomes):
        raise ValueError("no cell of this grid was made")
    done = {one.cell.place: one for one in outcomes}
    marks = mark(outcomes)
    window = window_of(small, grid.base)
    size = _sizes(grid, window, done, marks)
    columns, rows = len(grid.columns.values), len(grid.rows.values)
    sheet = Image.new(
        "RGB",
        (
            MARGIN + size.side + columns * (size.width + _GAP) - _GAP + MARGIN,
            MARGIN + size.top + rows * (size.height + size.caption + _GAP) - _GAP + MARGIN,
        ),
        GROUND,
    )
    _draw_headings(ImageDraw.Draw(sheet), grid, size)
    for place, outcome in done.items():
        left, top = _corner(place, size)
        _draw_cell(sheet, outcome, window, marks, (left, top), size)
    return np.asarray(sheet)


def encode(
    analysis: Analysis,
    small: Analysis,
    grid: Grid,
    outcomes: Sequence[CellResult],
    form: Form = "PNG",
) -> bytes:
    """Draw the grid and encode it with metadata that says how it was made.

    Args:
        analysis: Analysis of the full-size photo.
        small: As for `draw`.
        grid: As for `draw`.
        outcomes: As for `draw`.
        form: The file's format.
    """
    looks = [one.cell.look for one in outcomes if one.variant is not None]
    return marking.encode(
        draw(small, grid, outcomes),
        looks,
        original=metadata.pixel_hash(analysis.portrait.original_u8),
        encoding=Encoding(form),
        origin=analysis.portrait.origin,
    )


def _sizes(grid: Grid, window: Window, done: Mapping[Place, CellResult], marks: Marks) -> _Sizes:
    tall, wide = (side.stop - side.start for side in window)
    count = len(grid.columns.values) * len(grid.rows.values)
    width = next(width for most, width in _WIDTHS if count <= most)
    titles = [_heading_lines(heading(grid.columns, one), width) for one in grid.columns.values]
    rendered = [one for one in done.values() if one.variant is not None]
    lines = max(len(_caption(one, marks, width)) for one in rendered)
    return _Sizes(
        width=width,
        height=round(width * tall / wide),
        caption=10 + _LINE * lines,
        top=12 + _LINE * max(len(title) for title in titles) if titles[0] else 0,
        side=0 if grid.rows.along == "nothing" else _SIDE,
    )


def _draw_headings(draw: ImageDraw.ImageDraw, grid: Grid, size: _Sizes) -> None:
    for column, value in enumerate(grid.columns.values):
        lines = _heading_lines(heading(grid.columns, value), size.width)
        left, top = _corner((0, column), size)
        _write(draw, lines, left, top - 12 - _LINE * len(lines))
    for row, value in enumerate(grid.rows.values):
        _, top = _corner((row, 0), size)
        _write(draw, _heading_lines(heading(grid.rows, value), _SIDE - _GAP), MARGIN, top)


def _draw_cell(
    sheet: Image.Image,
    outcome: CellResult,
    window: Window,
    marks: Marks,
    corner: Place,
    size: _Sizes,
) -> None:
    left, top = corner
    draw = ImageDraw.Draw(sheet)
    if outcome.variant is not None:
        picture = Image.fromarray(outcome.variant.image_u8[window])
        fitted = picture.resize((size.width, size.height), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (left, top))
    caption = _caption(outcome, marks, size.width)
    if outcome.variant is not None:
        _write(draw, caption, left, top + size.height + 8)
    else:
        # The error replaces the picture, cut to the height of the cell.
        _write(draw, caption[: (size.height + size.caption) // _LINE], left, top)


def _caption(outcome: CellResult, marks: Marks, width: int) -> list[Line]:
    variant = outcome.variant
    if variant is None:
        error = outcome.error
        text = error.sentence if isinstance(error, PresenceError) else _FAILED
        return wrap([(text, _CAPTION, AMBER)], width)
    texture = f"texture {variant.measurements.texture_retention:.0%}".replace("%", " %")
    lines: list[Line] = [
        (captions.describe(variant.measurements.gaze.after), _CAPTION, INK),
        (f"{captions.likeness_line(variant)}, {texture}", _CAPTION, QUIET),
    ]
    if variant.surroundings is not None:
        lines.append((variant.surroundings.sentences[0], _CAPTION, AMBER))
    if outcome.cell.place in marks.over_polished:
        lines.append(("Over-polished", _CAPTION, AMBER))
    elif outcome.cell.place in marks.best:
        tied = "tied: " if len(marks.best) > 1 else ""
        lines.append((f"{tied}most like them", _CAPTION, ACCENT))
    return wrap(lines, width)


def _corner(place: Place, size: _Sizes) -> Place:
    row, column = place
    return (
        MARGIN + size.side + column * (size.width + _GAP),
        MARGIN + size.top + row * (size.height + size.caption + _GAP),
    )


def _heading_lines(text: str, width: int) -> list[Line]:
    return wrap([(text, _HEADING, INK)], width)


def _write(draw: ImageDraw.ImageDraw, lines: Sequence[Line], left: int, top: int) -> None:
    for row, (text, size, colour) in enumerate(lines):
        draw.text((left, top + row * _LINE), text, fill=colour, font=font(size))
