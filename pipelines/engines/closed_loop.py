"""Generate, measure, correct the aim, generate again; deliver the best, or the proposal itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pipelines.gaze import Gaze

T = TypeVar("T")
Delivered = Literal["generated", "proposal"]
Reason = Literal["gaze", "identity", "refused"]

ENOUGH_DEG = 1.0
"""A gaze this near to its target is not tried again; people notice from 1.2° on (QoMEX 2010)."""
MOST_PASSES = 3
WORSE_DEG = 0.5
"""What one picture's gaze reading scatters by: a proposal has to be better by more than that."""
WORSE_DISTANCE = 0.1
"""How much further from the person a generated face may be than the proposal, as embeddings."""

# A correction beyond this follows a misreading, not the eyes.
_FARTHEST_DEG = 8.0


@dataclass(frozen=True)
class Reading:
    """What is measured on one picture.

    Attributes:
        gaze: Where it looks; None where its eyes cannot be found any more.
        distance: Of the face embeddings, to the original.
    """

    gaze: Gaze | None
    distance: float

    def error(self, target: Gaze) -> float:
        """Degrees off the target; infinite where there is no gaze to measure."""
        return math.inf if self.gaze is None else self.gaze.angle_to(target)


@dataclass(frozen=True)
class Steered(Generic[T]):
    """What came of it.

    Attributes:
        made: What is delivered.
        delivered: Whether that was generated or is the proposal.
        reason: Why the proposal is delivered: its gaze is better, the generated face is less like
            the person, or the engine refused to hand out what it drew. None if it is not.
        errors: Degrees off the target after each pass; infinite where no eyes were found.
        proposal_error: Degrees off the target of the proposal; None where what was generated is
            so good that the proposal was not measured.
    """

    made: T
    delivered: Delivered
    reason: Reason | None
    errors: tuple[float, ...]
    proposal_error: float | None


def steer(
    propose: Callable[[Gaze], T],
    generate: Callable[[T], T | None],
    read: Callable[[T], Reading],
    target: Gaze,
    passes: int = MOST_PASSES,
) -> Steered[T]:
    """Bring the measured gaze to a target.

    After a pass that misses by more than a degree the aim moves by the miss, the other way, and
    the next pass starts from a proposal for the new aim. At most `passes` passes; the best counts.

    Args:
        propose: Makes the start for an aim.
        generate: Works on a start; None where the engine will not hand out the result.
        read: Measures a start or a result.
        target: The gaze that was asked for.
        passes: The most passes, 1 or more.
    """
    proposal = propose(target)
    aim, start = target, proposal
    tried: list[tuple[T, Reading]] = []
    while len(tried) < passes:
        made = generate(start)
        if made is None:
            break
        reading = read(made)
        tried.append((made, reading))
        if reading.gaze is None or reading.error(target) <= ENOUGH_DEG or len(tried) == passes:
            break
        aim = _corrected(aim, reading.gaze, target)
        start = propose(aim)
    errors = tuple(reading.error(target) for _, reading in tried)
    if not tried:
        return Steered(proposal, "proposal", "refused", errors, read(proposal).error(target))
    made, reading = min(tried, key=lambda one: one[1].error(target))
    if reading.error(target) <= ENOUGH_DEG and reading.distance <= WORSE_DISTANCE:
        # No proposal could be so much better that it counted; a reading takes longer than drawing.
        return Steered(made, "generated", None, errors, None)
    before = read(proposal)
    reason = _worse(reading, before, target)
    return Steered(
        made=proposal if reason else made,
        delivered="proposal" if reason else "generated",
        reason=reason,
        errors=errors,
        proposal_error=before.error(target),
    )


def _corrected(aim: Gaze, seen: Gaze, target: Gaze) -> Gaze:
    yaw, pitch = aim.yaw + target.yaw - seen.yaw, aim.pitch + target.pitch - seen.pitch
    off = (yaw - target.yaw, pitch - target.pitch)
    shrink = min(1.0, _FARTHEST_DEG / max(math.hypot(*off), 1e-9))
    return Gaze(target.yaw + shrink * off[0], target.pitch + shrink * off[1])


def _worse(made: Reading, proposal: Reading, target: Gaze) -> Reason | None:
    if made.error(target) > max(ENOUGH_DEG, proposal.error(target) + WORSE_DEG):
        return "gaze"
    if made.distance > proposal.distance + WORSE_DISTANCE:
        return "identity"
    return None
