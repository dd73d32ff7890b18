"""Turn the eyes of a photo with a network, for one look.

Geometry turns them first (`propose`), the engine redraws them, and the closed loop measures the
result and corrects the target.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from pipelines.engines import annotation, closed_loop, dispatch, geometry
from pipelines.engines.base import OnStep, Proposal, Request, Task
from pipelines.engines.closed_loop import MOST_PASSES, Delivered, LoopResult, Reading, Reason
from pipelines.face import Face
from pipelines.gaze import NO_TRIM, Gaze, Trim, target_per_eye
from pipelines.gaze.angles import GazeEstimate
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8
from pipelines.measure import identity
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import EngineFailed

Progress = Callable[[float, str], None]
"""Called with the share done, 0..1, and the name of the step; an exception it raises ends the
work."""
Timer = Callable[[str], AbstractContextManager[None]]
"""Measures the time spent in a step, by its name."""
ReadGaze = Callable[[Image, Face], tuple[Face, Gaze | None]]
"""Finds the face in an edited picture (working copy, face as posed) and measures its gaze; None if
no face is found."""

_DRAWING = "Drawing the eyes"
_DRAWING_AGAIN = "Drawing the eyes again"
_DRAWING_SKIN = "Drawing the skin"
_DRAWING_EXPRESSION = "Drawing the expression"
_EYES_REFUSED = (
    "The engine's safety filter kept back what it drew; the photo's own eyes are turned instead."
)
_EYES_FAILED = "The engine could not finish; the photo's own eyes are turned instead."
_NOT_DRAWN = "The expression is left as it is: the engine's safety filter kept back what it drew."
# Largest distance of the embeddings at which another expression is delivered. Two photos of one
# person are often 0.3 apart; from 0.2 on, the guard of likeness says so.
_MOST_DISTANCE = 0.35
_UNLIKE = (
    "The expression is left as it is: the face with the one that was drawn was less like the "
    "person."
)


@dataclass(frozen=True)
class Generation:
    """What a network did for a look.

    Attributes:
        device: Name and precision of the device that it ran on.
        steps: Number of the scheduler's steps per pass.
        passes: How often the eyes were redrawn.
        delivered: Whether the redrawn eyes or the proposal are delivered.
        reason: Why the proposal is delivered; None if it is not.
        errors: Gaze error after each pass in degrees; infinite if no eyes were found.
        proposal_error: Gaze error of the proposal in degrees; None if it was not measured, because
            the eyes were not redrawn or the redrawn ones were good enough.
        skin: Strength with which the skin was redrawn, 0 for not at all.
        failure: Why the engine could not finish, in a sentence; empty if it could.
        expression: Expression that was drawn; empty for the photo's.
        notes: Sentences on an expression that was drawn and is not delivered.
    """

    device: str
    steps: int
    passes: int
    delivered: Delivered
    reason: Reason | None
    errors: tuple[float, ...]
    proposal_error: float | None
    skin: float
    failure: str = ""
    expression: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences on what failed; empty if all went well, whosever eyes are delivered."""
        failed = {"refused": _EYES_REFUSED, "failed": _EYES_FAILED}.get(self.reason or "", "")
        return tuple(one for one in (failed, self.failure, *self.notes) if one)

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return {
            "device": self.device,
            "steps": self.steps,
            "passes": self.passes,
            "delivered": self.delivered,
            "reason": self.reason,
            "errors": [_finite(error) for error in self.errors],
            "proposal_error": _finite(self.proposal_error),
            "skin": self.skin,
            "failure": self.failure,
            "expression": self.expression,
        }


def generate(
    request: Request, progress: Progress, timer: Timer, read_gaze: ReadGaze, cache: Cache
) -> tuple[Image8, Face, Generation]:
    """Turn the eyes of a photo, and redraw its skin if requested, with a network.

    Args:
        request: The photo and the settings.
        progress: See `Progress`.
        timer: See `Timer`.
        read_gaze: See `ReadGaze`.
        cache: Intermediate results shared with other looks; its root keeps the eye sockets.

    Returns:
        The picture at full size, the face as posed in it (in pixels of the working copy), and what
        was done.

    Raises:
        EngineUnavailable: The weights are missing or damaged.
        Cancelled: Raised by `progress`.
    """
    device = str(dispatch.device(request.engine))
    steps = request.engine.steps or 0
    picture_u8, skin, failure = request.portrait.original_u8, 0.0, ""
    if request.generative:
        with timer("controlnet"):
            task = _task(request, lambda step, total: progress(0.1 * step / total, _DRAWING_SKIN))
            drawn, failure = _attempt(
                lambda: dispatch.redraw_skin(
                    task, picture_u8, request.full_face, request.generative
                )
            )
            if drawn is not None:
                picture_u8, skin = drawn, request.generative
    expression, notes = "", tuple[str, ...]()
    if request.expression != "keep" and not failure:
        picture_u8, expression, notes, failure = _draw_expression(
            request, picture_u8, progress, timer
        )
    if request.target is None:
        done = Generation(
            device, steps, 0, "generated", None, (), None, skin, failure, expression, notes
        )
        return picture_u8, request.face, done
    outcome, failed = _redraw_eyes(request, picture_u8, progress, timer, read_gaze, cache)
    proposal = outcome.result
    posed = annotation.look_towards(request.face, request.gaze, proposal.gaze, request.trim)
    done = Generation(
        device=device,
        steps=steps,
        passes=len(outcome.errors),
        delivered=outcome.delivered,
        reason="failed" if outcome.reason == "refused" and failed else outcome.reason,
        errors=outcome.errors,
        proposal_error=outcome.proposal_error,
        skin=skin,
        failure=failed or failure,
        expression=expression,
        notes=notes,
    )
    return proposal.image_u8, posed, done


