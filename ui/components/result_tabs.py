"""HTML of the result tabs that are computed when they are opened."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.studio import headshot
from ui import differences, histograms
from ui.comparison import Photo
from ui.differences import Difference, Mode, Pixels
from ui.file_store import FileStore
from ui.pictures import file_name
from ui.result_pictures import Figure, ResultPicture
from ui.text import measurement_table
from ui.text.catalogue import translate, translate_html
from ui.text.numbers import small_percent


def difference(
    figures: Sequence[Figure], mode: Mode, framing: int, file_store: FileStore, language: str
) -> str:
    """The difference of every look from the original, at one scale, with an explanation.

    Args:
        figures: The original, then the looks.
        mode: "how": signed and amplified; "where": as a map of CIEDE2000.
        framing: 0 for the whole picture, 1 for head and shoulders.
        file_store: Holds the drawn pictures.
        language: The visitor's language.
    """
    original, *looks = _result_pictures(figures)
    paths = [picture.files.paths[framing] for picture in (original, *looks)]
    if not looks or not all(Path(path).exists() for path in paths):
        return _aside(translate(language, "closer.cleared"))
    before = _pixels(paths[0])
    changes = [differences.between(before, _pixels(path)) for path in paths[1:]]
    factor = differences.amplification(changes)
    end = differences.scale_end(changes) if mode == "where" else 0.0
    columns = "".join(
        _difference_figure(picture, change, mode, (factor, end), file_store, language)
        for picture, change in zip(looks, changes, strict=True)
    )
    aside = _aside(translate(language, f"closer.difference_{mode}_aside", factor=factor))
    return f"{aside}{_scale(mode, factor, end, language)}{_row(columns, 'difference', language)}"


def histogram(figures: Sequence[Figure], photo: Photo | None, language: str) -> str:
    """Histograms of the face's skin and of the whole picture, every look against the original."""
    original, *looks = _result_pictures(figures)
    paths = [Path(picture.files.paths[0]) for picture in (original, *looks)]
    if photo is None or not looks or not all(path.exists() for path in paths):
        return _aside(translate(language, "closer.cleared"))
    before = _pixels(paths[0])
    skin = _resized_mask(photo.analysis.baseline.skin_mask, before.shape[:2])
    parts = (("skin", skin if skin.any() else None), ("whole", None))
    columns = []
    for picture, path in zip(looks, paths[1:], strict=True):
        after = _pixels(path)
        drawings = "".join(
            _histogram_figure(
                picture,
                part,
                histograms.histogram(before, mask),
                histograms.histogram(after, mask),
                language,
            )
            for part, mask in parts
            if part == "whole" or mask is not None
        )
        columns.append(
            f'<figure class="p-shot" data-letter="{picture.letter}">'
            f"<header>{_heading(picture)}</header>{drawings}</figure>"
        )
    aside = _aside(translate(language, "closer.histogram_aside"))
    return f"{aside}{_row(''.join(columns), 'histogram', language)}"


def judged(photo: Photo | None, language: str) -> str:
    """The table of the photo by itself: quality, finish, signs of an artificial face."""
    if photo is None:
        return ""
    table = measurement_table.photo_table(headshot.judge(photo.analysis), language)
    return f'<div class="p-photo">{table}</div>'


def _difference_figure(
    picture: ResultPicture,
    change: Difference,
    mode: Mode,
    scale: tuple[int, float],
    file_store: FileStore,
    language: str,
) -> str:
    factor, end = scale
    pixels = (
        differences.amplify(change, factor) if mode == "how" else differences.heat_map(change, end)
    )
    name = file_name("difference", mode, picture.letter.lower())
    address = file_store.address(file_store.write_png(pixels, name))
    if not change.largest_step:
        text = alt = translate(language, "closer.difference_none")
    elif mode == "how":
        text = translate(language, "closer.difference_most", most=change.largest_step)
        alt = translate(
            language,
            "closer.difference_how_alt",
            name=picture.name,
            factor=factor,
            most=change.largest_step,
        )
    else:
        share = small_percent(change.visible_share)
        text = translate(language, "closer.difference_seen", share=share)
        most = f"{change.largest_delta_e:.1f}"
        alt = translate(
            language, "closer.difference_alt", name=picture.name, share=share, most=most
        )
    return (
        f'<figure class="p-shot p-difference" data-letter="{picture.letter}">'
        f"<header>{_heading(picture)}</header>"
        f'<img src="{escape(address)}" alt="{escape(alt)}">'
        f"<figcaption><p>{escape(text)}</p></figcaption></figure>"
    )


