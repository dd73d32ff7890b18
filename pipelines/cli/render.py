"""``python -m pipelines render PHOTO``: one look of a photo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import Depth, Metadata, Profile, Quality, save, write_json

LOOK_HELP = 'for example "region=japan&context=linkedin"'


def run(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO")],
    out: Annotated[Path, typer.Option(help="the picture to write")],
    look: Annotated[str, typer.Option(help=LOOK_HELP)] = "",
    report: Annotated[Path | None, typer.Option(help="measurements as JSON")] = None,
    profile: Profile = "keep",
    depth: Depth = "keep",
    quality: Quality = None,
    metadata: Metadata = "rights",
) -> None:
    """Make one look of a photo."""
    from pipelines import studio
    from pipelines.image.metadata import form_of
    from pipelines.studio import Look, captions
    from pipelines.studio.saving import Wishes
    from presets import load

    # Before the photo is looked at, so that a slip of the pen is answered at once.
    asked = Look.parse(look).checked(load())
    form_of(out)
    analysis = studio.analyse(photo, face=asked.face)
    variant = studio.render(analysis, asked)
    framed = studio.framed(variant)
    wishes = Wishes(profile, depth, quality, metadata)
    save(photo, analysis, framed.image_u8, variant.look, out, wishes)
    notes = analysis.warnings
    if report:
        told = {
            "warnings": [*notes, *variant.warnings],
            "origin": analysis.portrait.origin.report(),
        }
        write_json(variant.report() | told | {"frame": framed.report()}, report)
    print(f"{out}  {', '.join(captions.lines(variant))}")
    for warning in (*notes, *variant.warnings, *framed.notes):
        print(f"note: {warning}", file=sys.stderr)
