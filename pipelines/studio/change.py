"""Measure a headshot, made with any program, against the photo it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines import gaze
from pipelines.gaze import CONTACT_DEG
from pipelines.measure import measurements, registration
from pipelines.measure.measurements import GazeChange, Measurements
from pipelines.runtime.errors import Refusal
from pipelines.studio.analysis import Analysis, analyse_pixels, of_face

# Allowance on the texture floor: resizing alone costs about a tenth of the fine band, 0.08 and 0.13
# for copies of 0.8 and 2 times the size.
_RESIZING = 0.10


@dataclass(frozen=True)
class Change:
    """Measurements of a headshot against the photo it was made from.

    Attributes:
        measurements: The same as of a `Variant`.
        scale: Size of the face in the headshot divided by its size in the original.
        resampled: Whether one of the pictures was resampled, so that single pixels cannot be
            compared.
    """

    measurements: Measurements
    scale: float
    resampled: bool

    def report(self) -> dict[str, Any]:
        """Plain data for JSON, with the keys of a variant's report."""
        report = self.measurements.report()
        # Known of a polish only, and not of a headshot that somebody else may have made.
        del report["done"]
        if self.resampled:
            report["changed_outside_face"] = None
        return {"scale": round(self.scale, 4), "resampled": self.resampled, **report}


def same_face(after: Analysis, before: Analysis, texture_floor: float) -> tuple[Analysis, Change]:
    """Measure a headshot against the face of its original that it shows.

    Args:
        after: The headshot.
        before: Any face of the photo it was made from.
        texture_floor: Minimum share of the texture to keep, 0..1.

    Returns:
        The analysis of that face in the original, and the measurements.

    Raises:
        Refusal: ``not-the-same-photo``: the headshot shows none of its faces.
    """
    here = after.face.oval.mean(axis=0) / after.face.size[::-1]
    middles = [(np.array(box[:2]) + np.array(box[2:])) / 2 for box in before.boxes]
    # The face at the same place comes first, then the others, of which a crop may show one.
    numbers = sorted(
        range(1, len(middles) + 1), key=lambda n: float(np.linalg.norm(middles[n - 1] - here))
    )
    refusals: list[Refusal] = []
    for number in numbers:
        try:
            original = of_face(before, number)
            return original, compare_with_original(after, original, texture_floor)
        except Refusal as refusal:
            refusals.append(refusal)
    raise next((one for one in refusals if one.code == "not-the-same-photo"), refusals[0])


def compare_with_original(after: Analysis, before: Analysis, texture_floor: float) -> Change:
    """Measure a headshot against its original, which may differ in crop and size.

    Args:
        after: The headshot.
        before: The photo it was made from.
        texture_floor: Minimum share of the texture to keep, 0..1.

    Raises:
        Refusal: ``not-the-same-photo``.
    """
    registered = registration.register(
        after.portrait.original_u8, after.full_face, before.portrait.original_u8, before.full_face
    )
    factor = registered.original_u8.shape[1] / before.face.size[1]
    middle = before.face.scaled(factor).oval.mean(axis=0)
    old, new = (
        analyse_pixels(one, near=middle) for one in (registered.original_u8, registered.copy_u8)
    )
    confidence = (new.gaze.confidence, new.gaze.confidence)
    # The change of gaze is measured in the original's frame and added to the original's estimate.
    now = gaze.follow(before.gaze, old.face, new.face, confidence)
    # Lids that move with the eyes change pixels at the skin's edge, which would count as a halo.
    turned = now.gaze.angle_to(before.gaze.gaze) > CONTACT_DEG
    outside = measurements.changed_outside_face(
        registered.original_u8, registered.copy_u8, old.face
    )
    measured = measurements.measure(
        old.baseline,
        new.portrait.pixels,
        new.face,
        GazeChange(before.gaze, None, now),
        texture_floor=texture_floor - (_RESIZING if registered.resampled else 0.0),
        changed_outside_face=outside,
        halo=0.0 if turned else None,
    )
    return Change(measured, registered.scale, registered.resampled)
