"""Tone-map high dynamic range (PQ, HLG, linear light) to what a screen of standard range shows.

Sources: Recommendation ITU-R BT.2100-2 (PQ, HLG and its OOTF at 1000 cd/m²); Report ITU-R BT.2408
(diffuse white at 203 cd/m²); Report ITU-R BT.2390-10, 5.4.1 (the EETF, here on the largest channel,
so that hues stay).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Image, Reals

WHITE_NITS = 203.0
"""Luminance of diffuse white, which becomes the white of sRGB where nothing is brighter."""
PQ, HLG = 16, 18
"""CICP codes of the two transfer functions."""

_HLG_NITS, _HLG_GAMMA = 1000.0, 1.2
_BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def linear(values: NDArray[np.uint8] | NDArray[np.uint16], transfer: int) -> Image:
    """Linear light of PQ or HLG values, 1 is diffuse white; shape (H, W, 3), in their primaries."""
    steps = np.linspace(0, 1, np.iinfo(values.dtype).max + 1)
    if transfer == PQ:
        return np.asarray(_nits_of_pq(steps) / WHITE_NITS, np.float32).take(values)
    low, high = steps**2 / 3, (np.exp((steps - _C) / _A) + _B) / 12
    scene = np.where(steps <= 0.5, low, high).astype(np.float32).take(values)
    luminance = np.maximum(scene @ _BT2020_LUMINANCE, 1e-6) ** (_HLG_GAMMA - 1)
    return scene * luminance[..., None] * np.float32(_HLG_NITS / WHITE_NITS)


def compress(light: Image) -> Image:
    """Bring linear light, 1 for diffuse white, to [0, 1] by the EETF of BT.2390.

    A picture without anything brighter than diffuse white stays as it is.
    """
    brightest = light.max(axis=2)
    peak = float(np.percentile(brightest[::2, ::2], 99.9)) * WHITE_NITS
    if peak <= WHITE_NITS:
        return np.clip(light, 0, 1)
    top = float(_pq_of_nits(np.array(min(peak, 10_000.0))))
    white = float(_pq_of_nits(np.array(WHITE_NITS))) / top
    knee = 1.5 * white - 0.5
    signal = np.linspace(0, 1, 4096)
    t = np.maximum(signal - knee, 0) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * white
    )
    after = _nits_of_pq(np.where(signal < knee, signal, spline) * top) / WHITE_NITS
    before = _nits_of_pq(signal * top) / WHITE_NITS
    wanted = np.interp(brightest, before, after)
    scale = wanted / np.maximum(brightest, 1e-6)
    return np.clip(light * scale[..., None].astype(np.float32), 0, 1)


def _nits_of_pq(signal: Reals) -> NDArray[np.float64]:
    power = np.maximum(signal, 0) ** (1 / _M2)
    light = (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return np.asarray(10_000 * light, np.float64)


def _pq_of_nits(nits: Reals) -> NDArray[np.float64]:
    power = (np.asarray(nits, np.float64) / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float64)
