"""HTML of the explore grid: a table whose cells are buttons with a picture and a caption."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipelines.face.framing import Window
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import PresenceError
from pipelines.studio import Look
from pipelines.studio.grid.axis import NAMED, Axis, Value, heading
from presets import translated
from ui import pictures
from ui.file_store import FileStore
from ui.text import messages
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.numbers import decimal
from ui.text.templating import render

if TYPE_CHECKING:
    from pipelines.studio import Variant
    from pipelines.studio.grid.cells import CellResult, Grid, Marks, Place

# Pixels; twice the width of a cell on the page, for dense screens.
_TILE = 480
_QUALITY = 92
# Suffixes of the keys of headings, for values below and above 0.
_SUFFIXES = {"yaw": ("_left", "_right"), "pitch": ("_down", "_up")}


@dataclass(frozen=True)
class Tile:
    """A finished cell, without its pixels.

    Attributes:
        place: Row and column, from 0.
        look: Its look.
        address: Address of its picture, or "".
        gaze: Measured in the picture.
        likeness: Distance of the face embeddings.
        texture: Share of the skin's fine texture that is kept.
        message: Why there is no picture, or what was drawn around the head, or "".
        best: Whether it is the most recognisable cell, or tied for it.
        over_polished: Whether it violates a guard.
    """

    place: tuple[int, int]
    look: Look
    address: str = ""
    gaze: Gaze | None = None
    likeness: float = 0.0
    texture: float = 0.0
    message: str = ""
    best: bool = False
    over_polished: bool = False


@dataclass(frozen=True)
class GridView:
    """The grid on the page.

    Attributes:
        path: The photo's file, as in `ui.comparison.Photo`.
        columns: The setting that varies from left to right.
        rows: The setting that varies from top to bottom.
        ratio: Width / height of its pictures.
        tiles: The finished cells by place.
    """

    path: str
    columns: Axis
    rows: Axis
    ratio: float
    tiles: Mapping[Place, Tile]

    def marked(self, marks: Marks) -> GridView:
        """The grid with its best and its over-polished cells marked."""
        tiles = {
            place: replace(
                tile, best=place in marks.best, over_polished=place in marks.over_polished
            )
            for place, tile in self.tiles.items()
        }
        return replace(self, tiles=tiles)

    def with_tile(self, tile: Tile) -> GridView:
        """The grid with one more cell."""
        return replace(self, tiles={**self.tiles, tile.place: tile})

    def at(self, index: int) -> Tile | None:
        """The cell of an index, counted row by row; None if it has no picture."""
        place = divmod(index, len(self.columns.values))
        tile = self.tiles.get(place)
        return tile if tile is not None and tile.address else None


def empty(path: str, grid: Grid, window: Window) -> GridView:
    """A grid without cells; they will show a window of their pictures."""
    tall, wide = (side.stop - side.start for side in window)
    return GridView(path, grid.columns, grid.rows, wide / tall, {})


def tile(
    outcome: CellResult, window: Window, file_store: FileStore, language: str = DEFAULT_LANGUAGE
) -> Tile:
    """A finished cell; writes the window of its picture to the file store."""
    cell, variant = outcome.cell, outcome.variant
    if variant is None:
        error = outcome.error or PresenceError("no-cell", "")
        return Tile(cell.place, cell.look, message=messages.error_message(error, language))
    measured = variant.measurements
    name = f"{pictures.file_name('cell', variant.look.region, variant.look.context)}.webp"
    return Tile(
        place=cell.place,
        look=variant.look,
        address=file_store.address(file_store.write(_webp(variant.image_u8[window]), name)),
        gaze=measured.gaze.after.measured,
        likeness=measured.identity.distance,
        texture=measured.texture_retention,
        message=_about_surroundings(variant, language),
    )


def _about_surroundings(variant: Variant, language: str) -> str:
    """What was drawn around the head, or why nothing was; "" if nothing was asked for."""
    if variant.surroundings is None:
        return ""
    return messages.translate_message(language, variant.surroundings.sentences[0])


def table(grid: GridView, language: str = DEFAULT_LANGUAGE) -> str:
    """The whole grid; unfinished cells are empty frames."""
    columns, rows = grid.columns, grid.rows
    column_titles = [title(columns, value, language) for value in columns.values]
    row_titles = [title(rows, value, language) for value in rows.values]
    return render("grid", "table", language, grid, column_titles, row_titles)


def title(axis: Axis, value: Value, language: str = DEFAULT_LANGUAGE) -> str:
    """The heading of a column or row."""
    if axis.along == "nothing":
        return ""
    if axis.along in NAMED:
        return heading(axis, value, translated(language))
    if axis.along in _SUFFIXES:
        negative, positive = _SUFFIXES[axis.along]
        suffix = {1: positive, -1: negative, 0: ""}[int(np.sign(float(value)))]
        return translate(
            language, f"grid.at_{axis.along}{suffix}", value=_number(abs(float(value)), language)
        )
    return translate(language, f"grid.at_{axis.along}", value=_number(float(value), language))


def picked_cell(grid: GridView, tile: Tile, language: str = DEFAULT_LANGUAGE) -> str:
    """The picked cell: picture, headings, caption."""
    row, column = tile.place
    names = (
        title(grid.columns, grid.columns.values[column], language),
        title(grid.rows, grid.rows.values[row], language),
    )
    name = ", ".join(name for name in names if name)
    index = row * len(grid.columns.values) + column
    return render("grid", "picked", language, tile, name, index)


def progress(done: int, count: int, language: str = DEFAULT_LANGUAGE) -> str:
    """Progress in words, and as a bar."""
    return render("grid", "progress", language, done, count)


def _number(value: float, language: str) -> str:
    return decimal(value, language, "0.###")


def _webp(image_u8: Image8) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(image_u8))
    image.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()
