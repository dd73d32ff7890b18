"""Mean colours of the iris and of the sclera in a patch, and the depth of its pixels in the eye."""

from __future__ import annotations

import numpy as np

from datasets.eye_samples import EyeSample
from pipelines.image import polygons
from pipelines.image.arrays import Image, Map, Points

# Depth inside the lids in patch pixels, of which an iris's radius has 14.
_SHALLOW, _DEEP = 1.5, 2.5
_LEAST_PIXELS = 12


def iris_and_sclera(pixels: Image, sample: EyeSample) -> Points:
    """Mean colours of iris and sclera, shape (2, 3); of the whole patch for a part not visible.

    The iris is taken without pupil and limbus, the sclera well inside the lids and away from the
    corners: nearer to either, most of a narrow eye is rim, lashes and caruncle.

    Args:
        pixels: float32 sRGB, shape (H, W, 3).
        sample: The patch's sample, whose truth says where the parts are.
    """
    depth = lid_depth(sample.contour, (pixels.shape[0], pixels.shape[1]))
    ys, xs = np.mgrid[: depth.shape[0], : depth.shape[1]]
    x, y, radius = sample.iris
    rho = np.hypot(xs - x, ys - y) / radius
    left, right = sample.contour[:, 0].min(), sample.contour[:, 0].max()
    along = (xs - left) / max(right - left, 1.0)
    iris = (depth > _SHALLOW) & (rho > 0.45) & (rho < 0.9)
    sclera = (rho > 1.2) & (along > 0.12) & (along < 0.9) & (depth > _DEEP)
    if sclera.sum() < _LEAST_PIXELS:
        sclera = (rho > 1.2) & (depth > _SHALLOW)
    whole = pixels.mean(axis=(0, 1))
    return np.array([pixels[p].mean(axis=0) if p.any() else whole for p in (iris, sclera)])


def lid_depth(contour: Points, shape: tuple[int, int]) -> Map:
    """Distance of every pixel of a shape (H, W) to the edge of the lids, positive inside."""
    return polygons.depth(polygons.filled(shape, contour))
