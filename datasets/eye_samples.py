"""Training samples of the eye model: one patch of an eye with its inputs and its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from datasets import augment
from datasets.eye_set import WINDOW, EyeSet
from pipelines.engines import annotation, eye_patches
from pipelines.gaze import Gaze
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Map, Points

Task = Literal["cycle", "withheld", "withheld-away", "still"]

# Share of each task among the patches.
# * cycle: the model starts from the proposal and restores the photo.
# * withheld: there is no proposal; the model starts from the eye with the other gaze and draws the
#   photo.
# * withheld-away: there is no proposal; it starts from the photo and draws the eye with the other
#   gaze. People look into the lens, so without this task the iris would always be in the middle of
#   the lids, and the model would not learn to read the annotation.
# * still: the eye has the target gaze already and must stay as it is. A model that was trained
#   without this task removed every highlight.
SHARES: dict[Task, float] = {
    "cycle": 0.6,
    "withheld": 0.14,
    "withheld-away": 0.1,
    "still": 0.16,
}
LAST_SHARES: dict[Task, float] = {
    "cycle": 0.78,
    "withheld": 0.07,
    "withheld-away": 0.05,
    "still": 0.1,
}
"""Shares in the last batches: the annotation has been learned, so most patches are cycles."""
# Weight in the loss of a patch without a proposal. Its error is much larger, and at full weight it
# would dominate the loss of the cycles.
_WITHHELD_WEIGHT = 0.5
# Share of the patches that are augmented, and the same in the last batches.
_AUGMENTED, _LAST_AUGMENTED = 0.5, 0.25
# Standard deviation in degrees of the error added to the gaze, as large as that of an estimate, and
# share of the patches whose gaze is set to zero.
_GAZE_ERROR, _GAZE_UNKNOWN = 3.0, 0.33


@dataclass(frozen=True)
class EyeSample:
    """One patch; arrays as `EyePatchControlNetPipeline` takes them.

    Attributes:
        start: Where the bridge begins, float32 sRGB, (64, 96, 3).
        reference: The eye before it was turned, float32 sRGB, (64, 96, 3).
        truth: What the model has to draw, float32 sRGB, (64, 96, 3); equals `start` outside the
            mask.
        mask: 0..1, (64, 96).
        control: The control image, an annotation of lids, iris and pupil, uint8 RGB, (64, 96, 3).
        gaze: Yaw and pitch in degrees in the patch's frame.
        contour: Lid edges of the true eye in patch pixels, (16, 2).
        iris: Centre and radius of the true iris in patch pixels, (3,).
        weight: Weight in the loss.
    """

    start: Image
    reference: Image
    truth: Image
    mask: Map
    control: Image8
    gaze: tuple[float, float]
    contour: Points
    iris: Points
    weight: float


@dataclass(frozen=True)
class Batch:
    """n samples as stacked arrays, channels first.

    Attributes:
        start: In [-1, 1], (n, 3, 64, 96).
        reference: In [-1, 1], (n, 3, 64, 96).
        truth: In [-1, 1], (n, 3, 64, 96).
        mask: 0..1, (n, 1, 64, 96).
        control: 0..1, (n, 3, 64, 96).
        gaze: Degrees, (n, 2).
        weight: Weight of each in the loss, (n,).
    """

    start: NDArray[np.float32]
    reference: NDArray[np.float32]
    truth: NDArray[np.float32]
    mask: NDArray[np.float32]
    control: NDArray[np.float32]
    gaze: NDArray[np.float32]
    weight: NDArray[np.float32]


def batch(
    eyes: EyeSet,
    seed: int,
    step: int,
    size: int,
    part: slice = slice(None),
    last: bool = False,
) -> Batch:
    """Make the batch of one step; it depends on seed and step alone.

    Args:
        eyes: To sample from.
        seed: Of the run.
        step: Of the run.
        size: Patches in the whole batch.
        part: Which of the patches to make; processes that share a batch make different ones.
        last: Whether it is one of the last batches of the run, see `LAST_SHARES`.
    """
    random = np.random.default_rng([seed, step])
    indices = random.choice(len(eyes), size, p=eyes.weights())
    shares = LAST_SHARES if last else SHARES
    augmented = _LAST_AUGMENTED if last else _AUGMENTED
    tasks = list(shares)
    chosen = random.choice(len(tasks), size, p=list(shares.values()))
    return stack(
        [
            sample(
                eyes,
                int(indices[k]),
                tasks[chosen[k]],
                np.random.default_rng([seed, step, k]),
                augmented=augmented,
            )
            for k in range(size)[part]
        ]
    )


def stack(samples: list[EyeSample]) -> Batch:
    """Stack samples into one batch."""

    def planes(name: str) -> NDArray[np.float32]:
        pixels = np.stack([getattr(patch, name) for patch in samples]).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pixels, np.float32)

    return Batch(
        start=planes("start") * 2 - 1,
        reference=planes("reference") * 2 - 1,
        truth=planes("truth") * 2 - 1,
        mask=np.stack([patch.mask for patch in samples])[:, None].astype(np.float32),
        control=planes("control") / np.float32(255),
        gaze=np.array([patch.gaze for patch in samples], np.float32),
        weight=np.array([patch.weight for patch in samples], np.float32),
    )


def sample(
    eyes: EyeSet,
    index: int,
    task: Task,
    random: np.random.Generator | None = None,
    cycle: int = 0,
    augmented: float = _AUGMENTED,
) -> EyeSample:
    """Make one patch of one eye.

    Args:
        eyes: The set.
        index: Which eye.
        task: See `SHARES`.
        random: For the augmentation and the choice of a cycle; None for the plain patch.
        cycle: Which cycle, if `random` is None.
        augmented: Probability of a photometric change, 0..1; without effect if `random` is None.
    """
    if random is not None:
        cycle = int(random.integers(eyes.proposals.shape[1]))
    to_patch = _patch_map(random)
    eye, other = eyes.eye(index), eyes.eye(index, cycle)
    truth_u8, photo_u8, angles = eyes.windows[index], eyes.away[index, cycle], eyes.gazes[index]
    if task == "withheld-away":
        eye, other = other, eye
        truth_u8, photo_u8 = photo_u8, truth_u8
        angles = eyes.away_gazes[index, cycle]
    if task == "still":
        other, photo_u8 = eye, truth_u8
    truth, start, photo = _cut_patches(
        (truth_u8, eyes.proposals[index, cycle], photo_u8), to_patch, random, augmented
    )
    eye, other = eye.through(to_patch), other.through(to_patch)
    face = eyes.face(index)
    opening = eye_patches.aperture(other.contour, eye.contour)
    mask = opening * eye_patches.within_outline(face, to_patch, eye_patches.SIZE)
    in_window = eye.through(crops.inverse(to_patch))
    control = annotation.draw_eye(face, in_window, to_patch, eye_patches.SIZE)
    gaze = eye_patches.in_patch(Gaze(float(angles[0]), float(angles[1])), to_patch)
    if task != "cycle":
        start = np.asarray(truth + mask[..., None] * (photo - truth), np.float32)
    return EyeSample(
        start=start,
        reference=photo,
        # No blending here, because the pipeline blends along the edge of the mask.
        truth=np.where(mask[..., None] > 0, truth, start),
        mask=np.asarray(mask, np.float32),
        control=control,
        gaze=_noisy_gaze(gaze, random),
        contour=eye.contour,
        iris=np.array([*eye.iris_center, eye.iris_radius]),
        weight=1.0 if task in ("cycle", "still") else _WITHHELD_WEIGHT,
    )


def with_moved_pupil(eyes: EyeSet, index: int, withheld: EyeSample, shift: Points) -> EyeSample:
    """Move iris and pupil in the annotation of a patch.

    Args:
        eyes: The set.
        index: The eye of the patch.
        withheld: The plain patch of the task ``withheld``.
        shift: In patch pixels, (2,).
    """
    to_patch = _patch_map(None)
    eye = eyes.eye(index).through(to_patch)
    eye = replace(eye, iris_center=eye.iris_center + shift)
    in_window = eye.through(crops.inverse(to_patch))
    control = annotation.draw_eye(eyes.face(index), in_window, to_patch, eye_patches.SIZE)
    return replace(withheld, control=control)


def _patch_map(random: np.random.Generator | None) -> Points:
    """Affine map (2, 3) from the window to the patch, with a small random turn, scale and shift."""
    middle = (np.array(WINDOW, np.float64) - 1) / 2
    if random is None:
        return crops.upright(middle, 0.0, 1.0, eye_patches.SIZE)
    angle, scale = random.uniform(-6, 6), np.exp(random.uniform(-0.03, 0.1))
    return crops.upright(middle + random.uniform(-2, 2, 2), angle, scale, eye_patches.SIZE)


def _cut_patches(
    windows: tuple[Image8, Image8, Image8],
    to_patch: Points,
    random: np.random.Generator | None,
    augmented: float,
) -> tuple[Image, Image, Image]:
    """Cut truth, start and photo to patches, with the same photometric change to all three."""
    truth, start, photo = (
        np.asarray(crops.cut(window, to_patch, eye_patches.SIZE), np.float32) / np.float32(255)
        for window in windows
    )
    if random is None or random.random() > augmented:
        return truth, start, photo
    seed = int(random.integers(2**31))
    truth, start, photo = (
        augment.augment_patch(patch, np.random.default_rng(seed)) for patch in (truth, start, photo)
    )
    return truth, start, photo


def _noisy_gaze(gaze: Gaze, random: np.random.Generator | None) -> tuple[float, float]:
    """Yaw and pitch with the error of an estimate, or zero for an unknown gaze."""
    if random is None:
        return gaze.yaw, gaze.pitch
    if random.random() < _GAZE_UNKNOWN:
        return 0.0, 0.0
    yaw, pitch = random.normal((gaze.yaw, gaze.pitch), _GAZE_ERROR)
    return float(yaw), float(pitch)
