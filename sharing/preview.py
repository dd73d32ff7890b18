"""Draw the preview image that chat tools show for a link: 1200 x 630, large faces, little text."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pipelines.image.arrays import Image8
from pipelines.studio.sheet import font
from sharing.translations import _, translate

WIDTH, HEIGHT = 1200, 630
GROUND = (244, 244, 243)
INK = (27, 27, 28)
QUIET = (90, 90, 90)
MOST_FACES = 5
_EDGE, _GAP, _BAND = 36, 16, 110


def preview(
    faces: Sequence[Image8], labels: Sequence[str], title: str, language: str, *, blind: bool
) -> Image8:
    """Draw the preview of a comparison.

    For a blind vote it has no labels and a random order, so that it does not reveal the answer.
    The font has no Chinese, Japanese and Korean letters; texts with them are left out, because the
    message that shows the picture has them beside it.

    Args:
        faces: Head and shoulders of each picture, uint8 (H, W, 3), all of one shape.
        labels: Label of each picture.
        title: The comparison's title, cleaned.
        language: The publisher's language.
        blind: Whether visitors are asked for a blind vote.

    Returns:
        uint8 RGB, shape (630, 1200, 3).
    """
    shown = list(zip(faces, labels, strict=True))
    shown = shown[:MOST_FACES]
    if blind:
        secrets.SystemRandom().shuffle(shown)
    sheet = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(sheet)
    height = HEIGHT - _BAND - _EDGE - (0 if blind else 34)
    cell = (WIDTH - 2 * _EDGE - (len(shown) - 1) * _GAP) // len(shown)
    width = min(cell, round(height * faces[0].shape[1] / faces[0].shape[0]))
    first = (WIDTH - len(shown) * width - (len(shown) - 1) * _GAP) // 2
    for column, (face, name) in enumerate(shown):
        left = first + column * (width + _GAP)
        sheet.paste(_cropped(face, width, height), (left, _EDGE))
        if not blind:
            _write(draw, (left, _EDGE + height + 8), name, 20, QUIET, width)
    question = _("Which one is really them?") if blind else _("Which one would you choose?")
    heading = title or translate(language, question)
    _write(draw, (first, HEIGHT - 88), heading, 36, INK, WIDTH - 2 * first)
    _write(draw, (first, HEIGHT - 42), "Presence", 20, QUIET, WIDTH - 2 * first)
    return np.asarray(sheet)


def _cropped(image_u8: Image8, width: int, height: int) -> Image.Image:
    """Resize and crop to fill a box; crops less at the top than at the bottom."""
    image = Image.fromarray(image_u8)
    scale = max(width / image.width, height / image.height)
    size = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.LANCZOS)
    left, top = (image.width - width) // 2, round((image.height - height) * 0.4)
    return image.crop((left, top, left + width, top + height))


def _in_font(text: str, size: int) -> bool:
    """Whether the font has glyphs for all letters of a text."""
    drawn = font(size)
    missing_glyph = bytes(drawn.getmask("\uffff"))
    return all(letter.isspace() or bytes(drawn.getmask(letter)) != missing_glyph for letter in text)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    """Draw a text, shortened to a width; nothing if the font lacks a letter of it."""
    if not _in_font(text, size):
        return
    shown = font(size)
    if draw.textlength(text, shown) > width:
        while text and draw.textlength(text + "…", shown) > width:
            text = text[:-1]
        text = text.rstrip() + "…"
    draw.text(place, text, fill=colour, font=shown)
