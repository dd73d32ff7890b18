"""The explore grid as HTML: a table whose cells are buttons, each with a short caption."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipelines.face.framing import Window
from pipelines.gaze import Gaze
from pipelines.runtime.errors import PresenceError
from pipelines.studio import Look
from pipelines.studio.grid.axis import NAMED, Axis, Value, heading, number
from presets import translated
from ui import pictures, words, work
from ui.language import DEFAULT, say
from ui.phrases import gaze_word
from ui.pictures import FileStore

if TYPE_CHECKING:
    from pipelines.studio.grid.cells import CellResult, Grid, Marks, Place

# Twice the width that a cell has on a screen, for fine ones.
_TILE = 480
_QUALITY = 92
# What is added to the key of a heading for values below and above 0.
_WAYS = {"yaw": ("_left", "_right"), "pitch": ("_down", "_up")}


@dataclass(frozen=True)
class Tile:
    """A cell that is done, without its pixels.

    Attributes:
        place: Row and column, from 0.
        look: Its look.
        address: Of its picture; "" where there is none.
        gaze: Where the person looks.
        likeness: Distance of the face embeddings.
        texture: Share of the skin's fine texture that stays.
        sentence: Why there is no picture, or "".
        best: Whether it is the most recognisable, or tied for it.
        over_polished: Whether a guard is broken.
    """

    place: tuple[int, int]
    look: Look
    address: str = ""
    gaze: Gaze | None = None
    likeness: float = 0.0
    texture: float = 0.0
    sentence: str = ""
    best: bool = False
    over_polished: bool = False


@dataclass(frozen=True)
class ShownGrid:
    """The grid on the page.

    Attributes:
        path: The photo's file, as in `work.Photo`.
        columns: What varies from left to right.
        rows: What varies from top to bottom.
        ratio: Width / height of its pictures.
        tiles: The cells that are done, by their places.
    """

    path: str
    columns: Axis
    rows: Axis
    ratio: float
    tiles: Mapping[Place, Tile]

    def marked(self, marks: Marks) -> ShownGrid:
        """The same with the best and the over-polished cells pointed out."""
        tiles = {
            place: replace(
                tile, best=place in marks.best, over_polished=place in marks.over_polished
            )
            for place, tile in self.tiles.items()
        }
        return replace(self, tiles=tiles)

    def with_tile(self, tile: Tile) -> ShownGrid:
        """The same with one more cell."""
        return replace(self, tiles={**self.tiles, tile.place: tile})

    def at(self, index: int) -> Tile | None:
        """The cell of this number, counted row by row, if it has a picture."""
        place = divmod(index, len(self.columns.values))
        tile = self.tiles.get(place)
        return tile if tile is not None and tile.address else None


def empty(path: str, grid: Grid, window: Window) -> ShownGrid:
    """A grid of which nothing is done yet; its cells show a window of their pictures."""
    tall, wide = (side.stop - side.start for side in window)
    return ShownGrid(path, grid.columns, grid.rows, wide / tall, {})


def tile(
    outcome: CellResult, window: Window, file_store: FileStore, language: str = DEFAULT
) -> Tile:
    """What the page shows of a cell; the part of its picture in a window goes on the shelf."""
    cell, variant = outcome.cell, outcome.variant
    if variant is None:
        error = outcome.error or PresenceError("no-cell", "")
        return Tile(cell.place, cell.look, sentence=work.sentence(error, language))
    measured = variant.measurements
    name = f"{pictures.file_name('cell', variant.look.region, variant.look.context)}.webp"
    return Tile(
        place=cell.place,
        look=variant.look,
        address=file_store.address(file_store.keep(_webp(variant.image_u8[window]), name)),
        gaze=measured.gaze.after.gaze,
        likeness=measured.identity.distance,
        texture=measured.texture_retention,
    )


def table(shown: ShownGrid, language: str = DEFAULT) -> str:
    """The whole grid; what is not done yet is an empty frame."""
    columns, rows = shown.columns, shown.rows
    across = [title(columns, value, language) for value in columns.values]
    down = [title(rows, value, language) for value in rows.values]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in across)
    body = "".join(
        f"<tr>{_beside(beside)}"
        + "".join(
            f"<td>{_cell(shown, (row, column), f'{above}, {beside}'.strip(', '), language)}</td>"
            for column, above in enumerate(across)
        )
        + "</tr>"
        for row, beside in enumerate(down)
    )
    alone = " p-one-row" if rows.along == "nothing" else ""
    caption = escape(say(language, "grid.title"))
    return (
        f'<div class="p-grid{alone}" style="--ratio: {shown.ratio:.4f}"><table>'
        f'<caption class="p-unseen">{caption}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def title(axis: Axis, value: Value, language: str = DEFAULT) -> str:
    """What stands over a column or before a row, in the visitor's language."""
    if axis.along == "nothing":
        return ""
    if axis.along in NAMED:
        return heading(axis, value, translated(language))
    if axis.along in _WAYS:
        less, more = _WAYS[axis.along]
        way = {1: more, -1: less, 0: ""}[int(np.sign(float(value)))]
        return say(language, f"grid.at_{axis.along}{way}", value=number(abs(float(value))))
    return say(language, f"grid.at_{axis.along}", value=number(value))


