"""Histograms of brightness as SVG: the original as an area, a look as a line."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

BINS = 64
# Of 255: as good as white.
_WHITE = 254
_WIDTH, _HEIGHT = 256, 80
# Heights are shown by their root: a peak of background would hide everything else.
_POWER = 0.5


@dataclass(frozen=True)
class Histogram:
    """How often each brightness occurs.

    Attributes:
        shares: Share of each of `BINS` bins, dark to light; they sum to 1.
        median: The middle brightness, 0..255.
        white: Share that is as good as white, 0..1.
    """

    shares: NDArray[np.float64] = field(repr=False)
    median: float
    white: float


def of(image_u8: Pixels, mask: Mask | None = None) -> Histogram:
    """Histogram of a picture's luma (Rec. 601, as 8-bit grey is made of sRGB).

    Args:
        image_u8: uint8 sRGB, (H, W, 3).
        mask: What of it counts, (H, W); everything if None.

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
    """Both in one drawing, at one scale.

    Args:
        before: The original's: a grey area.
        after: The look's: a line.
        label: What it shows, in words; already escaped.
    """
    most = max(float(before.shares.max()), float(after.shares.max())) ** _POWER
    area, line = (_points(one, most) for one in (before, after))
    return (
        f'<svg class="p-histogram" viewBox="0 -2 {_WIDTH} {_HEIGHT + 3}" '
        f'preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<polygon points="0,{_HEIGHT} {area} {_WIDTH},{_HEIGHT}"/>'
        f'<polyline points="{line}"/>'
        f'<path d="M0 {_HEIGHT}H{_WIDTH}"/></svg>'
    )


def _points(one: Histogram, most: float) -> str:
    step = _WIDTH / BINS
    heights = _HEIGHT * (1 - one.shares**_POWER / most)
    return " ".join(
        f"{(index + 0.5) * step:g},{height:.1f}" for index, height in enumerate(heights)
    )
