"""Comparisons for the page: analyse a photo, render its looks, write their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.face.framing import Window
from pipelines.face.framing import wide as crop_wide
from pipelines.gaze import Gaze
from pipelines.image import metadata
from pipelines.image.arrays import Image8
from pipelines.image.origin import Origin
from pipelines.runtime import slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Cancelled, LookError, Refusal
from pipelines.runtime.messages import Message
from pipelines.studio import Look, marking
from pipelines.studio.look import DOSES, Which
from pipelines.studio.samples import Sample, recognised
from presets import load, translated
from ui import pictures, saving
from ui.file_store import FileStore
from ui.memory import AnalysisMemory, CachedAnalysis
from ui.result_cache import ResultCache
from ui.result_pictures import Figure, Files, Missing, ResultPicture
from ui.text import messages, numbers
from ui.text.catalogue import translate
from ui.text.language import DEFAULT_LANGUAGE
from ui.text.messages import error_message

if TYPE_CHECKING:
    from pipelines.studio import Analysis, Variant
    from pipelines.studio.framing import Framed
    from pipelines.studio.persona import Persona
    from pipelines.studio.preview import PreviewStage

LETTERS = "ABCD"
START = Look(region="international", context="linkedin")
"""The look that the page opens with."""
PHOTO_KEPT_S = 1800
"""Seconds for which the state of an idle session is kept."""
MOST_LOOKS = 8
# Width in pixels at which the page shows a piece of skin, about.
_SKIN_WIDTH = 190
# Entries of a photo's `shared`: the eye sockets, the matte, the tilt, and three drawings of up to
# 12 MB.
_MOST_SHARED = 6
MEMORY = AnalysisMemory()
"""Shared by the photos of all visitors."""

Progress = Callable[[float, str], None]
_T = TypeVar("_T")


class Photo:
    """A visitor's photo, its analysis, and the results of its looks.

    Attributes:
        path: The uploaded file; identifies the portrait on the page.
        face: As in `Look`: the number of the face that was chosen, 0 for the largest, or "all".
        results: Results of the looks rendered so far.
        shared: What the looks share: eye sockets, matte, tilt, and what was drawn around the head.
        sample: The sample that the photo is; None for an upload.
    """

    def __init__(
        self,
        path: str,
        analysis: Analysis,
        results: ResultCache | None = None,
        sample: Sample | None = None,
        memory: AnalysisMemory = MEMORY,
        face: Which = 0,
    ) -> None:
        """The analysis of a sample is shared by all visitors, and never dropped."""
        self.path, self.sample, self.face = path, sample, face
        self.results = results or ResultCache()
        self.shared = Cache(_MOST_SHARED)
        number = analysis.face.number if face == "all" else face
        analyse = (lambda: analyse_file(path, None, number)) if sample is None else None
        self._cached = CachedAnalysis(analysis, analyse, memory)

    @property
    def analysis(self) -> Analysis:
        """From `studio.analyse`; made again if it was dropped from memory.

        Raises:
            Refusal: It has to be made again, and the file is gone.
        """
        return self._cached.analysis

    @cached_property
    def pixel_hash(self) -> str:
        """`metadata.pixel_hash` of the photo."""
        return metadata.pixel_hash(self.analysis.portrait.original_u8)

    @cached_property
    def skin_window(self) -> Window:
        """Rows and columns of the piece of skin that every picture shows."""
        return pictures.skin_window(self.analysis)

    def at_cell_size(self, whole: bool) -> Analysis:
        """As `cells.at_cell_size`, made once while there is memory."""
        from pipelines.studio.grid import cells

        small = self._cached.small.get(whole)
        if small is None:
            small = self._cached.small[whole] = cells.at_cell_size(self.analysis, whole)
        return small

    @property
    def stages(self) -> dict[str, PreviewStage]:
        """First stages of live previews, by framing."""
        return self._cached.stages


@dataclass(frozen=True, eq=False)
class PageComparison:
    """The comparison on the page: what sharing needs, and what shows it again.

    Attributes:
        path: The photo's file, as in `Photo`.
        report: The measurements of the looks that could be rendered.
        figures: The original, then a figure for each look, as `Results.show` takes them.
    """

    path: str
    report: dict[str, Any] = field(repr=False)
    figures: tuple[Figure, ...] = ()

    @property
    def looks(self) -> tuple[Look, ...]:
        """All requested looks."""
        return tuple(one.look for one in self.figures if one.look is not None)

    @property
    def rendered(self) -> tuple[ResultPicture, ...]:
        """The looks that could be rendered."""
        return tuple(one for one in self.figures[1:] if isinstance(one, ResultPicture))

    def look(self, letter: str) -> Look | None:
        """The look of a letter, or None."""
        return next((one.look for one in self.figures[1:] if one.letter == letter), None)


def examine(path: str | None, known: Photo | None = None) -> Photo:
    """Analyse a file, unless it is the file of the known photo.

    Raises:
        Refusal: There is no photo, or it cannot be used.
    """
    if not path:
        raise Refusal("no-portrait", messages.NO_PORTRAIT)
    if known is not None and known.path == path:
        return known
    sample = recognised(path)
    return Photo(path, analyse_file(path, sample), sample=sample)


def choose_face(photo: Photo, which: Which) -> Photo:
    """The photo with another of its faces chosen, or all of them, without results.

    Raises:
        Refusal: There is no such face, or it cannot be used.
    """
    from pipelines.studio.analysis import LARGEST_OF_SEVERAL, of_face

    found = photo.analysis if which == "all" else of_face(photo.analysis, which)
    told = [one for one in found.warnings if getattr(one, "template", "") != LARGEST_OF_SEVERAL]
    analysis = replace(found, warnings=tuple(told))
    return Photo(photo.path, analysis, sample=photo.sample, face=which)


def analyse_file(path: str, sample: Sample | None, face: int = 0) -> Analysis:
    """The analysis of a file; rendered heads have another zero of gaze than people."""
    from pipelines import gaze, studio

    rendered = sample is not None and sample.gaze is not None
    return studio.analyse(path, gaze.RENDERED if rendered else gaze.PEOPLE, face)


@dataclass(frozen=True)
class VariantSummary:
    """What the ranking needs of a variant whose pixels are already in a file.

    Attributes:
        report: The variant's report.
        reached: Whether the result came near enough to the target gaze.
        distance: Distance of the face embeddings.
    """

    report: dict[str, Any] = field(repr=False)
    reached: bool
    distance: float


def compare_to_files(
    photo: Photo, looks: Sequence[Look], file_store: FileStore, progress: Progress
) -> tuple[list[str], dict[str, Any]]:
    """Render all looks of a photo; returns a file for each and the report.

    Raises:
        Cancelled: Raised by `progress`.
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are missing.
    """
    from pipelines import studio
    from pipelines.studio import comparison

    origin = photo.analysis.portrait.origin
    paths, summaries = list[str](), list[VariantSummary]()
    for variant in studio.render_each(photo.analysis, looks, progress):
        with slots.cores().turn():
            prefix = f"{len(paths) + 1}"
            paths.append(save_variant(variant, file_store, photo.pixel_hash, origin, prefix))
        summaries.append(VariantSummary(variant.report(), variant.reached, variant.distance))
        # Free its pixels before the next variant is rendered.
        del variant
    reports = [summary.report for summary in summaries]
    return paths, comparison.report_of(photo.analysis, reports, summaries)


def save_candidates(persona: Persona, file_store: FileStore) -> list[str]:
    """Write every candidate, marked as wholly generated; returns the addresses of the files."""
    from pipelines.studio.persona import SOURCE_TYPE

    addresses = []
    for candidate in persona.candidates:
        marked = marking.encode(candidate.image_u8, None, source=SOURCE_TYPE)
        name = pictures.file_name("invented", persona.look.context, f"{candidate.seed}")
        addresses.append(file_store.address(file_store.write(marked, f"{name}.png")))
    return addresses


def compare(
    photo: Photo,
    looks: Sequence[Look],
    letters: Sequence[str],
    file_store: FileStore,
    progress: Progress,
    language: str = DEFAULT_LANGUAGE,
) -> PageComparison:
    """Compare looks of a photo; renders only those that the photo has no result of yet.

    A look that cannot be rendered has a message for a figure; the others are rendered all the same.

    Args:
        photo: The photo, which caches the results.
        looks: The looks.
        letters: A letter on the page for each.
        file_store: Where this visitor's files go.
        progress: As for `studio.render`.
        language: Of titles and messages.

    Raises:
        Cancelled: Raised by `progress`.
        LookError: A look does not fit the presets.
    """
    from pipelines.studio import comparison

    presets = load()
    # The face is the one that was chosen on the page, whatever a link says.
    looks = [replace(look.checked(presets), face=0) for look in looks]
    missing = {look for look in looks if not photo.results.has(look)}
    outcomes: list[Figure] = []
    original = _beside(lambda: _original(photo, file_store))
    titles = look_titles(looks, language)
    for letter, look, title in zip(letters, looks, titles, strict=True):
        before = len(missing & {one.look for one in outcomes})

        def report_progress(
            share: float, step: str, done: int = before, letter: str = letter
        ) -> None:
            whole = (done + share) / max(len(missing), 1)
            progress(
                min(whole, 1.0),
                Message("Look {letter}: {step}", letter=letter, step=step) if step else "",
            )

        try:
            rendered = _rendered(photo, look, file_store, report_progress)
            outcomes.append(replace(rendered, letter=letter, title=title))
        except Cancelled:
            raise
        except Exception as error:
            outcomes.append(Missing(letter, title, error_message(error, language), look))
    results = [one for one in outcomes if isinstance(one, ResultPicture)]
    shown = original.result()
    figures = (
        replace(
            shown,
            title=_original_title(photo, language),
            report={**shown.report, "faces": _original_faces(results)},
        ),
        *outcomes,
    )
    report = comparison.report_of(photo.analysis, [one.report for one in results], results)
    return PageComparison(photo.path, report, figures)


def _original_faces(results: Sequence[ResultPicture]) -> list[dict[str, Any]]:
    """What was read of each face in the photo, from a look of all faces; empty without one."""
    faces: list[dict[str, Any]] = next((one.report["faces"] for one in results), [])
    return [
        {
            **face,
            # Eyes are only turned where their gaze could be measured.
            "gaze": face["gaze"]["before"],
            "gaze_measurable": face["gaze"]["measurable"],
            "skin_tone": {"ita": face["skin_tone"]["ita_before"]},
        }
        if "gaze" in face
        else face
        for face in faces
    ]


def _original_title(photo: Photo, language: str) -> str:
    """Says which face of several is shown; on a phone the list of them is out of sight."""
    count = len(photo.analysis.boxes)
    if count < 2 or photo.face == "all":
        return translate(language, "caption.original")
    number = photo.analysis.face.number
    return translate(language, "caption.original_face", face=number, count=count)


def look_title(look: Look, language: str) -> str:
    """Region and context of a look, such as "Japan · LinkedIn"; an own aim replaces the region."""
    presets = translated(language)
    context = presets.contexts[look.context].label
    untouched = presets.contexts[look.context].untouched
    if isinstance(look.gaze, Gaze) and not untouched:
        aim = numbers.direction(look.gaze, language)
        return f"{aim[:1].upper()}{aim[1:]} · {context}"
    if not look.gaze or untouched:
        return f"{translate(language, 'aim.keep')} · {context}"
    return f"{presets.regions[look.region].label} · {context}"


def look_titles(looks: Sequence[Look], language: str) -> list[str]:
    """Titles of looks side by side; where two would be the same, with the settings of each."""
    plain = [look_title(look, language) for look in looks]
    return [
        title
        if plain.count(title) == 1
        else " · ".join(filter(None, (title, settings(look, language))))
        for title, look in zip(plain, looks, strict=True)
    ]


def settings(look: Look, language: str) -> str:
    """What a look has otherwise than its audience and purpose have it, such as "Polish 50 %"."""
    parts = [
        f"{translate(language, f'look.{name}')} {numbers.percent(share)}"
        for name, share in (("gaze", look.gaze), ("polish", look.polish))
        if isinstance(share, float) and share < 1 and (share or name == "polish")
    ]
    parts += [
        f"{translate(language, f'fine.{DOSES[letter]}')} {numbers.percent(dose)}"
        for letter, dose in look.doses
    ]
    parts += [
        f"{translate(language, f'look.{name}')} {translate(language, f'look.{name}_{choice}')}"
        for name, choice in (("frame", look.frame), ("backdrop", look.backdrop))
        if choice != "keep"
    ]
    return " · ".join(parts)


def slug(look: Look) -> str:
    """Who a look is for or where it aims, for names of files."""
    if isinstance(look.gaze, Gaze):
        return "own-aim"
    return look.region if look.gaze else "as-photographed"


def save_variant(
    variant: Variant, file_store: FileStore, original: str, origin: Origin, prefix: str = ""
) -> str:
    """Write a variant at full size with its provenance, and return the path.

    Args:
        variant: The variant.
        file_store: Where to write it.
        original: `metadata.pixel_hash` of the photo.
        origin: Where the photo comes from.
        prefix: Prefix of the file's name.
    """
    name = pictures.file_name(prefix, slug(variant.look), variant.look.context)
    return _save(variant.image_u8, variant.look, original, origin, file_store, name)


def parse_looks(text: str) -> list[Look]:
    """Parse looks, one on a line.

    Raises:
        LookError: A line is not a look, or there are none or too many.
    """
    texts = [line.strip() for line in text.splitlines() if line.strip()]
    if not texts:
        raise LookError("no-look", messages.NO_LOOK)
    if len(texts) > MOST_LOOKS:
        raise LookError("too-many-looks", Message(messages.TOO_MANY_LOOKS, most=MOST_LOOKS))
    return [Look.parse(one) for one in texts]


def _rendered(photo: Photo, look: Look, file_store: FileStore, progress: Progress) -> ResultPicture:
    """A look with its files, from the photo's cache or rendered."""
    from pipelines import studio

    def render(file_store: FileStore) -> ResultPicture:
        asked, cache = replace(look, face=photo.face), Cache(root=photo.shared)
        variant = studio.render(photo.analysis, asked, progress, None, cache)
        with slots.cores().turn(lambda: progress(1.0, "")):
            return _write_variant(photo, variant, file_store)

    return photo.results.get(look, file_store, render, lambda: progress(0.0, ""))


