"""Dark circles under the eyes, brought towards the cheek."""

from __future__ import annotations

import numpy as np

from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass
from pipelines.polish.shadows import _whole

# The full dose's share of the difference, and the most it changes L* by.
_UNDER_EYE, _MOST_UNDER_EYE = 0.70, 9.0


def under_eyes(lab: Image, mask: Map, face: Face) -> Image:
    """The change of CIELAB that takes dark circles towards the cheek below, all the way.

    The lines in them are finer than it and stay.

    Args:
        lab: CIELAB of a closeup, shape (h, w, 3).
        mask: Facial skin in it, [0, 1], shape (h, w).
        face: The face in it.
    """
    eyes, view = face.interocular, _whole(face)
    circles = skin.both(face, "under_eye", view)
    cheeks = skin.both(face, "cheek", view) * (1 - skin.both(face, "under_eye", view, 0.03))
    circles = lowpass(circles, 0.035 * eyes)
    cheek = lowpass(lab, 0.22 * eyes, mask * cheeks)
    here = lowpass(lab, 0.04 * eyes, mask)
    missing = cheek - here
    lift = np.maximum(missing[..., 0], 0)
    lift = _MOST_UNDER_EYE * np.tanh(lift / _MOST_UNDER_EYE)
    dark = lift / (lift + 3)
    change = np.empty_like(lab)
    change[..., 0] = lift
    change[..., 1:] = np.clip(missing[..., 1:], -6, 6) * dark[..., None]
    return change * (_UNDER_EYE * mask * circles)[..., None]
