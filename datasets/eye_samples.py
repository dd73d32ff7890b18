"""What the eye model is asked in training: eyes sent away and back, or with nothing proposed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets import augment
from datasets.eye_set import WINDOW, EyeSet
from pipelines.engines import annotation, eye_patches
from pipelines.face import Eye
from pipelines.gaze import Gaze
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Map, Points

Task = Literal["cycle", "withheld", "withheld-away", "still"]

# Of the batches: the proposal is given, or withheld and the truth is the photo, or withheld and the
# truth is the photo's eye as geometry turned it. People look into the lens, so without the last the
# middle of the lids would say where the iris is, and nobody would have to read the annotation. Or
# the eye looks where it shall look, and is to be left alone: never shown that, a model took every
# highlight for one that had to go.
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
"""Of the last batches: once the annotation is read, more of what the model is there for."""
# Without a proposal much more is wrong; at full weight the finer task would be drowned.
_WITHHELD_WEIGHT = 0.5
# Half of what is seen is as photographed, and most of it at last.
_CHANGED, _LAST_CHANGED = 0.5, 0.25
# Degrees: a reading of the gaze strays so far, and in a third of the patches it says nothing.
_GAZE_ERROR, _GAZE_UNKNOWN = 3.0, 0.33


@dataclass(frozen=True)
class EyeSample:
    """One patch; arrays as `EyePatchControlNetPipeline` takes them.

    Attributes:
        start: Where the bridge begins, float32 sRGB, (64, 96, 3).
        reference: The eye before it was turned, likewise.
        truth: What the patch shall become; outside the mask it is `start`, likewise.
        mask: 0..1, (64, 96).
        control: The annotation, uint8 RGB, (64, 96, 3).
        gaze: Yaw and pitch in degrees in the patch's frame.
        contour: Lid edges of the true eye in patch pixels, (16, 2).
        iris: Centre and radius of the true iris in patch pixels, (3,).
        weight: How much it counts in the loss.
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
    """Samples stacked, channels first, n of them.

    Attributes:
        start: In [-1, 1], (n, 3, 64, 96).
        reference: In [-1, 1], (n, 3, 64, 96).
        truth: In [-1, 1], (n, 3, 64, 96).
        mask: 0..1, (n, 1, 64, 96).
        control: 0..1, (n, 3, 64, 96).
        gaze: Degrees, (n, 2).
        weight: How much each counts in the loss, (n,).
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
    """The batch of one step; the same for the same seed and step, whatever came before.

    Args:
        eyes: To draw from.
        seed: Of the run.
        step: Of the run.
        size: Patches in the whole batch.
        part: Which of them to make.
        last: Whether it is one of the last of the run, see `LAST_SHARES`.
    """
    random = np.random.default_rng([seed, step])
    indices = random.choice(len(eyes), size, p=eyes.weights())
    shares = LAST_SHARES if last else SHARES
    changed = _LAST_CHANGED if last else _CHANGED
    tasks = list(shares)
    chosen = random.choice(len(tasks), size, p=list(shares.values()))
    return stacked(
        [
            sample(
                eyes,
                int(indices[k]),
                tasks[chosen[k]],
                np.random.default_rng([seed, step, k]),
                changed=changed,
            )
            for k in range(size)[part]
        ]
    )


def stacked(samples: list[EyeSample]) -> Batch:
    """Samples as one batch."""

    def planes(name: str) -> NDArray[np.float32]:
        pixels = np.stack([getattr(one, name) for one in samples]).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pixels, np.float32)

    return Batch(
        start=planes("start") * 2 - 1,
        reference=planes("reference") * 2 - 1,
        truth=planes("truth") * 2 - 1,
        mask=np.stack([one.mask for one in samples])[:, None].astype(np.float32),
        control=planes("control") / np.float32(255),
        gaze=np.array([one.gaze for one in samples], np.float32),
        weight=np.array([one.weight for one in samples], np.float32),
    )


def sample(
    eyes: EyeSet,
    index: int,
    task: Task,
    random: np.random.Generator | None = None,
    cycle: int = 0,
    changed: float = _CHANGED,
) -> EyeSample:
    """One patch of one eye.

    Args:
        eyes: The set.
        index: Which eye.
        task: What is asked.
        random: For the augmentation and the choice of a cycle; None for the plain patch.
        cycle: Which cycle, without `random`.
        changed: How often the light, the lens and the file are others, 0..1, with `random`.
    """
    if random is not None:
        cycle = int(random.integers(eyes.proposals.shape[1]))
    to_patch = _placed(random)
    eye, other = eyes.eye(index), eyes.eye(index, cycle)
    truth_u8, photo_u8, angles = eyes.windows[index], eyes.away[index, cycle], eyes.gazes[index]
    if task == "withheld-away":
        eye, other = other, eye
        truth_u8, photo_u8 = photo_u8, truth_u8
        angles = eyes.away_gazes[index, cycle]
    if task == "still":
        other, photo_u8 = eye, truth_u8
    truth, start, photo = _seen(
        (truth_u8, eyes.proposals[index, cycle], photo_u8), to_patch, random, changed
    )
    eye, other = (_mapped(one, to_patch) for one in (eye, other))
    face = eyes.face(index)
    opening = eye_patches.aperture(other.contour, eye.contour)
    mask = opening * eye_patches.within_outline(face, to_patch, eye_patches.SIZE)
    control = annotation.draw_eye(face, _unmapped(eye, to_patch), to_patch, eye_patches.SIZE)
    gaze = eye_patches.in_patch(Gaze(float(angles[0]), float(angles[1])), to_patch)
    if task != "cycle":
        start = np.asarray(truth + mask[..., None] * (photo - truth), np.float32)
    full = task in ("cycle", "still")
    return EyeSample(
        start=start,
        reference=photo,
        # Not blended: the pipeline itself blends what is drawn along the mask's edge.
        truth=np.where(mask[..., None] > 0, truth, start),
        mask=np.asarray(mask, np.float32),
        control=control,
        gaze=_said(gaze, random),
        contour=eye.contour,
        iris=np.array([*eye.iris_center, eye.iris_radius]),
        weight=1.0 if full else _WITHHELD_WEIGHT,
    )


def moved(eyes: EyeSet, index: int, one: EyeSample, by: Points) -> EyeSample:
    """The same withheld patch with the annotation's pupil moved by `by` patch pixels, (2,)."""
    to_patch = _placed(None)
    eye = _mapped(eyes.eye(index), to_patch)
    eye = replace(eye, iris_center=eye.iris_center + by)
    control = annotation.draw_eye(
        eyes.face(index), _unmapped(eye, to_patch), to_patch, eye_patches.SIZE
    )
    return replace(one, control=control)


