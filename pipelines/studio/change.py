"""A headshot against the photo it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines import gaze
from pipelines.gaze import CONTACT_DEG
from pipelines.measure import measurements, registration
from pipelines.measure.measurements import GazeChange, Measurements
from pipelines.studio.analysis import Analysis, analyse_pixels

# Resizing alone costs up to a tenth of the fine band: 0.08 and 0.13 for copies of 0.8 and 2 times
# the size.
_RESIZING = 0.10


@dataclass(frozen=True)
class Change:
    """A headshot against the photo it was made from.

    Attributes:
        measurements: As of a variant of our own.
        scale: Size of the face in the headshot / in the original.
        resampled: Whether one of them had to be resampled, so that pixels cannot be counted.
    """

    measurements: Measurements
    scale: float
    resampled: bool

    def report(self) -> dict[str, Any]:
        """Plain data for JSON, the keys of a variant's report."""
        report = self.measurements.report()
        if self.resampled:
            report["changed_outside_face"] = None
        return {"scale": round(self.scale, 4), "resampled": self.resampled, **report}


def against(after: Analysis, before: Analysis, texture_floor: float) -> Change:
    """Measure a headshot against its original; both may differ in crop and size.

    Args:
        after: The headshot.
        before: The photo it was made from.
        texture_floor: Share of the texture that has to stay, 0..1.

    Raises:
        Refusal: ``not-the-same-photo``.
    """
    placed = registration.register(
        after.portrait.original_u8, after.full_face, before.portrait.original_u8, before.full_face
    )
    old, new = (analyse_pixels(pixels_u8) for pixels_u8 in (placed.original_u8, placed.copy_u8))
    both = (new.gaze.confidence, new.gaze.confidence)
    # The change is read in the original's frame, and added to the original's own reading.
    now = gaze.follow(before.gaze, old.face, new.face, both)
    # A lid that went with its eye is a change beside the skin's edge, but no halo.
    turned = now.gaze.angle_to(before.gaze.gaze) > CONTACT_DEG
    outside = measurements.changed_outside_face(placed.original_u8, placed.copy_u8, old.face)
    measured = measurements.measure(
        old.baseline,
        new.portrait.pixels,
        new.face,
        GazeChange(before.gaze, None, now),
        texture_floor=texture_floor - (_RESIZING if placed.resampled else 0.0),
        changed_outside_face=outside,
        halo=0.0 if turned else None,
    )
    return Change(measured, placed.scale, placed.resampled)