def _scale(mode: Mode, factor: int, end: float, language: str) -> str:
    """The legend: a bar of all shades with ticks."""
    if mode == "how":
        most = 128 / factor
        marks = [(0.0, f"−{most:.0f}"), (50.0, "0"), (100.0, f"+{most:.0f}")]
        shades = "#000, #808080 50%, #fff"
    else:
        marks = [(100 * tick / end, f"{tick:g}") for tick in _ticks(end)]
        colours = differences.colour_map()[:: 255 // 15]
        start = 100 * differences.VISIBLE / end
        stops = ", ".join(
            f"rgb({red} {green} {blue}) {100 * index / (len(colours) - 1):.0f}%"
            for index, (red, green, blue) in enumerate(colours)
            if 100 * index / (len(colours) - 1) >= start
        )
        shades = f"#3d3d3d {0.7 * start:.0f}%, {stops}"
    label = translate_html(language, f"closer.difference_scale_{mode}")
    ticks = "".join(f'<span style="left: {at:.1f}%">{text}</span>' for at, text in marks)
    return (
        f'<div class="p-scale"><p>{label}</p>'
        f'<div style="background: linear-gradient(to right, {shades})"></div>'
        f'<p class="p-ticks">{ticks}</p></div>'
    )


def _ticks(end: float) -> list[float]:
    return [0, 1, *(tick for tick in (2, 4, 6, 8) if tick < end), end]


def _histogram_figure(
    picture: ResultPicture,
    part: str,
    before: histograms.Histogram,
    after: histograms.Histogram,
    language: str,
) -> str:
    title = translate(language, f"closer.histogram_{part}")
    old, new = f"{before.median:.0f}", f"{after.median:.0f}"
    key = "closer.histogram_median_same" if old == new else "closer.histogram_median"
    facts = [translate(language, key, before=old, after=new)]
    if max(before.white, after.white) >= 0.0005:
        facts.append(
            translate(
                language,
                "closer.histogram_white",
                share=small_percent(after.white),
                before=small_percent(before.white),
            )
        )
    label = translate(
        language, "closer.histogram_alt", part=title, name=picture.name, before=old, after=new
    )
    drawing = histograms.svg(before, after, escape(label))
    dark, light = (translate_html(language, f"closer.{end}") for end in ("dark", "light"))
    return (
        f'<div class="p-brightness"><h3>{escape(title)}</h3>{drawing}'
        f'<p class="p-ends" aria-hidden="true"><span>{dark}</span><span>{light}</span></p>'
        f"<p>{escape(', '.join(facts))}</p></div>"
    )


def _row(figures: str, tab: str, language: str) -> str:
    """A row of figures that can be scrolled by keyboard, too."""
    label = translate_html(language, f"closer.{tab}")
    return (
        f'<div class="p-strip p-{tab}s" role="group" tabindex="0" aria-label="{label}">'
        f"{figures}</div>"
    )


def _heading(picture: ResultPicture) -> str:
    return f'<span class="p-letter">{picture.letter}</span><b>{escape(picture.title)}</b>'


def _aside(text: str) -> str:
    return f'<p class="p-aside">{escape(text)}</p>'


def _result_pictures(figures: Sequence[Figure]) -> list[ResultPicture]:
    return [one for one in figures if isinstance(one, ResultPicture)]


def _pixels(path: str | Path) -> Pixels:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _resized_mask(mask: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = size
    return np.asarray(cv2.resize(mask, (width, height)) > 0.5)
