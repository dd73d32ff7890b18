"""HTML of the result tabs that are computed when they are opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face
from pipelines.image.arrays import Image8
from pipelines.studio import headshot
from ui import differences, histograms
from ui.comparison import Photo
from ui.file_store import FileStore
from ui.pictures import close_up, file_name, fit_screen, read
from ui.result_pictures import Figure, ResultPicture
from ui.text import captions, measurement_table
from ui.text.catalogue import translate
from ui.text.numbers import decimal
from ui.text.templating import render


def difference(
    figures: Sequence[Figure],
    photo: Photo | None,
    close: bool,
    file_store: FileStore,
    language: str,
) -> str:
    """The difference of every look from the original, at one scale, with an explanation.

    Args:
        figures: The original, then the looks.
        photo: The photo of the looks.
        close: Whether to show head and shoulders, not the whole picture.
        file_store: Holds the drawn pictures.
        language: The visitor's language.
    """
    _, *looks = _result_pictures(figures)
    if photo is None or not _exist(looks):
        return _cleared(language)
    face = photo.analysis.face if close else None
    before = _view(photo.analysis.portrait.original_u8, face)
    changes = [differences.between(before, _view(read(one.path), face)) for one in looks]
    end = differences.scale_end(changes)
    rows = []
    for picture, change in zip(looks, changes, strict=True):
        drawn = differences.heat_map(change, end)
        file = file_store.write_png(drawn, file_name("difference", picture.letter.lower()))
        rows.append((picture, file_store.address(file), change))
    return render("tabs", "difference", language, *_scale(end, language), rows)


def histogram(figures: Sequence[Figure], photo: Photo | None, language: str) -> str:
    """Histograms of the face's skin and of the whole picture, every look against the original."""
    _, *looks = _result_pictures(figures)
    if photo is None or not _exist(looks):
        return _cleared(language)
    before_u8 = _view(photo.analysis.portrait.original_u8)
    skin = _resized_mask(photo.analysis.baseline.skin_mask, before_u8.shape[:2])
    masks = {"skin": skin, "whole": None} if skin.any() else {"whole": None}
    rows = []
    for picture in looks:
        after_u8 = _view(read(picture.path))
        parts = []
        for part, mask in masks.items():
            before, after = (histograms.histogram(one, mask) for one in (before_u8, after_u8))
            parts.append((part, before, after, histograms.lines(before, after)))
        rows.append((picture, parts))
    return render("tabs", "histograms", language, rows, histograms.SIZE)


def judged(photo: Photo | None, language: str) -> str:
    """The table of the photo by itself: quality, finish, signs of an artificial face."""
    if photo is None:
        return ""
    return measurement_table.photo_table(headshot.judge(photo.analysis), language)


def _scale(end: float, language: str) -> tuple[str, list[tuple[float, str]]]:
    """The legend: all shades as stops of a CSS gradient, and ticks with their places in percent."""
    ticks = [0, 1, *(tick for tick in (2, 4, 6, 8) if tick < end), end]
    colours = differences.colour_map()[:: 255 // 15]
    start = 100 * differences.VISIBLE / end
    stops = ", ".join(
        f"rgb({red} {green} {blue}) {100 * index / (len(colours) - 1):.0f}%"
        for index, (red, green, blue) in enumerate(colours)
        if 100 * index / (len(colours) - 1) >= start
    )
    shades = f"#3d3d3d {0.7 * start:.0f}%, {stops}"
    return shades, [(100 * tick / end, decimal(tick, language, "0.#")) for tick in ticks]


def _cleared(language: str) -> str:
    return captions.aside(translate(language, "closer.cleared"))


def _result_pictures(figures: Sequence[Figure]) -> list[ResultPicture]:
    return [one for one in figures if isinstance(one, ResultPicture)]


def _exist(looks: Sequence[ResultPicture]) -> bool:
    """Whether there are looks, and their files were not deleted."""
    return bool(looks) and all(Path(one.path).exists() for one in looks)


def _view(pixels: Image8, face: Face | None = None) -> Image8:
    """What the page shows of a picture: head and shoulders of a face, or all of it."""
    return fit_screen(pixels if face is None else close_up(pixels, face))


def _resized_mask(mask: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = size
    return np.asarray(cv2.resize(mask, (width, height)) > 0.5)
