"""The closer looks that are worked out when they are asked for: HTML from what the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.studio import headshot
from ui import differences, histograms, numbers
from ui.differences import Difference, Mode, Pixels
from ui.language import say
from ui.phrases import share
from ui.pictures import FileStore, file_name
from ui.result_pictures import Figure, ResultPicture
from ui.work import Photo

_JS = Path(__file__).parent.parent / "js"


def script(name: str) -> str:
    """One of the scripts next to the texts, for `js_on_load`."""
    return (_JS / f"{name}.js").read_text(encoding="utf-8")


def blink(figures: Sequence[Figure], language: str) -> str:
    """Any two pictures in one place, in both framings; the script switches them."""
    shots = _shots(figures)
    if len(shots) < 2:
        return ""
    second = next((shot for shot in shots if shot.best), shots[1])
    pictures = "".join(
        f'<div data-name="{_attribute(shot.name)}">'
        f'<img class="p-close" src="{_attribute(shot.files.close)}" alt="">'
        f'<img class="p-whole" src="{_attribute(shot.files.whole)}" alt=""></div>'
        for shot in shots
    )
    choosers = _chooser(shots, shots[0], "first", language) + _chooser(
        shots, second, "second", language
    )
    run, step = (escape(say(language, f"closer.blink_{name}")) for name in ("run", "step"))
    says = _attribute(say(language, "closer.blink_stage", name="{}"))
    return (
        f'<div class="p-blink"><p class="p-aside">{escape(say(language, "closer.blink_aside"))}</p>'
        f'<div class="p-blink-bar">{choosers}<button type="button" class="p-blink-run p-button" '
        f'aria-pressed="false"><span class="p-moving">{run}</span><span class="p-calm">{step}'
        '</span></button></div><p class="p-blink-name" aria-live="polite"></p>'
        f'<div class="p-stage" tabindex="0" role="button" data-says="{says}">{pictures}</div></div>'
    )


def difference(
    figures: Sequence[Figure], mode: Mode, framing: int, file_store: FileStore, language: str
) -> str:
    """What every look changed, side by side at one factor and scale, and how to read it.

    Args:
        figures: The original, then the looks.
        mode: "how": signed and amplified; "where": as different as the eye sees it.
        framing: 0 for the whole picture, 1 for head and shoulders.
        file_store: Where the pictures go.
        language: What is spoken.
    """
    original, *looks = _shots(figures)
    paths = [shot.files.paths[framing] for shot in (original, *looks)]
    if not looks or not all(Path(path).exists() for path in paths):
        return _said(say(language, "closer.cleared"))
    before = _pixels(paths[0])
    found = [differences.between(before, _pixels(path)) for path in paths[1:]]
    factor = differences.factor(found)
    end = differences.top(found) if mode == "where" else 0.0
    drawn = "".join(
        _changed(shot, one, mode, (factor, end), file_store, language)
        for shot, one in zip(looks, found, strict=True)
    )
    aside = say(language, f"closer.difference_{mode}_aside", factor=factor)
    return (
        f"{_said(aside)}{_scale(mode, factor, end, language)}{_row(drawn, 'difference', language)}"
    )


def histogram(figures: Sequence[Figure], photo: Photo | None, language: str) -> str:
    """Brightness of the face's skin and of the whole picture, every look against the original."""
    original, *looks = _shots(figures)
    paths = [Path(shot.files.paths[0]) for shot in (original, *looks)]
    if photo is None or not looks or not all(path.exists() for path in paths):
        return _said(say(language, "closer.cleared"))
    before = _pixels(paths[0])
    skin = _fitted(photo.analysis.baseline.skin_mask, before.shape[:2])
    parts = (("skin", skin if skin.any() else None), ("whole", None))
    columns = []
    for shot, path in zip(looks, paths[1:], strict=True):
        after = _pixels(path)
        drawn = "".join(
            _brightness(
                shot, part, histograms.of(before, mask), histograms.of(after, mask), language
            )
            for part, mask in parts
            if part == "whole" or mask is not None
        )
        columns.append(
            f'<figure class="p-shot" data-letter="{shot.letter}"><header>{_heading(shot)}</header>'
            f"{drawn}</figure>"
        )
    aside = _said(say(language, "closer.histogram_aside"))
    return f"{aside}{_row(''.join(columns), 'histogram', language)}"


def judged(photo: Photo | None, language: str) -> str:
    """The photo by itself: quality, finish, signs of an artificial face."""
    if photo is None:
        return ""
    return f'<div class="p-photo">{numbers.photo(headshot.judge(photo.analysis), language)}</div>'