def _placed(random: np.random.Generator | None) -> Points:
    """Map from the window to the patch: turned, scaled and shifted by a little."""
    middle = (np.array(WINDOW, np.float64) - 1) / 2
    if random is None:
        return crops.upright(middle, 0.0, 1.0, eye_patches.SIZE)
    angle, scale = random.uniform(-6, 6), np.exp(random.uniform(-0.03, 0.1))
    return crops.upright(middle + random.uniform(-2, 2, 2), angle, scale, eye_patches.SIZE)


def _seen(
    windows: tuple[Image8, Image8, Image8],
    to_patch: Points,
    random: np.random.Generator | None,
    changed: float,
) -> tuple[Image, Image, Image]:
    """Truth, start and photo as patches, in the same light and through the same lens and file."""
    truth, start, photo = (
        np.asarray(crops.cut(window, to_patch, eye_patches.SIZE), np.float32) / np.float32(255)
        for window in windows
    )
    if random is None or random.random() > changed:
        return truth, start, photo
    seed = int(random.integers(2**31))
    truth, start, photo = (
        augment.changed(patch, np.random.default_rng(seed)) for patch in (truth, start, photo)
    )
    return truth, start, photo


def _said(gaze: Gaze, random: np.random.Generator | None) -> tuple[float, float]:
    if random is None:
        return gaze.yaw, gaze.pitch
    if random.random() < _GAZE_UNKNOWN:
        return 0.0, 0.0
    yaw, pitch = random.normal((gaze.yaw, gaze.pitch), _GAZE_ERROR)
    return float(yaw), float(pitch)


def _mapped(eye: Eye, affine: Points) -> Eye:
    scale = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    return eye.mapped(lambda points: crops.through(affine, points), scale)


def _unmapped(eye: Eye, affine: Points) -> Eye:
    return _mapped(eye, crops.inverse(affine))


def to_u8(pixels: Image) -> Image8:
    """A patch in [0, 1] as uint8."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def enlarged(pixels_u8: Image8, factor: int) -> Image8:
    """A picture several times as large, to look at."""
    size = (pixels_u8.shape[1] * factor, pixels_u8.shape[0] * factor)
    return np.asarray(cv2.resize(pixels_u8, size, interpolation=cv2.INTER_CUBIC), np.uint8)
