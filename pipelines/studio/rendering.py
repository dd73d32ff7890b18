"""The one door: a photo and looks in, variants and a ranked comparison out."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipelines import face as faces
from pipelines import gaze, polish
from pipelines.engines import annotation, dispatch, generation, geometry
from pipelines.engines.base import Request
from pipelines.engines.generation import Generation
from pipelines.face import Face
from pipelines.gaze import (
    CONTACT_DEG,
    NO_TRIM,
    Gaze,
    GazeEstimate,
    iris,
)
from pipelines.image import delivery, loading
from pipelines.image.arrays import Image, Image8
from pipelines.measure import guards, measurements
from pipelines.measure.measurements import GazeChange, Measurements
from pipelines.polish import Polished
from pipelines.runtime import slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message
from pipelines.studio.analysis import Analysis
from pipelines.studio.look import Look
from pipelines.studio.planning import Plan, plan
from presets.schema import Presets, load

Progress = Callable[[float, str], None]
# The working copy of a picture, what the guards hold its retouch against, and what is the same in
# every retouch of it.
Turned = tuple[Image, guards.Reference, Cache]
STILL_DEG = geometry.STILL_DEG
# A trim that turns the eyes further apart than this shows as a squint. The trim counts and not what
# is read of each eye: over 60 portraits, eyes that look at one thing read as 4 degrees apart in the
# median, and from person to person 8 degrees off that (robust).
WIDEST_TRIM_APART_DEG = 4.0
STEPS = ("analyse", "redirect", "controlnet", "polish", "measure")


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


def render(
    analysis: Analysis,
    look: Look,
    progress: Progress | None = None,
    presets: Presets | None = None,
    cache: Cache | None = None,
) -> Variant:
    """Make one look of an analysed photo.

    Args:
        analysis: From `analyse`.
        look: What to make.
        progress: Called with a share done, 0..1, and the name of the step that begins; what it
            raises, such as `Cancelled`, ends the work, also between two steps of a network.
        presets: The presets to use; the packaged ones if None.
        cache: Keeps what other looks of this analysis share: the eyes taken apart (in its root),
            turned eyes, and all that follows where nothing but names differs. What is shared is
            the same to the bit.

    Raises:
        LookError: The look does not fit the presets.
        EngineUnavailable: The engine's weights are not here.
        EngineFailed: The engine ran out of memory.
    """
    tell = progress or _silent
    with slots.cores().turn(lambda: tell(0.0, "Waiting for a turn")):
        return _rendered(analysis, look, tell, presets or load(), cache or Cache())


def _rendered(
    analysis: Analysis, look: Look, tell: Progress, presets: Presets, cache: Cache
) -> Variant:
    now = analysis.gaze
    planned = plan(look, presets, analysis.face.head, now.gaze)
    dispatch.require(planned.engine)
    planned, warnings = _with_warnings(analysis, planned)
    clock = _Clock(dict.fromkeys(STEPS, 0.0) | {"analyse": analysis.seconds})
    tell(0.0, "Turning the eyes")
    eyes = _eyes_key(planned, look.seed)
    turned, posed, made = cache.get(
        eyes, lambda: _turned(analysis, planned, look.seed, tell, clock, cache)
    )

    def reference() -> Turned:
        return cache.get(("before", eyes), lambda: _reference(analysis, turned, posed))

    def finished() -> tuple[Image8, Measurements, tuple[str, ...]]:
        tell(0.35, "Polishing")
        with clock.on("polish"):
            result, polished = _polished(turned, posed, planned, reference)
        tell(0.7, "Measuring")
        with clock.on("measure"):
            return result, *_measured(analysis, planned, turned, result, posed, polished)

    skin = planned.doses, planned.texture_floor, planned.clamped
    result, measured, more = cache.get(("finished", eyes, skin), finished)
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


def _with_warnings(analysis: Analysis, planned: Plan) -> tuple[Plan, tuple[str, ...]]:
    warnings = list(analysis.warnings)
    if planned.untouched:
        if analysis.gaze.gaze.off_lens > CONTACT_DEG:
            warnings.append(
                Message(
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
            Message(
                "The trim turns the eyes {degrees:.0f}° further apart than in the photo. If they "
                "looked at one thing there, they squint outwards now.",
                degrees=planned.trim.widening,
            )
        )
    return planned, tuple(warnings)


def _turned(
    analysis: Analysis, planned: Plan, seed: int, tell: Progress, clock: _Clock, cache: Cache
) -> tuple[Image8, Face, Generation | None]:
    original = analysis.portrait.original_u8
    nothing_to_turn = planned.target is None or still(analysis, planned)
    if planned.untouched or (nothing_to_turn and not planned.generative):
        return original, analysis.face, None
    if planned.engine.weights != "none":

        def find(working: Image, posed: Face) -> tuple[Face, Gaze | None]:
            found, now, lost = _looked_at_again(working, analysis, posed)
            return found, None if lost else now.gaze

        return generation.generate(_request(analysis, planned, seed), tell, clock.on, find, cache)
    assert planned.target is not None
    with clock.on("redirect"):
        posed = annotation.look_towards(analysis.face, analysis.gaze, planned.target, planned.trim)
        full = analysis.full_face
        sockets = cache.root.get(
            "sockets", lambda: geometry.take_apart(original, full, analysis.gaze)
        )
        patches = geometry.redirect(
            original, full, analysis.gaze, planned.target, seed, planned.trim, sockets
        )
        return geometry.paste(original, patches), posed, None


def _request(analysis: Analysis, planned: Plan, seed: int) -> Request:
    return Request(
        portrait=analysis.portrait,
        face=analysis.face,
        gaze=analysis.gaze,
        embedding=analysis.baseline.embedding,
        target=planned.target,
        trim=planned.trim,
        engine=planned.engine,
        context=planned.context,
        generative=planned.generative,
        seed=seed,
    )


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
        working, posed, planned.doses, before, planned.texture_floor, cache=shared
    )
    return delivery.deliver(turned, working, polished.pixels), polished


def _reference(analysis: Analysis, turned: Image8, posed: Face) -> Turned:
    before, working = analysis.baseline.reference, analysis.portrait.pixels
    if turned is not analysis.portrait.original_u8:
        working = loading.to_working(turned)
        before = guards.reference(working, posed, seen=before.seen, who=before.embedding)
    return working, before, Cache()


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
        working = loading.to_working(result)
    # Eyes that were not turned look where they looked; only the retouch is new.
    if turned is not original:
        found, after, warnings = _looked_at_again(working, analysis, posed)
    measured = measurements.measure(
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
        changed_outside_face=measurements.changed_outside_face(original, result, analysis.face),
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


def _silent(share: float, step: str) -> None:
    del share, step
