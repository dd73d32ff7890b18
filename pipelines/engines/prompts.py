"""Prompts for hub engines: templates of `presets/prompts.yaml`, with gaze and context filled in."""

from __future__ import annotations

from pipelines.gaze import CONTACT_DEG, Gaze
from presets.schema import Context, GazeWords, Prompts

# Smallest yaw or pitch in degrees that is mentioned.
_LEAST_MENTIONED_DEG = 4.0


def fill(
    prompts: Prompts,
    template: str,
    gaze: Gaze | None,
    context: Context,
    expression: str | None = None,
) -> str:
    """A template of an engine's prompts with the words of a gaze (or none) and a context.

    Args:
        prompts: The engine's.
        template: One of them.
        gaze: The gaze to describe.
        context: The context.
        expression: Expression in words; the context's if None.
    """
    return template.format(
        start=prompts.start,
        gaze="" if gaze is None else looking(prompts.gaze, gaze),
        expression=expression or context.expression,
        wardrobe=context.wardrobe,
        background=context.background,
    )


def looking(words: GazeWords, gaze: Gaze) -> str:
    """The kind of a gaze in an engine's words; its direction is in the pictures that it gets."""
    if gaze.off_lens <= CONTACT_DEG:
        return words.contact
    parts = []
    if abs(gaze.yaw) >= _LEAST_MENTIONED_DEG:
        parts.append(words.aside)
    if abs(gaze.pitch) >= _LEAST_MENTIONED_DEG:
        parts.append(words.up if gaze.pitch > 0 else words.down)
    return ", ".join(parts) or words.slight
