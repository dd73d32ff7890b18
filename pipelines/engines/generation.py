"""One look's eyes by a network: geometry proposes, the engine draws, the closed loop judges."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from pipelines.engines import annotation, closed_loop, dispatch, geometry
from pipelines.engines.base import OnStep, Proposal, Request, Task
from pipelines.engines.closed_loop import MOST_PASSES, Delivered, Reading, Reason, Steered
from pipelines.face import Face
from pipelines.gaze import NO_TRIM, Gaze, Trim, target_per_eye
from pipelines.gaze.angles import GazeEstimate
from pipelines.image import loading
from pipelines.image.arrays import Image, Image8
from pipelines.measure import identity
from pipelines.runtime.cache import Cache

Tell = Callable[[float, str], None]
On = Callable[[str], AbstractContextManager[None]]
Find = Callable[[Image, Face], tuple[Face, Gaze | None]]
"""Finds the face of an edited picture (working copy, face as posed) and reads its gaze."""

_DRAWING = "Drawing the eyes"
_DRAWING_AGAIN = "Drawing the eyes again"
_DRAWING_SKIN = "Drawing the skin"


@dataclass(frozen=True)
class Generation:
    """What a network did for a look.

    Attributes:
        device: Where it ran, in words.
        steps: Of the scheduler, in each pass.
        passes: How often the eyes were drawn.
        delivered: Whether the result is what was drawn, or geometry's proposal.
        reason: Why the proposal is delivered, or None.
        errors: Degrees off the target after each pass; infinite where no eyes were found.
        proposal_error: Degrees off the target of the proposal; None where it was not measured,
            because no eyes were drawn, or nothing was left to be wished for in those that were.
        skin: Strength with which the skin was redrawn, 0 for not at all.
    """

    device: str
    steps: int
    passes: int
    delivered: Delivered
    reason: Reason | None
    errors: tuple[float, ...]
    proposal_error: float | None
    skin: float

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person should know about it."""
        if self.reason is None:
            return ()
        sentence = {
            "gaze": "The eyes are geometry's, not the network's: the gaze of the eyes it drew was "
            "further off.",
            "identity": "The eyes are geometry's, not the network's: the face with the eyes it "
            "drew was less like the person.",
            "refused": "The eyes are geometry's, not the network's: the engine's safety filter "
            "kept back what it drew.",
        }[self.reason]
        return (sentence,)

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
        }


def generate(
    request: Request, tell: Tell, on: On, find: Find, cache: Cache
) -> tuple[Image8, Face, Generation]:
    """Turn the eyes of a photo, and redraw its skin where that is asked for, by a network.

    Args:
        request: The photo and what is asked for.
        tell: Progress; what it raises ends the work within one step.
        on: Times a step by name.
        find: See `Find`.
        cache: Keeps the photo's eyes taken apart for other looks.

    Returns:
        The picture at its own size, the face as it is posed in it (in working pixels), and what
        was done.

    Raises:
        EngineFailed: ``out-of-memory``.
        Cancelled: `tell` raised it.
    """
    where = str(dispatch.device(request.engine))
    base = request.portrait.original_u8
    if request.generative:
        with on("controlnet"):
            task = _task(request, lambda step, steps: tell(0.1 * step / steps, _DRAWING_SKIN))
            drawn = dispatch.redraw_skin(task, base, request.full_face, request.generative)
            base = base if drawn is None else drawn
    if request.target is None:
        done = Generation(where, request.engine.steps or 0, 0, "generated", None, (), None, 0.0)
        return base, request.face, _with_skin(done, base, request)
    outcome = _steered(request, base, tell, on, find, cache)
    done = Generation(
        device=where,
        steps=request.engine.steps or 0,
        passes=len(outcome.errors),
        delivered=outcome.delivered,
        reason=outcome.reason,
        errors=outcome.errors,
        proposal_error=outcome.proposal_error,
        skin=0.0,
    )
    proposal = outcome.made
    posed = annotation.look_towards(request.face, request.gaze, proposal.gaze, request.trim)
    return proposal.image_u8, posed, _with_skin(done, base, request)


def propose(
    picture: Image8,
    face: Face,
    now: GazeEstimate,
    aim: Gaze,
    seed: int = 0,
    trim: Trim = NO_TRIM,
    cache: Cache | None = None,
) -> Proposal:
    """What geometry makes of an aim.

    Args:
        picture: The whole picture, uint8 sRGB, shape (H, W, 3).
        face: Its face, in the same pixels.
        now: Its gaze.
        aim: Where the person shall look before the eyes are trimmed.
        seed: For the noise that replaces grain.
        trim: What each eye turns beyond `aim`.
        cache: Keeps the eyes of this very picture taken apart, for other looks and passes.
    """
    sockets = (cache or Cache()).get("sockets", lambda: geometry.take_apart(picture, face, now))
    patches = geometry.redirect(picture, face, now, aim, seed, trim, sockets)
    return Proposal(
        photo_u8=picture,
        image_u8=geometry.paste(picture, patches),
        before=face,
        posed=annotation.look_towards(face, now, aim, trim),
        gaze=aim,
        goals=target_per_eye(now, aim, trim),
    )


def _steered(
    request: Request, base: Image8, tell: Tell, on: On, find: Find, cache: Cache
) -> Steered[Proposal]:
    assert request.aim is not None
    passes, trim = 0, request.trim
    # Redrawn skin is this look's own; the photo's eyes are everybody's.
    apart = cache.root if base is request.portrait.original_u8 else Cache()

    def proposed(both: Gaze) -> Proposal:
        with on("redirect"):
            aim = trim.without(both)
            return propose(base, request.full_face, request.gaze, aim, request.seed, trim, apart)

    def draw(proposal: Proposal) -> Proposal | None:
        nonlocal passes

        def on_step(step: int, steps: int) -> None:
            share = (passes + step / max(steps, 1)) / MOST_PASSES
            tell(0.1 + 0.25 * share, _DRAWING_AGAIN if passes else _DRAWING)

        on_step(0, 1)
        with on("controlnet"):
            drawn = dispatch.refine(_task(request, on_step), proposal)
        passes += 1
        return None if drawn is None else replace(proposal, image_u8=drawn)

    def read(proposal: Proposal) -> Reading:
        with on("measure"):
            working = loading.to_working(proposal.image_u8)
            posed = annotation.look_towards(request.face, request.gaze, proposal.gaze, trim)
            found, gaze = find(working, posed)
            embedding = identity.embedding(working, found)
            return Reading(gaze, identity.distance(request.embedding, embedding))

    return closed_loop.steer(proposed, draw, read, request.aim)


def _task(request: Request, on_step: OnStep) -> Task:
    return Task(request.engine, request.context, request.seed, on_step)


def _with_skin(done: Generation, base: Image8, request: Request) -> Generation:
    if not request.generative:
        return done
    drawn = base is not request.portrait.original_u8
    return replace(done, skin=request.generative if drawn else 0.0)


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else round(value, 2)
