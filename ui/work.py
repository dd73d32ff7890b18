"""What the page asks of the studio, and how the studio's answers become pictures on the page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.captions import title
from pipelines.errors import LookError, PresenceError, Refusal
from pipelines.gaze import Gaze
from pipelines.look import Look
from ui import pictures, words
from ui.captions import Files, Shot
from ui.pictures import Pixels, Shelf

if TYPE_CHECKING:
    from pipelines.studio import Analysis, Comparison, Variant

LETTERS = "ABCD"
MOST_LOOKS = 8

Progress = Callable[[float, str], None]

_log = logging.getLogger("presence")


@dataclass(frozen=True)
class Photo:
    """A visitor's photo and what was learned from it.

    Attributes:
        path: The uploaded file; tells whether the portrait on the page is still this one.
        analysis: From `studio.analyse`.
    """

    path: str
    analysis: Analysis


def examine(path: str | None, known: Photo | None = None) -> Photo:
    """Analyse a file, unless it is the one that is known already.

    Raises:
        Refusal: There is no photo, or it cannot be used.
    """
    from pipelines import studio

    if not path:
        raise Refusal("no-portrait", words.NO_PORTRAIT)
    if known is not None and known.path == path:
        return known
    return Photo(path, studio.analyse(path))


def compare(photo: Photo, looks: Sequence[Look], progress: Progress) -> Comparison:
    """Make all looks of a photo.

    Raises:
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not here.
    """
    from pipelines import studio

    return studio.compare(photo.analysis, looks, progress)


def shots(comparison: Comparison, letters: Sequence[str], shelf: Shelf) -> list[Shot]:
    """The pictures of a comparison, the original first, as files on the shelf."""
    analysis = comparison.analysis
    pixels = analysis.portrait.original_u8
    original = Shot(
        letter="",
        title="Original",
        full="",
        control="",
        gaze=analysis.gaze.gaze,
        report=comparison.report()["original"],
        files=_files(pixels, analysis, shelf, "original"),
    )
    return [
        original,
        *(
            _shot(comparison, index, letter, shelf)
            for index, letter in enumerate(letters[: len(comparison.variants)])
        ),
    ]


def save(variant: Variant, shelf: Shelf, prefix: str = "") -> str:
    """Write a variant at full size and return the file's path."""
    name = pictures.file_name(prefix, variant.look.region, variant.look.context)
    return shelf.put(variant.image_u8, name)


def parse_looks(text: str) -> list[Look]:
    """Looks, one on a line.

    Raises:
        LookError: A line is no look, or there are none or too many.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise LookError("no-look", words.NO_LOOK)
    if len(lines) > MOST_LOOKS:
        raise LookError("too-many-looks", words.TOO_MANY_LOOKS.format(most=MOST_LOOKS))
    return [Look.parse(line) for line in lines]


def sentence(error: Exception) -> str:
    """What a person is told about an error: never a path, never a trace."""
    if isinstance(error, PresenceError):
        return error.sentence
    _log.error("unexpected error", exc_info=error)
    return words.OUR_FAULT


def warm_up(path: str) -> None:
    """Load the models in the background, so that the first visitor does not wait for them."""

    def load() -> None:
        try:
            compare(examine(path), [Look()], lambda *_: None)
        except PresenceError as error:
            _log.warning("warm-up: %s", error)

    threading.Thread(target=load, name="warm-up", daemon=True).start()


def _shot(comparison: Comparison, index: int, letter: str, shelf: Shelf) -> Shot:
    variant = comparison.variants[index]
    look, report = variant.look, variant.report()
    control = pictures.close_up(variant.control_image_u8, comparison.analysis.face)
    control_name = pictures.file_name(look.region, look.context, "control")
    return Shot(
        letter=letter,
        title=title(variant),
        full=shelf.address(save(variant, shelf)),
        control=shelf.address(shelf.put(pictures.view(control), control_name)),
        gaze=Gaze(*report["gaze"]["after"]),
        report=report,
        best=index in comparison.best,
        files=_files(variant.image_u8, comparison.analysis, shelf, look.region, look.context),
    )


def _files(pixels: Pixels, analysis: Analysis, shelf: Shelf, *name: str) -> Files:
    face = analysis.face

    def put(picture: Pixels, part: str) -> str:
        return shelf.put(pictures.view(picture), pictures.file_name(*name, part))

    whole = put(pixels, "whole")
    close = put(pictures.close_up(pixels, face), "close")
    eyes = put(pictures.eyes(pixels, face, analysis.portrait.scale), "eyes")
    return Files(
        whole=shelf.address(whole),
        close=shelf.address(close),
        eyes=shelf.address(eyes),
        paths=(whole, close),
    )
