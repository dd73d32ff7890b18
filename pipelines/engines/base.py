"""The records that the engines work with: request, task and proposal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.face import Face
from pipelines.gaze import Gaze
from pipelines.gaze.angles import GazeEstimate, Trim
from pipelines.image.arrays import Image8
from pipelines.image.loading import Portrait
from pipelines.measure.identity import Embedding
from presets.schema import Context, Engine

OnStep = Callable[[int, int], None]
"""Called after each step with (steps done, steps in all); an exception it raises ends the
generation."""


@dataclass(frozen=True)
class Proposal:
    """A picture whose eyes geometry turned, for a network to redraw.

    Attributes:
        photo_u8: The whole picture before its eyes were turned, uint8 sRGB, (H, W, 3).
        image_u8: The same with turned eyes.
        before: The face as photographed, in pixels of `image_u8`.
        posed: The face with irises and lids at the target, in the same pixels.
        gaze: Target of both eyes together, without the trim.
        goals: Targets of the person's left and right eye.
    """

    photo_u8: Image8
    image_u8: Image8
    before: Face
    posed: Face
    gaze: Gaze
    goals: tuple[Gaze, Gaze]


@dataclass(frozen=True)
class Request:
    """What a look requests of an engine, for one photo.

    Attributes:
        portrait: The photo.
        face: Its face, in pixels of the working copy.
        gaze: Its gaze.
        embedding: Its face embedding.
        target: Target of both eyes together, without the trim; None to leave the eyes.
        trim: Additional turn of each eye.
        engine: Preset of the engine.
        context: Preset of the context.
        generative: Strength with which a hub engine redraws the skin, 0 for not at all.
        expression: Expression that a hub engine is asked for, or "keep".
        seed: Seed of everything random.
    """

    portrait: Portrait
    face: Face
    gaze: GazeEstimate
    embedding: Embedding
    target: Gaze | None
    trim: Trim
    engine: Engine
    context: Context
    generative: float
    expression: str
    seed: int

    @property
    def full_face(self) -> Face:
        """The face in pixels of the photo at full size."""
        height, width = self.portrait.original_u8.shape[:2]
        return self.face.scaled(1 / self.portrait.scale, (height, width))

    @property
    def aim(self) -> Gaze | None:
        """Mean target of both eyes with the trim."""
        return None if self.target is None else self.trim.of_both(self.target)


@dataclass(frozen=True)
class Task:
    """Settings of a network that are the same in all passes of a look.

    Attributes:
        engine: Preset of the engine.
        context: Preset of the context, for the prompts of hub engines.
        seed: Seed of the noise.
        on_step: See `OnStep`.
    """

    engine: Engine
    context: Context
    seed: int
    on_step: OnStep
