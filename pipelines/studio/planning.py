"""What the presets make of a Look for one photo: target gaze, doses, floors, engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.face import HeadPose
from pipelines.gaze import NO_TRIM, Gaze, Trim, trim_within_reach, within_reach
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio.look import DOSES, Look
from presets.schema import Context, Doses, Engine, Presets, Region

# A head turned less than this faces the lens; its turn then says nothing about a side.
FACING_DEG = 3.0


@dataclass(frozen=True)
class Plan:
    """The work to do on one photo.

    Attributes:
        asked: Gaze asked for of both eyes, or None where they are left alone.
        target: The same within reach.
        clamped: Whether the eyes could not have turned as far as was asked.
        doses: Retouching doses after the look's strength and overrides.
        texture_floor: Least share of fine skin texture that has to stay, 0..1.
        untouched: True where not one pixel may change.
        region: The preset of the look's region.
        context: The preset of the look's context.
        engine: The preset of the look's engine.
        generative: Strength with which a hub engine redraws the skin, 0 for not at all.
        trim: What each eye turns beyond `target`, within reach.
    """

    asked: Gaze | None
    target: Gaze | None
    clamped: bool
    doses: Doses
    texture_floor: float
    untouched: bool
    region: Region
    context: Context
    engine: Engine
    generative: float = 0.0
    trim: Trim = NO_TRIM

    @property
    def aim(self) -> Gaze | None:
        """Where both eyes together look once each is trimmed: what the result is judged by."""
        return None if self.target is None else self.trim.of_both(self.target)

    @property
    def asked_of_both(self) -> Gaze | None:
        """The same of what was asked for, within reach or not."""
        return None if self.asked is None else self.trim.of_both(self.asked)

    @property
    def polishes(self) -> bool:
        """Whether any dose is above 0."""
        return any(self.doses.model_dump().values())


def plan(look: Look, presets: Presets, head: HeadPose, now: Gaze) -> Plan:
    """Plan a look for a photo with this head pose and gaze.

    Raises:
        LookError: The look names a preset that does not exist.
    """
    look = look.checked(presets)
    region = presets.regions[look.region]
    context = presets.contexts[look.context]
    # Where nothing may change, the one gaze worth reporting against is the rules': the lens.
    asked = Gaze(0.0, 0.0) if context.untouched else _target(look, region, head, now)
    trim = NO_TRIM if context.untouched else look.trim
    if asked is None and trim:
        asked = now
    target, clamped = (None, False) if asked is None else within_reach(asked, head, now)
    if target is not None and trim:
        trim, held = trim_within_reach(trim, target, head, now)
        clamped |= held
    return Plan(
        asked=asked,
        target=target,
        clamped=clamped,
        doses=_doses(look, context),
        texture_floor=context.texture_floor,
        untouched=context.untouched,
        region=region,
        context=context,
        engine=presets.engines[look.engine],
        generative=_generative(look, context),
        trim=trim,
    )


def side_of(side: Literal["away", "with"], head: HeadPose, now: Gaze) -> int:
    """Which side of the lens a region's yaw goes to: +1 picture right, -1 picture left.

    A head that faces the lens has no side; the one nearer to the present gaze is the smaller edit.
    """
    if abs(head.yaw) < FACING_DEG:
        return 1 if now.yaw >= 0 else -1
    turned = 1 if head.yaw > 0 else -1
    return turned if side == "with" else -turned


def _target(look: Look, region: Region, head: HeadPose, now: Gaze) -> Gaze | None:
    if isinstance(look.gaze, Gaze):
        return look.gaze
    if look.gaze is None or look.gaze == 0 or region.gaze is None:
        return None
    side = side_of(region.side, head, now)
    first, other = (_towards(look.gaze, region.gaze, one, now) for one in (side, -side))
    # In a head that is turned far the eyes may reach one side of the lens only. A region says how
    # far off the lens, and prefers a side.
    reachable = not within_reach(other, head, now)[1]
    return other if within_reach(first, head, now)[1] and reachable else first


def _towards(share: float, region: tuple[float, float], side: int, now: Gaze) -> Gaze:
    yaw, pitch = region
    return Gaze(
        now.yaw + share * (side * yaw - now.yaw),
        now.pitch + share * (pitch - now.pitch),
    )


def _generative(look: Look, context: Context) -> float:
    if context.untouched and look.generative:
        raise LookError(
            "bad-value",
            Message(
                "{context} allows no retouching. Take generative out or choose another context.",
                context=context.label,
            ),
        )
    return look.generative


def _doses(look: Look, context: Context) -> Doses:
    if context.untouched and not look.doses:
        return context.doses
    overrides = dict(look.doses)
    scaled = {name: dose * look.polish for name, dose in context.doses.model_dump().items()}
    scaled |= {DOSES[letter]: dose for letter, dose in overrides.items()}
    if context.untouched and any(scaled.values()):
        raise LookError(
            "bad-value",
            Message(
                "{context} allows no retouching. Take the doses out or choose another context.",
                context=context.label,
            ),
        )
    return Doses(**scaled)