def _write_variant(photo: Photo, variant: Variant, file_store: FileStore) -> ResultPicture:
    from pipelines import studio

    look = variant.look
    control = pictures.close_up(variant.control_image_u8, photo.analysis.face)
    control_name = pictures.file_name(slug(look), look.context, "control")
    control_path = file_store.write_png(pictures.fit_screen(control), control_name)
    origin = photo.analysis.portrait.origin
    saved = _beside(lambda: save_variant(variant, file_store, photo.pixel_hash, origin))
    files, paths = _write_views(variant.image_u8, photo, file_store, slug(look), look.context)
    full = saved.result()
    save, framed, outlines, cut = full, "", tuple[str, ...](), studio.framed(variant)
    if cut.name != "keep":
        save, view = _write_framed(cut, look, photo.pixel_hash, origin, file_store)
        framed, paths = file_store.address(view), (*paths, save, view)
        outlines = pictures.outlines(cut.corners, photo.analysis.face, variant.image_u8.shape)
    report = variant.report()
    return ResultPicture(
        # The page's looks name no face: it is the photo's.
        look=replace(look, face=0),
        files=files,
        gaze=variant.measurements.gaze.after.measured,
        report={**report, "warnings": [*report["warnings"], *cut.notes]},
        paths=(control_path, full, *paths),
        path=full,
        saved=save,
        framed=framed,
        frame=cut.name,
        outlines=outlines,
        turned=cut.turned,
        control=file_store.address(control_path),
        choices=saving.choices_for(origin.form),
        reached=variant.reached,
        distance=variant.distance,
    )


