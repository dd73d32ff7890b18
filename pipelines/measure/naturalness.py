"""Estimate without an original whether skin is over-polished, from its fine detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face import Face, skin
from pipelines.image import colour, filters
from pipelines.image.arrays import Image, Map, Points
from pipelines.measure import quality
from pipelines.runtime.messages import Message

OVER_POLISHED_BELOW = 0.38
"""Share of a natural photo's fine detail below which skin counts as over-polished.

Of 47 photographs that were not used for fitting, none lies below it; of their copies after a strong
bilateral filter, 40 do (docs/audit.md).
"""
MOST_EYE_DETAIL = 7.0
"""Largest usual ratio of eye detail to skin detail, relative to that of a natural photo."""

# Interocular distance in pixels to which larger faces are reduced, and below which a face is too
# small to judge.
_MOST_INTEROCULAR, _LEAST_INTEROCULAR = 160.0, 36.0
# Side of the squares in which skin is judged, in interocular distances (about 8 mm) and at least in
# pixels, and the number of squares needed.
_SQUARE = 0.12
_SMALLEST_SQUARE = 6
_LEAST_SQUARES = 20
# Added to energies before their logarithm.
_LEAST_ENERGY = 1e-3

# Coefficients of three linear models of the common logarithm of an energy, by feature of the photo
# (see `of`). Fitted robustly on 48 photographs: as they are, at 0.5 and 0.7 of their size, as JPEG
# of quality 60, slightly blurred, and slightly noisy, so that none of these counts as polish.
# Energy of the smoothest tenth of the skin in a natural photo of this scale and sharpness, ...
_BY_SCALE = {
    "constant": -2.808,
    "interocular": 0.690,
    "features": 0.811,
    "blur": -1.418,
    "bright": -0.328,
}
# ... the same, from the more textured squares of this skin, ...
_BY_SKIN = {"constant": -1.198, "interocular": 0.263, "textured": 1.079}
# ... and energy of the eyes relative to the median of the skin.
_EYES = {"constant": 2.447, "interocular": -0.516, "blur": 0.995, "bright": 0.364}
# L* above which the tone curve of a photo flattens skin, polished or not.
_BRIGHT = 65.0


@dataclass(frozen=True)
class Finish:
    """Fine detail of the skin and the eyes, relative to a natural photo.

    Attributes:
        share: Energy of the fine band in the smoothest tenth of the skin, divided by that in a
            natural photo of the same scale, sharpness and wrinkles: about 1 in photographs. None
            if the face is too small or shows too little skin.
        eye_detail: Energy of the fine band of the eyes relative to that of the skin, divided by
            the same ratio in a natural photo. None as for `share`.
    """

    share: float | None
    eye_detail: float | None

    @property
    def over_polished(self) -> bool:
        """Whether the skin has far less fine detail than a natural photo of its scale."""
        return self.share is not None and self.share < OVER_POLISHED_BELOW

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence if the skin is over-polished, else empty."""
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
    """Estimate how natural the fine detail of a portrait's skin is.

    Smoothing leaves squares of skin whose fine band (`filters.fine`, detail below 0.9 mm on the
    face) is nearly empty, next to wrinkles and edges that it kept. The energy of the smoothest
    tenth of the squares is therefore compared with the geometric mean of two expectations:

    1. that of natural photos of this scale, brightness and sharpness. Sharpness is judged by the
       edges of the face and the detail of eyes and brows, so that blur does not count as polish;
    2. that derived from the more textured squares of the same skin.

    Grain that was added after a polish hides it.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it.
        mask: Skin mask, shape (H, W).
    """
    pixels, face, mask = _reduced(pixels, face, mask)
    if face.interocular < _LEAST_INTEROCULAR:
        return Finish(None, None)
    view = skin.window(face)
    lightness = colour.to_lab(pixels[view])[..., 0]
    band = filters.fine(lightness, face.interocular)
    on_skin = mask[view] > 0.5
    squares = _square_energies(band, on_skin, face.interocular)
    if len(squares) < _LEAST_SQUARES:
        return Finish(None, None)
    smooth, middle, textured = (float(value) for value in np.percentile(squares, [10, 50, 75]))
    eyes = skin.both(face, "eye", view, 0.06)
    brows = skin.both(face, "brow", view, 0.02)
    features = {
        "constant": 1.0,
        "interocular": float(np.log10(face.interocular)),
        "blur": float(np.log10(quality.edge_spread(pixels, face))),
        "features": _energy(band[np.maximum(eyes, brows) > 0]),
        "textured": textured,
        "bright": max(float(np.median(lightness[on_skin])) - _BRIGHT, 0.0) / 10,
    }
    expected = (_predict(_BY_SCALE, features) + _predict(_BY_SKIN, features)) / 2
    eye_detail = _energy(band[eyes > 0]) - middle - _predict(_EYES, features)
    return Finish(10 ** (smooth - expected), 10**eye_detail)


def _reduced(pixels: Image, face: Face, mask: Map) -> tuple[Image, Face, Map]:
    """The picture, face and mask, reduced to `_MOST_INTEROCULAR` if the face is larger."""
    scale = _MOST_INTEROCULAR / face.interocular
    if scale >= 1:
        return pixels, face, mask
    height, width = (max(8, round(side * scale)) for side in face.size)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    small_mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return (
        np.asarray(small, np.float32),
        face.scaled(scale, (height, width)),
        np.asarray(small_mask, np.float32),
    )


def _square_energies(band: Map, on_skin: NDArray[np.bool_], interocular: float) -> Points:
    """Common logarithm of the energy of the band in each square of skin, shape (n,)."""
    values = band[on_skin]
    if not values.size:
        return np.empty(0)
    # Clip edges that reach into the mask, so that they do not count as texture.
    limit = max(3 * 1.48 * float(np.median(np.abs(values))), 1.0)
    weight = on_skin.astype(np.float32)
    side = max(_SMALLEST_SQUARE, round(_SQUARE * interocular))
    height, width = band.shape
    size = (max(1, round(width / side)), max(1, round(height / side)))
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    energy = cv2.resize(
        weight * np.clip(band, -limit, limit) ** 2, size, interpolation=cv2.INTER_AREA
    )
    valid = share > 0.4
    return np.log10(energy[valid].astype(np.float64) / share[valid] + _LEAST_ENERGY)


def _energy(values: Map) -> float:
    """Common logarithm of the mean energy."""
    return float(np.log10(np.mean(values.astype(np.float64) ** 2) + _LEAST_ENERGY))


def _predict(coefficients: dict[str, float], features: dict[str, float]) -> float:
    return sum(value * features[name] for name, value in coefficients.items())
