"""Generate faces of invented people, for example for service bots.

Only hub engines can do it. They draw as they draw a headshot around a head, only that nothing is
kept: from noise and a control image that gives pose and gaze. No identity is passed to the network,
and a candidate that resembles the person whose photo gave the pose carries a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pipelines.engines import annotation, dispatch, hub, prompts, windows
from pipelines.engines.base import Task
from pipelines.engines.windows import Scene
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.measure import identity
from pipelines.runtime.errors import LookError, Refusal
from pipelines.runtime.messages import Message
from pipelines.studio import analysis, sheet
from pipelines.studio.analysis import Analysis
from pipelines.studio.look import LARGEST_SEED, Look
from pipelines.studio.planning import Plan, plan
from pipelines.studio.turning import Progress
from presets.schema import Presets, load

MOST_CANDIDATES = 8
SOURCE_TYPE = "trainedAlgorithmicMedia"
"""IPTC digital source type of a fully generated picture."""
MARK = "Invented by a network: this is nobody's photo. Disclose it wherever it is shown."

# Side of the window in sizes of the face; shows head and shoulders.
_MARGIN = 2.2


@dataclass(frozen=True)
class Candidate:
    """One invented face.

    Attributes:
        image_u8: uint8 sRGB, shape (H, W, 3).
        seed: Seed it was drawn with.
        analysis: Its analysis; None if no face is found in it.
        distance: Distance of the face embeddings to the photo that gave the pose; None without a
            face.
        target: The requested gaze.
    """

    image_u8: Image8 = field(repr=False)
    seed: int
    analysis: Analysis | None = field(repr=False)
    distance: float | None
    target: Gaze

    @property
    def error(self) -> float | None:
        """Angle between the measured gaze and the target in degrees; None without a face."""
        return None if self.analysis is None else self.analysis.gaze.gaze.angle_to(self.target)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences to show about this candidate."""
        if self.analysis is None or self.distance is None:
            return ("No face can be made out in this one.",)
        if self.distance < identity.SAME_PERSON:
            return ("It resembles the person whose photo gave the pose; don't use it.",)
        return ()

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        measured = self.analysis
        return {
            "seed": self.seed,
            "gaze": None
            if measured is None
            else [measured.gaze.gaze.yaw, measured.gaze.gaze.pitch],
            "error": self.error,
            "distance_to_pose": self.distance,
            "original": None
            if measured is None
            else measured.baseline.report(measured.gaze, measured.face.head),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Persona:
    """Candidates for one persona.

    Attributes:
        look: The requested look.
        prompt: The prompt.
        control_u8: The control image that gave pose and gaze, uint8 RGB.
        candidates: In the order of their seeds; fewer than requested if the engine's safety filter
            removed some.
        kept_back: Number of candidates that the safety filter removed.
    """

    look: Look
    prompt: str
    control_u8: Image8 = field(repr=False)
    candidates: tuple[Candidate, ...]
    kept_back: int

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return {
            "look": str(self.look),
            "digital_source_type": SOURCE_TYPE,
            "notice": MARK,
            "prompt": self.prompt,
            "candidates": [candidate.report() for candidate in self.candidates],
            "kept_back": self.kept_back,
        }

    def sheet(self) -> Image8:
        """The control image and all candidates side by side with captions, uint8 RGB."""
        texts = [[("Pose and gaze", 22, sheet.INK), (MARK, 18, sheet.AMBER)]]
        for candidate in self.candidates:
            lines: list[sheet.Line] = [(f"Invented · seed {candidate.seed}", 22, sheet.INK)]
            if candidate.error is not None:
                lines.append((f"gaze off its target by {candidate.error:.1f}°", 18, sheet.QUIET))
            lines += [(warning, 18, sheet.AMBER) for warning in candidate.warnings]
            texts.append(lines)
        pictures = [candidate.image_u8 for candidate in self.candidates]
        return sheet.lay_out([self.control_u8, *pictures], texts)


def invent(
    pose: Analysis,
    look: Look,
    count: int,
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Persona:
    """Generate faces of invented people.

    Args:
        pose: The photo that gives the head's pose and position; nothing else is taken from it.
        look: Region (gaze), context (clothes, background, expression), a hub engine, and the seed
            of the first candidate; each further candidate uses the next seed.
        count: Number of candidates, 1 to 8.
        progress: Called with the share done, 0..1, and the name of a step; an exception it raises
            ends the work.
        presets: The presets to use; the packaged ones if None.

    Raises:
        LookError: The look's engine is not a hub engine, or `count` is out of range.
        EngineUnavailable: The engine's weights are not installed.
        EngineFailed: The engine ran out of memory.
    """
    presets = presets or load()
    planned = plan(look, presets, pose.face.head, pose.gaze.gaze)
    _check(planned, presets, count)
    dispatch.require(planned.engine)
    target = planned.target or pose.gaze.gaze
    size = planned.engine.drawing.size
    window = windows.look_at(pose.portrait.original_u8, pose.full_face, size, _MARGIN)
    # The window's face has the irises, and thus the gaze, of the photo; here they are turned.
    posed = annotation.look_towards(window.face, pose.gaze, target, planned.trim)
    words = planned.engine.drawing.prompts
    assert words is not None
    assert words.whole is not None
    scene = Scene(
        window=replace(window, pixels=np.full_like(window.pixels, 0.5)),
        photo=None,
        posed=posed,
        mask=np.ones(window.size[::-1], np.float32),
        prompt=prompts.fill(words, words.whole, target, planned.context),
        strength=1.0,
    )
    candidates = []
    for index in range(count):
        seed = (look.seed + index) % (LARGEST_SEED + 1)
        task = Task(planned.engine, planned.context, seed, _on_step(progress, index, count))
        drawn = hub.draw(task, scene)
        if drawn is not None:
            image = np.rint(np.clip(drawn, 0, 1) * 255).astype(np.uint8)
            candidates.append(_measure(image, seed, pose, planned.trim.of_both(target)))
    return Persona(
        look=look.checked(presets),
        prompt=scene.prompt,
        control_u8=annotation.draw(posed),
        candidates=tuple(candidates),
        kept_back=count - len(candidates),
    )


def _check(planned: Plan, presets: Presets, count: int) -> None:
    if not planned.engine.invents:
        able = [engine.id for engine in presets.engines.values() if engine.invents]
        raise LookError(
            "bad-value",
            Message(
                "{engine} can't invent a face. Choose engine={able}.",
                engine=planned.engine.label,
                able=" or ".join(able),
            ),
        )
    if not 1 <= count <= MOST_CANDIDATES:
        raise LookError(
            "bad-value",
            Message(
                "Ask for 1 to {most} candidates, not {count}.", most=MOST_CANDIDATES, count=count
            ),
        )


def _on_step(progress: Progress | None, index: int, count: int) -> Callable[[int, int], None]:
    def on_step(step: int, steps: int) -> None:
        if progress is not None:
            share = (index + step / max(steps, 1)) / count
            progress(share, Message("Inventing {number} of {count}", number=index + 1, count=count))

    return on_step


def _measure(image_u8: Image8, seed: int, pose: Analysis, target: Gaze) -> Candidate:
    try:
        measured = analysis.analyse_pixels(image_u8)
    except Refusal:
        return Candidate(image_u8, seed, None, None, target)
    distance = identity.distance(pose.baseline.embedding, measured.baseline.embedding)
    return Candidate(image_u8, seed, measured, distance, target)
