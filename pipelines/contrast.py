"""A gentle contrast curve over the picture, and a glow on the face."""

from __future__ import annotations

import numpy as np

from pipelines import skin
from pipelines.arrays import Image, Map
from pipelines.bands import lowpass
from pipelines.face import Face
from pipelines.luma import add, luma_of

_CURVE = 0.8
_GLOW, _MOST_GLOW = 0.3, 0.08


def apply(pixels: Image, face: Face, mask: Map, dose: float) -> Image:
    """An S-curve over the whole picture, turning about the skin, and a glow on the face.

    The curve x(1-x)(x-p) is pinned at black and white; its pivot p is chosen so that it leaves the
    mean of the skin as it is, and far from the face that of the picture: nobody, and no room, gets
    lighter or darker. The glow is the face's own modelling by light, a little stronger. Hues stay:
    all channels move together.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        mask: Skin mask, shape (H, W).
        dose: 0..1, above 0.
    """
    luma = luma_of(pixels)
    curve = luma * (1 - luma)
    change = (_CURVE * dose) * curve * (luma - _pivot(luma, curve, face, mask))
    view = skin.window(face)
    change[view] += dose * _glow(luma[view], mask[view], face.interocular)
    return add(pixels, change)


def _pivot(luma: Map, curve: Map, face: Face, mask: Map) -> Map:
    def neutral(weight: Map | float) -> float:
        weighted = curve * weight
        return float((weighted * luma).sum() / max(float(weighted.sum()), 1e-6))

    around = neutral(1.0)
    if not mask.any():
        return np.full_like(luma, around)
    near = lowpass(skin.edge(face), 0.6 * face.interocular)
    near = np.clip(near / 0.5, 0, 1)
    return np.asarray(around + (neutral(mask) - around) * near, np.float32)


def _glow(luma: Map, mask: Map, interocular: float) -> Map:
    form = lowpass(luma, 0.10 * interocular, mask) - lowpass(luma, 0.45 * interocular, mask)
    form -= float((form * mask).sum() / max(float(mask.sum()), 1e-6))
    limited = _MOST_GLOW * np.tanh(form / _MOST_GLOW)
    return np.asarray(_GLOW * limited * mask, np.float32)
