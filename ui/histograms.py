"""Histograms of brightness, and the lines that draw them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.image.arrays import Image8

Mask = NDArray[np.bool_]

BINS = 64
# From here up, of 255, a value counts as white.
_WHITE = 254
SIZE = (256, 80)
"""Width and height of the drawing, in its own units."""
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


def histogram(image_u8: Image8, mask: Mask | None = None) -> Histogram:
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


def lines(before: Histogram, after: Histogram) -> tuple[str, str]:
    """The points of two lines in a drawing of `SIZE`, at one scale, for SVG."""
    most = max(float(before.shares.max()), float(after.shares.max())) ** _POWER
    return _points(before, most), _points(after, most)


def _points(drawn: Histogram, most: float) -> str:
    width, height = SIZE
    step = width / BINS
    heights = height * (1 - drawn.shares**_POWER / most)
    return " ".join(f"{(index + 0.5) * step:g},{one:.1f}" for index, one in enumerate(heights))