def _write_framed(
    framed: Framed, look: Look, original: str, origin: Origin, file_store: FileStore
) -> tuple[str, str]:
    """Write a framed picture: the file to save, and a small one to show."""
    name = pictures.file_name(slug(look), look.context, framed.name)
    view = file_store.write_jpeg(pictures.small(framed.image_u8), f"{name}-small")
    path = _save(framed.image_u8, look, original, origin, file_store, name)
    return path, view


def _save(
    image_u8: Image8, look: Look, original: str, origin: Origin, file_store: FileStore, name: str
) -> str:
    """Write a picture at full size with its provenance, and return the path."""
    data = marking.encode(image_u8, look, original=original, origin=origin)
    return file_store.write(data, f"{name}.png")


def _beside(work: Callable[[], _T]) -> Future[_T]:
    """The outcome of work in a thread of its own, for the session of this event."""
    executor = ThreadPoolExecutor(1)
    outcome = executor.submit(copy_context().run, work)
    executor.shutdown(wait=False)
    return outcome


def _original(photo: Photo, file_store: FileStore) -> ResultPicture:
    """The photo with its files, from its cache or written."""

    def write(file_store: FileStore) -> ResultPicture:
        with slots.cores().turn():
            return _write_original(photo, file_store)

    return photo.results.get(None, file_store, write)


