"""Histograms of brightness, and their SVG: the original as an area, a look as a line."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

BINS = 64
# From here up, of 255, a value counts as white.
_WHITE = 254
_WIDTH, _HEIGHT = 256, 80
# Heights are drawn as their square root; a peak of background would dwarf everything else.
_POWER = 0.5


@dataclass(frozen=True)
class Histogram:
    """Distribution of brightness.

    Attributes:
        shares: Share of each of `BINS` bins, dark to light; they sum to 1.
        median: Median brightness, 0..255.
        white: Share that counts as white, 0..1.
    """

    shares: NDArray[np.float64] = field(repr=False)
    median: float
    white: float


def histogram(image_u8: Pixels, mask: Mask | None = None) -> Histogram:
    """Histogram of a picture's luma, Rec. 601 on 8-bit sRGB.

    Args:
        image_u8: uint8 sRGB, (H, W, 3).
        mask: The pixels that count, (H, W); all if None.

    Raises:
        ValueError: The mask is empty.
    """
    luma = cv2.cvtColor(image_u8, cv2.COLOR_RGB2GRAY)
    values = luma.ravel() if mask is None else luma[mask]
    if not values.size:
        raise ValueError("nothing to count")
    counts = np.bincount(values, minlength=256).reshape(BINS, -1).sum(axis=1)
    return Histogram(
        shares=counts / values.size,
        median=float(np.median(values)),
        white=float(np.mean(values >= _WHITE)),
    )


def svg(before: Histogram, after: Histogram, label: str) -> str:
    """Draw both at one scale.

    Args:
        before: Of the original, drawn as a grey area.
        after: Of the look, drawn as a line.
        label: Alternative text, already escaped.
    """
    most = max(float(before.shares.max()), float(after.shares.max())) ** _POWER
    area, line = (_points(drawn, most) for drawn in (before, after))
    return (
        f'<svg class="p-histogram" viewBox="0 -2 {_WIDTH} {_HEIGHT + 3}" '
        f'preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<polygon points="0,{_HEIGHT} {area} {_WIDTH},{_HEIGHT}"/>'
        f'<polyline points="{line}"/>'
        f'<path d="M0 {_HEIGHT}H{_WIDTH}"/></svg>'
    )


def _points(drawn: Histogram, most: float) -> str:
    step = _WIDTH / BINS
    heights = _HEIGHT * (1 - drawn.shares**_POWER / most)
    return " ".join(
        f"{(index + 0.5) * step:g},{height:.1f}" for index, height in enumerate(heights)
    )
