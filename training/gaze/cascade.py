"""Train the cascade that finds canthi and eyeballs, and the reading of gaze by appearance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from datasets import augment
from pipelines.gaze import appearance, eye_features, eye_shape
from pipelines.gaze.eye_shape import Linear
from pipelines.image import crops
from pipelines.image.arrays import Points, Reals
from training.gaze import ridge
from training.gaze.eyes import EyeOf, ReadFace
from training.gaze.ridge import CrossFit

FOLDS = 4
STAGES = 2
PENALTY = 0.02
APPEARANCE_PENALTY = 0.05


@dataclass(frozen=True)
class Trained:
    """What comes out.

    Attributes:
        shape: The cascade fitted on everybody.
        shape_without: The cascade that never saw the people of a fold, per fold.
        appearance: Features of an aligned eye to the sines of its gaze, on everybody.
        appearance_without: Likewise, per fold.
        errors: Per stage the median distance of held-out points, (9, 2), in frame pixels (an iris
            has a radius of 16).
    """

    shape: tuple[Linear, ...]
    shape_without: tuple[tuple[Linear, ...], ...]
    appearance: Linear
    appearance_without: tuple[Linear, ...]
    errors: tuple[Points, ...]


def folds(sitters: Sequence[ReadFace]) -> dict[str, int]:
    """The fold of each person: people are held out whole."""
    names = sorted({sitter.identity for sitter in sitters})
    return {name: index % FOLDS for index, name in enumerate(names)}


def train(sitters: Sequence[ReadFace], samples: int, seed: int) -> Trained:
    """Train on sitters whose truth is known.

    Args:
        sitters: Pictures of known eyes.
        samples: How many jittered, changed eyes each stage sees.
        seed: Of everything random.
    """
    random = np.random.default_rng(seed)
    eyes = [EyeOf(sitter, side) for sitter in sitters for side in ("left", "right")]
    drawn = [eyes[index] for index in random.integers(0, len(eyes), samples)]
    fold_of_person = folds(sitters)
    fold_of = [fold_of_person[eye.sitter.identity] for eye in drawn]
    frames = [_jittered(eye.start, random) for eye in drawn]
    stages: list[CrossFit] = []
    errors = []
    for stage in range(STAGES):
        features = _features(drawn, frames, random, f"stage {stage + 1}")
        wanted = np.array(
            [
                crops.through(frame, eye.truth).ravel()
                for eye, frame in zip(drawn, frames, strict=True)
            ]
        )
        stages.append(ridge.fit(features, wanted, fold_of, PENALTY))
        seen = stages[-1].held_out.reshape(samples, -1, 2)
        errors.append(np.median(np.abs(seen - wanted.reshape(seen.shape)), axis=0))
        # Later stages must meet the errors that the earlier ones make on people they do not know.
        frames = [
            eye_shape.after(eye_features.onto_canthi(points[:2]), frame)
            for points, frame in zip(seen, frames, strict=True)
        ]
    features = _features(drawn, frames, random, "appearance")
    heads = [appearance.head_terms(eye.sitter.face.head, eye.side) for eye in drawn]
    sines = np.array([_sines(eye) for eye in drawn])
    looks = ridge.fit(np.hstack([features, heads]), sines, fold_of, APPEARANCE_PENALTY)
    return Trained(
        shape=tuple(stage.everybody for stage in stages),
        shape_without=tuple(tuple(stage.folds[f] for stage in stages) for f in range(FOLDS)),
        appearance=looks.everybody,
        appearance_without=looks.folds,
        errors=tuple(errors),
    )


def _jittered(frame: Points, random: np.random.Generator) -> Points:
    turn, scale = random.normal(0, 4), float(np.exp(random.normal(0, 0.07)))
    right, down = random.normal(0, 4, 2)
    return eye_shape.jittered(frame, turn, scale, right, down)


def _features(
    eyes: Sequence[EyeOf], frames: Sequence[Points], random: np.random.Generator, name: str
) -> Reals:
    rows = []
    for eye, frame in tqdm(list(zip(eyes, frames, strict=True)), desc=name, disable=None):
        patch = eye_features.cut(eye.sitter.pixels_u8, frame) / np.float32(255)
        rows.append(eye_features.describe(augment.changed(patch, random)))
    return np.array(rows, np.float32)


def _sines(eye: EyeOf) -> Points:
    if eye.sitter.gaze is None:
        raise ValueError("This eye's gaze is not known.")
    return appearance.upright_sines(eye.sitter.gaze, eye.sitter.face.head, eye.side)
