"""A small network that finds eyeball and iris in the picture of an eye, and reads its gaze.

It is a U-net of 0.4 M parameters (Ronneberger et al. 2015, MICCAI) on an eye whose iris has a
radius of 12 px, trained on renders, and on photographs turned by geometry (`training/eye_network`).
Unlike the face mesh it has no prior of a face: it answers for what can be seen. It runs in NumPy,
because importing a framework takes longer than its 5 ms per eye.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.face import Eye, Face, HeadPose
from pipelines.image import crops
from pipelines.image.arrays import Image, Image8, Map, Points, Reals

WEIGHTS = Path(__file__).parent / "data" / "eye_network.npz"
SIZE = (96, 64)
"""(width, height) of the picture of an eye."""
RADIUS = 12.0
"""Radius of the iris in it, in pixels."""
LEAST_DISC = 0.6
"""Least area of a seen iris, as a share of that of an iris of the expected size. Behind shut lids
the network sees about half of it, in open eyes 0.9 to 1.1."""
JITTER = (
    (0.0, 0.0, 1.0),
    (0.12, 0.06, 1.04),
    (-0.12, -0.06, 0.96),
    (0.1, -0.1, 0.97),
    (-0.1, 0.1, 1.03),
)
"""Shifts right and down, in iris radii, and sizes of the frames that `read_gaze` averages."""
SINE_SCALE = 0.3
"""Factor of the last layer's output that gives the sines of the gaze."""


@dataclass(frozen=True)
class SeenEye:
    """What the network finds in one eye.

    Attributes:
        to_frame: Affine map from picture pixels to those of the maps, shape (2, 3); it mirrors left
            eyes.
        eyeball: Probability that a pixel shows the eyeball, 0..1, shape (64, 96).
        iris: Probability that a pixel lies on the disc of the iris, seen or covered, (64, 96).
    """

    to_frame: Points
    eyeball: Map
    iris: Map

    @property
    def disc(self) -> tuple[Points, float] | None:
        """Centre, (2,), and radius of the iris in picture pixels; None if hardly any is seen."""
        area = largest_area((self.iris > 0.5).astype(np.uint8))
        if area.sum() < LEAST_DISC * np.pi * RADIUS**2:
            return None
        # Probabilities around the edge place it between pixels.
        near = cv2.dilate(area, np.ones((3, 3), np.uint8))
        weight = self.iris * near
        ys, xs = np.mgrid[: weight.shape[0], : weight.shape[1]]
        center = np.array([(weight * xs).sum(), (weight * ys).sum()]) / weight.sum()
        back = crops.inverse(self.to_frame)
        radius = float(np.sqrt(weight.sum() / np.pi)) / crops.scale_of(self.to_frame)
        return crops.through(back, center), radius


def see(pixels: Image8 | Image, face: Face) -> tuple[SeenEye, SeenEye]:
    """Look at both eyes of a face.

    Args:
        pixels: uint8 or float32 sRGB, shape (H, W, 3).
        face: Its face; canthi, radius of the irises and roll of the head are used.
    """
    left, right = (_see(pixels, face, eye) for eye in face.eyes)
    return left, right


def sines(pixels: Image8 | Image, face: Face) -> Points:
    """Sines of the gaze (right, up) of the left and the right eye, upright with the head, (2, 2).

    Arguments as for `read_gaze`, which gives the mean of several.
    """
    return np.array([_sines(pixels, face, eye) for eye in face.eyes])


def read_gaze(pixels: Image8 | Image, face: Face) -> Points:
    """Sines of the gaze (right, up) of the left and the right eye, upright with the head, (2, 2).

    The mean over a few shifts and sizes of the frame, which jitters less than one. Gazes off the
    lens are read too small; see `posterior`.

    Args:
        pixels: uint8 or float32 sRGB, shape (H, W, 3).
        face: Its face with fitted irises and lids.
    """
    readings = []
    for right, down, size in JITTER:
        shift = np.array([right, down]) * face.left.iris_radius
        left_eye, right_eye = (
            replace(
                eye,
                outer=eye.outer + shift,
                inner=eye.inner + shift,
                iris_radius=eye.iris_radius * size,
            )
            for eye in face.eyes
        )
        jittered = replace(face, left=left_eye, right=right_eye)
        readings.append(sines(pixels, jittered))
    return np.asarray(np.mean(readings, axis=0))


def frame(eye: Eye, roll: float, radius: float) -> Points:
    """Affine map from picture pixels to the network's, shape (2, 3), for an iris of `radius` px."""
    middle = (eye.outer + eye.inner) / 2
    return crops.upright(middle, roll, RADIUS / radius, SIZE, mirrored=eye.side == "left")


