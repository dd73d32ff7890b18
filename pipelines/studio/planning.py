"""Turn a Look into a Plan for one photo: target gaze, doses, texture floor, engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.face import HeadPose
from pipelines.gaze import NO_TRIM, Gaze, Trim, trim_within_reach, within_reach
from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio.look import DOSES, Look
from presets.schema import Context, Doses, Engine, Presets, Region

# Head yaw below which the head faces the lens and does not determine a side.
FACING_DEG = 3.0


@dataclass(frozen=True)
class Plan:
    """The work to do on one photo.

    Attributes:
        asked: Gaze requested for both eyes, or None to leave the eyes as they are.
        target: `asked`, limited to what eyes can reach in this head pose.
        clamped: Whether `asked` or the trim is out of reach and was limited.
        doses: Retouching doses after the look's strength and overrides.
        texture_floor: Minimum share of fine skin texture to keep, 0..1.
        untouched: True where no pixel may change.
        region: The preset of the look's region.
        context: The preset of the look's context.
        engine: The preset of the look's engine.
        generative: Strength with which a hub engine redraws the skin, 0 for not at all.
        trim: Angles by which each eye turns further than `target`, limited to what is in reach.
        frame: A name of `framing.FRAMES`, or "keep".
        backdrop: "keep", "soften" or "plain".
        generate: "none", or "headshot" where all but the head is drawn anew.
        expression: Expression that the engine is asked for, one of `look.EXPRESSIONS`.
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
    frame: str = "keep"
    backdrop: str = "keep"
    generate: str = "none"
    expression: str = "keep"

    @property
    def aim(self) -> Gaze | None:
        """The target of both eyes together after the trim; the result is judged against it."""
        return None if self.target is None else self.trim.of_both(self.target)

    @property
    def asked_of_both(self) -> Gaze | None:
        """The requested gaze of both eyes together after the trim, whether in reach or not."""
        return None if self.asked is None else self.trim.of_both(self.asked)

    @property
    def polishes(self) -> bool:
        """Whether any dose is above 0."""
        return any(self.doses.model_dump().values())


def plan(look: Look, presets: Presets, head: HeadPose, now: Gaze) -> Plan:
    """Plan a look for a photo.

    Args:
        look: The look.
        presets: The presets that it refers to.
        head: Head pose in the photo.
        now: Gaze in the photo.

    Raises:
        LookError: The look does not fit the presets.
    """
    look = look.checked(presets)
    region = presets.regions[look.region]
    context = presets.contexts[look.context]
    _require_editable(look, context)
    # Rules for ID photos demand a gaze into the lens, so an untouched photo is reported against it.
    asked = Gaze(0.0, 0.0) if context.untouched else _asked_gaze(look, region, head, now)
    trim = NO_TRIM if context.untouched else look.trim
    if asked is None and trim:
        asked = now
    target, clamped = (None, False) if asked is None else within_reach(asked, head, now)
    if target is not None and trim:
        trim, trim_clamped = trim_within_reach(trim, target, head, now)
        clamped |= trim_clamped
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
        generative=look.generative,
        trim=trim,
        frame=_suggested(look.frame, context.frame, context),
        backdrop=_suggested(look.backdrop, context.backdrop, context),
        generate=look.generate,
        expression=look.expression,
    )


def _suggested(asked: str, by_context: str, context: Context) -> str:
    """What is asked for; nothing where nothing may change."""
    if context.untouched:
        return "keep"
    return by_context if asked == "context" else asked


def side_of(side: Literal["away", "with"], head: HeadPose, now: Gaze) -> int:
    """Side of the lens on which a region's yaw lies: +1 picture right, -1 picture left.

    If the head faces the lens, it is the side of the current gaze, which is the smaller edit.
    """
    if abs(head.yaw) < FACING_DEG:
        return 1 if now.yaw >= 0 else -1
    turned = 1 if head.yaw > 0 else -1
    return turned if side == "with" else -turned


def _asked_gaze(look: Look, region: Region, head: HeadPose, now: Gaze) -> Gaze | None:
    if isinstance(look.gaze, Gaze):
        return look.gaze
    if look.gaze is None or look.gaze == 0 or region.gaze is None:
        return None
    side = side_of(region.side, head, now)
    preferred, other = (_interpolate(look.gaze, region.gaze, sign, now) for sign in (side, -side))
    # In a head turned far, the eyes may reach only one side of the lens. The region's angle off
    # the lens matters more than its preferred side.
    other_in_reach = not within_reach(other, head, now)[1]
    return other if within_reach(preferred, head, now)[1] and other_in_reach else preferred


def _interpolate(share: float, region_gaze: tuple[float, float], side: int, now: Gaze) -> Gaze:
    yaw, pitch = region_gaze
    return Gaze(
        now.yaw + share * (side * yaw - now.yaw),
        now.pitch + share * (pitch - now.pitch),
    )


def _require_editable(look: Look, context: Context) -> None:
    """Check that nothing is to be drawn where nothing may change."""
    for asked, name in (
        (look.generative, "generative"),
        (look.generate != "none", "generate"),
        (look.expression != "keep", "expression"),
    ):
        if context.untouched and asked:
            raise LookError(
                "bad-value",
                Message(
                    "{context} allows no retouching. Take {name} out or choose another context.",
                    context=context.label,
                    name=name,
                ),
            )


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
