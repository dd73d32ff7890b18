"""The one door: a photo and looks in, variants and a ranked comparison out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines import (
    annotation,
    controlnet,
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
from pipelines.gaze import CONTACT_DEG, PEOPLE, Gaze, GazeEstimate, Population
from pipelines.generation import Generation
from pipelines.look import Look
from pipelines.measure import Baseline, GazeChange, Measurements
from pipelines.plan import Plan, plan
from pipelines.polish import Polished
from pipelines.portrait import Portrait
from presets.schema import Presets, load

Progress = Callable[[float, str], None]

# Identity distances closer than this are the embedding's own jitter: call them a tie.
TIE = 0.005
# Below these a fitted iris is a guess: seen on blurred, hazy and very dark portraits.
CLEAR_IRIS = 0.58
CLEAR_CONTRAST = 0.05
# Beyond, a reading says "far off" and no longer how far.
READABLE_DEG = 40.0
# A target this near to where the eyes look is reached: a change of gaze cannot be read more
# exactly, and drawing an eye anew costs a little of it.
STILL_DEG = 0.5
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
    """

    portrait: Portrait
    face: Face
    gaze: GazeEstimate
    baseline: Baseline
    warnings: tuple[str, ...]
    seconds: float
    iris_contrast: float

    @property
    def eyes_left_alone(self) -> str | None:
        """Why the eyes cannot be turned, as a sentence; None if they can."""
        radius = min(eye.iris_radius for eye in self.face.eyes) / self.portrait.scale
        if radius < redirect.SMALLEST_IRIS:
            return (
                "The eyes are too small in this photo to be turned; the gaze is left as it is. "
                "A larger photo would do."
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
        if self.plan.asked is None:
            return True
        return self.measurements.gaze.after.gaze.angle_to(self.plan.asked) <= CONTACT_DEG

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
        return tuple(
            sorted(
                range(len(self.variants)),
                key=lambda index: (
                    not self.variants[index].reached,
                    self.variants[index].measurements.identity.distance,
                ),
            )
        )

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        height, width = self.analysis.portrait.original_u8.shape[:2]
        return {
            "size": [width, height],
            "original": self.analysis.baseline.report(self.analysis.gaze, self.analysis.face.head),
            "warnings": list(self.analysis.warnings),
            "variants": [variant.report() for variant in self.variants],
            "ranking": list(self.ranking),
            "best": list(self.best),
        }


def analyse(source: str | Path | bytes, population: Population = PEOPLE) -> Analysis:
    """Read a photo and learn what every look needs.

    Args:
        source: A file or its bytes.
        population: Whose face this is, for the zero of its gaze: a person's, unless a benchmark
            reads rendered heads.

    Raises:
        Refusal: The photo cannot be used; see `portrait.load`, `face.find` and `iris.fit`.
    """
    start = time.perf_counter()
    photo = portrait.load(source)
    return _analysed(photo, start, population)


def analyse_pixels(original_u8: Image8) -> Analysis:
    """Like `analyse`, from decoded sRGB pixels, uint8 (H, W, 3)."""
    start = time.perf_counter()
    return _analysed(portrait.from_pixels(original_u8), start, PEOPLE)


def render(
    analysis: Analysis,
    look: Look,
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Variant:
    """Make one look of an analysed photo.

    Args:
        analysis: From `analyse`.
        look: What to make.
        progress: Called with a share done, 0..1, and the name of the step that begins; what it
            raises, such as `Cancelled`, ends the work, also between two steps of a network.
        presets: The presets to use; the packaged ones if None.

    Raises:
        LookError: The look does not fit the presets.
        EngineUnavailable: The engine's weights are not here.
        EngineFailed: The engine ran out of memory.
    """
    tell = progress or _silent
    presets = presets or load()
    now = analysis.gaze
    planned = plan(look, presets, analysis.face.head, now.gaze)
    controlnet.require(planned.engine)
    planned, warnings = _with_warnings(analysis, planned)
    clock = _Clock(dict.fromkeys(STEPS, 0.0) | {"analyse": analysis.seconds})
    tell(0.0, "Turning the eyes")
    turned, posed, made = _turned(analysis, planned, look.seed, tell, clock)
    tell(0.35, "Polishing")
    with clock.on("polish"):
        result, polished = _polished(analysis, turned, posed, planned)
    tell(0.7, "Measuring")
    with clock.on("measure"):
        measured, more = _measured(analysis, planned, turned, result, posed, polished)
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
    presets = presets or load()
    for look in looks:
        controlnet.require(presets.engines[look.checked(presets).engine])
    variants = []
    for index, look in enumerate(looks):
        part = _part(progress, index, len(looks))
        variants.append(render(analysis, look, part, presets))
    return Comparison(analysis, tuple(variants), best_of(variants))


def best_of(variants: Sequence[Variant]) -> tuple[int, ...]:
    """Indices of the smallest identity distance among those that reached their gaze."""
    reached = [index for index, variant in enumerate(variants) if variant.reached]
    if not reached:
        return ()
    distance = {index: variants[index].measurements.identity.distance for index in reached}
    least = min(distance.values())
    return tuple(index for index in reached if distance[index] - least <= TIE)


def _analysed(photo: Portrait, start: float, population: Population) -> Analysis:
    found, now, contrast = _read_eyes(photo.pixels, faces.find(photo.pixels), population)
    warnings = []
    if found.count > 1:
        warnings.append(f"There are {found.count} faces in this photo; the largest is used.")
    return Analysis(
        portrait=photo,
        face=found,
        gaze=now,
        baseline=measure.baseline(photo.pixels, found),
        warnings=tuple(warnings),
        seconds=time.perf_counter() - start,
        iris_contrast=contrast,
    )


def _read_eyes(
    pixels: Image, found: Face, population: Population
) -> tuple[Face, GazeEstimate, float]:
    fitted = iris.fit(pixels, found)
    visibility.check(pixels, found, fitted.confidence)
    # The eyes' shapes are sought from the landmarks' lids; an edit wants the picture's.
    with_irises = replace(found, left=fitted.left, right=fitted.right)
    shapes = eye_shape.find(pixels, with_irises)
    now = gaze.estimate(with_irises, shapes, fitted.confidence, population)
    face = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    return face, now, fitted.contrast


def _with_warnings(analysis: Analysis, planned: Plan) -> tuple[Plan, tuple[str, ...]]:
    warnings = list(analysis.warnings)
    if planned.untouched:
        if analysis.gaze.gaze.off_lens > CONTACT_DEG:
            warnings.append(
                f"{planned.context.label}: nothing may be edited, so the gaze stays "
                f"{analysis.gaze.gaze.off_lens:.0f}° off the lens. Take the photo again, looking "
                "into the lens."
            )
        return replace(planned, clamped=False), tuple(warnings)
    if planned.target is not None and analysis.eyes_left_alone:
        warnings.append(analysis.eyes_left_alone)
        return replace(planned, target=None, clamped=False), tuple(warnings)
    if _still(analysis, planned):
        warnings.append(
            "The eyes look there already, to within half a degree; they are left alone."
        )
    if planned.clamped:
        warnings.append(
            "The eyes cannot turn that far in a head that faces this way; "
            "they go as far as eyes comfortably do."
        )
    return planned, tuple(warnings)


def _turned(
    analysis: Analysis, planned: Plan, seed: int, tell: Progress, clock: _Clock
) -> tuple[Image8, Face, Generation | None]:
    original = analysis.portrait.original_u8
    if planned.untouched or (planned.target is None and not planned.generative):
        return original, analysis.face, None
    if planned.engine.weights != "none":

        def find(working: Image, posed: Face) -> tuple[Face, Gaze | None]:
            found, now, lost = _looked_at_again(working, analysis, posed)
            return found, None if lost else now.gaze

        return generation.generate(analysis, planned, seed, tell, clock.on, find)
    assert planned.target is not None
    if _still(analysis, planned):
        return original, analysis.face, None
    with clock.on("redirect"):
        posed = annotation.look_towards(analysis.face, analysis.gaze, planned.target)
        size = (original.shape[0], original.shape[1])
        full = analysis.face.scaled(1 / analysis.portrait.scale, size)
        patches = redirect.redirect(original, full, analysis.gaze, planned.target, seed)
        return redirect.paste(original, patches), posed, None


def _still(analysis: Analysis, planned: Plan) -> bool:
    return (
        planned.target is not None
        and planned.engine.weights == "none"
        and analysis.gaze.gaze.angle_to(planned.target) < STILL_DEG
    )


def _polished(
    analysis: Analysis, turned: Image8, posed: Face, planned: Plan
) -> tuple[Image8, Polished | None]:
    if planned.untouched or not planned.polishes:
        return turned, None
    before, working = analysis.baseline.reference, analysis.portrait.pixels
    if turned is not analysis.portrait.original_u8:
        working = portrait.to_working(turned)
        before = guards.reference(working, posed, seen=before.seen, who=before.embedding)
    polished = polish.within(working, posed, planned.doses, before, planned.texture_floor)
    return portrait.deliver(turned, working, polished.pixels), polished


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
        GazeChange(analysis.gaze, planned.target, after, planned.clamped),
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
    return lambda share, step: progress((index + share) / count, f"Look {chr(65 + index)}: {step}")


def _silent(share: float, step: str) -> None:
    del share, step