def chosen(shown: ShownGrid, tile: Tile, query: str, language: str = DEFAULT) -> str:
    """The cell that was picked: its picture, its names, its caption, and its look's address."""
    row, column = tile.place
    names = (
        title(shown.columns, shown.columns.values[column], language),
        title(shown.rows, shown.rows.values[row], language),
    )
    name = ", ".join(name for name in names if name)
    index = row * len(shown.columns.values) + column
    return (
        f'<div class="p-picked" data-query="{escape(query, quote=True)}" data-index="{index}">'
        f'<img src="{escape(tile.address, quote=True)}" alt="">'
        f"<div><b>{escape(name)}</b>{_caption(tile, language)}</div></div>"
    )


def progress(done: int, count: int, language: str = DEFAULT) -> str:
    """How far the work is."""
    said = escape(say(language, "grid.done", done=done, count=count))
    return (
        f'<p class="p-aside">{said}'
        f'<progress max="{count}" value="{done}" aria-label="{said}"></progress></p>'
    )


def _beside(text: str) -> str:
    # A single row has nothing to be called.
    return f'<th scope="row">{escape(text)}</th>' if text else "<td></td>"


def _cell(shown: ShownGrid, place: Place, name: str, language: str) -> str:
    tile = shown.tiles.get(place)
    if tile is None:
        return '<div class="p-cell-blank"></div>'
    if not tile.address:
        return f'<p class="p-warning p-cell-blank">{escape(tile.sentence)}</p>'
    index = place[0] * len(shown.columns.values) + place[1]
    return (
        f'<button type="button" class="p-cell" data-index="{index}">'
        f'<img src="{escape(tile.address, quote=True)}" alt="{escape(name, quote=True)}">'
        f"{_caption(tile, language)}{_badge(shown, tile, language)}</button>"
    )


def _caption(tile: Tile, language: str) -> str:
    gaze = tile.gaze or Gaze(0, 0)
    likeness = f"{say(language, 'caption.likeness')} {tile.likeness:.2f}"
    texture = f"{say(language, 'caption.texture')} {words.percent(tile.texture)}"
    return (
        f'<span class="p-gaze"><b>{words.degrees(gaze.off_lens)}</b> '
        f"{escape(gaze_word(gaze, language))}</span>"
        f"<span>{escape(likeness)}</span><span>{escape(texture)}</span>"
    )


def _badge(shown: ShownGrid, tile: Tile, language: str) -> str:
    if tile.over_polished:
        return f'<span class="p-warning">{escape(say(language, "grid.over_polished"))}</span>'
    if not tile.best:
        return ""
    tied = sum(one.best for one in shown.tiles.values()) > 1
    text = say(language, "caption.star_tied" if tied else "caption.star")
    return f'<span class="p-badge">★ {escape(text)}</span>'


def _webp(image_u8: pictures.Pixels) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(image_u8))
    image.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()
