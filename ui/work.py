"""What the page asks of the studio, and how the studio's answers become pictures on the page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.gaze import Gaze
from pipelines.image import metadata
from pipelines.runtime import slots
from pipelines.runtime.errors import Cancelled, LookError, PresenceError, Refusal
from pipelines.runtime.messages import Message
from pipelines.studio import Look, marking
from pipelines.studio.captions import lines, title_of
from pipelines.studio.samples import Sample, recognised
from presets import load, translated
from ui import pictures, words
from ui.language import DEFAULT, say
from ui.memory import Memory, Remembered
from ui.pictures import FileStore, Pixels
from ui.result_cache import Original, RenderedFiles, ResultCache
from ui.result_pictures import Figure, Files, Missing, ResultPicture
from ui.sentences import told

if TYPE_CHECKING:
    from pipelines.studio import Analysis, Variant
    from pipelines.studio.persona import Persona
    from pipelines.studio.preview import PreviewStage

LETTERS = "ABCD"
PHOTO_KEPT = 1800
"""Seconds for which an idle visitor's photo stays in memory."""
MOST_LOOKS = 8
MEMORY = Memory()
"""Of all visitors' photos."""

Progress = Callable[[float, str], None]

_log = logging.getLogger("presence")


class Photo:
    """A visitor's photo and what was learned from it.

    Attributes:
        path: The uploaded file; tells whether the portrait on the page is still this one.
        made: What looks made of it.
        sample: The sample that it is; None for a visitor's own.
    """

    def __init__(
        self,
        path: str,
        analysis: Analysis,
        made: ResultCache | None = None,
        sample: Sample | None = None,
        memory: Memory = MEMORY,
    ) -> None:
        """What was learned of samples is everybody's, and stays."""
        self.path, self.sample = path, sample
        self.made = made or ResultCache()
        again = (lambda: _analysed(path, None)) if sample is None else None
        self._remembered = Remembered(analysis, again, memory)

    @property
    def analysis(self) -> Analysis:
        """From `studio.analyse`; made again where it had to be let go of for others.

        Raises:
            Refusal: It has to be made again, and the file is gone.
        """
        return self._remembered.analysis

    @property
    def stages(self) -> dict[str, PreviewStage]:
        """What live previews of it begin with, by framing."""
        return self._remembered.stages


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
    """The comparison on the page: what sharing needs, and what shows it again.

    Attributes:
        path: The photo's file, as in `Photo`.
        kept: The looks that were made.
        report: All measurements of these.
        looks: What was asked for, whether it could be made or not.
        figures: What `Results.show` takes: the original, then a figure for each of `looks`.
    """

    path: str
    kept: tuple[Kept, ...]
    report: dict[str, Any] = field(repr=False)
    looks: tuple[Look, ...] = ()
    figures: tuple[Figure, ...] = ()

    def look(self, letter: str) -> Look | None:
        """The look that is shown under a letter; None if there is none."""
        shown = zip(self.figures[1:], self.looks, strict=True)
        return next((look for figure, look in shown if figure.letter == letter), None)


def examine(path: str | None, known: Photo | None = None) -> Photo:
    """Analyse a file, unless it is the one that is known already.

    Raises:
        Refusal: There is no photo, or it cannot be used.
    """
    if not path:
        raise Refusal("no-portrait", words.NO_PORTRAIT)
    if known is not None and known.path == path:
        return known
    sample = recognised(path)
    return Photo(path, _analysed(path, sample), sample=sample)


def _analysed(path: str, sample: Sample | None) -> Analysis:
    from pipelines import gaze, studio

    # Our rendered heads are made otherwise than people: their gaze has another zero.
    rendered = sample is not None and sample.gaze is not None
    return studio.analyse(path, gaze.RENDERED if rendered else gaze.PEOPLE)


@dataclass(frozen=True)
class Told:
    """What is told of a look whose pixels are in a file.

    Attributes:
        report: The variant's report.
        reached: Whether the gaze came near enough to what was asked.
        distance: Of the face embeddings, as the ranking needs it.
    """

    report: dict[str, Any] = field(repr=False)
    reached: bool
    distance: float


