"""Prompts for hub engines, from the engine's own prompt, the gaze and the context."""

from __future__ import annotations

from pipelines.gaze import CONTACT_DEG, Gaze
from presets.schema import Context, Drawing

# Smallest yaw or pitch in degrees that is mentioned.
_LEAST_MENTIONED_DEG = 4.0


def looking(gaze: Gaze) -> str:
    """The gaze in the tags of picture captions, on which the model was trained.

    The authors of ControlNetMediaPipeFace advise to support the gaze by words. Captions contain no
    degrees and confuse left and right, so only the kind of gaze is given; the control image has
    its direction.
    """
    if gaze.off_lens <= CONTACT_DEG:
        return "looking at viewer"
    parts = []
    if abs(gaze.yaw) >= _LEAST_MENTIONED_DEG:
        parts.append("looking to the side")
    if abs(gaze.pitch) >= _LEAST_MENTIONED_DEG:
        parts.append("looking up" if gaze.pitch > 0 else "looking down")
    return ", ".join(parts) or "looking slightly away"


def eyes(drawing: Drawing, gaze: Gaze, context: Context) -> str:
    """Prompt for redrawing the eyes of a photo."""
    return ", ".join([drawing.prompt, looking(gaze), context.expression])


def whole(drawing: Drawing, gaze: Gaze, context: Context) -> str:
    """Prompt for a portrait from noise, with clothes and background."""
    parts = [drawing.prompt, looking(gaze), context.expression]
    return ", ".join([*parts, f"wearing {context.wardrobe}", f"background: {context.background}"])
