"""Render one look of an analysed photo: turn the eyes, polish, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

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
from pipelines.image import colour, delivery, loading
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
STILL_DEG = geometry.STILL_DEG
# A trim that turns the eyes further apart than this shows as a squint. The trim is judged, not the
# gaze measured per eye: over 60 portraits, eyes that look at one thing read as 4 degrees apart in
# the median, with a (robust) spread of 8 degrees from person to person.
WIDEST_TRIM_APART_DEG = 4.0
STEPS = ("analyse", "redirect", "controlnet", "polish", "measure")


@dataclass(frozen=True)
class Variant:
    """One look of one photo.

    Attributes:
        look: The look that was rendered.
        plan: The plan made of the look.
        image_u8: The result at the photo's size, uint8 sRGB, (H, W, 3).
        measurements: Original against result.
        warnings: Sentences to show about this result.
        seconds: Duration of each of `STEPS`, and the ``total``.
        posed: The face as drawn in the control image, in pixels of the working copy.
        generation: What the network did; None for an engine without one.
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
        """The control image of this look for a ControlNet, uint8 RGB at working size."""
        return annotation.draw(self.posed)

    @property
    def reached(self) -> bool:
        """Whether the gaze is within `CONTACT_DEG` of the requested one, or none was requested."""
        asked = self.plan.asked_of_both
        return asked is None or (self.measurements.gaze.after.gaze.angle_to(asked) <= CONTACT_DEG)

    @property
    def distance(self) -> float:
        """Distance of the face embeddings, original to result."""
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
    """Render one look of an analysed photo.

    Args:
        analysis: From `analyse`.
        look: The look to render.
        progress: Called with the share done, 0..1, and the name of the step that begins. An
            exception it raises, such as `Cancelled`, ends the work, also between two steps of a
            network.
        presets: The presets to use; the packaged ones if None.
        cache: Intermediate results shared with other looks of this analysis: the eye sockets (in
            its root), the picture with turned eyes, and the results of looks whose plans differ
            only in names. The result has the same bytes with and without it.

    Raises:
        LookError: The look does not fit the presets.
        EngineUnavailable: The engine's weights are not installed.
        EngineFailed: The engine ran out of memory.
    """
    report_progress = progress or _ignore_progress
    with slots.cores().turn(lambda: report_progress(0.0, "Waiting for a turn")):
        return _render(analysis, look, report_progress, presets or load(), cache or Cache())


def already_there(analysis: Analysis, planned: Plan) -> bool:
    """Whether the gaze in the photo is within `STILL_DEG` of the target, without a trim."""
    return (
        planned.target is not None
        and not planned.trim
        and analysis.gaze.gaze.angle_to(planned.target) < STILL_DEG
    )


class _PolishInput(NamedTuple):
    """What the polish needs of a picture whose eyes were turned.

    Attributes:
        working: The picture's working copy.
        reference: The picture before the polish, for the guards.
        cache: Intermediate results shared by all doses for this picture.
    """

    working: Image
    reference: guards.Reference
    cache: Cache


def _render(
    analysis: Analysis, look: Look, progress: Progress, presets: Presets, cache: Cache
) -> Variant:
    planned = plan(look, presets, analysis.face.head, analysis.gaze.gaze)
    dispatch.require(planned.engine)
    planned, plan_warnings = _check_plan(analysis, planned)
    timer = _StepTimer(dict.fromkeys(STEPS, 0.0) | {"analyse": analysis.seconds})
    progress(0.0, "Turning the eyes")
    turn_key = _turn_key(planned, look.seed)
    turned, posed, generated = cache.get(
        turn_key, lambda: _turn_eyes(analysis, planned, look.seed, progress, timer, cache)
    )

    def polish_input() -> _PolishInput:
        return cache.get(("before", turn_key), lambda: _polish_input(analysis, turned, posed))

    original = analysis.portrait.original_u8

    def finish() -> tuple[Image8, Measurements, tuple[str, ...]]:
        progress(0.35, "Polishing")
        with timer.measure("polish"):
            result, polished = _polish(turned, posed, planned, polish_input)
            # Iris and glow are drawn in colour.
            if result is not original and colour.is_grey(original):
                result = colour.without_colour(result)
        progress(0.7, "Measuring")
        with timer.measure("measure"):
            return result, *_measure(analysis, planned, turned, result, posed, polished)

    polish_key = planned.doses, planned.texture_floor, planned.clamped
    result, measured, result_warnings = cache.get(("finished", turn_key, polish_key), finish)
    progress(1.0, "Done")
    return Variant(
        look=look.checked(presets),
        plan=planned,
        image_u8=result,
        measurements=measured,
        warnings=(
            *plan_warnings,
            *(generated.sentences if generated else ()),
            *result_warnings,
            *measured.reasons,
        ),
        seconds=timer.total(),
        posed=posed,
        generation=generated,
    )


def _check_plan(analysis: Analysis, planned: Plan) -> tuple[Plan, tuple[str, ...]]:
    """Adapt a plan to what can be done in this photo; returns it with sentences to show."""
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
    if already_there(analysis, planned):
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


