"""Train the cascade of regressions that finds an eye's shape, and the gaze by appearance.

Cascade of linear regressions: each stage predicts the nine points of an eye from edge features, and
the next stage reads its features at the canthi just found (supervised descent: Xiong & De la Torre,
CVPR 2013). `pipelines.gaze.eye_shape` runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from datasets.augment import augment_patch
from pipelines.gaze import appearance, eye_features, eye_shape
from pipelines.gaze.eye_shape import Linear
from pipelines.image import crops
from pipelines.image.arrays import Points, Reals
from training.gaze import ridge
from training.gaze.eyes import LabelledEye, LabelledPicture
from training.gaze.ridge import CrossFit

FOLDS = 4
STAGES = 2
PENALTY = 0.02
APPEARANCE_PENALTY = 0.05


@dataclass(frozen=True)
class TrainedRegressions:
    """The trained regressions.

    Attributes:
        shape: The stages of the cascade, fitted on all people.
        shape_without: Per fold, the stages fitted without its people.
        appearance: Regression from the features of an aligned eye to the sines of its gaze, fitted
            on all people.
        appearance_without: Per fold, the same fitted without its people.
        errors: Per stage, the median absolute error of the points of held-out people across and
            down, (9, 2), in frame pixels (the iris has a radius of 16).
    """

    shape: tuple[Linear, ...]
    shape_without: tuple[tuple[Linear, ...], ...]
    appearance: Linear
    appearance_without: tuple[Linear, ...]
    errors: tuple[Points, ...]


def folds(pictures: Sequence[LabelledPicture]) -> dict[str, int]:
    """The fold of each person; all pictures of a person are held out together."""
    names = sorted({picture.identity for picture in pictures})
    return {name: index % FOLDS for index, name in enumerate(names)}


def train(pictures: Sequence[LabelledPicture], samples: int, seed: int) -> TrainedRegressions:
    """Train the cascade and the regression by appearance.

    Args:
        pictures: Renders with their truth.
        samples: Number of jittered, augmented eyes to train each stage on.
        seed: Of everything random.
    """
    random = np.random.default_rng(seed)
    eyes = [LabelledEye(picture, side) for picture in pictures for side in ("left", "right")]
    sampled = [eyes[index] for index in random.integers(0, len(eyes), samples)]
    fold_of_person = folds(pictures)
    fold_of = [fold_of_person[eye.picture.identity] for eye in sampled]
    frames = [_jitter(eye.start, random) for eye in sampled]
    stages: list[CrossFit] = []
    errors = []
    for stage in range(STAGES):
        features = _features(sampled, frames, random, f"stage {stage + 1}")
        target = np.array(
            [
                crops.through(frame, eye.truth).ravel()
                for eye, frame in zip(sampled, frames, strict=True)
            ]
        )
        stages.append(ridge.fit(features, target, fold_of, PENALTY))
        predicted = stages[-1].held_out.reshape(samples, -1, 2)
        errors.append(np.median(np.abs(predicted - target.reshape(predicted.shape)), axis=0))
        # The next stage is trained on the errors that this one makes on people it has not seen.
        frames = [
            eye_shape.after(eye_features.onto_canthi(points[:2]), frame)
            for points, frame in zip(predicted, frames, strict=True)
        ]
    features = _features(sampled, frames, random, "appearance")
    heads = [appearance.head_terms(eye.picture.face.head, eye.side) for eye in sampled]
    sines = np.array([_true_sines(eye) for eye in sampled])
    by_appearance = ridge.fit(np.hstack([features, heads]), sines, fold_of, APPEARANCE_PENALTY)
    return TrainedRegressions(
        shape=tuple(stage.all_people for stage in stages),
        shape_without=tuple(tuple(stage.without_fold[f] for stage in stages) for f in range(FOLDS)),
        appearance=by_appearance.all_people,
        appearance_without=by_appearance.without_fold,
        errors=tuple(errors),
    )


def _jitter(frame: Points, random: np.random.Generator) -> Points:
    """Turn, scale and shift a frame at random, with deviations of 4°, 7 % and 4 frame pixels."""
    turn, scale = random.normal(0, 4), float(np.exp(random.normal(0, 0.07)))
    right, down = random.normal(0, 4, 2)
    return eye_shape.jittered(frame, turn, scale, right, down)


def _features(
    eyes: Sequence[LabelledEye], frames: Sequence[Points], random: np.random.Generator, name: str
) -> Reals:
    """Features of augmented eyes, each cut to its frame, (n, d); `name` labels the progress bar."""
    rows = []
    for eye, frame in tqdm(list(zip(eyes, frames, strict=True)), desc=name, disable=None):
        patch = eye_features.cut(eye.picture.pixels_u8, frame) / np.float32(255)
        rows.append(eye_features.describe(augment_patch(patch, random)))
    return np.array(rows, np.float32)


def _true_sines(eye: LabelledEye) -> Points:
    if eye.picture.gaze is None:
        raise ValueError("This eye's gaze is not known.")
    return appearance.upright_sines(eye.picture.gaze, eye.picture.face.head, eye.side)
