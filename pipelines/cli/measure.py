"""``python -m pipelines measure PHOTO [--original ORIGINAL]``: judge a headshot made anywhere."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli import headshot_text as text

if TYPE_CHECKING:
    from pipelines.studio.change import Change
    from pipelines.studio.headshot import Headshot


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
    from pipelines import studio
    from pipelines.studio import headshot
    from pipelines.studio.change import against

    floor = _floor(options.context)
    analysis = studio.analyse(options.photo)
    original, change = None, None
    if options.original is not None:
        before = studio.analyse(options.original)
        original = headshot.judge(before)
        change = against(analysis, before, floor)
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


def _floor(context: str) -> float:
    from pipelines.runtime.errors import LookError
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
