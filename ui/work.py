"""What the page asks of the studio, and how the studio's answers become pictures on the page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines import provenance
from pipelines.captions import lines, title
from pipelines.errors import Cancelled, LookError, PresenceError, Refusal
from pipelines.gaze import Gaze
from pipelines.look import Look
from ui import pictures, words
from ui.captions import Files, Shot
from ui.pictures import Pixels, Shelf

if TYPE_CHECKING:
    from pipelines.persona import Persona
    from pipelines.studio import Analysis, Comparison, Variant

LETTERS = "ABCD"
PHOTO_KEPT = 1800
"""Seconds for which an idle visitor's photo stays in memory."""
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


@dataclass(frozen=True, eq=False)
class Kept:
    """One look on the page, its pixels in their file.

    Attributes:
        letter: "A" to "D".
        title: What the look is, such as "Japan · LinkedIn".
        look: The look.
        captions: Gaze, likeness, texture: a line each.
        warnings: What a person should know about it.
        best: Whether it is the most recognisable, or tied for it.
        path: The full-size PNG.
    """

    letter: str
    title: str
    look: Look
    captions: tuple[str, ...]
    warnings: tuple[str, ...]
    best: bool
    path: str


@dataclass(frozen=True, eq=False)
class OnScreen:
    """The comparison on the page, as sharing needs it.

    Attributes:
        path: The photo's file, as in `Photo`.
        kept: The looks.
        report: All measurements.
    """

    path: str
    kept: tuple[Kept, ...]
    report: dict[str, Any]


class Stops:
    """Lets a visitor stop their own comparison: within one step of a network."""

    def __init__(self) -> None:
        self._running: dict[str, threading.Event] = {}

    @contextmanager
    def running(self, visitor: str) -> Iterator[Callable[[], None]]:
        """While this lasts, `stop` works; call what it gives often: it raises `Cancelled`."""
        asked = self._running.setdefault(visitor, threading.Event())
        asked.clear()

        def check() -> None:
            if asked.is_set():
                raise Cancelled

        try:
            yield check
        finally:
            self._running.pop(visitor, None)

    def stop(self, visitor: str) -> None:
        """Stop what this visitor has running, if anything."""
        asked = self._running.get(visitor)
        if asked is not None:
            asked.set()


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


def invent(photo: Photo, look: Look, count: int, progress: Callable[[float, str], None]) -> Persona:
    """Invent faces in the pose of a photo.

    Raises:
        LookError: The look's engine can't, or the count is out of range.
        EngineUnavailable: Its weights are not here.
    """
    from pipelines import persona

    return persona.invent(photo.analysis, look, count, progress)


def candidates(made: Persona, shelf: Shelf) -> list[str]:
    """Write every candidate, marked as wholly generated; the files' addresses."""
    from pipelines import persona

    addresses = []
    for one in made.candidates:
        marked = provenance.marked(one.image_u8, None, source=persona.SOURCE_TYPE)
        name = pictures.file_name("invented", made.look.context, f"{one.seed}")
        addresses.append(shelf.address(shelf.keep(marked, f"{name}.png")))
    return addresses


def shots(comparison: Comparison, letters: Sequence[str], shelf: Shelf) -> list[Shot]:
    """The pictures of a comparison, the original first, as files on the shelf."""
    analysis = comparison.analysis
    pixels = analysis.portrait.original_u8
    digest = provenance.pixel_hash(pixels)
    original = Shot(
        letter="",
        title="Original",
        full="",
        control="",
        gaze=analysis.gaze.gaze,
        report=comparison.report()["original"],
        files=_files(pixels, analysis, shelf, "original"),
        skin=shelf.address(
            shelf.put(pictures.view(pictures.skin(analysis)), pictures.file_name("skin"))
        ),
    )
    return [
        original,
        *(
            _shot(comparison, index, letter, shelf, digest)
            for index, letter in enumerate(letters[: len(comparison.variants)])
        ),
    ]


def on_screen(photo: Photo, comparison: Comparison, shots: Sequence[Shot]) -> OnScreen:
    """What `shots` shows of a comparison, for sharing."""
    kept = tuple(
        Kept(
            letter=shot.letter,
            title=shot.title,
            look=variant.look,
            captions=lines(variant),
            warnings=variant.warnings,
            best=shot.best,
            path=shot.path,
        )
        for shot, variant in zip(shots[1:], comparison.variants, strict=True)
    )
    return OnScreen(photo.path, kept, comparison.report())


def save(variant: Variant, shelf: Shelf, original: str, prefix: str = "") -> str:
    """Write a variant at full size, marked with where it comes from, and return the file's path.

    Args:
        variant: The variant.
        shelf: Where to put it.
        original: `provenance.pixel_hash` of the photo.
        prefix: Of the file's name.
    """
    name = pictures.file_name(prefix, variant.look.region, variant.look.context)
    marked = provenance.marked(variant.image_u8, variant.look, original=original)
    return shelf.keep(marked, f"{name}.png")


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


def _shot(comparison: Comparison, index: int, letter: str, shelf: Shelf, original: str) -> Shot:
    variant = comparison.variants[index]
    look, report = variant.look, variant.report()
    control = pictures.close_up(variant.control_image_u8, comparison.analysis.face)
    control_name = pictures.file_name(look.region, look.context, "control")
    path = save(variant, shelf, original)
    return Shot(
        letter=letter,
        title=title(variant),
        full=shelf.address(path),
        path=path,
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
