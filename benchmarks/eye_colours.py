"""The mean colours of an iris and of the white beside it, on the same pixels of two pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Image, Points
from training.eye_model.tasks import Sample


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
    def of(cls, one: Sample) -> Parts:
        """Found in the truth of a patch.

        Between the lids of a narrow eye, beside the iris, lie corner, rim and lashes, too. The
        white is the half of it with the least colour.
        """
        truth = one.truth
        opening = np.zeros(truth.shape[:2], np.uint8)
        cv2.fillPoly(opening, [np.round(one.contour * 16).astype(np.int32)], (1,), shift=4)
        inside = cv2.distanceTransform(opening, cv2.DIST_L2, 5) > 1.5
        ys, xs = np.mgrid[: truth.shape[0], : truth.shape[1]]
        x, y, radius = one.iris
        rho = np.hypot(xs - x, ys - y) / radius
        beside = inside & (rho > 1.2)
        colour = np.ptp(truth, axis=2) / np.maximum(truth.max(axis=2), 0.05)
        half = np.median(colour[beside]) if beside.any() else 0.0
        return cls(iris=inside & (rho > 0.45) & (rho < 0.9), white=beside & (colour <= half))

    def colours(self, pixels: Image) -> Points:
        """Mean colours of iris and white, shape (2, 3); of all of the patch for a part unseen.

        Args:
            pixels: float32 sRGB, shape (H, W, 3).
        """
        parts = (self.iris, self.white)
        whole = pixels.mean(axis=(0, 1))
        return np.array([pixels[part].mean(axis=0) if part.any() else whole for part in parts])
