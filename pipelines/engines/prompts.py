"""What a hub engine is told in words: the engine's own, the gaze, and what the context asks for."""

from __future__ import annotations

from pipelines.gaze import CONTACT_DEG, Gaze
from presets.schema import Context, Drawing

# From here on, in degrees, one part of a gaze is worth a word of its own.
_WORTH_A_WORD = 4.0


def looking(gaze: Gaze) -> str:
    """The gaze in the tags that picture captions use, which the model has read.

    ControlNetMediaPipeFace's authors advise to help the gaze by words. Captions name no degrees
    and confuse left and right, so only the kind of gaze is said; where to is the annotation's.
    """
    if gaze.off_lens <= CONTACT_DEG:
        return "looking at viewer"
    parts = []
    if abs(gaze.yaw) >= _WORTH_A_WORD:
        parts.append("looking to the side")
    if abs(gaze.pitch) >= _WORTH_A_WORD:
        parts.append("looking up" if gaze.pitch > 0 else "looking down")
    return ", ".join(parts) or "looking slightly away"


def eyes(drawing: Drawing, gaze: Gaze, context: Context) -> str:
    """For redrawing the eyes of a photo."""
    return ", ".join([drawing.prompt, looking(gaze), context.expression])


def whole(drawing: Drawing, gaze: Gaze, context: Context) -> str:
    """For a portrait from nothing: clothes and background count too."""
    parts = [drawing.prompt, looking(gaze), context.expression]
    return ", ".join([*parts, f"wearing {context.wardrobe}", f"background: {context.background}"])