def _write_original(photo: Photo, file_store: FileStore) -> ResultPicture:
    analysis = photo.analysis
    photo_u8 = analysis.portrait.original_u8
    files, paths = _write_views(photo_u8, photo, file_store, "original")
    skin = pictures.fit_screen(pictures.skin_view(analysis))
    skin_path = file_store.write_jpeg(skin, pictures.file_name("skin"))
    return ResultPicture(
        look=None,
        files=files,
        gaze=analysis.gaze.measured,
        report=analysis.baseline.report(analysis.gaze, analysis.face.head),
        paths=(skin_path, *paths),
        skin=file_store.address(skin_path),
        eye_lines=pictures.eye_lines(analysis.face, photo_u8.shape),
    )


def _write_views(
    pixels: Image8, photo: Photo, file_store: FileStore, *name: str
) -> tuple[Files, tuple[str, ...]]:
    """Write the whole picture and its crops; returns their files and all paths."""
    from pipelines.studio import framing

    face, scale = photo.analysis.face, photo.analysis.portrait.scale
    crops = {
        "whole": pictures.fit_screen(pixels),
        "close": pictures.fit_screen(pictures.close_up(pixels, face)),
        "eyes": pictures.eye_pair(pixels, face, scale),
    }
    for part, frame in (("square", "1x1"), ("upright", "4x5")):
        crops[part] = pictures.small(framing.frame(crops["whole"], face, frame, 0.0).image_u8)
    wide = crop_wide(face, pixels.shape)
    if wide is not None:
        crops["wide"] = pictures.small(pixels[wide])
    paths = {
        part: file_store.write_jpeg(picture, pictures.file_name(*name, part))
        for part, picture in crops.items()
    }
    # Texture is what a JPEG loses first, and what is looked at here.
    skin = pixels[photo.skin_window]
    paths["skin"] = file_store.write_png(skin, pictures.file_name(*name, "skin"))
    addresses = {part: file_store.address(path) for part, path in paths.items()}
    enlarged = skin.shape[1] < _SKIN_WIDTH
    return Files(**addresses, enlarged=enlarged), tuple(paths.values())
