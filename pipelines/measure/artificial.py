"""Signs of an artificial face: implausible eye geometry, pupils, catchlights and eye detail."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pipelines.face import Eye, Face
from pipelines.gaze import GazeEstimate, catchlight, pupil
from pipelines.image.arrays import Image
from pipelines.measure.naturalness import MOST_EYE_DETAIL, Finish
from pipelines.runtime.messages import Message

LEAST_CONFIDENCE = 0.7
"""Confidence of the iris fit needed for the signs that rest on the iris."""
# Radius in pixels needed for them.
_LEAST_IRIS_RADIUS = 7.0
# Largest yaw of the head in degrees: beyond it canthi are hidden, and the two eyes see a light from
# different sides.
_MOST_HEAD_YAW = 25.0


@dataclass(frozen=True)
class Sign:
    """A measured sign and its usual range.

    Attributes:
        value: Measured value; None if it cannot be measured in this photo.
        low: Lowest usual value.
        high: Highest usual value.
    """

    value: float | None
    low: float
    high: float

    @property
    def unusual(self) -> bool:
        """Whether the value lies outside the usual range."""
        return self.value is not None and not self.low <= self.value <= self.high


@dataclass(frozen=True)
class Signs:
    """Signs measured on the eyes.

    They are hints only: an unusual sign does not prove that a face is artificial, and a face
    without one may still be.

    Attributes:
        eye_spacing: Distance between the iris centres in millimetres, scaled by the known size of
            the iris. Usual: 45 to 80, which holds almost all adults (Dodgson 2004, Proc. SPIE
            5291).
        eye_tilt: Slant of the line between the canthi in degrees, outer canthus up > 0, of the eye
            that is further from the human mean of 4°. Usual: -8 to 18: beyond four standard
            deviations of the populations in Farkas 1994, Anthropometry of the Head and Face, and
            of 0 to 12° in East Asian ones.
        iris_difference: Difference of the two iris radii, relative to their mean. Usual: up to
            0.15; the irises of a person are alike to 0.02, the rest is perspective and the fit.
        pupil_roundness: Overlap of the less round pupil with an ellipse, 0..1. Usual: from 0.4
            (measure proposed by Guo et al. 2022, ICASSP).
        catchlight_agreement: How similar the positions of the catchlights on both irises are,
            0..1. Usual: from 0.2 (comparison proposed by Hu, Li & Lyu 2021, ICASSP). Only judged
            if both eyes show one.
        eye_detail: Energy of the fine detail of the eyes relative to that of the skin, divided by
            the same ratio in a natural photo. Usual: up to 7; see `naturalness`.
    """

    eye_spacing: Sign
    eye_tilt: Sign
    iris_difference: Sign
    pupil_roundness: Sign
    catchlight_agreement: Sign
    eye_detail: Sign

    @property
    def unusual(self) -> tuple[str, ...]:
        """Names of the signs outside their usual range."""
        return tuple(name for name in NAMES if getattr(self, name).unusual)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each sign outside its usual range."""
        return tuple(
            Message(_SENTENCES[name], value=getattr(self, name).value) for name in self.unusual
        )

    def report(self) -> dict[str, Any]:
        """Plain data for JSON: value, usual range and verdict of each sign."""
        return {
            name: {
                "value": None if sign.value is None else round(sign.value, 4),
                "usual": [sign.low, sign.high],
                "unusual": sign.unusual,
            }
            for name, sign in ((name, getattr(self, name)) for name in NAMES)
        }


NAMES = tuple(field.name for field in fields(Signs))

LABELS = {
    "eye_spacing": "Distance between the eyes",
    "eye_tilt": "Slant of the eyes",
    "iris_difference": "Irises of different size",
    "pupil_roundness": "Roundness of the pupils",
    "catchlight_agreement": "Agreement of the catchlights",
    "eye_detail": "Eyes sharper than the skin",
}
VALUES = {
    "eye_spacing": "{:.0f} mm",
    "eye_tilt": "{:.0f}°",
    "iris_difference": "{:.0%}",
    "pupil_roundness": "{:.0%}",
    "catchlight_agreement": "{:.0%}",
    "eye_detail": "{:.1f} times",
}
USUAL = {
    "eye_spacing": "45 to 80 mm",
    "eye_tilt": "−8° to 18°",
    "iris_difference": "up to 15 %",
    "pupil_roundness": "from 40 %",
    "catchlight_agreement": "from 20 %",
    "eye_detail": f"up to {MOST_EYE_DETAIL:g} times",
}
_SENTENCES = {
    "eye_spacing": "The eyes stand {value:.0f} mm apart, measured by the irises; "
    "45 to 80 mm is usual.",
    "eye_tilt": "One eye slants by {value:.0f}°; −8° to 18° is usual.",
    "iris_difference": "The irises differ in size by {value:.0%}; up to 15 % is usual in a photo.",
    "pupil_roundness": "A pupil is not round: it fills {value:.0%} of an ellipse; "
    "40 % and more is usual in a photo.",
    "catchlight_agreement": "The lights mirrored in the two eyes do not agree ({value:.0%}); "
    "20 % and more is usual.",
    "eye_detail": "The eyes are sharper than the skin: {value:.0f} times as much as in a usual "
    "photo.",
}