def compared(
    photo: Photo, looks: Sequence[Look], file_store: FileStore, progress: Progress
) -> tuple[list[str], dict[str, Any]]:
    """Make all looks of a photo: a file for each, and a report about them.

    Raises:
        Cancelled: `progress` raised it.
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not here.
    """
    from pipelines import studio
    from pipelines.studio import comparison

    original = metadata.pixel_hash(photo.analysis.portrait.original_u8)
    paths, told = list[str](), list[Told]()
    for variant in studio.render_each(photo.analysis, looks, progress):
        with slots.cores().turn():
            paths.append(save(variant, file_store, original, f"{len(paths) + 1}"))
        told.append(Told(variant.report(), variant.reached, variant.distance))
        # Its pixels go before the next one's come.
        del variant
    return paths, comparison.report_of(photo.analysis, [one.report for one in told], told)


def invent(photo: Photo, look: Look, count: int, progress: Callable[[float, str], None]) -> Persona:
    """Invent faces in the pose of a photo.

    Raises:
        LookError: The look's engine can't, or the count is out of range.
        EngineUnavailable: Its weights are not here.
    """
    from pipelines.studio import persona

    return persona.invent(photo.analysis, look, count, progress)


def candidates(made: Persona, file_store: FileStore) -> list[str]:
    """Write every candidate, marked as wholly generated; the files' addresses."""
    from pipelines.studio import persona

    addresses = []
    for one in made.candidates:
        marked = marking.encode(one.image_u8, None, source=persona.SOURCE_TYPE)
        name = pictures.file_name("invented", made.look.context, f"{one.seed}")
        addresses.append(file_store.address(file_store.keep(marked, f"{name}.png")))
    return addresses


def on_screen(
    photo: Photo,
    looks: Sequence[Look],
    letters: Sequence[str],
    file_store: FileStore,
    progress: Progress,
    language: str = DEFAULT,
) -> OnScreen:
    """Compare looks of a photo; only those are rendered that it does not have yet.

    A look that cannot be made has a sentence for a figure; the others are made all the same.

    Args:
        photo: The photo; it keeps what is made.
        looks: What to make.
        letters: A letter on the page for each.
        file_store: Where this visitor's files go.
        progress: As for `studio.render`.
        language: Of titles and sentences.

    Raises:
        Cancelled: `progress` raised it.
        LookError: A look does not fit the presets.
    """
    from pipelines.studio import comparison

    presets = load()
    looks = [look.checked(presets) for look in looks]
    original = _original(photo, file_store, lambda: progress(0.0, ""))
    todo = [look for look in looks if not photo.made.has(look)]
    results: list[RenderedFiles | str] = []
    for letter, look in zip(letters, looks, strict=True):
        before = sum(isinstance(done, str) or done.look in todo for done in results)

        def tell(share: float, step: str, done: int = before, letter: str = letter) -> None:
            whole = (done + share) / max(len(todo), 1)
            progress(
                min(whole, 1.0),
                Message("Look {letter}: {step}", letter=letter, step=step) if step else "",
            )

        results.append(_made(photo, look, file_store, tell, language))
    made = [one for one in results if isinstance(one, RenderedFiles)]
    best = [made[index] for index in comparison.best_of(made)]
    figures = [
        Missing(letter, title(look, language), one)
        if isinstance(one, str)
        else _shot(one, letter, one in best, file_store, language)
        for letter, look, one in zip(letters, looks, results, strict=True)
    ]
    kept = tuple(
        _kept(one, figure.letter, one in best)
        for one, figure in zip(results, figures, strict=True)
        if isinstance(one, RenderedFiles)
    )
    first = ResultPicture(
        letter="",
        title=say(language, "caption.original"),
        full="",
        control="",
        gaze=photo.analysis.gaze.gaze,
        report=original.report,
        files=original.files,
        skin=original.skin,
    )
    report = comparison.report_of(photo.analysis, [one.report for one in made], made)
    return OnScreen(photo.path, kept, report, tuple(looks), (first, *figures))


def _made(
    photo: Photo, look: Look, file_store: FileStore, tell: Progress, language: str
) -> RenderedFiles | str:
    """What a look made, or the sentence that says why it could not be made."""
    from pipelines import studio

    def render(file_store: FileStore) -> RenderedFiles:
        variant = studio.render(photo.analysis, look, tell)
        with slots.cores().turn(lambda: tell(1.0, "")):
            return _written(photo, variant, file_store)

    try:
        return photo.made.get(look, file_store, render, lambda: tell(0.0, ""))
    except Cancelled:
        raise
    except Exception as error:
        return sentence(error, language)


