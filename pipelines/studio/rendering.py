"""Render one look of an analysed photo: turn the eyes, polish, measure."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pipelines import gaze, polish
from pipelines.engines import annotation, dispatch
from pipelines.engines.generation import Generation
from pipelines.face import Face, matte
from pipelines.gaze import (
    CONTACT_DEG,
    NO_TRIM,
    Gaze,
)
from pipelines.image import colour, compression, delivery, loading
from pipelines.image.arrays import Image, Image8
from pipelines.image.loading import Portrait
from pipelines.measure import guards, measurements
from pipelines.measure.measurements import GazeChange, Measurements
from pipelines.polish import Polished, backdrop
from pipelines.runtime import slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import Refusal
from pipelines.runtime.messages import Message
from pipelines.studio import framing, surroundings
from pipelines.studio.analysis import Analysis, of_face
from pipelines.studio.framing import Framed
from pipelines.studio.look import Look
from pipelines.studio.planning import Plan, plan
from pipelines.studio.surroundings import Surroundings
from pipelines.studio.turning import (
    PART_ONLY,
    Progress,
    Turned,
    already_there,
    read_gaze,
    turn_eyes,
)
from presets.schema import Presets, load

# A trim that turns the eyes further apart than this shows as a squint. The trim is judged, not the
# gaze measured per eye: over 60 portraits, eyes that look at one thing read as 4 degrees apart in
# the median, with a (robust) spread of 8 degrees from person to person.
WIDEST_TRIM_APART_DEG = 4.0
STEPS = ("analyse", "redirect", "controlnet", "polish", "measure")


ALREADY_THERE = "The eyes look there already, to within half a degree; they are left alone."
"""No warning, but a word to those who wonder."""
_AS_FAR = (
    "The eyes cannot turn that far in a head that faces this way; "
    "they go as far as eyes comfortably do."
)
# Least dose of sharpness with which the blocks of a strong compression are taken away.
_MENDS_COMPRESSION = 0.1
_OWN_BACKDROP = "A generated headshot has a backdrop of its own; the look's is not used."


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
        surroundings: What was drawn around the head; None if the look asked for nothing.
        tilt: Clockwise tilt of the photo in degrees, for `framed`; 0 if the plan keeps the
            frame.
        faces: The result of each face, from the left, or why it was left as it is, if the look was
            asked for all; its own picture shows that face alone edited.
    """

    look: Look
    plan: Plan
    image_u8: Image8
    measurements: Measurements
    warnings: tuple[str, ...]
    seconds: dict[str, float]
    posed: Face = field(repr=False)
    generation: Generation | None = None
    surroundings: Surroundings | None = None
    tilt: float = 0.0
    faces: tuple[Variant | Refusal, ...] = field(default=(), repr=False)

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
            "face": self.posed.number,
            **self.measurements.report(),
            "generation": None if self.generation is None else self.generation.report(),
            "headshot": None if self.surroundings is None else self.surroundings.report(),
            "warnings": list(self.warnings),
            "seconds": {step: round(value, 4) for step, value in self.seconds.items()},
            "faces": [
                {"face": number, "refused": one.code, "sentence": one.sentence}
                if isinstance(one, Refusal)
                else one.report()
                for number, one in enumerate(self.faces, start=1)
            ],
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
        cache: Intermediate results shared with other looks of this analysis: eye sockets, matte
            and tilt (in its root), the picture with turned eyes, and the results of looks whose
            plans differ only in names. The result has the same bytes with and without it.

    Raises:
        Refusal: The face that the look names cannot be used.
        LookError: The look does not fit the presets.
        EngineUnavailable: The engine's weights are not installed.
    """
    report_progress, cache = progress or _ignore_progress, cache or Cache()
    if look.face == "all":
        return _render_every_face(analysis, look, report_progress, presets, cache)
    if look.face not in (0, analysis.face.number):
        number = look.face
        # What is cached for one face is of no use for another.
        analysis, cache = cache.get(("face", number), lambda: (of_face(analysis, number), Cache()))
    with slots.cores().turn(lambda: report_progress(0.0, "Waiting for a turn")):
        return _render(analysis, look, report_progress, presets or load(), cache)


def framed(variant: Variant) -> Framed:
    """The picture of a look in the frame of its plan; the picture itself if that is ``keep``."""
    return framing.frame(variant.image_u8, variant.posed, variant.plan.frame, variant.tilt)


def _render_every_face(
    analysis: Analysis, look: Look, progress: Progress, presets: Presets | None, cache: Cache
) -> Variant:
    """Render a look on each face by itself, and put their changes into one picture."""
    look = look.checked(presets or load())
    count, original = analysis.face.count, analysis.portrait.original_u8
    results: list[Variant | Refusal] = []
    for number in range(1, count + 1):

        def report_progress(share: float, step: str, number: int = number) -> None:
            progress((number - 1 + share) / count, step)

        one = replace(look, face=number, frame="keep", backdrop="keep")
        try:
            variant = render(analysis, one, report_progress, presets, cache)
        except Refusal as refusal:
            results.append(refusal)
            continue
        results.append(variant)
    pictures = [original if isinstance(one, Refusal) else one.image_u8 for one in results]
    # The face that was analysed stands for all where a single number is wanted.
    main = results[analysis.face.number - 1]
    if isinstance(main, Refusal):
        raise main
    return replace(
        main,
        look=replace(main.look, face="all"),
        image_u8=delivery.blended(original, list(zip(analysis.boxes, pictures, strict=True))),
        warnings=(*_about_all(analysis, look), *_by_face(results)),
        faces=tuple(results),
    )


def _about_all(analysis: Analysis, look: Look) -> Iterator[str]:
    """Sentences about a look of all faces."""
    if look.frame != "keep" or look.backdrop != "keep":
        yield "With a look for all faces, the frame and the backdrop stay as they are."
    boxes = analysis.boxes
    for one, other in itertools.combinations(range(len(boxes)), 2):
        (left, top, right, bottom), (x, y, end, low) = boxes[one], boxes[other]
        if left < end and x < right and top < low and y < bottom:
            yield Message(
                "Faces {one} and {other} overlap; between them, one retouch passes into the other.",
                one=one + 1,
                other=other + 1,
            )


def _by_face(results: Sequence[Variant | Refusal]) -> Iterator[str]:
    """The sentences about each face, with its number."""
    for number, one in enumerate(results, start=1):
        sentences = [one.sentence] if isinstance(one, Refusal) else one.warnings
        for sentence in sentences:
            yield Message("Face {number}: {sentence}", number=number, sentence=sentence)


class _PolishInput(NamedTuple):
    """What the polish needs of a picture whose eyes were turned.

    Attributes:
        image_u8: The picture at full size, without the blocks of a strong compression.
        working: Its working copy.
        reference: The picture before the polish, for the guards.
        cache: Intermediate results shared by all doses for this picture.
    """

    image_u8: Image8
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
    turn_key: Hashable = _turn_key(planned, look.seed)
    turned = cache.get(
        turn_key,
        lambda: turn_eyes(analysis, planned, look.seed, progress, timer.measure, cache),
        valid=lambda earlier: not earlier.failed,
    )
    if turned.failed:
        # The next attempt may succeed, and its picture is another.
        turn_key = "failed", turn_key

    original = analysis.portrait.original_u8

    def polish_input() -> _PolishInput:
        mends = planned.doses.sharpness >= _MENDS_COMPRESSION

        def compute() -> _PolishInput:
            before = turned.image_u8
            if mends:
                before = _without_blocks(analysis.portrait, before, cache)
            return _polish_input(analysis, before, turned.posed)

        return cache.get(("before", turn_key, mends), compute)

    def finish() -> tuple[Image8, Measurements, tuple[str, ...]]:
        progress(0.35, "Polishing")
        with timer.measure("polish"):
            result, polished = _polish(turned.image_u8, turned.posed, planned, polish_input)
            # Iris and glow are drawn in colour.
            if result is not original and colour.is_grey(original):
                result = colour.without_colour(result)
        progress(0.7, "Measuring")
        with timer.measure("measure"):
            return result, *_measure(analysis, planned, turned, result, polished)

    polish_key = planned.doses, planned.texture_floor, planned.clamped
    key = turn_key, polish_key
    result, measured, result_warnings = cache.get(("finished", *key), finish)
    around: Surroundings | None = None
    if planned.generate == "headshot":
        person = result
        with timer.measure("controlnet"):
            result, around = cache.get(
                ("headshot", *key, look.seed),
                lambda: surroundings.draw(
                    analysis, planned, look.seed, person, _part_of(progress, 0.8, 0.95), cache
                ),
                valid=lambda earlier: not earlier[1].failure,
            )
        with timer.measure("measure"):
            measured = _measured_around(analysis, measured, person, result)
        result_warnings = *around.sentences, *result_warnings
        if look.backdrop not in ("keep", "context"):
            result_warnings = *result_warnings, _OWN_BACKDROP
    elif planned.backdrop != "keep":
        ground_key = "backdrop", *key, planned.backdrop, planned.context.ground
        image, outside, ground_warnings = cache.get(
            ground_key, lambda: _with_backdrop(analysis, planned, result, cache)
        )
        result, measured = image, replace(measured, changed_outside_face=outside)
        result_warnings = *result_warnings, *ground_warnings
    progress(1.0, "Done")
    return Variant(
        look=look.checked(presets),
        plan=planned,
        image_u8=result,
        measurements=measured,
        warnings=(
            *(
                one
                for one in plan_warnings
                if one != _AS_FAR or _goes_all_the_way(analysis, turned)
            ),
            *turned.warnings,
            *result_warnings,
            *measured.reasons,
        ),
        seconds=timer.total(),
        posed=turned.posed,
        generation=turned.generation,
        surroundings=around,
        tilt=_tilt(analysis, cache) if planned.frame != "keep" else 0.0,
    )


def _part_of(progress: Progress, first: float, last: float) -> Progress:
    """The progress of a step that takes from one share of the work to another."""
    return lambda share, step: progress(first + share * (last - first), step)


def _measured_around(
    analysis: Analysis, measured: Measurements, person_u8: Image8, result: Image8
) -> Measurements:
    """The measurements of a person, with face and skin measured again in drawn surroundings.

    The guards that see more than skin (clipping, halo, fine contrast) have judged the person
    before; they do not judge what is drawn around it.

    Args:
        analysis: The photo.
        measured: The measurements of `person_u8`.
        person_u8: The photo with eyes and skin as they shall be.
        result: The same head in other surroundings.
    """
    if result is person_u8:
        return measured
    original, face = analysis.portrait.original_u8, analysis.face
    again = measurements.measure(
        analysis.baseline,
        loading.to_working(result),
        face,
        measured.gaze,
        texture_floor=measured.texture_floor,
        changed_outside_face=measurements.changed_outside_face(original, result, face),
        in_new_light=loading.to_working(person_u8),
    )
    tone, new = measured.skin_tone, again.skin_tone
    # What the surroundings did to skin is added to what the polish did.
    change = tone.delta_e00_mean + new.delta_e00_mean
    return replace(
        measured,
        identity=again.identity,
        texture_retention=again.texture_retention,
        skin_tone=replace(
            tone,
            ita_after=new.ita_after,
            ita_lit_after=new.ita_lit_after,
            delta_e00_mean=change,
        ),
        changed_outside_face=again.changed_outside_face,
        readings=replace(
            measured.readings,
            texture=again.readings.texture,
            ita_shift=measured.readings.ita_shift + again.readings.ita_shift,
            delta_e00_mean=change,
            distance=again.readings.distance,
        ),
    )


def _goes_all_the_way(analysis: Analysis, turned: Turned) -> bool:
    """Whether the eyes were turned to the target, rather than left or turned part of the way."""
    left = turned.image_u8 is analysis.portrait.original_u8
    return not left and PART_ONLY not in turned.warnings


def _with_backdrop(
    analysis: Analysis, planned: Plan, polished: Image8, cache: Cache
) -> tuple[Image8, int, tuple[str, ...]]:
    """A result before the ground of its plan, its pixels changed outside the face, and notes.

    The guards have judged the person before; they do not judge the ground.
    """
    original, face = analysis.portrait.original_u8, analysis.face
    person = cache.root.get("matte", lambda: matte.find(analysis.portrait.pixels, face))
    kind, result = planned.backdrop, polished
    said = backdrop.trouble(analysis.portrait.pixels, person, face, kind)
    if not said:
        said = backdrop.doubt(person, face)
        working = loading.to_working(polished)
        tone = planned.context.ground
        result = backdrop.change(polished, working, person, face, kind, tone)
        if colour.is_grey(original):
            result = colour.without_colour(result)
    outside = measurements.changed_outside_face(original, result, face)
    return result, outside, (said,) if said else ()


def _tilt(analysis: Analysis, cache: Cache) -> float:
    return cache.root.get("tilt", lambda: framing.tilt_of(analysis.portrait.pixels, analysis.face))


def _check_plan(analysis: Analysis, planned: Plan) -> tuple[Plan, tuple[str, ...]]:
    """Adapt a plan to what can be done in this photo; returns it with sentences to show."""
    warnings: list[str] = []
    if planned.untouched:
        if analysis.gaze.measured is None:
            warnings += filter(None, [analysis.eyes_left_alone])
        elif analysis.gaze.gaze.off_lens > CONTACT_DEG:
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
    if planned.clamped and _short_of(planned.asked, planned.target):
        warnings.append(_AS_FAR)
    elif already_there(analysis, planned) and not planned.clamped:
        warnings.append(ALREADY_THERE)
    if planned.trim.widening > WIDEST_TRIM_APART_DEG:
        warnings.append(
            Message(
                "The trim turns the eyes {degrees:.0f}° further apart than in the photo. If they "
                "looked at one thing there, they squint outwards now.",
                degrees=planned.trim.widening,
            )
        )
    return planned, tuple(warnings)


def _short_of(asked: Gaze | None, target: Gaze | None) -> bool:
    """Whether people notice that a target is not what was asked for."""
    return bool(asked and target and asked.angle_to(target) > CONTACT_DEG)


def _target_per_eye(analysis: Analysis, planned: Plan) -> tuple[Gaze, Gaze] | None:
    if planned.target is None:
        return None
    return gaze.target_per_eye(analysis.gaze, planned.target, planned.trim)


def _polish_input(analysis: Analysis, turned: Image8, posed: Face) -> _PolishInput:
    reference, working = analysis.baseline.reference, analysis.portrait.pixels
    if turned is not analysis.portrait.original_u8:
        working = loading.working_of(turned, analysis.portrait)
        reference = guards.reference(working, posed, seen=reference.seen, who=reference)
    return _PolishInput(turned, working, reference, Cache())


def _without_blocks(photo: Portrait, turned: Image8, cache: Cache) -> Image8:
    """A picture without the blocks of its photo's compression, but with the eyes it was given."""
    found, original = photo.compression, photo.original_u8
    if found is None or not found.share:
        return turned
    mended = cache.get("mended", lambda: compression.mended(original, found))
    same = (turned == original).all(axis=2, keepdims=True)
    return mended if same.all() else np.where(same, mended, turned)