def of(pixels: Image, face: Face, gaze: GazeEstimate, finish: Finish) -> Signs:
    """Measure the signs of an artificial face.

    Unusual values are meant to be rare on photographs, so a sign is not judged if the face is too
    small, too dark or turned too far for it.

    Args:
        pixels: Working copy, float32 sRGB in [0, 1], shape (H, W, 3).
        face: The face in it, with fitted irises.
        gaze: Its gaze estimate, for the confidence of the iris fit.
        finish: From `naturalness.of` on the same picture.
    """
    clear, frontal = _clear(face, gaze), _frontal(face)
    return Signs(
        eye_spacing=_eye_spacing(face, gaze),
        eye_tilt=Sign(_tilt(face) if frontal else None, -8.0, 18.0),
        iris_difference=Sign(_iris_difference(pixels, face) if clear else None, 0.0, 0.15),
        pupil_roundness=Sign(_roundness(pixels, face) if clear else None, 0.4, 1.0),
        catchlight_agreement=Sign(
            _catchlights(pixels, face) if clear and frontal else None, 0.2, 1.0
        ),
        eye_detail=Sign(finish.eye_detail, 0.0, MOST_EYE_DETAIL),
    )


def irises_too_large(face: Face, gaze: GazeEstimate) -> bool:
    """Whether the irises are larger against the face than a grown person's, as in 3D characters.

    Of 250 photographs whose eyes could be measured, none had eyes less than 50 mm apart by the size
    of their irises; of 6 faces from films, comics and caricatures, 4 had (40 to 42 mm).
    Painted people mostly have the proportions of real ones.
    """
    spacing = _eye_spacing(face, gaze)
    return spacing.value is not None and spacing.value < spacing.low


def _eye_spacing(face: Face, gaze: GazeEstimate) -> Sign:
    measurable = _clear(face, gaze) and _frontal(face)
    return Sign(_spacing(face) if measurable else None, 45.0, 80.0)


def _clear(face: Face, gaze: GazeEstimate) -> bool:
    radius = min(eye.iris_radius for eye in face.eyes)
    return gaze.confidence >= LEAST_CONFIDENCE and radius >= _LEAST_IRIS_RADIUS


def _frontal(face: Face) -> bool:
    return abs(face.head.yaw) <= _MOST_HEAD_YAW


def _spacing(face: Face) -> float:
    """Distance between the iris centres in millimetres, corrected for the yaw of the head."""
    across = float(np.linalg.norm(face.left.iris_center - face.right.iris_center))
    return across * face.mm_per_px / float(np.cos(np.radians(face.head.yaw)))


def _tilt(face: Face) -> float:
    slants = [_slant(eye, face.head.roll) for eye in face.eyes]
    return max(slants, key=lambda slant: abs(slant - 4.0))


def _slant(eye: Eye, roll: float) -> float:
    """Angle of the line between the canthi in degrees, without the roll of the head."""
    cosine, sine = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    x, y = eye.outer - eye.inner
    return float(np.degrees(np.arctan2(x * sine - y * cosine, abs(x * cosine + y * sine))))


def _iris_difference(pixels: Image, face: Face) -> float | None:
    left, right = (pupil.iris_radius(pixels, eye, face.head.roll) for eye in face.eyes)
    if left is None or right is None:
        return None
    return abs(left - right) / ((left + right) / 2)


def _roundness(pixels: Image, face: Face) -> float | None:
    pupils = [pupil.find(pixels, eye, face.head.roll) for eye in face.eyes]
    return min((each.roundness for each in pupils if each is not None), default=None)


def _catchlights(pixels: Image, face: Face) -> float | None:
    if any(catchlight.locate(pixels, eye) is None for eye in face.eyes):
        return None
    return catchlight.agreement(pixels, face)
