"""Write the table and the contact sheet of a batch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pipelines.audit import files
from pipelines.audit.columns import Row
from pipelines.audit.report import cells
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import PresenceError
from pipelines.studio.sheet import GROUND, INK, QUIET, font

COLUMNS = (
    *("file", "status", "code", "sentence", "result", "width", "height", "gaze_before", "gaze"),
    *("gaze_word", "missed", "likeness", "texture", "done", "warnings"),
)
"""Columns of ``batch.csv``: degrees off the lens, likeness as the distance of the embeddings."""

SHEET = "contact-sheet.jpg"
_CELL, _GAP, _BAND, _ACROSS, _MOST = 220, 14, 44, 3, 300


def write(rows: Sequence[Row], folder: Path, out: Path) -> None:
    """Write ``batch.csv`` and the contact sheet of photos and results, two by two.

    Args:
        rows: The table.
        folder: Where the photos lie.
        out: Where to write, and where the results lie.
    """
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"width": "Int64", "height": "Int64"})
    files.replace(out / "batch.csv", cells(table).to_csv(index=False, lineterminator="\n"))
    done = [row for row in rows if row["status"] == "rendered"][:_MOST]
    if done:
        sheet = _sheet([(row, _pair(row, folder, out)) for row in done])
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, "JPEG", quality=88)
        files.replace(out / SHEET, buffer.getvalue())


def _pair(row: Row, folder: Path, out: Path) -> list[Image.Image]:
    pictures = []
    for path in (folder / str(row["file"]), out / str(row["result"])):
        try:
            image = Image.fromarray(loading.load(path).original_u8)
        except PresenceError:
            image = Image.new("RGB", (_CELL, _CELL), QUIET)
        image.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS, reducing_gap=2.0)
        pictures.append(image)
    return pictures


def _sheet(pairs: Sequence[tuple[Row, list[Image.Image]]]) -> Image8:
    across = min(_ACROSS, len(pairs))
    wide, high = 2 * _CELL + 3 * _GAP, _CELL + _BAND + _GAP
    rows = -(-len(pairs) // across)
    sheet = Image.new("RGB", (across * wide + _GAP, rows * high + _GAP), GROUND)
    draw = ImageDraw.Draw(sheet)
    for index, (row, pictures) in enumerate(pairs):
        left, top = _GAP + index % across * wide, _GAP + index // across * high
        for column, picture in enumerate(pictures):
            x = left + column * (_CELL + _GAP // 2) + (_CELL - picture.width) // 2
            sheet.paste(picture, (x, top + (_CELL - picture.height) // 2))
        name = str(row["file"])
        draw.text((left, top + _CELL + 4), name[-48:], fill=INK, font=font(15))
        line = f"{row['gaze_before']}° to {row['gaze']}°, change of the face {row['likeness']}"
        draw.text((left, top + _CELL + 24), line, fill=QUIET, font=font(13))
    return np.asarray(sheet)