def _turn_eyes(
    analysis: Analysis,
    planned: Plan,
    seed: int,
    progress: Progress,
    timer: _StepTimer,
    cache: Cache,
) -> tuple[Image8, Face, Generation | None]:
    """The picture with turned eyes, the face as posed in it, and what a network did."""
    original = analysis.portrait.original_u8
    nothing_to_turn = planned.target is None or already_there(analysis, planned)
    if planned.untouched or (nothing_to_turn and not planned.generative):
        return original, analysis.face, None
    if planned.engine.weights != "none":

        def read_gaze(working: Image, posed: Face) -> tuple[Face, Gaze | None]:
            face, estimate, warnings = _read_gaze(working, analysis, posed)
            return face, None if warnings else estimate.gaze

        request = _request(analysis, planned, seed)
        return generation.generate(request, progress, timer.measure, read_gaze, cache)
    assert planned.target is not None
    with timer.measure("redirect"):
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


def _target_per_eye(analysis: Analysis, planned: Plan) -> tuple[Gaze, Gaze] | None:
    if planned.target is None:
        return None
    return gaze.target_per_eye(analysis.gaze, planned.target, planned.trim)


def _polish_input(analysis: Analysis, turned: Image8, posed: Face) -> _PolishInput:
    reference, working = analysis.baseline.reference, analysis.portrait.pixels
    if turned is not analysis.portrait.original_u8:
        working = loading.to_working(turned)
        reference = guards.reference(working, posed, seen=reference.seen, who=reference.embedding)
    return _PolishInput(working, reference, Cache())


def _polish(
    turned: Image8, posed: Face, planned: Plan, polish_input: Callable[[], _PolishInput]
) -> tuple[Image8, Polished | None]:
    if planned.untouched or not planned.polishes:
        return turned, None
    working, reference, cache = polish_input()
    polished = polish.within(
        working, posed, planned.doses, reference, planned.texture_floor, cache=cache
    )
    return delivery.deliver(turned, working, polished.pixels), polished


def _turn_key(planned: Plan, seed: int) -> Hashable:
    """Cache key of the picture with turned eyes."""
    # Only hub engines use the context, for their prompts.
    context = planned.context.id if planned.engine.weights == "hub" else ""
    turn = planned.target, planned.trim, planned.untouched
    return turn, planned.engine.id, planned.generative, context, seed


def _measure(
    analysis: Analysis,
    planned: Plan,
    turned: Image8,
    result: Image8,
    posed: Face,
    polished: Polished | None,
) -> tuple[Measurements, tuple[str, ...]]:
    original = analysis.portrait.original_u8
    working, face, after = analysis.portrait.pixels, analysis.face, analysis.gaze
    warnings: tuple[str, ...] = ()
    if result is not original:
        working = loading.to_working(result)
    # If the eyes were not turned, the gaze is the photo's; the polish does not change it.
    if turned is not original:
        face, after, warnings = _read_gaze(working, analysis, posed)
    measured = measurements.measure(
        analysis.baseline,
        working,
        face,
        GazeChange(
            analysis.gaze,
            planned.aim,
            after,
            planned.clamped,
            _target_per_eye(analysis, planned),
            planned.asked_of_both if planned.aim else None,
        ),
        texture_floor=planned.texture_floor,
        changed_outside_face=measurements.changed_outside_face(original, result, analysis.face),
        held_back=None if polished is None else polished.held_back,
        halo=None if turned is original else _halo(polished),
        in_new_light=None if polished is None else polished.in_new_light,
        distance=None if turned is not original else _distance(polished),
        done=() if polished is None else tuple(polished.done.report()),
    )
    return measured, warnings if polished is None else (*polished.notes, *warnings)


def _distance(polished: Polished | None) -> float | None:
    readings = None if polished is None else polished.readings
    return None if readings is None else readings.distance


def _halo(polished: Polished | None) -> float:
    readings = None if polished is None else polished.readings
    return 0.0 if readings is None else readings.halo


def _read_gaze(
    working: Image, analysis: Analysis, posed: Face
) -> tuple[Face, GazeEstimate, tuple[str, ...]]:
    """Face and gaze in a result, and a warning if no face is found in it."""
    try:
        face = faces.find(working)
    except Refusal:
        warning = "The eyes of this result can't be measured any more; its gaze is the photo's."
        return posed, analysis.gaze, (warning,)
    fit = iris.fit(working, face, analysis.face.left.iris_radius)
    face = replace(face, left=fit.left_snapped, right=fit.right_snapped)
    return face, gaze.follow(analysis.gaze, analysis.face, face, fit.confidence), ()


class _StepTimer:
    """Sums the seconds spent in each step."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[step] += time.perf_counter() - start

    def total(self) -> dict[str, float]:
        return self._seconds | {"total": sum(self._seconds.values())}


def _ignore_progress(share: float, step: str) -> None:
    del share, step
