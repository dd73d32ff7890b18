"""One look's eyes by a network: geometry proposes, the engine draws, the closed loop judges."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines import annotation, closed_loop, controlnet, identity, portrait, redirect
from pipelines.arrays import Image, Image8
from pipelines.closed_loop import MOST_PASSES, Delivered, Outcome, Reading, Reason
from pipelines.controlnet import Proposal, Task
from pipelines.face import Face
from pipelines.gaze import NO_TRIM, Gaze, Trim, target_per_eye
from pipelines.once import Once

if TYPE_CHECKING:
    from pipelines.plan import Plan
    from pipelines.studio import Analysis

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
    analysis: Analysis, planned: Plan, seed: int, tell: Tell, on: On, find: Find, once: Once
) -> tuple[Image8, Face, Generation]:
    """Turn the eyes of a photo, and redraw its skin where that is asked for, by a network.

    Args:
        analysis: Of the photo.
        planned: Its look's plan.
        seed: For the noise, the same in every pass.
        tell: Progress; what it raises ends the work within one step.
        on: Times a step by name.
        find: See `Find`.
        once: Keeps the photo's eyes taken apart for other looks.

    Returns:
        The picture at its own size, the face as it is posed in it (in working pixels), and what
        was done.

    Raises:
        EngineFailed: ``out-of-memory``.
        Cancelled: `tell` raised it.
    """
    where = str(controlnet.device(planned.engine))
    base = analysis.portrait.original_u8
    if planned.generative:
        with on("controlnet"):
            task = _task(planned, seed, lambda step, steps: tell(0.1 * step / steps, _DRAWING_SKIN))
            drawn = controlnet.redraw_skin(task, base, _full(analysis), planned.generative)
            base = base if drawn is None else drawn
    if planned.target is None:
        done = Generation(where, planned.engine.steps or 0, 0, "generated", None, (), None, 0.0)
        return base, analysis.face, _with_skin(done, base, analysis, planned)
    outcome = _steered(analysis, planned, base, seed, tell, on, find, once)
    done = Generation(
        device=where,
        steps=planned.engine.steps or 0,
        passes=len(outcome.errors),
        delivered=outcome.delivered,
        reason=outcome.reason,
        errors=outcome.errors,
        proposal_error=outcome.proposal_error,
        skin=0.0,
    )
    proposal = outcome.made
    posed = annotation.look_towards(analysis.face, analysis.gaze, proposal.gaze, planned.trim)
    return proposal.image_u8, posed, _with_skin(done, base, analysis, planned)


def propose(
    analysis: Analysis,
    aim: Gaze,
    seed: int,
    base: Image8 | None = None,
    trim: Trim = NO_TRIM,
    once: Once | None = None,
) -> Proposal:
    """What geometry makes of an aim.

    Args:
        analysis: Of the photo.
        aim: Where the person shall look before the eyes are trimmed.
        seed: For the noise that replaces grain.
        base: The picture to turn the eyes in, at the photo's own size; the photo if None.
        trim: What each eye turns beyond `aim`.
        once: Keeps the eyes of `base` taken apart, for other looks and further passes.
    """
    full = _full(analysis)
    picture = analysis.portrait.original_u8 if base is None else base
    sockets = (once or Once()).get(
        "sockets", lambda: redirect.take_apart(picture, full, analysis.gaze)
    )
    patches = redirect.redirect(picture, full, analysis.gaze, aim, seed, trim, sockets)
    return Proposal(
        photo_u8=picture,
        image_u8=redirect.paste(picture, patches),
        before=full,
        posed=annotation.look_towards(full, analysis.gaze, aim, trim),
        gaze=aim,
        goals=target_per_eye(analysis.gaze, aim, trim),
    )


def _steered(
    analysis: Analysis,
    planned: Plan,
    base: Image8,
    seed: int,
    tell: Tell,
    on: On,
    find: Find,
    once: Once,
) -> Outcome[Proposal]:
    assert planned.aim is not None
    passes = 0
    # Redrawn skin is this look's own; the photo's eyes are everybody's.
    apart = once.root if base is analysis.portrait.original_u8 else Once()

    def proposed(both: Gaze) -> Proposal:
        with on("redirect"):
            aim = planned.trim.without(both)
            return propose(analysis, aim, seed, base, planned.trim, apart)

    def draw(proposal: Proposal) -> Proposal | None:
        nonlocal passes

        def on_step(step: int, steps: int) -> None:
            share = (passes + step / max(steps, 1)) / MOST_PASSES
            tell(0.1 + 0.25 * share, _DRAWING_AGAIN if passes else _DRAWING)

        on_step(0, 1)
        with on("controlnet"):
            drawn = controlnet.refine(_task(planned, seed, on_step), proposal)
        passes += 1
        return None if drawn is None else replace(proposal, image_u8=drawn)

    def read(proposal: Proposal) -> Reading:
        with on("measure"):
            working = portrait.to_working(proposal.image_u8)
            posed = annotation.look_towards(
                analysis.face, analysis.gaze, proposal.gaze, planned.trim
            )
            found, gaze = find(working, posed)
            embedding = identity.embedding(working, found)
            return Reading(gaze, identity.distance(analysis.baseline.embedding, embedding))

    return closed_loop.steer(proposed, draw, read, planned.aim)


def _task(planned: Plan, seed: int, on_step: controlnet.OnStep) -> Task:
    return Task(planned.engine, planned.context, seed, on_step)


def _full(analysis: Analysis) -> Face:
    height, width = analysis.portrait.original_u8.shape[:2]
    return analysis.face.scaled(1 / analysis.portrait.scale, (height, width))


def _with_skin(done: Generation, base: Image8, analysis: Analysis, planned: Plan) -> Generation:
    if not planned.generative:
        return done
    drawn = base is not analysis.portrait.original_u8
    return replace(done, skin=planned.generative if drawn else 0.0)


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else round(value, 2)
