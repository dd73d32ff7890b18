"""Measure a headshot, made with any program, against the photo it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines import gaze
from pipelines.gaze import CONTACT_DEG
from pipelines.measure import measurements, registration
from pipelines.measure.measurements import GazeChange, Measurements
from pipelines.studio.analysis import Analysis, analyse_pixels

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
    old, new = (analyse_pixels(one) for one in (registered.original_u8, registered.copy_u8))
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
