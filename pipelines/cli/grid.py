"""``python -m pipelines grid PHOTO``: an explore grid as one picture with titles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import write_json


def run(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO")],
    out: Annotated[Path, typer.Option(help="the picture to write")],
    x: Annotated[
        str,
        typer.Option(
            help="what varies from left to right: regions, contexts, yaw, pitch, polish, engine, "
            'seed or nothing, with values or without: polish=0,0.5,1 or "yaw=-10..10 step 5"'
        ),
    ] = "regions",
    y: Annotated[str, typer.Option(help="what varies from top to bottom, likewise")] = "nothing",
    base: Annotated[str, typer.Option(help="the look that says everything else")] = "",
    json: Annotated[Path | None, typer.Option(help="measurements of every cell")] = None,
) -> None:
    """Two settings along two sides, a look in every cell."""
    from pipelines import studio
    from pipelines.image import metadata
    from pipelines.runtime.errors import PresenceError
    from pipelines.studio import Look
    from pipelines.studio.grid import axis, cells, sheet

    form = metadata.form_of(out)
    columns, rows = axis.parse(x), axis.parse(y)
    look = Look.parse(base)
    cells.check_sides(columns, rows)
    analysis = studio.analyse(photo, face=look.face)
    asked = cells.lay_out(analysis, look, columns, rows)
    small = cells.at_cell_size(analysis, cells.draws_whole(look))
    outcomes = []
    for outcome in cells.render(small, asked):
        outcomes.append(outcome)
        _say(len(outcomes), len(asked.cells))
        if outcome.error is not None and not isinstance(outcome.error, PresenceError):
            raise outcome.error
    failed = [one.error for one in outcomes if one.error is not None]
    if json:
        write_json(cells.report(small, asked, outcomes), json)
    if len(failed) == len(outcomes):
        raise failed[0]
    for error in dict.fromkeys(str(error) for error in failed):
        print(f"note: {error}", file=sys.stderr)
    marked = sheet.encode(analysis, small, asked, outcomes, form)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(marked)
    print(out)


def _say(done: int, count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {count} cells", end="\n" if done == count else "", file=sys.stderr)
