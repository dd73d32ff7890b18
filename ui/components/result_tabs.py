"""HTML of the result tabs that are computed when they are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.face import Face
from pipelines.studio import headshot
from ui import differences, histograms
from ui.comparison import Photo
from ui.differences import Difference, Mode, Pixels
from ui.file_store import FileStore
from ui.pictures import close_up, file_name, fit_screen
from ui.result_pictures import Figure, ResultPicture
from ui.text import captions, measurement_table
from ui.text.catalogue import translate
from ui.text.numbers import small_percent
from ui.text.templating import render


def difference(
    figures: Sequence[Figure],
    photo: Photo | None,
    mode: Mode,
    close: bool,
    file_store: FileStore,
    language: str,
) -> str:
    """The difference of every look from the original, at one scale, with an explanation.

    Args:
        figures: The original, then the looks.
        photo: The photo of the looks.
        mode: "how": signed and amplified; "where": as a map of CIEDE2000.
        close: Whether to show head and shoulders, not the whole picture.
        file_store: Holds the drawn pictures.
        language: The visitor's language.
    """
    _, *looks = _result_pictures(figures)
    if photo is None or not _exist(looks):
        return _cleared(language)
    face = photo.analysis.face if close else None
    before = _view(photo.analysis.portrait.original_u8, face)
    changes = [differences.between(before, _view(_pixels(one.path), face)) for one in looks]
    factor = differences.amplification(changes)
    end = differences.scale_end(changes) if mode == "where" else 0.0
    rows = []
    for picture, change in zip(looks, changes, strict=True):
        drawn = (
            differences.amplify(change, factor)
            if mode == "how"
            else differences.heat_map(change, end)
        )
        file = file_store.write_png(drawn, file_name("difference", mode, picture.letter.lower()))
        alt, text = _difference_texts(picture, change, mode, factor, language)
        rows.append((picture, file_store.address(file), alt, text))
    return render(
        "tabs",
        "difference",
        language,
        translate(language, f"closer.difference_{mode}_aside", factor=factor),
        translate(language, f"closer.difference_scale_{mode}"),
        *_scale(mode, factor, end),
        rows,
    )


def histogram(figures: Sequence[Figure], photo: Photo | None, language: str) -> str:
    """Histograms of the face's skin and of the whole picture, every look against the original."""
    _, *looks = _result_pictures(figures)
    if photo is None or not _exist(looks):
        return _cleared(language)
    before = _view(photo.analysis.portrait.original_u8)
    skin = _resized_mask(photo.analysis.baseline.skin_mask, before.shape[:2])
    parts = (("skin", skin if skin.any() else None), ("whole", None))
    rows = []
    for picture in looks:
        after = _view(_pixels(picture.path))
        drawings = [
            _brightness(
                picture,
                part,
                histograms.histogram(before, mask),
                histograms.histogram(after, mask),
                language,
            )
            for part, mask in parts
            if part == "whole" or mask is not None
        ]
        rows.append((picture, drawings))
    return render("tabs", "histograms", language, rows, histograms.SIZE)


def judged(photo: Photo | None, language: str) -> str:
    """The table of the photo by itself: quality, finish, signs of an artificial face."""
    if photo is None:
        return ""
    return measurement_table.photo_table(headshot.judge(photo.analysis), language)


def _difference_texts(
    picture: ResultPicture, change: Difference, mode: Mode, factor: int, language: str
) -> tuple[str, str]:
    """Alternative text and caption of a drawn difference."""
    if not change.largest_step:
        text = translate(language, "closer.difference_none")
        return text, text
    if mode == "how":
        values = {"name": picture.name, "factor": factor, "most": change.largest_step}
        return (
            translate(language, "closer.difference_how_alt", **values),
            translate(language, "closer.difference_most", most=change.largest_step),
        )
    share, most = small_percent(change.visible_share), f"{change.largest_delta_e:.1f}"
    return (
        translate(language, "closer.difference_alt", name=picture.name, share=share, most=most),
        translate(language, "closer.difference_seen", share=share),
    )


def _scale(mode: Mode, factor: int, end: float) -> tuple[str, list[tuple[float, str]]]:
    """The legend: all shades as stops of a CSS gradient, and ticks with their places in percent."""
    if mode == "how":
        most = 128 / factor
        return "#000, #808080 50%, #fff", [
            (0.0, f"−{most:.0f}"),
            (50.0, "0"),
            (100.0, f"+{most:.0f}"),
        ]
    ticks = [0, 1, *(tick for tick in (2, 4, 6, 8) if tick < end), end]
    colours = differences.colour_map()[:: 255 // 15]
    start = 100 * differences.VISIBLE / end
    stops = ", ".join(
        f"rgb({red} {green} {blue}) {100 * index / (len(colours) - 1):.0f}%"
        for index, (red, green, blue) in enumerate(colours)
        if 100 * index / (len(colours) - 1) >= start
    )
    shades = f"#3d3d3d {0.7 * start:.0f}%, {stops}"
    return shades, [(100 * tick / end, f"{tick:g}") for tick in ticks]


@dataclass(frozen=True)
class Brightness:
    """The histograms of one part of a picture, as the template draws them.

    Attributes:
        title: Name of the part.
        label: The drawing in words.
        before: Points of the original's line in the drawing.
        after: Those of the look's.
        facts: What stands below it.
    """

    title: str
    label: str
    before: str
    after: str
    facts: tuple[str, ...]


def _brightness(
    picture: ResultPicture,
    part: str,
    before: histograms.Histogram,
    after: histograms.Histogram,
    language: str,
) -> Brightness:
    title = translate(language, f"closer.histogram_{part}")
    old, new = f"{before.median:.0f}", f"{after.median:.0f}"
    key = "closer.histogram_median_same" if old == new else "closer.histogram_median"
    facts = [translate(language, key, before=old, after=new)]
    if max(before.white, after.white) >= 0.0005:
        white = {"share": small_percent(after.white), "before": small_percent(before.white)}
        facts.append(translate(language, "closer.histogram_white", **white))
    label = translate(
        language, "closer.histogram_alt", part=title, name=picture.name, before=old, after=new
    )
    return Brightness(title, label, *histograms.lines(before, after), tuple(facts))


def _cleared(language: str) -> str:
    return captions.aside(translate(language, "closer.cleared"))


def _result_pictures(figures: Sequence[Figure]) -> list[ResultPicture]:
    return [one for one in figures if isinstance(one, ResultPicture)]


def _exist(looks: Sequence[ResultPicture]) -> bool:
    """Whether there are looks, and their files were not deleted."""
    return bool(looks) and all(Path(one.path).exists() for one in looks)


def _view(pixels: Pixels, face: Face | None = None) -> Pixels:
    """What the page shows of a picture: head and shoulders of a face, or all of it."""
    return fit_screen(pixels if face is None else close_up(pixels, face))


def _pixels(path: str) -> Pixels:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _resized_mask(mask: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = size
    return np.asarray(cv2.resize(mask, (width, height)) > 0.5)
