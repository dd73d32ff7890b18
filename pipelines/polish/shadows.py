"""Softer light: dark circles under the eyes, and hard shadows on the face."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

_SHADOW, _MOST_SHADOW = 0.80, 16.0
# A lift of half the face would be paid for by the lit half, because the tone of the whole is kept;
# the lit half is to stay as it is, so the lift is bounded in the mean over the skin, too.
_MOST_MEAN_LIFT = 1.3


def shadows(lab: Image, mask: Map, face: Face) -> Image:
    """The change of CIELAB that lifts what lies in hard shadow towards the lit part.

    The lit part itself stays, and the nose keeps most of the shading that gives it its shape.

    Args:
        lab: CIELAB of a closeup, shape (h, w, 3).
        mask: Facial skin in it, [0, 1], shape (h, w).
        face: The face in it.
    """
    eyes = face.interocular
    nose = lowpass(skin.region(face, "nose", _whole(face), 0.03), 0.05 * eyes)
    lightness = np.where(mask > 0.05, lab[..., 0], lowpass(lab[..., 0], 0.1 * eyes, mask))
    light = lowpass(lightness.astype(np.float32), 0.03 * eyes, mask)
    # A guided filter keeps a shadow's own border, so that the lift leaves no halo along it.
    radius = max(2, round(0.22 * eyes))
    light = np.asarray(cv2.ximgproc.guidedFilter(light, light, radius, 5.0**2), np.float32)
    lit = float(np.percentile(light[mask > 0.5], 70)) if (mask > 0.5).any() else 0.0
    depth = np.maximum(lit - light, 0) / max(lit, 20.0)
    # Form shading is shallow; a shadow is deep. Between, the lift sets in gently.
    ramp = np.clip((depth - 0.08) / 0.25, 0, 1)
    lift = depth * max(lit, 20.0) * ramp * ramp * (3 - 2 * ramp)
    lift = _SHADOW * _MOST_SHADOW * np.tanh(lift / _MOST_SHADOW)
    lift = lift * mask * (1 - 0.6 * nose)
    lift *= min(1.0, _MOST_MEAN_LIFT / max(float((lift * mask).sum() / mask.sum()), 1e-6))
    change = np.empty_like(lab)
    change[..., 0] = lift
    # Light carries colour: lifted skin that kept its chroma would look grey.
    richer = 0.6 * lift / np.maximum(lab[..., 0], 15)
    change[..., 1:] = lab[..., 1:] * richer[..., None]
    return change


def _whole(face: Face) -> skin.Window:
    return slice(0, face.size[0]), slice(0, face.size[1])