def _polish(
    turned: Image8, posed: Face, planned: Plan, polish_input: Callable[[], _PolishInput]
) -> tuple[Image8, Polished | None]:
    if planned.untouched or not planned.polishes:
        return turned, None
    before_u8, working, reference, cache = polish_input()
    polished = polish.within(
        working, posed, planned.doses, reference, planned.texture_floor, cache=cache
    )
    done = replace(polished.done, compression=before_u8 is not turned)
    result = delivery.deliver(before_u8, working, polished.pixels)
    return result, replace(polished, done=done)


def _turn_key(planned: Plan, seed: int) -> Hashable:
    """Cache key of the picture with turned eyes."""
    # Only hub engines use the context, for their prompts.
    context = planned.context.id if planned.engine.weights == "hub" else ""
    turn = planned.target, planned.trim, planned.untouched
    redrawn = planned.generative, planned.expression
    return turn, planned.engine.id, redrawn, context, seed


def _measure(
    analysis: Analysis,
    planned: Plan,
    turned: Turned,
    result: Image8,
    polished: Polished | None,
) -> tuple[Measurements, tuple[str, ...]]:
    original = analysis.portrait.original_u8
    working, face, after = analysis.portrait.pixels, analysis.face, analysis.gaze
    warnings: tuple[str, ...] = ()
    if result is not original:
        working = loading.to_working(result)
    # If the eyes were not turned, the gaze is the photo's; the polish does not change it.
    if turned.image_u8 is not original:
        face, after, warnings = read_gaze(working, analysis, turned.posed)
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
        halo=None if turned.image_u8 is original else _halo(polished),
        in_new_light=None if polished is None else polished.in_new_light,
        distance=_distance(polished),
        texture=_texture_without_blocks(polished),
        done=() if polished is None else tuple(polished.done.report()),
    )
    return measured, warnings if polished is None else (*polished.notes, *warnings)


def _distance(polished: Polished | None) -> float | None:
    readings = None if polished is None else polished.readings
    return None if readings is None else readings.distance


def _texture_without_blocks(polished: Polished | None) -> float | None:
    """Texture against the photo without the blocks of its compression, if these were taken away."""
    if polished is None or polished.readings is None or not polished.done.compression:
        return None
    return polished.readings.texture


def _halo(polished: Polished | None) -> float:
    readings = None if polished is None else polished.readings
    return 0.0 if readings is None else readings.halo


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
