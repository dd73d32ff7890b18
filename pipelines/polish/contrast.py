"""A gentle contrast curve over the picture, and a glow on the face."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from pipelines.face import skin
from pipelines.face.closeup import Closeup
from pipelines.image.arrays import Image, Map
from pipelines.image.colour import add, luma_of
from pipelines.image.filters import lowpass

_CURVE = 0.8
_GLOW, _MOST_GLOW = 0.3, 0.08
# How far around the face the curve is the face's own, in interoculars.
_NEAR = 0.6
# The picture's mean needs no more detail than this, in pixels of the long side.
_MEAN_SIDE = 256
# Rows are worked on in portions that stay in the processor's cache.
_PORTION = 1 << 17


@dataclass(frozen=True)
class Curve:
    """What `apply` needs of a picture: read once, on a small copy.

    Attributes:
        around: Where the curve turns far from the face, in luma.
        pivot: The same near the face, shape of the closeup.
        glow: What is added on the face at a full dose, shape of the closeup.
    """

    around: float
    pivot: Map = field(repr=False)
    glow: Map = field(repr=False)


def read(pixels: Image, near: Closeup, mask: Map) -> Curve:
    """Learn where the curve turns and where the glow lies.

    Args:
        pixels: The whole picture, float32 sRGB in [0, 1], shape (H, W, 3).
        near: The face in it.
        mask: Facial skin in the closeup, [0, 1], shape (h, w).
    """
    scale = min(1.0, _MEAN_SIDE / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    around = _neutral(luma_of(np.asarray(small, np.float32)))
    luma, unit = luma_of(near.pixels), near.face.interocular
    if not mask.any():
        return Curve(around, np.full_like(luma, around), np.zeros_like(luma))
    # What is left of it at the closeup's border is too little to be seen: nothing.
    on_face = np.clip((lowpass(skin.edge(near.face), _NEAR * unit) - 0.03) / 0.5, 0, 1)
    pivot = around + (_neutral(luma, mask) - around) * on_face
    return Curve(around, np.asarray(pivot, np.float32), _glow(luma, mask, unit))


def apply(pixels: Image, near: Closeup, curve: Curve, dose: float) -> Image:
    """An S-curve over the whole picture, turning about the skin, and a glow on the face.

    The curve x(1-x)(x-p) is pinned at black and white; its pivot p is chosen so that it leaves the
    mean of the skin as it is, and far from the face that of the picture: nobody, and no room, gets
    lighter or darker. The glow is the face's own modelling by light, a little stronger. Hues stay:
    all channels move together.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        near: The closeup that `curve` was read from; says where it lies.
        curve: From `read`.
        dose: 0..1, above 0.
    """
    result = np.empty_like(pixels)
    rows, columns = near.view
    pivot, glow = near.back(curve.pivot), near.back(curve.glow)
    step = max(1, _PORTION // max(pixels.shape[1], 1))
    for top in range(0, len(pixels), step):
        part = pixels[top : top + step]
        luma = luma_of(part)
        turn: Map = np.full_like(luma, curve.around)
        low, high = max(top, rows.start), min(top + len(part), rows.stop)
        here = slice(low - top, high - top), columns
        there = slice(low - rows.start, high - rows.start)
        if low < high:
            turn[here] = pivot[there]
        change = (_CURVE * dose) * luma * (1 - luma) * (luma - turn)
        if low < high:
            change[here] += dose * glow[there]
        result[top : top + step] = add(part, change)
    return result


def _neutral(luma: Map, weight: Map | None = None) -> float:
    """The pivot at which the curve leaves the mean as it is."""
    weighted = luma * (1 - luma)
    if weight is not None:
        weighted = weighted * weight
    return float((weighted * luma).sum() / max(float(weighted.sum()), 1e-6))


def _glow(luma: Map, mask: Map, interocular: float) -> Map:
    form = lowpass(luma, 0.10 * interocular, mask) - lowpass(luma, 0.45 * interocular, mask)
    # Sheen is the lightest part of a face's modelling, and no portrait wants more of it.
    form = np.where(form > 0, 0.6 * form, form)
    form -= float((form * mask).sum() / max(float(mask.sum()), 1e-6))
    limited = _MOST_GLOW * np.tanh(form / _MOST_GLOW)
    return np.asarray(_GLOW * limited * mask, np.float32)
