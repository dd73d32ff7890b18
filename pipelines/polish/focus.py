"""Dose ``sharpness``, for a photo slightly out of focus: undo the measured blur, invent nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.closeup import Closeup
from pipelines.face.skin import Skin
from pipelines.image.arrays import Map
from pipelines.image.filters import lowpass
from pipelines.measure import quality
from pipelines.polish import sharpness

# Spread of edges on the face in millimetres (see `quality.edge_spread`): up to the first a photo is
# in focus (9 of 10 portraits), above the last it cannot be mended; and what it is brought to.
_IN_FOCUS, _LOST, _GOAL = 1.35, 2.8, 1.05
# Mean distance of the pupils in millimetres (Dodgson 2004).
_PUPILS_MM = 63.4
# Steps of the deconvolution; more would bring out grain.
_STEPS = 6
# Luma below which a pixel is black to it.
_LEAST = 1e-4
# By how much of the range of the values around it a pixel may go beyond them.
_SLACK = 0.15

# Standard deviation of the border towards skin, in interocular distances.
_BORDER = 0.02


@dataclass(frozen=True)
class Focus:
    """The blur of a face.

    Attributes:
        lost: Whether the face is too blurred to be mended.
        change: Change of luma at a dose of 1, shape (h, w) of the crop; 0 if nothing is mended.
    """

    lost: bool
    change: Map = field(repr=False)


def measure(crop: Closeup, masks: Skin) -> Focus:
    """Measure the blur of a face, and undo it if it is mild.

    The deconvolution is that of Richardson (1972) and Lucy (1974) with a Gaussian as wide as the
    measured blur is wider than that of a photo in focus, on brightness alone. Skin is left as it
    is: what a deconvolution adds there is not its own texture.

    Args:
        crop: Crop of the face.
        masks: Skin masks of the crop.
    """
    luma, unit = crop.luma, crop.face.interocular
    nothing = np.zeros_like(luma)
    spread = quality.edge_spread(crop.pixels, crop.face)
    share = sharpness.allowed(crop)
    if spread > _LOST or spread <= _IN_FOCUS or share == 0:
        return Focus(spread > _LOST, nothing)
    blur = float(np.sqrt(spread**2 - _GOAL**2)) * unit / _PUPILS_MM
    restored = _deconvolved(luma, blur)
    around = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(luma, around), cv2.dilate(luma, around)
    slack = _SLACK * (high - low)
    change = np.clip(restored, low - slack, high + slack) - luma
    bare = np.clip(1.5 * lowpass(masks.visible, _BORDER * unit), 0, 1)
    where = share * skin.edge(crop.face) * (1 - bare)
    return Focus(False, np.asarray(where * change, np.float32))


def _deconvolved(luma: Map, sigma: float) -> Map:
    """The luma before a Gaussian blur of `sigma` pixels (Richardson 1972, Lucy 1974).

    As `skimage.restoration.richardson_lucy`, which cannot know that the blur is separable and takes
    four times as long.
    """
    line = cv2.getGaussianKernel(2 * max(1, int(np.ceil(3 * sigma))) + 1, sigma)

    def blurred(values: Map) -> Map:
        smooth = cv2.sepFilter2D(values, cv2.CV_32F, line, line, borderType=cv2.BORDER_REFLECT)
        return np.asarray(smooth, np.float32)

    result: Map = np.full_like(luma, 0.5)
    for _ in range(_STEPS):
        seen = blurred(result)
        result *= blurred(np.where(seen < _LEAST, 0, luma / np.maximum(seen, _LEAST)))
    return np.minimum(result, 1)
