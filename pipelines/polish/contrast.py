"""Dose ``contrast``: an S-curve over the whole picture, and a glow on the face."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.closeup import Closeup
from pipelines.image import blocks
from pipelines.image.arrays import Image, Map
from pipelines.image.colour import add, luma_of
from pipelines.image.filters import lowpass

# Strength of the curve and of the glow at a dose of 1, and the largest glow in luma. On a face the
# curve is weaker: its lit part would become lighter, on dark skin more than on light.
_CURVE, _CURVE_ON_FACE = 0.8, 0.3
_GLOW, _MOST_GLOW = 0.2, 0.08
# Standard deviation of the transition between the face's pivot and the picture's, in interocular
# distances.
_TRANSITION = 0.6
# Long side in pixels of the copy on which the picture's mean is measured.
_MEAN_SIDE = 256


@dataclass(frozen=True)
class Curve:
    """Pivot of the S-curve and glow of one picture.

    Attributes:
        far_pivot: Luma that the curve keeps far from the face.
        pivot: Luma that it keeps on the face.
        on_face: Share of the face's pivot and strength, 0..1, shape (h, w) of the crop of the face.
        glow: Change of luma at a dose of 1, likewise.
    """

    far_pivot: float
    pivot: float
    on_face: Map = field(repr=False)
    glow: Map = field(repr=False)

    @property
    def steepness(self) -> float:
        """Share by which differences around the picture's pivot grow at a dose of 1."""
        return _CURVE * self.far_pivot * (1 - self.far_pivot)


def measure(pixels: Image, crop: Closeup, mask: Map) -> Curve:
    """Choose the pivots of the curve, and compute the glow.

    Args:
        pixels: The whole picture, float32 sRGB in [0, 1], shape (H, W, 3).
        crop: Crop of the face in it.
        mask: Facial skin in the crop, [0, 1], shape (h, w).
    """
    scale = min(1.0, _MEAN_SIDE / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    far_pivot = _neutral_pivot(luma_of(np.asarray(small, np.float32)))
    luma, unit = crop.luma, crop.face.interocular
    if not mask.any():
        return Curve(far_pivot, far_pivot, np.zeros_like(luma), np.zeros_like(luma))
    # Shifted so that it is 0 at the border of the crop.
    on_face = np.clip((lowpass(skin.edge(crop.face), _TRANSITION * unit) - 0.03) / 0.5, 0, 1)
    return Curve(far_pivot, _neutral_pivot(luma, mask), on_face, _glow(luma, mask, unit))


def apply(pixels: Image, crop: Closeup, curve: Curve, dose: float) -> Image:
    """Apply the S-curve to the whole picture, and the glow to the face.

    The curve adds a multiple of x(1-x)(x-p) to the luma x, so black and white stay. Its pivot p is
    chosen so that the mean luma of the skin does not change, and far from the face that of the
    picture. The glow strengthens the large-scale light and shade of the face. Hues do not change,
    because all channels are changed together.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        crop: Crop of the face whose `view` locates the pivot and the glow.
        curve: From `measure`.
        dose: Above 0 up to 1.
    """
    result = np.empty_like(pixels)
    rows, columns = crop.view
    on_face, glow = crop.back(curve.on_face), crop.back(curve.glow)
    for part in blocks.rows(pixels.shape):
        block, top = pixels[part], part.start
        luma = luma_of(block)
        share: Map = np.zeros_like(luma)
        low, high = max(top, rows.start), min(top + len(block), rows.stop)
        in_block = slice(low - top, high - top), columns
        in_crop = slice(low - rows.start, high - rows.start)
        if low < high:
            share[in_block] = on_face[in_crop]
        pivot: Map = curve.far_pivot + (curve.pivot - curve.far_pivot) * share
        strength: Map = _CURVE + (_CURVE_ON_FACE - _CURVE) * share
        change = np.float32(dose) * strength * luma * (1 - luma) * (luma - pivot)
        if low < high:
            change[in_block] += dose * glow[in_crop]
        result[part] = add(block, change)
    return result


def _neutral_pivot(luma: Map, weight: Map | None = None) -> float:
    """Pivot at which the curve does not change the (weighted) mean luma."""
    weighted = luma * (1 - luma)
    if weight is not None:
        weighted = weighted * weight
    return float((weighted * luma).sum() / max(float(weighted.sum()), 1e-6))


def _glow(luma: Map, mask: Map, interocular: float) -> Map:
    """Change of luma that strengthens the large-scale light and shade of the face, mean 0."""
    shading = lowpass(luma, 0.10 * interocular, mask) - lowpass(luma, 0.45 * interocular, mask)
    shading -= float((shading * mask).sum() / max(float(mask.sum()), 1e-6))
    limited = _MOST_GLOW * np.tanh(shading / _MOST_GLOW)
    return np.asarray(_GLOW * limited * mask, np.float32)
