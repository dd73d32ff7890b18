"""ControlNet-guided generation: one call, whichever engine runs it."""

from __future__ import annotations

from pipelines.engines import weights
from pipelines.engines.base import Proposal, Task
from pipelines.face import Face
from pipelines.image.arrays import Image8
from pipelines.runtime.devices import Device
from presets.schema import Engine


def require(engine: Engine) -> None:
    """Check that an engine can run, before any work starts.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``. The sentence says what is
            needed, how large it is, under which licence, and how to get it.
    """
    weights.require(engine)


def device(engine: Engine) -> Device | None:
    """Where an engine runs; None for one without a network. Loads torch."""
    from pipelines.runtime import devices

    return None if engine.weights == "none" else devices.pick()


def refine(task: Task, proposal: Proposal) -> Image8 | None:
    """Let the engine redraw the eyes of a proposal.

    Returns:
        The whole picture, uint8, (H, W, 3), bit-identical outside the eyes; None where the
        engine's own safety filter kept back what it drew.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
        EngineFailed: ``out-of-memory``.
        Cancelled: `task.on_step` raised it.
    """
    if task.engine.weights == "bundled":
        from pipelines.engines import eye_controlnet

        return eye_controlnet.refine(task, proposal)
    from pipelines.engines import hub

    return hub.refine(task, proposal)


def redraw_skin(task: Task, image_u8: Image8, face: Face, strength: float) -> Image8 | None:
    """Generative polish: let a hub engine redraw the skin at low strength.

    Args:
        task: The engine, seed and callback.
        image_u8: The whole picture, uint8 sRGB, (H, W, 3).
        face: Its face, in the same pixels.
        strength: Of the redrawing, above 0 to 0.4.

    Returns:
        The whole picture, bit-identical outside the skin; None where the engine's own safety
        filter kept back what it drew.

    Raises:
        EngineUnavailable, EngineFailed, Cancelled: As `refine`.
    """
    from pipelines.engines import hub

    return hub.redraw_skin(task, image_u8, face, strength)
