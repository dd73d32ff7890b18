"""What every engine that draws is given."""

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
class Request:
    """What a look asks an engine for, on one photo.

    Attributes:
        portrait: The photo.
        face: Its face, in pixels of the working copy.
        gaze: Its gaze.
        embedding: Who it is.
        target: Where both eyes together shall look before they are trimmed; None leaves them.
        trim: What each eye turns beyond `target`.
        engine: The preset of the engine.
        context: The preset of what the portrait is for.
        generative: Strength with which a hub engine redraws the skin, 0 for not at all.
        seed: For everything random.
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
    seed: int

    @property
    def full_face(self) -> Face:
        """The face in pixels of the photo itself."""
        height, width = self.portrait.original_u8.shape[:2]
        return self.face.scaled(1 / self.portrait.scale, (height, width))

    @property
    def aim(self) -> Gaze | None:
        """Where both eyes together look once each is trimmed."""
        return None if self.target is None else self.trim.of_both(self.target)


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