def _written(photo: Photo, variant: Variant, file_store: FileStore) -> RenderedFiles:
    analysis, look = photo.analysis, variant.look
    control = pictures.close_up(variant.control_image_u8, analysis.face)
    control_name = pictures.file_name(look.region, look.context, "control")
    control_path = file_store.put(pictures.view(control), control_name)
    full = save(variant, file_store, metadata.pixel_hash(analysis.portrait.original_u8))
    files, paths = _files(variant.image_u8, analysis, file_store, look.region, look.context)
    return RenderedFiles(
        look=look,
        files=files,
        full=full,
        control=file_store.address(control_path),
        report=variant.report(),
        captions=lines(variant),
        warnings=variant.warnings,
        reached=variant.reached,
        distance=variant.distance,
        paths=(control_path, full, *paths),
    )


def _original(photo: Photo, file_store: FileStore, check: Callable[[], None]) -> Original:
    analysis = photo.analysis

    def write(file_store: FileStore) -> Original:
        with slots.cores().turn(check):
            return _laid_out(analysis, file_store)

    return photo.made.get(None, file_store, write, check)


def _laid_out(analysis: Analysis, file_store: FileStore) -> Original:
    files, paths = _files(analysis.portrait.original_u8, analysis, file_store, "original")
    skin = file_store.put(pictures.view(pictures.skin(analysis)), pictures.file_name("skin"))
    report = analysis.baseline.report(analysis.gaze, analysis.face.head)
    return Original(files, file_store.address(skin), report, (skin, *paths))


def _shot(
    made: RenderedFiles, letter: str, best: bool, file_store: FileStore, language: str
) -> ResultPicture:
    return ResultPicture(
        letter=letter,
        title=title(made.look, language),
        full=file_store.address(made.full),
        path=made.full,
        control=made.control,
        gaze=Gaze(*made.report["gaze"]["after"]),
        report=made.report,
        best=best,
        files=made.files,
    )


def _kept(made: RenderedFiles, letter: str, best: bool) -> Kept:
    return Kept(
        letter=letter,
        title=title(made.look, DEFAULT),
        look=made.look,
        captions=made.captions,
        warnings=made.warnings,
        best=best,
        path=made.full,
    )


def title(look: Look, language: str) -> str:
    """What a look is called, such as "Japan · LinkedIn"."""
    presets = translated(language)
    return title_of(look, presets.regions[look.region].label, presets.contexts[look.context].label)


def save(variant: Variant, file_store: FileStore, original: str, prefix: str = "") -> str:
    """Write a variant at full size, marked with where it comes from, and return the file's path.

    Args:
        variant: The variant.
        file_store: Where to put it.
        original: `provenance.pixel_hash` of the photo.
        prefix: Of the file's name.
    """
    name = pictures.file_name(prefix, variant.look.region, variant.look.context)
    marked = marking.encode(variant.image_u8, variant.look, original=original)
    return file_store.keep(marked, f"{name}.png")


def parse_looks(text: str) -> list[Look]:
    """Looks, one on a line.

    Raises:
        LookError: A line is no look, or there are none or too many.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise LookError("no-look", words.NO_LOOK)
    if len(lines) > MOST_LOOKS:
        raise LookError("too-many-looks", Message(words.TOO_MANY_LOOKS, most=MOST_LOOKS))
    return [Look.parse(line) for line in lines]


def sentence(error: Exception, language: str = DEFAULT) -> str:
    """What a person is told about an error, in their language: never a path, never a trace."""
    if isinstance(error, PresenceError):
        return told(language, error.sentence)
    _log.error("unexpected error", exc_info=error)
    return told(language, words.OUR_FAULT)


def _files(
    pixels: Pixels, analysis: Analysis, file_store: FileStore, *name: str
) -> tuple[Files, tuple[str, ...]]:
    face = analysis.face

    def put(picture: Pixels, part: str) -> str:
        return file_store.put(pictures.view(picture), pictures.file_name(*name, part))

    whole = put(pixels, "whole")
    close = put(pictures.close_up(pixels, face), "close")
    eyes = put(pictures.eye_pair(pixels, face, analysis.portrait.scale), "eyes")
    files = Files(
        whole=file_store.address(whole),
        close=file_store.address(close),
        eyes=file_store.address(eyes),
        paths=(whole, close),
    )
    return files, (whole, close, eyes)
