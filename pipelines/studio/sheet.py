"""Draw the original and all looks of a comparison side by side, with captions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.image.arrays import Image8
from pipelines.studio import captions
from pipelines.studio.comparison import Comparison

CELL_HEIGHT = 720
MARGIN = 32
GROUND = (244, 244, 243)
INK = (34, 34, 36)
QUIET = (110, 110, 114)
ACCENT = (36, 92, 158)
AMBER = (158, 98, 12)
_LINE = 26

Line = tuple[str, int, tuple[int, int, int]]


def side_by_side(comparison: Comparison) -> Image8:
    """Draw the original and all looks in one row at the same scale.

    Returns:
        uint8 RGB, shape (H, W, 3).
    """
    pictures = [comparison.analysis.portrait.original_u8]
    pictures += [variant.image_u8 for variant in comparison.variants]
    texts = [_original_text(comparison)]
    texts += [_text(comparison, index) for index in range(len(comparison.variants))]
    return lay_out(pictures, texts)


def lay_out(pictures: Sequence[Image8], texts: Sequence[list[Line]]) -> Image8:
    """Draw pictures in a row, each with lines of text below.

    Args:
        pictures: uint8 RGB, each of shape (H, W, 3); the first one sets the width of a cell.
        texts: The lines below each picture: text, size in pixels, colour.

    Returns:
        uint8 RGB, shape (h, w, 3).
    """
    height, width = pictures[0].shape[:2]
    cell = max(280, round(width * CELL_HEIGHT / height))
    wrapped = [wrap(lines, cell) for lines in texts]
    band = MARGIN + _LINE * max(len(lines) for lines in wrapped)
    total = MARGIN + len(pictures) * (cell + MARGIN)
    sheet = Image.new("RGB", (total, MARGIN + CELL_HEIGHT + band + MARGIN), GROUND)
    draw = ImageDraw.Draw(sheet)
    for column, (picture, lines) in enumerate(zip(pictures, wrapped, strict=True)):
        left = MARGIN + column * (cell + MARGIN)
        fitted = _fit(picture, cell)
        sheet.paste(fitted, (left + (cell - fitted.width) // 2, MARGIN))
        _write(draw, lines, left, MARGIN + CELL_HEIGHT + MARGIN // 2)
    return np.asarray(sheet)


def wrap(lines: list[Line], width: int) -> list[Line]:
    """Wrap lines to a width in pixels."""
    return [
        (part, size, colour)
        for text, size, colour in lines
        for part in textwrap.wrap(text, max(12, int(width / (size * 0.56))))
    ]


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib, at a size in pixels.

    Pillow's own font has no accents, and no minus sign.
    """
    spec = find_spec("matplotlib")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    return ImageFont.truetype(folder / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def _original_text(comparison: Comparison) -> list[Line]:
    lines: list[Line] = [("Original", 22, INK)]
    lines += [(line, 18, QUIET) for line in captions.original(comparison.analysis)]
    return lines


def _text(comparison: Comparison, index: int) -> list[Line]:
    variant = comparison.variants[index]
    lines: list[Line] = [(f"{chr(65 + index)}  {captions.title(variant)}", 22, INK)]
    if index in comparison.best:
        lines.append((captions.badge(comparison, index), 18, ACCENT))
    lines += [(line, 18, QUIET) for line in captions.lines(variant)]
    held_back = captions.held_back_line(variant)
    lines += [(line, 18, AMBER) for line in (held_back, *variant.warnings) if line]
    return lines


def _fit(picture: Image8, width: int) -> Image.Image:
    image = Image.fromarray(picture)
    image.thumbnail((width, CELL_HEIGHT), Image.Resampling.LANCZOS)
    scale = min(width / image.width, CELL_HEIGHT / image.height)
    if scale > 1.01:
        size = (round(image.width * scale), round(image.height * scale))
        image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    return image


def _write(draw: ImageDraw.ImageDraw, lines: list[Line], left: int, top: int) -> None:
    for row, (text, size, colour) in enumerate(lines):
        draw.text((left, top + row * _LINE), text, fill=colour, font=font(size))
