"""``python -m pipelines measure PHOTO [--original ORIGINAL]``: judge a headshot made anywhere."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import headshot_text as text

if TYPE_CHECKING:
    from pipelines.headshot import Headshot
    from pipelines.measure import Measurements
    from pipelines.studio import Analysis

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


def add_to(commands: Any) -> None:
    """Add the command to the command line's parsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "measure", help="judge a headshot, by itself or against its original"
    )
    parser.add_argument("photo", type=Path)
    parser.add_argument("--original", type=Path, help="the photo that it was made from")
    parser.add_argument(
        "--context", default="linkedin", help="whose floor of texture counts; default linkedin"
    )
    parser.add_argument("--json", type=Path, help="write everything here, too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge one photo; returns the exit status."""
    from pipelines import headshot, studio

    floor = _floor(options.context)
    analysis = studio.analyse(options.photo)
    original, change = None, None
    if options.original is not None:
        before = studio.analyse(options.original)
        original = headshot.judge(before)
        change = compare(analysis, before, floor)
        # One gaze a picture: the way from the original is read better than a picture by itself.
        analysis = replace(analysis, gaze=change.measurements.gaze.after)
    photo = headshot.judge(analysis)
    if options.json is not None:
        report = {
            "photo": photo.report(),
            "original": original and original.report(),
            "change": change and change.report(),
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print("\n".join(_lines(photo, original, change)))
    return 0


def compare(after: Analysis, before: Analysis, texture_floor: float) -> Change:
    """Measure a headshot against its original; both may differ in crop and size.

    Args:
        after: The headshot.
        before: The photo it was made from.
        texture_floor: Share of the texture that has to stay, 0..1.

    Raises:
        Refusal: ``not-the-same-photo``.
    """
    from pipelines import gaze, measure, registration, studio
    from pipelines.gaze import CONTACT_DEG
    from pipelines.measure import GazeChange

    placed = registration.register(
        after.portrait.original_u8, _full(after), before.portrait.original_u8, _full(before)
    )
    old, new = (
        studio.analyse_pixels(pixels_u8) for pixels_u8 in (placed.original_u8, placed.copy_u8)
    )
    both = (new.gaze.confidence, new.gaze.confidence)
    # The change is read in the original's frame, and added to the original's own reading.
    now = gaze.follow(before.gaze, old.face, new.face, both)
    # A lid that went with its eye is a change beside the skin's edge, but no halo.
    turned = now.gaze.angle_to(before.gaze.gaze) > CONTACT_DEG
    outside = measure.changed_outside_face(placed.original_u8, placed.copy_u8, old.face)
    measurements = measure.measure(
        old.baseline,
        new.portrait.pixels,
        new.face,
        GazeChange(before.gaze, None, now),
        texture_floor=texture_floor - (_RESIZING if placed.resampled else 0.0),
        changed_outside_face=outside,
        halo=0.0 if turned else None,
    )
    return Change(measurements, placed.scale, placed.resampled)


def _full(analysis: Analysis) -> Any:
    height, width = analysis.portrait.original_u8.shape[:2]
    return analysis.face.scaled(1 / analysis.portrait.scale, (height, width))


def _floor(context: str) -> float:
    from pipelines.errors import LookError
    from presets.schema import load

    contexts = load().contexts
    if context not in contexts:
        known = ", ".join(contexts)
        raise LookError("unknown-context", f"There is no context {context}. There are: {known}.")
    return float(contexts[context].texture_floor)


def _lines(photo: Headshot, original: Headshot | None, change: Change | None) -> list[str]:
    lines = [*text.gaze_and_head(photo)]
    if change is not None:
        lines += ["", "Against the original", *text.change(change.measurements, change.resampled)]
    lines += ["", "Finish (an estimate, without the original)", *text.finish(photo)]
    lines += ["", "Quality, in the manner of ISO/IEC 29794-5", *text.quality_lines(photo, original)]
    return [*lines, "", "Signs of an artificial face", *text.signs(photo)]