def _draw_expression(
    request: Request, picture_u8: Image8, progress: Progress, timer: Timer
) -> tuple[Image8, str, tuple[str, ...], str]:
    """Ask the engine for an expression; the picture is kept where the face would be less like them.

    Returns:
        The picture, the expression that it has now or "", notes, and why the engine failed or "".
    """
    task = _task(request, lambda step, total: progress(0.1 * step / total, _DRAWING_EXPRESSION))
    with timer("controlnet"):
        drawn, failure = _attempt(
            lambda: dispatch.redraw_expression(
                task, picture_u8, request.full_face, request.expression
            )
        )
    if drawn is None:
        return picture_u8, "", () if failure else (_NOT_DRAWN,), failure
    with timer("measure"):
        embedding = identity.embedding(loading.to_working(drawn), request.face)
    if identity.distance(request.embedding, embedding) > _MOST_DISTANCE:
        return picture_u8, "", (_UNLIKE,), ""
    return drawn, request.expression, (), ""


def propose(
    picture_u8: Image8,
    face: Face,
    now: GazeEstimate,
    target: Gaze,
    seed: int = 0,
    trim: Trim = NO_TRIM,
    cache: Cache | None = None,
) -> Proposal:
    """Turn the eyes of a picture by geometry, for a network to redraw them.

    Args:
        picture_u8: The whole picture, uint8 sRGB, shape (H, W, 3).
        face: Its face, in the same pixels.
        now: Its gaze.
        target: Target of both eyes together, without the trim.
        seed: Seed of the noise that replaces grain.
        trim: Additional turn of each eye.
        cache: Keeps the eye sockets of this picture for other looks and passes.
    """
    sockets = (cache or Cache()).get("sockets", lambda: geometry.take_apart(picture_u8, face, now))
    patches = geometry.redirect(picture_u8, face, now, target, seed, trim, sockets)
    return Proposal(
        photo_u8=picture_u8,
        image_u8=geometry.paste(picture_u8, patches),
        before=face,
        posed=annotation.look_towards(face, now, target, trim),
        gaze=target,
        goals=target_per_eye(now, target, trim),
    )


def _redraw_eyes(
    request: Request,
    picture_u8: Image8,
    progress: Progress,
    timer: Timer,
    read_gaze: ReadGaze,
    cache: Cache,
) -> tuple[LoopResult[Proposal], str]:
    """Run the closed loop; its aims are the mean gaze of both eyes with the trim.

    Returns:
        The outcome, and why the engine could not finish; empty if it could.
    """
    assert request.aim is not None
    passes, trim, failure = 0, request.trim, ""
    # The sockets of the photo are the same for all looks; redrawn skin belongs to this look only.
    is_photo = picture_u8 is request.portrait.original_u8
    socket_cache = cache.root if is_photo else Cache()

    def propose_aim(aim: Gaze) -> Proposal:
        with timer("redirect"):
            return propose(
                picture_u8,
                request.full_face,
                request.gaze,
                trim.without(aim),
                request.seed,
                trim,
                socket_cache,
            )

    def redraw(proposal: Proposal) -> Proposal | None:
        nonlocal passes, failure

        def on_step(step: int, steps: int) -> None:
            share = (passes + step / max(steps, 1)) / MOST_PASSES
            progress(0.1 + 0.25 * share, _DRAWING_AGAIN if passes else _DRAWING)

        on_step(0, 1)
        with timer("controlnet"):
            drawn, failure = _attempt(lambda: dispatch.refine(_task(request, on_step), proposal))
        passes += 1
        return None if drawn is None else replace(proposal, image_u8=drawn)

    def read(proposal: Proposal) -> Reading:
        with timer("measure"):
            working = loading.working_of(proposal.image_u8, request.portrait)
            posed = annotation.look_towards(request.face, request.gaze, proposal.gaze, trim)
            face, gaze = read_gaze(working, posed)

        def compare() -> float:
            with timer("measure"):
                embedding = identity.embedding(working, face)
                return identity.distance(request.embedding, embedding)

        return Reading(gaze, compare)

    return closed_loop.steer(propose_aim, redraw, read, request.aim), failure


def _attempt(draw: Callable[[], Image8 | None]) -> tuple[Image8 | None, str]:
    """What an engine draws, and why it could not finish; empty if it could."""
    try:
        return draw(), ""
    except EngineFailed as error:
        return None, error.sentence


def _task(request: Request, on_step: OnStep) -> Task:
    return Task(request.engine, request.context, request.seed, on_step)


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else round(value, 2)
