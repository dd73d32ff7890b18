"""Whether the eyes of a picture look like the eyes that were to be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.face import Eye, Face
from pipelines.gaze import eye_network
from pipelines.gaze.eye_network import SeenEye
from pipelines.image import polygons
from pipelines.image.arrays import Image, Image8

LEAST_AGREEMENT = 0.78
"""Agreement below which an eye looks wrong. Of 90 portraits turned by 12 degrees or more, all that
looked wrong at 100 % were below it, and none that did not."""

Mask = NDArray[np.bool_]


def agreement(pixels: Image8 | Image, face: Face) -> float:
    """How well eyeballs and irises that the network sees lie where they should, 0..1.

    Per eye, the smaller of two intersections over union: of the eyeball with the lid opening, and
    of the visible iris with its disc inside the lids. The result is that of the worse eye.

    Args:
        pixels: uint8 or float32 sRGB, shape (H, W, 3).
        face: The face with irises and lids where they should be.
    """
    seen = eye_network.see(pixels, face)
    return min(_agreement(one, eye) for one, eye in zip(seen, face.eyes, strict=True))


def _agreement(seen: SeenEye, eye: Eye) -> float:
    eyeball = seen.eyeball > 0.5
    drawn = eye.through(seen.to_frame)
    opening = polygons.filled(eyeball.shape, drawn.contour) > 0
    ys, xs = np.mgrid[: eyeball.shape[0], : eyeball.shape[1]]
    disc = np.hypot(*(np.array([xs, ys]) - drawn.iris_center[:, None, None])) < drawn.iris_radius
    iris = _overlap((seen.iris > 0.5) & eyeball, disc & opening)
    return min(_overlap(eyeball, opening), iris)


def _overlap(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max((one | other).sum(), 1))
