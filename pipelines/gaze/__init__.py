"""Gaze as an angle: measured in a picture, and converted back to iris positions.

`eye_network` sees eyeballs and irises. Irises (`iris`) and lid edges (`lid_fit`) are fitted from
it, canthi and eyeballs located (`eye_shape`). `estimation` computes degrees, `posterior` weighs
them, and `projection` converts a target in degrees to the movement of each iris.
"""

from pipelines.gaze.angles import (
    CONTACT_DEG,
    LARGEST_DEG,
    NO_TRIM,
    READING_DEG,
    SOFT_DEG,
    Gaze,
    GazeEstimate,
    GazeWord,
    Trim,
)
from pipelines.gaze.estimation import PEOPLE, RENDERED, Population, estimate, follow, read
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
    "LARGEST_DEG",
    "NO_TRIM",
    "PEOPLE",
    "READING_DEG",
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
    "read",
    "target_per_eye",
    "trim_within_reach",
    "within_reach",
]
