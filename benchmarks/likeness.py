"""Similarity of two pictures inside a region: PSNR, SSIM and gradient-magnitude similarity."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from pipelines.face import Eye
from pipelines.image import polygons
from pipelines.image.arrays import Image8, Map

# Of the gradient magnitude, on the 0..255 scale (Xue et al. 2014).
_GRADIENT_FLOOR = 170.0


@dataclass(frozen=True)
class Likeness:
    """Similarity of a picture to the true one.

    Attributes:
        psnr: Peak signal-to-noise ratio in dB.
        ssim: Structural similarity (Wang et al. 2004); 1 for equal pictures.
        gradients: Gradient-magnitude similarity (Xue et al. 2014, IEEE TIP 23(2)); 1 for equal
            pictures. The size is not halved first as in the paper, because eyes are small.
    """

    psnr: float
    ssim: float
    gradients: float


def eye_region(eyes: tuple[Eye, Eye], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Mask of both lid openings and half an iris radius around them, shape `size` (H, W)."""
    opening = polygons.filled(size, *(eye.contour for eye in eyes))
    away = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5)
    reach = 0.5 * (eyes[0].iris_radius + eyes[1].iris_radius) / 2
    return np.asarray(away <= reach)


def compare(picture: Image8, truth: Image8, region: NDArray[np.bool_]) -> Likeness:
    """Compare two pictures of one size inside a region, shape (H, W), that is not empty."""
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    # SSIM needs 3 pixels around the region, gradients 1 pixel.
    view = np.s_[
        max(rows[0] - 4, 0) : rows[-1] + 5,
        max(columns[0] - 4, 0) : columns[-1] + 5,
    ]
    a, b, inside = picture[view], truth[view], region[view]
    error = (a[inside].astype(np.float64) - b[inside]) ** 2
    _, ssim = structural_similarity(b, a, channel_axis=2, data_range=255, full=True)
    magnitudes = _gradient(a), _gradient(b)
    product = 2 * magnitudes[0] * magnitudes[1] + _GRADIENT_FLOOR
    similar = product / (magnitudes[0] ** 2 + magnitudes[1] ** 2 + _GRADIENT_FLOOR)
    return Likeness(
        psnr=float(10 * np.log10(255**2 / max(error.mean(), 1e-3))),
        ssim=float(ssim.mean(axis=2)[inside].mean()),
        gradients=float(similar[inside].mean()),
    )


def _gradient(picture: Image8) -> Map:
    """Gradient magnitude of the luma (Prewitt), shape (H, W)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    across = np.array([[1, 0, -1]] * 3, np.float32) / 3
    return np.hypot(cv2.filter2D(grey, -1, across), cv2.filter2D(grey, -1, across.T))
