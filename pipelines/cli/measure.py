"""``python -m pipelines measure PHOTO [--original ORIGINAL]``: judge a headshot made anywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import headshot_text as text
from pipelines.cli.output import write_json

if TYPE_CHECKING:
    from pipelines.studio.change import Change
    from pipelines.studio.headshot import Headshot


def run(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO")],
    original: Annotated[Path | None, typer.Option(help="the photo that it was made from")] = None,
    context: Annotated[
        str, typer.Option(help="whose floor of texture counts; default linkedin")
    ] = "linkedin",
    json: Annotated[Path | None, typer.Option(help="write everything here, too")] = None,
    face: Annotated[
        int, typer.Option(min=0, help="which face, counted from the left; 0 is the largest")
    ] = 0,
) -> None:
    """Judge a headshot, by itself or against its original."""
    from pipelines import studio
    from pipelines.studio import headshot
    from pipelines.studio.change import same_face

    floor = _floor(context)
    analysis = studio.analyse(photo, face=face)
    before_shot, change = None, None
    if original is not None:
        before, change = same_face(analysis, studio.analyse(original), floor)
        before_shot = headshot.judge(before)
        # One gaze a picture: the way from the original is read better than a picture by itself.
        analysis = replace(analysis, gaze=change.measurements.gaze.after)
    shot = headshot.judge(analysis)
    if json is not None:
        report = {
            "photo": shot.report(),
            "original": before_shot and before_shot.report(),
            "change": change and change.report(),
        }
        write_json(report, json)
    print("\n".join(_lines(shot, before_shot, change)))


def _floor(context: str) -> float:
    from pipelines.runtime.errors import LookError
    from presets.schema import load

    contexts = load().contexts
    if context not in contexts:
        known = ", ".join(contexts)
        raise LookError("unknown-context", f"There is no context {context}. There are: {known}.")
    return float(contexts[context].texture_floor)


def _lines(photo: Headshot, original: Headshot | None, change: Change | None) -> list[str]:
    lines = [*text.gaze_and_head(photo), *text.origin(photo)]
    if change is not None:
        lines += ["", "Against the original", *text.change(change.measurements, change.resampled)]
    lines += ["", "Finish (an estimate, without the original)", *text.finish(photo)]
    lines += ["", "Quality, in the manner of ISO/IEC 29794-5", *text.quality_lines(photo, original)]
    return [*lines, "", "Signs of an artificial face", *text.signs(photo)]
