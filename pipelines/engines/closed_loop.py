"""The closed loop: generate, measure the gaze, correct the target, and generate again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Literal, TypeVar

from pipelines.gaze import Gaze

T = TypeVar("T")
Delivered = Literal["generated", "proposal"]
Reason = Literal["gaze", "identity", "refused", "eyes", "failed"]

ENOUGH_DEG = 1.0
"""Gaze error up to which no further pass is made; people notice from 1.2° on (QoMEX 2010)."""
MOST_PASSES = 3
WORSE_DEG = 0.5
"""Difference of gaze errors up to which they count as equal: the scatter of one measurement."""
WORSE_DISTANCE = 0.1
"""How much larger the embedding distance of a generated face may be than the proposal's."""

# Largest distance in degrees of a corrected target from the requested one. A larger correction
# would be due to a wrong measurement.
_MOST_CORRECTION_DEG = 8.0


@dataclass(frozen=True)
class Reading:
    """Measurements of one picture.

    Attributes:
        gaze: Its gaze; None if no eyes are found in it.
        compare: Measures the distance of the face embeddings to the original, which is slow.
    """

    gaze: Gaze | None
    compare: Callable[[], float]

    @cached_property
    def distance(self) -> float:
        """Distance of the face embeddings to the original, measured when it is first needed."""
        return self.compare()

    def error(self, target: Gaze) -> float:
        """Angle between the gaze and a target in degrees; infinite without a gaze."""
        return math.inf if self.gaze is None else self.gaze.angle_to(target)


@dataclass(frozen=True)
class LoopResult(Generic[T]):
    """Outcome of the closed loop.

    Attributes:
        result: The generated result or the proposal.
        delivered: Which of the two it is.
        reason: Why it is the proposal: the gaze of the generated result is worse, its face is less
            like the person, the engine refused to return it, or its eyes look wrong. None if it is
            the generated one.
        errors: Gaze error after each pass in degrees; infinite if no eyes were found.
        proposal_error: Gaze error of the proposal in degrees; None if the generated result was so
            good that the proposal was not measured.
    """

    result: T
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
) -> LoopResult[T]:
    """Generate until the measured gaze is on target, and choose the best result.

    After a pass whose gaze is more than `ENOUGH_DEG` off, the aim is moved by the error in the
    opposite direction, and the next pass starts from a proposal for the new aim. The pass with the
    smallest error is delivered, unless the proposal for the target itself is better.

    Args:
        propose: Makes the proposal for an aim.
        generate: Redraws a proposal; returns None if the engine refuses to return the result.
        read: Measures a proposal or a result.
        target: The requested gaze.
        passes: Largest number of passes, at least 1.
    """
    proposal = propose(target)
    aim, start = target, proposal
    attempts: list[tuple[T, Reading]] = []
    while len(attempts) < passes:
        result = generate(start)
        if result is None:
            break
        reading = read(result)
        attempts.append((result, reading))
        if reading.gaze is None or reading.error(target) <= ENOUGH_DEG or len(attempts) == passes:
            break
        aim = _correct(aim, reading.gaze, target)
        start = propose(aim)
    errors = tuple(reading.error(target) for _, reading in attempts)
    if not attempts:
        return LoopResult(proposal, "proposal", "refused", errors, read(proposal).error(target))
    result, reading = min(attempts, key=lambda attempt: attempt[1].error(target))
    if reading.error(target) <= ENOUGH_DEG and reading.distance <= WORSE_DISTANCE:
        # No proposal could be better by enough to be chosen, and measuring one takes longer than
        # drawing it.
        return LoopResult(result, "generated", None, errors, None)
    proposal_reading = read(proposal)
    reason = _reason_against(reading, proposal_reading, target)
    return LoopResult(
        result=proposal if reason else result,
        delivered="proposal" if reason else "generated",
        reason=reason,
        errors=errors,
        proposal_error=proposal_reading.error(target),
    )


def _correct(aim: Gaze, measured: Gaze, target: Gaze) -> Gaze:
    """The aim moved by the error, the other way, but not too far from the target."""
    yaw, pitch = aim.yaw + target.yaw - measured.yaw, aim.pitch + target.pitch - measured.pitch
    correction = (yaw - target.yaw, pitch - target.pitch)
    shrink = min(1.0, _MOST_CORRECTION_DEG / max(math.hypot(*correction), 1e-9))
    return Gaze(target.yaw + shrink * correction[0], target.pitch + shrink * correction[1])


def _reason_against(generated: Reading, proposal: Reading, target: Gaze) -> Reason | None:
    """Why the proposal is better than the generated result, or None if it is not."""
    if generated.error(target) > max(ENOUGH_DEG, proposal.error(target) + WORSE_DEG):
        return "gaze"
    if generated.distance > proposal.distance + WORSE_DISTANCE:
        return "identity"
    return None
