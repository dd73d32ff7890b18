"""The common interface of the engines with a network: check, device, redraw eyes, redraw skin."""

from __future__ import annotations

from pipelines.engines import weights
from pipelines.engines.base import Proposal, Task
from pipelines.face import Face
from pipelines.image.arrays import Image, Image8, Map
from pipelines.runtime.devices import Device
from presets.schema import Engine


def require(engine: Engine) -> None:
    """Check that the weights of an engine are installed, before any work starts.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``. The sentence says which files
            are needed, their size and licence, and how to get them.
    """
    weights.require(engine)


def device(engine: Engine) -> Device | None:
    """The device on which an engine runs; None if it has no network. Loads torch."""
    if engine.weights == "none":
        return None
    if engine.weights == "bundled":
        from pipelines.engines import eye_controlnet

        return eye_controlnet.device()
    from pipelines.engines import hub

    return hub.device(engine)


def refine(task: Task, proposal: Proposal) -> Image8 | None:
    """Redraw the eyes of a proposal.

    Args:
        task: Engine, context, seed and callback.
        proposal: The picture with its eyes turned by geometry.

    Returns:
        The whole picture, uint8 sRGB, (H, W, 3), bit-identical outside the eyes; None if the
        engine's own safety filter rejected the result.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
        EngineFailed: ``out-of-memory``.
        Cancelled: Raised by `task.on_step`.
    """
    if task.engine.weights == "bundled":
        from pipelines.engines import eye_controlnet

        return eye_controlnet.refine(task, proposal)
    from pipelines.engines import hub

    return hub.refine(task, proposal)


def redraw_skin(task: Task, image_u8: Image8, face: Face, strength: float) -> Image8 | None:
    """Redraw the skin at low strength with a hub engine (generative polish).

    Args:
        task: Engine, context, seed and callback.
        image_u8: The whole picture, uint8 sRGB, (H, W, 3).
        face: Its face, in the same pixels.
        strength: Strength of the redrawing, above 0 to 0.4.

    Returns:
        The whole picture, bit-identical outside the skin; None if the engine's own safety filter
        rejected the result.

    Raises:
        EngineUnavailable, EngineFailed, Cancelled: As `refine`.
    """
    from pipelines.engines import hub

    return hub.redraw_skin(task, image_u8, face, strength)


def redraw_expression(task: Task, image_u8: Image8, face: Face, expression: str) -> Image8 | None:
    """Redraw mouth or brows with a slightly different expression, with a hub engine.

    Args:
        task: Engine, context, seed and callback.
        image_u8: The whole picture, uint8 sRGB, (H, W, 3).
        face: Its face, in the same pixels.
        expression: One of ``slight-smile``, ``relaxed-brows`` and ``context``.

    Returns:
        The whole picture, bit-identical outside mouth, cheeks and brows, and in the eyes; None if
        the engine's own safety filter rejected the result.

    Raises:
        EngineUnavailable, EngineFailed, Cancelled: As `refine`.
    """
    from pipelines.engines import hub

    return hub.redraw_expression(task, image_u8, face, expression)


def draw_around(task: Task, start: Image, head: Map, face: Face) -> Image | None:
    """Draw clothes, ground and light anew around the head of a photo, with a hub engine.

    Args:
        task: Engine, context, seed and callback.
        start: The head alone before a plain ground, float32 sRGB in [0, 1], shape (H, W, 3).
        head: Share of the head, 0..1, shape (H, W); what it fills is not drawn.
        face: The face, in pixels of `start`; the network sees it from near, too.

    Returns:
        What was drawn, about `start` where the head is, shape (H, W, 3); None if the engine's own
        safety filter rejected the result.

    Raises:
        EngineUnavailable, EngineFailed, Cancelled: As `refine`.
    """
    from pipelines.engines import hub

    return hub.draw_around(task, start, head, face)