def head_terms(head: HeadPose, side: str) -> Reals:
    """Features of the head's pose, in the frame of a right eye, shape (3,)."""
    yaw, pitch = np.sin(np.radians([head.yaw, head.pitch]))
    return np.array([yaw if side == "right" else -yaw, pitch, yaw**2], np.float32)


def largest_area(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest connected area of a mask of 0 and 1, as such a mask."""
    count, labels = cv2.connectedComponents(mask)
    sizes = np.bincount(labels.ravel(), minlength=count)
    sizes[0] = 0
    return ((labels == sizes.argmax()) & (mask > 0)).astype(np.uint8)


def normalised(patch: Image) -> Image:
    """A patch with mean 0 and about standard deviation 1, so that exposure does not matter."""
    return np.asarray((patch - patch.mean()) / (patch.std() + 0.04), np.float32)


def _see(pixels: Image8 | Image, face: Face, eye: Eye) -> SeenEye:
    to_frame, levels = _encode(pixels, face, eye)
    full, half, quarter, eighth = levels
    x = _block(_block(_joined(eighth, quarter), "up2_0"), "up2_1")
    x = _block(_block(_joined(x, half), "up1_0"), "up1_1")
    x = _block(_block(_joined(x, full), "up0_0"), "up0_1")
    logits = _convolve(x, "maps")
    eyeball, iris = 1 / (1 + np.exp(-logits.transpose(2, 0, 1)))
    return SeenEye(to_frame, eyeball, iris)


def _sines(pixels: Image8 | Image, face: Face, eye: Eye) -> Points:
    """Sines of the gaze of one eye, shape (2,)."""
    _, levels = _encode(pixels, face, eye)
    features = _block(levels[-1], "gaze0").transpose(2, 0, 1).ravel()
    hidden = np.maximum(_dense(features, "gaze1"), 0)
    hidden = np.concatenate([hidden, head_terms(face.head, eye.side)])
    right, up = _dense(np.maximum(_dense(hidden, "gaze2"), 0), "gaze3") * SINE_SCALE
    return np.array([-right if eye.side == "left" else right, up], np.float64)


def _encode(
    pixels: Image8 | Image, face: Face, eye: Eye
) -> tuple[Points, tuple[Reals, Reals, Reals, Reals]]:
    """Map to the frame of an eye, and its features at full, half, quarter and eighth size."""
    radius = (face.left.iris_radius + face.right.iris_radius) / 2
    to_frame = frame(eye, face.head.roll, radius)
    patch = np.asarray(crops.cut(pixels, to_frame, SIZE), np.float32)
    if pixels.dtype == np.uint8:
        patch /= 255
    full = _block(normalised(patch), "level0")
    half = _block(_block(full, "level1_0", 2), "level1_1")
    quarter = _block(_block(half, "level2_0", 2), "level2_1")
    eighth = _block(_block(quarter, "level3_0", 2), "level3_1")
    return to_frame, (full, half, quarter, eighth)


@cache
def weights() -> dict[str, Reals]:
    """The trained weights, by name."""
    with np.load(WEIGHTS) as data:
        return {name: data[name].astype(np.float32) for name in data.files}


def _block(x: Reals, name: str, stride: int = 1) -> Reals:
    return np.maximum(_convolve(x, name, stride), 0)


def _dense(x: Reals, name: str) -> Reals:
    return weights()[name] @ x + weights()[f"{name}.bias"]


def _convolve(x: Reals, name: str, stride: int = 1) -> Reals:
    """Convolution with zeros around; x (H, W, in), the kernel's weights (k, k, in, out)."""
    kernel, bias = weights()[name], weights()[f"{name}.bias"]
    size = kernel.shape[0]
    if size == 1:
        return np.asarray(x @ kernel[0, 0] + bias)
    padded = np.pad(x, ((size // 2, size // 2), (size // 2, size // 2), (0, 0)))
    windows = sliding_window_view(sliding_window_view(padded, size, 0), size, 1)
    windows = windows[::stride, ::stride]
    rows = windows.transpose(0, 1, 3, 4, 2).reshape(-1, kernel[..., 0].size)
    result = rows @ kernel.reshape(-1, kernel.shape[3]) + bias
    return np.asarray(result.reshape(*windows.shape[:2], -1))


def _joined(low: Reals, high: Reals) -> Reals:
    """The coarser features at the size of the finer ones, and both together."""
    enlarged = cv2.resize(low, (high.shape[1], high.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([enlarged, high], axis=2)
