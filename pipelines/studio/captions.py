"""Captions of a variant: title, gaze, likeness, texture, and why a retouch was held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.gaze import CONTACT_DEG, Gaze, GazeEstimate
from pipelines.studio.look import Look

if TYPE_CHECKING:
    from pipelines.studio.analysis import Analysis
    from pipelines.studio.comparison import Comparison
    from pipelines.studio.rendering import Variant

# Smaller differences of gaze cannot be seen and are not mentioned.
SEEN_DEG = 0.2
# From this error on, the miss is mentioned: it can be seen across a table, and it may not show in
# the angle off the lens.
MISSED_DEG = 1.0
# Why a retouch was held back, by guard.
HELD_BACK = {
    "texture": "to keep texture",
    "tone": "to keep the skin tone",
    "colour": "to keep the skin’s colour",
    "likeness": "to keep the likeness",
    "highlights": "to keep the highlights",
    "halo": "so that no rim shows where the skin ends",
    "sharpness": "so that hair and lashes don’t look etched",
    "eyes": "so that the eyes don’t outshine the skin",
    "skin": "because too little skin can be seen to judge it by",
}
_BACKDROPS = {"soften": ("backdrop softened",), "plain": ("plain backdrop",)}
WORDS = {"contact": "eye contact", "soft": "soft", "averted": "averted"}


def title(variant: Variant) -> str:
    """Region and context, for example ``Japan · LinkedIn``, and an explicit gaze."""
    return title_of(variant.look, variant.plan.region.label, variant.plan.context.label)


def title_of(look: Look, region: str, context: str) -> str:
    """Title of a look; an explicit gaze replaces the region's label."""
    if isinstance(look.gaze, Gaze):
        return f"Gaze {look.gaze.yaw:g}°, {look.gaze.pitch:g}° · {context}".replace("-", "−")
    return f"{region} · {context}"


def original(analysis: Analysis) -> tuple[str, ...]:
    """Caption of the photo itself."""
    return (describe(analysis.gaze),)


def badge(comparison: Comparison, index: int) -> str:
    """Badge of a look among the best, or ""."""
    if index not in comparison.best:
        return ""
    return "most like them" if len(comparison.best) == 1 else "tied: most like them"


def lines(variant: Variant) -> tuple[str, ...]:
    """Caption of a variant without its warnings, one fact per line."""
    facts = gaze_line(variant), likeness_line(variant), texture_line(variant), done_line(variant)
    return tuple(line for line in facts if line)


def gaze_line(variant: Variant) -> str:
    """Gaze of the result, and the requested gaze if it differs."""
    measured = variant.measurements.gaze
    after = describe(measured.after)
    if measured.after.measured is None:
        return after
    asked, target = measured.asked, measured.target
    if asked is None or target is None or variant.plan.untouched:
        return after
    if out_of_reach(asked, target):
        return f"{after} (asked {asked.off_lens:.1f}°, at best {target.off_lens:.1f}°)"
    if not differs(measured.after.gaze, target):
        return after
    notes = []
    # Equal angles on different sides of the lens would read like a contradiction.
    if not same_angle(measured.after.gaze, target):
        notes.append(f"asked {target.off_lens:.1f}°")
    if (measured.error or 0) >= MISSED_DEG:
        notes.append(f"missed by {measured.error:.1f}°")
    return f"{after} ({', '.join(notes)})" if notes else after


def same_angle(one: Gaze, other: Gaze) -> bool:
    """Whether two gazes are equally far off the lens, at the precision of a caption."""
    return f"{one.off_lens:.1f}" == f"{other.off_lens:.1f}"


def out_of_reach(asked: Gaze, target: Gaze) -> bool:
    """Whether to mention that the eyes cannot turn as far as requested: people would notice."""
    return asked.angle_to(target) > CONTACT_DEG and not same_angle(asked, target)


def differs(after: Gaze, target: Gaze) -> bool:
    """Whether to mention the target: the difference can be seen, and not both are eye contact."""
    return after.angle_to(target) >= SEEN_DEG and not after.word == target.word == "contact"


def likeness_line(variant: Variant) -> str:
    """Distance of the face embeddings: 0 is the same picture, 0.6 another person."""
    return f"change of the face {variant.measurements.identity.distance:.2f}"


def texture_line(variant: Variant) -> str:
    """Share of fine skin texture that was kept, and the context's floor."""
    retention = variant.measurements.texture_retention
    return f"texture {retention:.0%}, floor {variant.plan.texture_floor:.0%}"


def held_back(share: float, guard: str) -> str:
    """Applied share of the retouch and why, such as ``held back to 62 % to keep texture``."""
    return f"held back to {share:.0%} {HELD_BACK[guard]}".replace("%", " %")


def held_back_line(variant: Variant) -> str:
    """`held_back` of a variant; "" if the full retouch was applied."""
    held = variant.measurements.held_back
    return "" if held is None else held_back(held.share, held.guard)


def done_line(variant: Variant) -> str:
    """What the polish did, such as ``5 spots, under-eyes −35 %, light +0.4 EV``; "" without one."""
    if variant.plan.untouched:
        return ""
    done = variant.measurements.done
    parts = [_done(**each) for each in done]
    # Contrast is set for the purpose, whatever the photo needs.
    if variant.plan.polishes and all(each["what"] == "contrast" for each in done):
        parts = ["little to do here", *parts]
    drawn = variant.surroundings
    if drawn is not None:
        around = () if drawn.failure else ("clothes and background generated",)
        return ", ".join([*parts, *around])
    return ", ".join([*parts, *_BACKDROPS.get(variant.plan.backdrop, ())])


def _done(what: str, count: int = 0, change: float = 0.0, ev: float = 0.0) -> str:
    if what == "spots":
        return f"{count} spot" if count == 1 else f"{count} spots"
    if what == "light":
        return f"light {ev:+.1f} EV"
    if change:
        return f"{what} {'+' if change > 0 else '−'}{abs(change) * 100:.0f} %"
    return {
        "white-balance": "colour cast reduced",
        "haze": "haze reduced",
        "focus": "blur mended",
        "compression": "compression mended",
    }[what]


def describe(estimate: GazeEstimate) -> str:
    """A gaze in degrees and its word, for example ``3.4° soft``, unless it cannot be measured."""
    gaze = estimate.measured
    if gaze is None:
        return "gaze not measurable"
    return f"{gaze.off_lens:.1f}° {WORDS[gaze.word]}"
