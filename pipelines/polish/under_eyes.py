"""Dose ``under_eye``: bring dark circles under the eyes closer to the cheek's colour."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Map
from pipelines.image.filters import lowpass

# Share of the difference to the cheek that is removed at a dose of 1, and its limits in L* and in
# a*, b*.
_UNDER_EYE, _MOST_LIFT, _MOST_COLOUR = 0.95, 20.0, 10.0
# Difference in L* that stays: the skin under the eye is a little darker on everybody, and a pale
# area looks like a mask.
_NATURAL = 0.7
# Difference in L* up to which colour changes less.
_DARK = 2.0
# Standard deviations in interocular distances: of what counts as a dark circle (lines and pores
# are finer), of the cheek's colour, of the border of the area, and of pores, which are finer than
# lines.
_CIRCLE, _CHEEK, _BORDER, _PORES = 0.035, 0.2, 0.03, 0.008
# Share of a line's depth that goes with the circle: on light skin the same line is seen more.
_LINES = 0.8
# Margin around the eyes in which lashes are, in interocular distances.
_LASHES = 0.085
# Standard deviation of the surroundings of a place, in interocular distances, and how much more
# than these it may be lifted.
_RIM, _RIM_ABOVE = 0.08, 1.25
# Margin of the face's window, in interocular distances.
_AROUND = 0.1
# Mean difference in L* from which a dark circle is seen.
_SEEN = 1.5


@dataclass(frozen=True)
class Lift:
    """What lightens dark circles.

    Attributes:
        change: Change of CIELAB at a dose of 1, shape (h, w, 3).
        share: Share of the mean difference to the cheek that it removes; 0 without dark circles.
    """

    change: Image = field(repr=False)
    share: float


def measure(lab: Image, mask: Map, face: Face) -> Lift:
    """Compare the skin under the eyes with the cheek below it, in lightness and hue.

    Lines are finer than this change and stay, a little shallower; so does a part of the form of
    bags.

    Args:
        lab: CIELAB of a crop of the face, shape (h, w, 3).
        mask: Facial skin in it, [0, 1], shape (h, w).
        face: The face in it.
    """
    unit = face.interocular
    # What lies outside the face plays no part.
    view = skin.window(face, _AROUND)
    whole, lab, mask = lab, np.ascontiguousarray(lab[view]), np.ascontiguousarray(mask[view])
    area = skin.both(face, "under_eye", view)
    cheeks = skin.without_circles(face, skin.both(face, "cheek", view), view)
    circles = np.clip(1.3 * lowpass(area, _BORDER * unit) * mask, 0, 1)
    # Lashes and their shadow are dark, but no dark circle.
    bare = mask * (1 - skin.both(face, "eye", view, _LASHES))
    level = lowpass(lab, _CIRCLE * unit, bare)
    difference = lowpass(lab, _CHEEK * unit, mask * cheeks) - level
    darker = np.maximum(difference[..., 0] - _NATURAL, 0)
    change = np.empty_like(lab)
    lift = _MOST_LIFT * np.tanh(darker / _MOST_LIFT)
    around = lowpass(np.asarray(lift, np.float32), _RIM * unit, bare * area)
    change[..., 0] = np.minimum(lift, _RIM_ABOVE * around)
    # A dark circle is often blue or brown; without one the colour is the person's own.
    dark = np.clip(darker / _DARK, 0, 1)
    change[..., 1:] = _MOST_COLOUR * np.tanh(difference[..., 1:] / _MOST_COLOUR) * dark[..., None]
    change *= (_UNDER_EYE * circles)[..., None]
    weight = area * mask
    total = float((np.maximum(difference[..., 0], 0) * weight).sum())
    seen = total >= _SEEN * max(float(weight.sum()), 1.0)
    share = float((change[..., 0] * weight).sum()) / total if seen else 0.0
    lines = np.maximum(level[..., 0] - lowpass(lab[..., 0], _PORES * unit, bare), 0)
    change[..., 0] += _UNDER_EYE * circles * _LINES * lines * dark
    result = np.zeros_like(whole)
    result[view] = change
    return Lift(result, share)
