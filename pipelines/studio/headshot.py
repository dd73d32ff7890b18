"""Judge a single headshot: gaze, head pose, quality, skin finish, signs of an artificial face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.face import HeadPose
from pipelines.gaze import CONTACT_DEG, GazeEstimate
from pipelines.image.origin import Origin
from pipelines.measure import artificial, naturalness, quality
from pipelines.measure.artificial import Signs
from pipelines.measure.naturalness import Finish
from pipelines.measure.quality import Quality
from pipelines.studio.analysis import Analysis


@dataclass(frozen=True)
class Headshot:
    """Measurements of a portrait that need no original to compare it with.

    Attributes:
        size: (width, height) of the upright picture in pixels.
        faces: Number of faces; the largest is judged.
        gaze: The gaze estimate.
        head: The head pose.
        quality: Components in the manner of ISO/IEC 29794-5, and the gaze.
        finish: How natural the skin's fine detail is, an estimate.
        signs: Signs of an artificial face.
        ita: Individual Typology Angle of the skin as pictured, in degrees; None in black-and-white.
        origin: Where the picture comes from, as it says itself.
    """

    size: tuple[int, int]
    faces: int
    gaze: GazeEstimate
    head: HeadPose
    quality: Quality
    finish: Finish
    signs: Signs
    ita: float | None
    origin: Origin

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        gaze = self.gaze.gaze
        return {
            "size": list(self.size),
            "faces": self.faces,
            "gaze": {
                "yaw": round(gaze.yaw, 2),
                "pitch": round(gaze.pitch, 2),
                "off_lens": round(gaze.off_lens, 2),
                "word": gaze.word,
                "contact": gaze.off_lens <= CONTACT_DEG,
                "measurable": self.gaze.measured is not None,
                "confidence": round(self.gaze.confidence, 3),
            },
            "head": {
                "yaw": round(self.head.yaw, 2),
                "pitch": round(self.head.pitch, 2),
                "roll": round(self.head.roll, 2),
            },
            "quality": self.quality.report(),
            "finish": self.finish.report(),
            "signs": self.signs.report(),
            "skin_tone": {"ita": None if self.ita is None else round(self.ita, 2)},
            "origin": self.origin.report(),
            "warnings": [*self.origin.notes, *self.finish.warnings, *self.signs.warnings],
        }


def judge(analysis: Analysis) -> Headshot:
    """Judge an analysed photo without an original."""
    photo, face, gaze = analysis.portrait, analysis.face, analysis.gaze
    height, width = photo.original_u8.shape[:2]
    baseline = analysis.baseline
    finish = naturalness.of(photo.pixels, face, baseline.skin_mask)
    return Headshot(
        size=(width, height),
        faces=face.count,
        gaze=gaze,
        head=face.head,
        quality=quality.of(photo.pixels, face, gaze, photo.scale),
        finish=finish,
        signs=artificial.of(photo.pixels, face, gaze, finish),
        ita=baseline.tone.ita if baseline.tone else None,
        origin=photo.origin,
    )
