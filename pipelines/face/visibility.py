"""Refuse photos in which dark glasses or a shadow hide the eyes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.face.face import Eye, Face
from pipelines.image.arrays import Image, Map, Points
from pipelines.runtime.errors import Refusal

# Brightness of the eye and of the skin under it, relative to the cheeks, below both of which a dark
# lens is assumed. On 204 portraits of people of every skin tone the brightest part of the better
# lit eye was never below 0.42 of the cheek, and the skin under it never below 0.67; behind lenses
# that transmit a tenth of the light, 98 of 100 were below both bounds.
DARK_EYE = 0.55
DARK_SOCKET = 0.55
# Confidence of an iris fit below which no iris is visible.
NO_IRIS = 0.25
# Height of the lid opening as a share of its width below which eyes without an iris are shut.
SHUT_WITHOUT_IRIS = 0.21


def check(pixels: Image, face: Face, confidence: tuple[float, float]) -> None:
    """Refuse a photo whose eyes cannot be seen.

    Args:
        pixels: float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in this picture.
        confidence: Of the left and the right iris, from `gaze.iris.fit`, 0..1.

    Raises:
        Refusal: ``eyes-hidden``, or ``eyes-shut`` if the landmarks lie close together, too.
    """
    no_iris = max(confidence) < NO_IRIS
    if no_iris and max(eye.opening for eye in face.eyes) < SHUT_WITHOUT_IRIS:
        raise eyes_shut()
    if _behind_dark_glass(pixels, face):
        raise Refusal(
            "eyes-hidden",
            "We can't see the eyes: dark glasses or a shadow hide them. "
            "Try a photo without sunglasses.",
        )
    if no_iris:
        raise Refusal(
            "eyes-hidden",
            "We can't make out an iris in either eye: they are covered, or this is a statue or a "
            "drawing whose eyes have none. Try a photo that shows both eyes.",
        )


def eyes_shut() -> Refusal:
    """The refusal of a photo with shut eyes."""
    return Refusal("eyes-shut", "The eyes are shut in this photo. Use one with open eyes.")


def _behind_dark_glass(pixels: Image, face: Face) -> bool:
    low = np.clip(np.floor(face.oval.min(axis=0)).astype(int), 0, None)
    high = np.ceil(face.oval.max(axis=0)).astype(int) + 1
    grey = cv2.cvtColor(pixels[low[1] : high[1], low[0] : high[0]], cv2.COLOR_RGB2GRAY)
    grey = cv2.GaussianBlur(grey, (0, 0), max(0.6, 0.08 * face.left.iris_radius))
    light = np.asarray(grey, np.float32)
    origin = low.astype(np.float64)
    cheeks = [_inside(light, face.region(f"{eye.side}_cheek") - origin) for eye in face.eyes]
    cheek = float(np.median(light[cheeks[0] | cheeks[1]])) if np.any(cheeks) else 1.0
    measured = [_eye_and_socket(light, face, eye, origin) for eye in face.eyes]
    eye, socket = (max(values) / max(cheek, 1e-3) for values in zip(*measured, strict=True))
    return eye < DARK_EYE and socket < DARK_SOCKET


def _eye_and_socket(light: Map, face: Face, eye: Eye, origin: Points) -> tuple[float, float]:
    """Brightness of the eye's brightest part and of the skin under it."""
    opening = _inside(light, eye.contour - origin)
    below = _inside(light, face.region(f"{eye.side}_under_eye") - origin) & ~opening
    if not opening.any() or not below.any():
        return 0.0, 0.0
    return float(np.percentile(light[opening], 95)), float(np.median(light[below]))


def _inside(light: Map, polygon: Points) -> NDArray[np.bool_]:
    mask = np.zeros(light.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], (1,))
    return mask.astype(bool)
