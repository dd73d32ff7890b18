"""The one door: a photo and looks in, variants and a ranked comparison out."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from pipelines import (
    annotation,
    controlnet,
    cores,
    eye_shape,
    gaze,
    generation,
    guards,
    iris,
    measure,
    polish,
    portrait,
    redirect,
    visibility,
)
from pipelines import face as faces
from pipelines.arrays import Image, Image8
from pipelines.errors import Refusal
from pipelines.face import Face
from pipelines.gaze import CONTACT_DEG, NO_TRIM, PEOPLE, Gaze, GazeEstimate, Population
from pipelines.generation import Generation
from pipelines.look import Look
from pipelines.measure import Baseline, GazeChange, Measurements
from pipelines.once import Once
from pipelines.plan import Plan, plan
from pipelines.polish import Polished
from pipelines.portrait import Portrait
from pipelines.said import Said
from presets.schema import Presets, load

Progress = Callable[[float, str], None]
# The working copy of a picture, what the guards hold its retouch against, and what is the same in
# every retouch of it.
Turned = tuple[Image, guards.Reference, Once]

# Identity distances closer than this are the embedding's own jitter: call them a tie.
TIE = 0.005
# Below these a fitted iris is a guess: seen on blurred, hazy and very dark portraits.
CLEAR_IRIS = 0.58
CLEAR_CONTRAST = 0.05
# Of the less clear eye; no portrait with two open eyes came below 0.34, a covered eye has 0.25.
CLEAR_BOTH = 0.3
# Beyond, a reading says "far off" and no longer how far.
READABLE_DEG = 40.0
STILL_DEG = redirect.STILL_DEG
# A trim that turns the eyes further apart than this shows as a squint. The trim counts and not what
# is read of each eye: over 60 portraits, eyes that look at one thing read as 4 degrees apart in the
# median, and from person to person 8 degrees off that (robust).
WIDEST_TRIM_APART_DEG = 4.0
STEPS = ("analyse", "redirect", "controlnet", "polish", "measure")


@dataclass(frozen=True)
class Analysis:
    """Everything that is learned from a photo once, whatever the looks.

    Attributes:
        portrait: The photo.
        face: Its largest face with fitted irises, in pixels of the working copy.
        gaze: Where the person looks.
        baseline: Measurements of the original.
        warnings: What a person should know about this photo, in sentences.
        seconds: How long the analysis took.
        iris_contrast: How much lighter the white is than the iris, 0..1 in luma.
        iris_confidence: How well the left and the right iris could be fitted, 0..1.
    """

    portrait: Portrait
    face: Face
    gaze: GazeEstimate
    baseline: Baseline
    warnings: tuple[str, ...]
    seconds: float
    iris_contrast: float
    iris_confidence: tuple[float, float]

    @property
    def eyes_left_alone(self) -> str | None:
        """Why the eyes cannot be turned, as a sentence; None if they can."""
        radius = min(eye.iris_radius for eye in self.face.eyes) / self.portrait.scale
        if radius < redirect.SMALLEST_IRIS:
            return (
                "The eyes are too small in this photo to be turned; the gaze is left as it is. "
                "A larger photo would do."
            )
        if min(self.iris_confidence) < CLEAR_BOTH <= max(self.iris_confidence):
            return (
                "Only one eye can be made out in this photo, and turning one alone would make a "
                "squint; the gaze is left as it is. A photo that shows both eyes would do."
            )
        unclear = self.gaze.confidence < CLEAR_IRIS or self.iris_contrast < CLEAR_CONTRAST
        if unclear or self.gaze.gaze.off_lens > READABLE_DEG:
            return (
                "The irises can't be made out clearly enough in this photo to be turned; "
                "the gaze is left as it is. A sharper or lighter photo would do."
            )
        return None


@dataclass(frozen=True)
class Variant:
    """One look of one photo.

    Attributes:
        look: What was asked for.
        plan: What the presets made of it.
        image_u8: The result at the photo's own size, uint8 sRGB, (H, W, 3).
        measurements: Original against result.
        warnings: What a person should know about this result, in sentences.
        seconds: Per step, keys as in the report.
        posed: The face as the control image shows it, in pixels of the working copy.
        generation: What a network did for it; None for an engine without one.
    """

    look: Look
    plan: Plan
    image_u8: Image8
    measurements: Measurements
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    posed: Face = field(repr=False)
    generation: Generation | None = None

    @cached_property
    def control_image_u8(self) -> Image8:
        """The annotation that guides a ControlNet to this look, uint8 RGB at working size."""
        return annotation.draw(self.posed)

    @property
    def reached(self) -> bool:
        """Whether the gaze came within the cone of what was asked (or nothing was asked)."""
        asked = self.plan.asked_of_both
        return asked is None or (self.measurements.gaze.after.gaze.angle_to(asked) <= CONTACT_DEG)

    @property
    def distance(self) -> float:
        """Of the face embeddings, original to result."""
        return self.measurements.identity.distance

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        height, width = self.image_u8.shape[:2]
        return {
            "look": str(self.look),
            "engine": self.look.engine,
            "size": [width, height],
            **self.measurements.report(),
            "generation": None if self.generation is None else self.generation.report(),
            "warnings": list(self.warnings),
            "seconds": {step: round(value, 4) for step, value in self.seconds.items()},
        }


@dataclass(frozen=True)
class Comparison:
    """Several looks of one photo, side by side.

    Attributes:
        analysis: The photo.
        variants: In the order in which the looks were asked for.
        best: Indices of the most recognisable variants among those that reached their gaze;
            several in a tie, none if none reached it.
    """

    analysis: Analysis
    variants: tuple[Variant, ...]
    best: tuple[int, ...]

    @property
    def ranking(self) -> tuple[int, ...]:
        """Indices of all variants, most recognisable first, those that missed their gaze last."""
        return ranking_of(self.variants)

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return report_of(
            self.analysis, [variant.report() for variant in self.variants], self.variants
        )


class Judged(Protocol):
    """What the ranking goes by: a variant, or what is kept of one."""

    @property
    def reached(self) -> bool:
        """Whether the gaze came near enough to what was asked."""

    @property
    def distance(self) -> float:
        """Of the face embeddings, original to result."""


def analyse(source: str | Path | bytes, population: Population = PEOPLE) -> Analysis:
    """Read a photo and learn what every look needs.

    Args:
        source: A file or its bytes.
        population: Whose face this is, for the zero of its gaze: a person's, unless a benchmark
            reads rendered heads.

    Raises:
        Refusal: The photo cannot be used; see `portrait.load`, `face.find` and `iris.fit`.
    """
    with cores.turns().turn():
        start = time.perf_counter()
        return _analysed(portrait.load(source), start, population)


def analyse_pixels(original_u8: Image8) -> Analysis:
    """Like `analyse`, from decoded sRGB pixels, uint8 (H, W, 3)."""
    with cores.turns().turn():
        start = time.perf_counter()
        return _analysed(portrait.from_pixels(original_u8), start, PEOPLE)


def render(
    analysis: Analysis,
    look: Look,
    progress: Progress | None = None,
    presets: Presets | None = None,
    once: Once | None = None,
) -> Variant:
    """Make one look of an analysed photo.

    Args:
        analysis: From `analyse`.
        look: What to make.
        progress: Called with a share done, 0..1, and the name of the step that begins; what it
            raises, such as `Cancelled`, ends the work, also between two steps of a network.
        presets: The presets to use; the packaged ones if None.
        once: Keeps what other looks of this analysis share: the eyes taken apart (in its root),
            turned eyes, and all that follows where nothing but names differs. What is shared is
            the same to the bit.

    Raises:
        LookError: The look does not fit the presets.
        EngineUnavailable: The engine's weights are not here.
        EngineFailed: The engine ran out of memory.
    """
    tell = progress or _silent
    with cores.turns().turn(lambda: tell(0.0, "Waiting for a turn")):
        return _rendered(analysis, look, tell, presets or load(), once or Once())


def _rendered(
    analysis: Analysis, look: Look, tell: Progress, presets: Presets, once: Once
) -> Variant:
    now = analysis.gaze
    planned = plan(look, presets, analysis.face.head, now.gaze)
    controlnet.require(planned.engine)
    planned, warnings = _with_warnings(analysis, planned)
    clock = _Clock(dict.fromkeys(STEPS, 0.0) | {"analyse": analysis.seconds})
    tell(0.0, "Turning the eyes")
    eyes = _eyes_key(planned, look.seed)
    turned, posed, made = once.get(
        eyes, lambda: _turned(analysis, planned, look.seed, tell, clock, once)
    )

    def reference() -> Turned:
        return once.get(("before", eyes), lambda: _reference(analysis, turned, posed))

    def finished() -> tuple[Image8, Measurements, tuple[str, ...]]:
        tell(0.35, "Polishing")
        with clock.on("polish"):
            result, polished = _polished(turned, posed, planned, reference)
        tell(0.7, "Measuring")
        with clock.on("measure"):
            return result, *_measured(analysis, planned, turned, result, posed, polished)

    skin = planned.doses, planned.texture_floor, planned.clamped
    result, measured, more = once.get(("finished", eyes, skin), finished)
    tell(1.0, "Done")
    return Variant(
        look=look.checked(presets),
        plan=planned,
        image_u8=result,
        measurements=measured,
        warnings=(*warnings, *(made.sentences if made else ()), *more, *measured.reasons),
        seconds=clock.total(),
        posed=posed,
        generation=made,
    )


def compare(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Comparison:
    """Make several looks of an analysed photo and rank them.

    Raises:
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not here.
    """
    variants = tuple(each(analysis, looks, progress, presets))
    return Comparison(analysis, variants, best_of(variants))


def each(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Iterator[Variant]:
    """Make several looks one after the other: eight of 40 megapixels are a gigabyte together.

    Raises:
        LookError: A look does not fit the presets; before any is made.
        EngineUnavailable: An engine's weights are not here; likewise.
    """
    presets = presets or load()
    for look in looks:
        controlnet.require(presets.engines[look.checked(presets).engine])
    for index, look in enumerate(looks):
        yield render(analysis, look, _part(progress, index, len(looks)), presets)


def best_of(looks: Sequence[Judged]) -> tuple[int, ...]:
    """Indices of the smallest identity distance among those that reached their gaze."""
    reached = [index for index, look in enumerate(looks) if look.reached]
    if not reached:
        return ()
    least = min(looks[index].distance for index in reached)
    return tuple(index for index in reached if looks[index].distance - least <= TIE)


def ranking_of(looks: Sequence[Judged]) -> tuple[int, ...]:
    """Indices of all, most recognisable first, those that missed their gaze last."""
    return tuple(
        sorted(
            range(len(looks)), key=lambda index: (not looks[index].reached, looks[index].distance)
        )
    )


def report_of(
    analysis: Analysis, variants: Sequence[dict[str, Any]], looks: Sequence[Judged]
) -> dict[str, Any]:
    """Plain data for JSON about looks of one photo; the keys are stable.

    Args:
        analysis: The photo.
        variants: Each variant's report.
        looks: The same variants, as far as the ranking needs them.
    """
    height, width = analysis.portrait.original_u8.shape[:2]
    return {
        "size": [width, height],
        "original": analysis.baseline.report(analysis.gaze, analysis.face.head),
        "warnings": list(analysis.warnings),
        "variants": list(variants),
        "ranking": list(ranking_of(looks)),
        "best": list(best_of(looks)),
    }


def _analysed(photo: Portrait, start: float, population: Population) -> Analysis:
    found, now, fitted = _read_eyes(photo.pixels, faces.find(photo.pixels), population)
    warnings = []
    if found.count > 1:
        warnings.append(
            Said("There are {count} faces in this photo; the largest is used.", count=found.count)
        )
    return Analysis(
        portrait=photo,
        face=found,
        gaze=now,
        baseline=measure.baseline(photo.pixels, found),
        warnings=tuple(warnings),
        seconds=time.perf_counter() - start,
        iris_contrast=fitted.contrast,
        iris_confidence=fitted.confidence,
    )


def _read_eyes(
    pixels: Image, found: Face, population: Population
) -> tuple[Face, GazeEstimate, iris.EyesFit]:
    fitted = iris.fit(pixels, found)
    visibility.check(pixels, found, fitted.confidence)
    # The eyes' shapes are sought from the landmarks' lids; an edit wants the picture's.
    with_irises = replace(found, left=fitted.left, right=fitted.right)
    shapes = eye_shape.find(pixels, with_irises)
    now = gaze.estimate(with_irises, shapes, fitted.confidence, population)
    face = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    return face, now, fitted


def _with_warnings(analysis: Analysis, planned: Plan) -> tuple[Plan, tuple[str, ...]]:
    warnings = list(analysis.warnings)
    if planned.untouched:
        if analysis.gaze.gaze.off_lens > CONTACT_DEG:
            warnings.append(
                Said(
                    "{context}: nothing may be edited, so the gaze stays {degrees:.0f}° off the "
                    "lens. Take the photo again, looking into the lens.",
                    context=planned.context.label,
                    degrees=analysis.gaze.gaze.off_lens,
                )
            )
        return replace(planned, clamped=False), tuple(warnings)
    if planned.target is not None and analysis.eyes_left_alone:
        warnings.append(analysis.eyes_left_alone)
        return replace(planned, target=None, trim=NO_TRIM, clamped=False), tuple(warnings)
    if still(analysis, planned):
        warnings.append(
            "The eyes look there already, to within half a degree; they are left alone."
        )
    if planned.clamped:
        warnings.append(
            "The eyes cannot turn that far in a head that faces this way; "
            "they go as far as eyes comfortably do."
        )
    if planned.trim.widening > WIDEST_TRIM_APART_DEG:
        warnings.append(
            Said(
                "The trim turns the eyes {degrees:.0f}° further apart than in the photo. If they "
                "looked at one thing there, they squint outwards now.",
                degrees=planned.trim.widening,
            )
        )
    return planned, tuple(warnings)


def _turned(
    analysis: Analysis, planned: Plan, seed: int, tell: Progress, clock: _Clock, once: Once
) -> tuple[Image8, Face, Generation | None]:
    original = analysis.portrait.original_u8
    nothing_to_turn = planned.target is None or still(analysis, planned)
    if planned.untouched or (nothing_to_turn and not planned.generative):
        return original, analysis.face, None
    if planned.engine.weights != "none":

        def find(working: Image, posed: Face) -> tuple[Face, Gaze | None]:
            found, now, lost = _looked_at_again(working, analysis, posed)
            return found, None if lost else now.gaze

        return generation.generate(analysis, planned, seed, tell, clock.on, find, once)
    assert planned.target is not None
    with clock.on("redirect"):
        posed = annotation.look_towards(analysis.face, analysis.gaze, planned.target, planned.trim)
        size = (original.shape[0], original.shape[1])
        full = analysis.face.scaled(1 / analysis.portrait.scale, size)
        sockets = once.root.get(
            "sockets", lambda: redirect.take_apart(original, full, analysis.gaze)
        )
        patches = redirect.redirect(
            original, full, analysis.gaze, planned.target, seed, planned.trim, sockets
        )
        return redirect.paste(original, patches), posed, None


def still(analysis: Analysis, planned: Plan) -> bool:
    """Whether the eyes look already where they would be turned to."""
    return (
        planned.target is not None
        and not planned.trim
        and analysis.gaze.gaze.angle_to(planned.target) < STILL_DEG
    )


def _goals(analysis: Analysis, planned: Plan) -> tuple[Gaze, Gaze] | None:
    if planned.target is None:
        return None
    return gaze.target_per_eye(analysis.gaze, planned.target, planned.trim)


def _polished(
    turned: Image8, posed: Face, planned: Plan, reference: Callable[[], Turned]
) -> tuple[Image8, Polished | None]:
    if planned.untouched or not planned.polishes:
        return turned, None
    working, before, shared = reference()
    polished = polish.within(
        working, posed, planned.doses, before, planned.texture_floor, once=shared
    )
    return portrait.deliver(turned, working, polished.pixels), polished


def _reference(analysis: Analysis, turned: Image8, posed: Face) -> Turned:
    before, working = analysis.baseline.reference, analysis.portrait.pixels
    if turned is not analysis.portrait.original_u8:
        working = portrait.to_working(turned)
        before = guards.reference(working, posed, seen=before.seen, who=before.embedding)
    return working, before, Once()


def _eyes_key(planned: Plan, seed: int) -> Hashable:
    """What the turned eyes depend on: two looks with the same key have them in common."""
    told = planned.context.id if planned.engine.weights == "hub" else ""
    turn = planned.target, planned.trim, planned.untouched
    return turn, planned.engine.id, planned.generative, told, seed


def _measured(
    analysis: Analysis,
    planned: Plan,
    turned: Image8,
    result: Image8,
    posed: Face,
    polished: Polished | None,
) -> tuple[Measurements, tuple[str, ...]]:
    original = analysis.portrait.original_u8
    working, found, after = analysis.portrait.pixels, analysis.face, analysis.gaze
    warnings: tuple[str, ...] = ()
    if result is not original:
        working = portrait.to_working(result)
    # Eyes that were not turned look where they looked; only the retouch is new.
    if turned is not original:
        found, after, warnings = _looked_at_again(working, analysis, posed)
    measured = measure.measure(
        analysis.baseline,
        working,
        found,
        GazeChange(
            analysis.gaze,
            planned.aim,
            after,
            planned.clamped,
            _goals(analysis, planned),
            planned.asked_of_both if planned.aim else None,
        ),
        texture_floor=planned.texture_floor,
        changed_outside_face=measure.changed_outside_face(original, result, analysis.face),
        held_back=None if polished is None else polished.held_back,
        halo=None if turned is original else _halo(polished),
    )
    return measured, warnings if polished is None else (*polished.notes, *warnings)


def _halo(polished: Polished | None) -> float:
    readings = None if polished is None else polished.readings
    return 0.0 if readings is None else readings.halo


def _looked_at_again(
    working: Image, analysis: Analysis, posed: Face
) -> tuple[Face, GazeEstimate, tuple[str, ...]]:
    try:
        found = faces.find(working)
    except Refusal:
        lost = "The eyes of this result can't be measured any more; its gaze is the photo's."
        return posed, analysis.gaze, (lost,)
    fitted = iris.fit(working, found, analysis.face.left.iris_radius)
    found = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    return found, gaze.follow(analysis.gaze, analysis.face, found, fitted.confidence), ()


class _Clock:
    """Adds up seconds per step."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    @contextmanager
    def on(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[step] += time.perf_counter() - start

    def total(self) -> dict[str, float]:
        return self._seconds | {"total": sum(self._seconds.values())}


def _part(progress: Progress | None, index: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda share, step: progress(
        (index + share) / count, Said("Look {letter}: {step}", letter=chr(65 + index), step=step)
    )


def _silent(share: float, step: str) -> None:
    del share, step
