"""Dose ``shadows``: soften hard shadows on the face."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Share of the shadow that is lifted at a dose of 1, and the largest lift in L*.
_SHADOW, _MOST_SHADOW = 0.80, 16.0
# Largest mean lift over the skin, in L*. `retouch` keeps the mean tone of the skin, so lifting half
# of a face further would darken its lit half.
_MOST_MEAN_LIFT = 1.3


def change(lab: Image, mask: Map, face: Face) -> Image:
    """Change of CIELAB at a dose of 1: lifts hard shadows towards the lit part of the face.

    The lit part does not change, and the nose keeps most of the shading that shows its shape.

    Args:
        lab: CIELAB of a crop of the face, shape (h, w, 3).
        mask: Facial skin in it, [0, 1], shape (h, w).
        face: The face in it.
    """
    unit = face.interocular
    view = slice(0, face.size[0]), slice(0, face.size[1])
    nose = lowpass(skin.region(face, "nose", view, 0.03), 0.05 * unit)
    lightness = np.where(mask > 0.05, lab[..., 0], lowpass(lab[..., 0], 0.1 * unit, mask))
    light = lowpass(lightness.astype(np.float32), 0.03 * unit, mask)
    # A guided filter follows the edge of a shadow, so that the lift leaves no halo along it.
    radius = max(2, round(0.22 * unit))
    light = np.asarray(cv2.ximgproc.guidedFilter(light, light, radius, 5.0**2), np.float32)
    lit = float(np.percentile(light[mask > 0.5], 70)) if (mask > 0.5).any() else 0.0
    depth = np.maximum(lit - light, 0) / max(lit, 20.0)
    # Shading that shows the shape of the face is shallow, a hard shadow is deep.
    ramp = np.clip((depth - 0.08) / 0.25, 0, 1)
    lift = depth * max(lit, 20.0) * ramp * ramp * (3 - 2 * ramp)
    lift = _SHADOW * _MOST_SHADOW * np.tanh(lift / _MOST_SHADOW)
    lift = lift * mask * (1 - 0.6 * nose)
    lift *= min(1.0, _MOST_MEAN_LIFT / max(float((lift * mask).sum() / mask.sum()), 1e-6))
    result = np.empty_like(lab)
    result[..., 0] = lift
    # Chroma rises with lightness, or the lifted skin would look grey.
    growth = 0.6 * lift / np.maximum(lab[..., 0], 15)
    result[..., 1:] = lab[..., 1:] * growth[..., None]
    return result
