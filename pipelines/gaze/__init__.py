"""Gaze as an angle: read from a picture, and projected back into it.

Irises (`iris`), lids (`lid_fit`) and eye shapes (`eye_shape`) are found in the picture;
`estimation` reads degrees from them; `projection` turns degrees into ways of the iris.
"""

from pipelines.gaze.angles import CONTACT_DEG, NO_TRIM, SOFT_DEG, Gaze, GazeEstimate, GazeWord, Trim
from pipelines.gaze.estimation import PEOPLE, RENDERED, Population, estimate, follow
from pipelines.gaze.projection import (
    IRIS_PLANE_MM,
    iris_shift_mm,
    target_per_eye,
    trim_within_reach,
    within_reach,
)

__all__ = [
    "CONTACT_DEG",
    "IRIS_PLANE_MM",
    "NO_TRIM",
    "PEOPLE",
    "RENDERED",
    "SOFT_DEG",
    "Gaze",
    "GazeEstimate",
    "GazeWord",
    "Population",
    "Trim",
    "estimate",
    "follow",
    "iris_shift_mm",
    "target_per_eye",
    "trim_within_reach",
    "within_reach",
]