def _changed(
    shot: ResultPicture,
    one: Difference,
    mode: Mode,
    scale: tuple[int, float],
    file_store: FileStore,
    language: str,
) -> str:
    factor, end = scale
    shown = differences.amplified(one, factor) if mode == "how" else differences.heat(one, end)
    address = file_store.address(
        file_store.put(shown, file_name("difference", mode, shot.letter.lower()))
    )
    if not one.most_steps:
        said = alt = say(language, "closer.difference_none")
    elif mode == "how":
        said = say(language, "closer.difference_most", most=one.most_steps)
        alt = say(
            language,
            "closer.difference_how_alt",
            name=shot.name,
            factor=factor,
            most=one.most_steps,
        )
    else:
        seen = share(one.share_seen)
        said = say(language, "closer.difference_seen", share=seen)
        most = f"{one.most_seen:.1f}"
        alt = say(language, "closer.difference_alt", name=shot.name, share=seen, most=most)
    return (
        f'<figure class="p-shot p-difference" data-letter="{shot.letter}">'
        f"<header>{_heading(shot)}</header>"
        f'<img src="{_attribute(address)}" alt="{_attribute(alt)}">'
        f"<figcaption><p>{escape(said)}</p></figcaption></figure>"
    )


def _scale(mode: Mode, factor: int, end: float, language: str) -> str:
    """The scale bar: what each shade stands for."""
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
    label = escape(say(language, f"closer.difference_scale_{mode}"))
    ticks = "".join(f'<span style="left: {at:.1f}%">{said}</span>' for at, said in marks)
    return (
        f'<div class="p-scale"><p>{label}</p>'
        f'<div style="background: linear-gradient(to right, {shades})"></div>'
        f'<p class="p-ticks">{ticks}</p></div>'
    )


def _ticks(end: float) -> list[float]:
    return [0, 1, *(tick for tick in (2, 4, 6, 8) if tick < end), end]


def _brightness(
    shot: ResultPicture,
    part: str,
    before: histograms.Histogram,
    after: histograms.Histogram,
    language: str,
) -> str:
    title = say(language, f"closer.histogram_{part}")
    old, new = f"{before.median:.0f}", f"{after.median:.0f}"
    key = "closer.histogram_median_same" if old == new else "closer.histogram_median"
    said = [say(language, key, before=old, after=new)]
    if max(before.white, after.white) >= 0.0005:
        said.append(
            say(
                language,
                "closer.histogram_white",
                share=share(after.white),
                before=share(before.white),
            )
        )
    label = say(language, "closer.histogram_alt", part=title, name=shot.name, before=old, after=new)
    drawn = histograms.svg(before, after, _attribute(label))
    dark, light = (escape(say(language, f"closer.{end}")) for end in ("dark", "light"))
    return (
        f'<div class="p-brightness"><h3>{escape(title)}</h3>{drawn}'
        f'<p class="p-ends" aria-hidden="true"><span>{dark}</span><span>{light}</span></p>'
        f"<p>{escape(', '.join(said))}</p></div>"
    )


def _chooser(
    shots: Sequence[ResultPicture], chosen: ResultPicture, which: str, language: str
) -> str:
    options = "".join(
        f"<option{' selected' if shot is chosen else ''}>{escape(shot.name)}</option>"
        for shot in shots
    )
    label = escape(say(language, f"closer.blink_{which}"))
    return f'<label><span>{label}</span><select data-pick="{which}">{options}</select></label>'


def _row(figures: str, of: str, language: str) -> str:
    """A row that can be scrolled by keyboard, too."""
    label = _attribute(say(language, f"closer.{of}"))
    return (
        f'<div class="p-strip p-{of}s" role="group" tabindex="0" aria-label="{label}">'
        f"{figures}</div>"
    )


def _heading(shot: ResultPicture) -> str:
    return f'<span class="p-letter">{shot.letter}</span><b>{escape(shot.title)}</b>'


def _said(sentence: str) -> str:
    return f'<p class="p-aside">{escape(sentence)}</p>'


def _shots(figures: Sequence[Figure]) -> list[ResultPicture]:
    return [one for one in figures if isinstance(one, ResultPicture)]


def _pixels(path: str | Path) -> Pixels:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _fitted(mask: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = size
    return np.asarray(cv2.resize(mask, (width, height)) > 0.5)


def _attribute(text: str) -> str:
    return escape(text, quote=True)
