"""Is the skin over-polished? An estimate without the original, from the skin's finest detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image import colour, filters
from pipelines.image.arrays import Image, Map, Points
from pipelines.measure import quality
from pipelines.runtime.messages import Message

OVER_POLISHED_BELOW = 0.38
"""Share of a natural photo's detail under which the skin counts as over-polished.

Of 47 photographs that no constant was fitted on none lies below, of their copies under a strong
bilateral filter 40 do (docs/audit.md).
"""
MOST_EYE_DETAIL = 7.0
"""How many times a photograph's own ratio of eye detail to skin detail is still usual."""

# The face is judged with at most so many pixels between the eyes, and refused with too few.
_MOST, _LEAST = 160.0, 36.0
# Skin is judged in squares this many interoculars wide (about 8 mm).
_SQUARE = 0.12
_SMALLEST_SQUARE = 6
_LEAST_SQUARES = 20
_LEAST_ENERGY = 1e-3

# Fitted, robustly, on 48 photographs as they are, at 0.5 and 0.7 of their size, as JPEG of quality
# 60, slightly blurred and slightly noisy, so that none of these passes for polish. Powers of ten:
# what the smoothest tenth of the skin has in a natural photo, ...
_BY_SCALE = {
    "one": -2.808,
    "interocular": 0.690,
    "features": 0.811,
    "blur": -1.418,
    "bright": -0.328,
}
# ... and what the rest of the same skin lets expect of it.
_BY_SKIN = {"one": -1.198, "interocular": 0.263, "textured": 1.079}
# Fine detail of the eyes above that of the skin.
_EYES = {"one": 2.447, "interocular": -0.516, "blur": 0.995, "bright": 0.364}
# From this L* on a photo's tone curve flattens bright skin, polished or not.
_BRIGHT = 65.0


@dataclass(frozen=True)
class Finish:
    """How natural the fine detail of the skin is.

    Attributes:
        share: Energy of the fine band in the smoothest tenth of the skin / what a natural photo of
            the same scale, sharpness and wrinkles has: about 1 in photographs; None where the face
            is too small or shows too little skin.
        eye_detail: Fine detail of the eyes against that of the skin / the same in a natural photo.
    """

    share: float | None
    eye_detail: float | None

    @property
    def over_polished(self) -> bool:
        """Whether the skin has far less detail than a natural photo of its scale."""
        return self.share is not None and self.share < OVER_POLISHED_BELOW

    @property
    def warnings(self) -> tuple[str, ...]:
        """The verdict as a sentence; empty if there is nothing to say."""
        if self.share is None or not self.over_polished:
            return ()
        return (
            Message(
                "Over-polished, by an estimate: the skin shows about {share:.0%} of the fine "
                "detail that a natural photo of this size and sharpness has. Strong JPEG "
                "compression can look the same.",
                share=self.share,
            ),
        )

    def report(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "estimate": True,
            "skin_detail": None if self.share is None else round(self.share, 3),
            "over_polished": None if self.share is None else self.over_polished,
            "over_polished_below": OVER_POLISHED_BELOW,
        }


def of(pixels: Image, face: Face, mask: Map) -> Finish:
    """Estimate the finish of a portrait's skin.

    Retouching that smooths leaves dead spots: squares of skin whose fine band (`bands.fine`, below
    0.9 mm on the face) is nearly empty, beside wrinkles and edges that it kept. So the smoothest
    tenth of the squares is compared with two expectations, and their geometric mean is taken:
    what natural photos of this scale have, given how bright and how sharp this one is (edges and
    the detail of eyes and brows tell, so that blur is not taken for polish), and what the more
    textured squares of the same skin let expect. Grain that was added afterwards hides a polish.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        mask: Skin mask, shape (H, W).
    """
    pixels, face, mask = _at_scale(pixels, face, mask)
    if face.interocular < _LEAST:
        return Finish(None, None)
    view = skin.window(face)
    lightness = colour.to_lab(pixels[view])[..., 0]
    band = filters.fine(lightness, face.interocular)
    on_skin = mask[view] > 0.5
    squares = _squares(band, on_skin, face.interocular)
    if len(squares) < _LEAST_SQUARES:
        return Finish(None, None)
    smooth, middle, textured = (float(value) for value in np.percentile(squares, [10, 50, 75]))
    eyes = skin.both(face, "eye", view, 0.06)
    brows = skin.both(face, "brow", view, 0.02)
    seen = {
        "one": 1.0,
        "interocular": float(np.log10(face.interocular)),
        "blur": float(np.log10(quality.edge_spread(pixels, face))),
        "features": _energy(band[np.maximum(eyes, brows) > 0]),
        "textured": textured,
        "bright": max(float(np.median(lightness[on_skin])) - _BRIGHT, 0.0) / 10,
    }
    share = 10 ** (smooth - (_expected(_BY_SCALE, seen) + _expected(_BY_SKIN, seen)) / 2)
    eye_detail = 10 ** (_energy(band[eyes > 0]) - middle - _expected(_EYES, seen))
    return Finish(share, eye_detail)


def _at_scale(pixels: Image, face: Face, mask: Map) -> tuple[Image, Face, Map]:
    scale = _MOST / face.interocular
    if scale >= 1:
        return pixels, face, mask
    height, width = (max(8, round(side * scale)) for side in face.size)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    thin = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return (
        np.asarray(small, np.float32),
        face.scaled(scale, (height, width)),
        np.asarray(thin, np.float32),
    )


def _squares(band: Map, on_skin: np.ndarray[Any, np.dtype[np.bool_]], interocular: float) -> Points:
    """Energy of the band in each square of skin, in powers of ten."""
    values = band[on_skin]
    if not values.size:
        return np.empty(0)
    # An edge that strays into the mask must not pass for texture.
    limit = max(3 * 1.48 * float(np.median(np.abs(values))), 1.0)
    weight = on_skin.astype(np.float32)
    side = max(_SMALLEST_SQUARE, round(_SQUARE * interocular))
    height, width = band.shape
    size = (max(1, round(width / side)), max(1, round(height / side)))
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    energy = cv2.resize(
        weight * np.clip(band, -limit, limit) ** 2, size, interpolation=cv2.INTER_AREA
    )
    counts = share > 0.4
    return np.log10(energy[counts].astype(np.float64) / share[counts] + _LEAST_ENERGY)


def _energy(values: Map) -> float:
    return float(np.log10(np.mean(values.astype(np.float64) ** 2) + _LEAST_ENERGY))


def _expected(coefficients: dict[str, float], seen: dict[str, float]) -> float:
    return sum(value * seen[name] for name, value in coefficients.items())
