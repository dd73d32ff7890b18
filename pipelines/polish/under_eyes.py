"""Dose ``under_eye``: bring dark circles under the eyes closer to the cheek's colour."""

from __future__ import annotations

import numpy as np

from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Share of the difference to the cheek that is removed at a dose of 1, and the largest lift in L*.
_UNDER_EYE, _MOST_UNDER_EYE = 0.70, 9.0


def change(lab: Image, mask: Map, face: Face) -> Image:
    """Change of CIELAB at a dose of 1: brings dark circles closer to the cheek below them.

    Lines are finer than this change and stay.

    Args:
        lab: CIELAB of a crop of the face, shape (h, w, 3).
        mask: Facial skin in it, [0, 1], shape (h, w).
        face: The face in it.
    """
    unit = face.interocular
    view = slice(0, face.size[0]), slice(0, face.size[1])
    circles = skin.both(face, "under_eye", view)
    cheeks = skin.both(face, "cheek", view) * (1 - skin.both(face, "under_eye", view, 0.03))
    circles = lowpass(circles, 0.035 * unit)
    cheek = lowpass(lab, 0.22 * unit, mask * cheeks)
    difference = cheek - lowpass(lab, 0.04 * unit, mask)
    lift = np.maximum(difference[..., 0], 0)
    lift = _MOST_UNDER_EYE * np.tanh(lift / _MOST_UNDER_EYE)
    # Colour changes only where there is a dark circle.
    darkness = lift / (lift + 3)
    result = np.empty_like(lab)
    result[..., 0] = lift
    result[..., 1:] = np.clip(difference[..., 1:], -6, 6) * darkness[..., None]
    return result * (_UNDER_EYE * mask * circles)[..., None]
