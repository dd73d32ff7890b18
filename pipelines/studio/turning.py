"""Turn the eyes of a photo for one look, and check that what comes out is an eye."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines import gaze
from pipelines.engines import annotation, generation, geometry
from pipelines.engines.base import Request
from pipelines.engines.generation import Generation, Timer
from pipelines.face import Face
from pipelines.face.visibility import NO_IRIS
from pipelines.gaze import Gaze, GazeEstimate, iris
from pipelines.image.arrays import Image, Image8
from pipelines.measure import eyes
from pipelines.runtime.cache import Cache
from pipelines.studio.analysis import Analysis
from pipelines.studio.planning import Plan

Progress = Callable[[float, str], None]
STILL_DEG = geometry.STILL_DEG
# Share of the way to the target that is tried where eyes at the target look wrong.
_PART_OF_THE_WAY = 0.6
PART_ONLY = (
    "The eyes are turned only part of the way; all the way, they would look wrong in this photo."
)
_LEFT = (
    "The eyes can't be turned there in this photo without looking wrong; the gaze is left as it is."
)
_DOUBTFUL = 0.83
"""Agreement that eyes need where the network's looked wrong, or that turn by more than `_FAR_DEG`:
between the two, they looked wrong on two portraits turned by 34 and 38 degrees (0.79 to 0.82)."""
_FAR_DEG = 25.0
_LOOKS_WRONG = "The eyes of this result may look wrong; have a look at them at full size."


@dataclass(frozen=True)
class Turned:
    """A photo with turned eyes, before the polish.

    Attributes:
        image_u8: The picture at full size, uint8 sRGB; the photo itself if nothing was turned.
        posed: The face as posed in it, in pixels of the working copy.
        generation: What a network did; None without one.
        warnings: Sentences to show about the eyes.
    """

    image_u8: Image8
    posed: Face
    generation: Generation | None = None
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the network could not finish, so that another attempt is worth it."""
        return self.generation is not None and bool(self.generation.failure)


def turn_eyes(
    analysis: Analysis,
    planned: Plan,
    seed: int,
    progress: Progress,
    timer: Timer,
    cache: Cache,
) -> Turned:
    """Turn the eyes as planned, and redraw skin or expression if that is planned.

    Eyes that look wrong (`eyes.agreement`) are drawn once more by geometry, then turned only part
    of the way, and left as they are if that looks wrong, too.

    Args:
        analysis: The photo.
        planned: The plan of the look.
        seed: The look's seed.
        progress: Called with the share done and the step that begins.
        timer: Measures the time spent in a step.
        cache: Intermediate results shared with other looks of the photo.

    Raises:
        EngineUnavailable: The engine's weights are missing or damaged.
        Cancelled: Raised by `progress`.
    """
    original = analysis.portrait.original_u8
    nothing_to_turn = planned.target is None or already_there(analysis, planned)
    redraws_face = bool(planned.generative) or planned.expression != "keep"
    if planned.untouched or (nothing_to_turn and not redraws_face):
        return Turned(original, analysis.face)
    if nothing_to_turn:
        planned = replace(planned, target=None)
    if planned.engine.weights == "none":
        return _first_sound(analysis, planned, seed, timer, cache)

    def read(working: Image, posed: Face) -> tuple[Face, Gaze | None]:
        face, estimate, warnings = read_gaze(working, analysis, posed)
        return face, None if warnings else estimate.gaze

    request = _request(analysis, planned, seed)
    drawn_u8, posed, done = generation.generate(request, progress, timer, read, cache)
    drawn = Turned(drawn_u8, posed, done, done.sentences)
    # Where the network failed, geometry is doubtful, too.
    if planned.target is None or _sound(analysis, drawn, planned.target, done.reason == "eyes"):
        return drawn
    if done.skin or done.expression:
        # Nothing else has its skin or mouth, so the eyes are not turned in another way.
        return replace(drawn, warnings=(*drawn.warnings, _LOOKS_WRONG))
    turned = _first_sound(analysis, planned, seed, timer, cache, doubtful=True)
    if done.delivered == "generated":
        done = replace(done, delivered="proposal", reason="eyes")
    # Whose eyes they are is said of eyes that were turned.
    sentences = () if turned.image_u8 is original else done.sentences
    return replace(turned, generation=done, warnings=(*sentences, *turned.warnings))


def already_there(analysis: Analysis, planned: Plan) -> bool:
    """Whether the gaze in the photo is within `STILL_DEG` of the target, without a trim."""
    return (
        planned.target is not None
        and not planned.trim
        and analysis.gaze.gaze.angle_to(planned.target) < STILL_DEG
    )


def read_gaze(
    working: Image, analysis: Analysis, posed: Face
) -> tuple[Face, GazeEstimate, tuple[str, ...]]:
    """Face and gaze in a result, and a warning if no iris is found in it.

    The face is where it was posed: a search might find another person's.
    """
    fit = iris.fit(working, posed, analysis.face.left.iris_radius)
    if max(fit.confidence) < NO_IRIS:
        warning = "The eyes of this result can't be measured any more; its gaze is the photo's."
        return posed, analysis.gaze, (warning,)
    # With the photo's landmarks, so that its likeness is measured in the same alignment.
    face = replace(analysis.face, left=fit.left_snapped, right=fit.right_snapped)
    return face, gaze.follow(analysis.gaze, analysis.face, face, fit.confidence), ()


def _first_sound(
    analysis: Analysis,
    planned: Plan,
    seed: int,
    timer: Timer,
    cache: Cache,
    doubtful: bool = False,
) -> Turned:
    """Turn the eyes by geometry to the target, part of the way, or not at all.

    Args:
        analysis: The photo.
        planned: The plan of the look.
        seed: The look's seed.
        timer: Measures the time spent in a step.
        cache: Intermediate results shared with other looks of the photo.
        doubtful: Whether eyes need more agreement than usual to count as sound.
    """
    original, now, target = analysis.portrait.original_u8, analysis.gaze, planned.target
    assert target is not None
    yaw, pitch = target.yaw - now.gaze.yaw, target.pitch - now.gaze.pitch
    for share, warnings in ((1.0, ()), (_PART_OF_THE_WAY, (PART_ONLY,))):
        goal = Gaze(now.gaze.yaw + share * yaw, now.gaze.pitch + share * pitch)
        with timer("redirect"):
            proposal = generation.propose(
                original, analysis.full_face, now, goal, seed, planned.trim, cache.root
            )
            posed = annotation.look_towards(analysis.face, now, goal, planned.trim)
        turned = Turned(proposal.image_u8, posed, warnings=warnings)
        if _sound(analysis, turned, goal, doubtful):
            return turned
    return Turned(original, analysis.face, warnings=(_LEFT,))


def _sound(analysis: Analysis, turned: Turned, goal: Gaze, doubtful: bool) -> bool:
    """Whether both eyes look like what was to be drawn, with their gaze at a goal."""
    doubtful |= analysis.gaze.gaze.angle_to(goal) > _FAR_DEG
    height, width = turned.image_u8.shape[:2]
    full = turned.posed.scaled(1 / analysis.portrait.scale, (height, width))
    return eyes.agreement(turned.image_u8, full) >= (
        _DOUBTFUL if doubtful else eyes.LEAST_AGREEMENT
    )


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
        expression=planned.expression,
        seed=seed,
    )
