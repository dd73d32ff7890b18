"""The mean colours of an iris and of the white beside it, on the same pixels of two pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.eye_samples import EyeSample
from pipelines.image.arrays import Image, Points

# Pixels inside the lids, of which an iris's radius has 14.
_SHALLOW, _DEEP = 1.5, 2.5
# White pixels that make a mean.
_LEAST = 12


@dataclass(frozen=True)
class Parts:
    """Where a patch shows what.

    Attributes:
        iris: Its ring without pupil and limbus, (H, W).
        white: What is surely white, (H, W).
    """

    iris: NDArray[np.bool_]
    white: NDArray[np.bool_]

    @classmethod
    def of(cls, one: EyeSample) -> Parts:
        """Where they are in the truth of a patch.

        White is what lies well inside the lids and away from the corners: nearer to either, most
        of a narrow eye is rim, lashes and caruncle.
        """
        shape = one.truth.shape[:2]
        opening = np.zeros(shape, np.uint8)
        cv2.fillPoly(opening, [np.round(one.contour * 16).astype(np.int32)], (1,), shift=4)
        depth = cv2.distanceTransform(opening, cv2.DIST_L2, 5)
        ys, xs = np.mgrid[: shape[0], : shape[1]]
        x, y, radius = one.iris
        rho = np.hypot(xs - x, ys - y) / radius
        left, right = one.contour[:, 0].min(), one.contour[:, 0].max()
        along = (xs - left) / max(right - left, 1.0)
        middle = (along > 0.12) & (along < 0.9)
        white = (rho > 1.2) & middle & (depth > _DEEP)
        return cls(
            iris=(depth > _SHALLOW) & (rho > 0.45) & (rho < 0.9),
            white=white if white.sum() >= _LEAST else (rho > 1.2) & (depth > _SHALLOW),
        )

    def colours(self, pixels: Image) -> Points:
        """Mean colours of iris and white, shape (2, 3); of all of the patch for a part unseen.

        Args:
            pixels: float32 sRGB, shape (H, W, 3).
        """
        parts = (self.iris, self.white)
        whole = pixels.mean(axis=(0, 1))
        return np.array([pixels[part].mean(axis=0) if part.any() else whole for part in parts])
