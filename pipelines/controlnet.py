"""ControlNet-guided generation: one call, whichever engine runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines import model_files
from pipelines.arrays import Image8
from pipelines.devices import Device
from pipelines.face import Face
from pipelines.gaze import Gaze
from presets.schema import Context, Engine

OnStep = Callable[[int, int], None]
"""Called after each step with (steps done, steps in all); what it raises ends the generation."""


@dataclass(frozen=True)
class Proposal:
    """What geometry proposes, and what a network redraws.

    Attributes:
        photo_u8: The whole picture before its eyes were turned, uint8 sRGB, (H, W, 3).
        image_u8: The same with its eyes turned.
        before: The face as photographed, in pixels of `image_u8`.
        posed: The face as it shall be, in the same pixels.
        gaze: Where the person shall look.
        goals: Where the person's left and right eye shall look.
    """

    photo_u8: Image8
    image_u8: Image8
    before: Face
    posed: Face
    gaze: Gaze
    goals: tuple[Gaze, Gaze]


@dataclass(frozen=True)
class Task:
    """What stays the same over all passes of one look.

    Attributes:
        engine: The preset.
        context: What the portrait is for; hub engines put it into words for their prompt.
        seed: For the noise.
        on_step: See `OnStep`.
    """

    engine: Engine
    context: Context
    seed: int
    on_step: OnStep


def require(engine: Engine) -> None:
    """Check that an engine can run, before any work starts.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``. The sentence says what is
            needed, how large it is, under which licence, and how to get it.
    """
    model_files.require(engine)


def device(engine: Engine) -> Device | None:
    """Where an engine runs; None for one without a network. Loads torch."""
    from pipelines import devices

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
        from pipelines import eye_engine

        return eye_engine.refine(task, proposal)
    from pipelines import hub_engine

    return hub_engine.refine(task, proposal)


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
    from pipelines import hub_engine

    return hub_engine.redraw_skin(task, image_u8, face, strength)
