"""``python -m pipelines grid PHOTO``: an explore grid as one picture with titles."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    grid = commands.add_parser("grid", help="two settings along two sides, a look in every cell")
    grid.add_argument("photo", type=Path)
    grid.add_argument(
        "--x",
        default="regions",
        help="what varies from left to right: regions, contexts, yaw, pitch, polish, engine, seed "
        'or nothing, with values or without: polish=0,0.5,1 or "yaw=-10..10 step 5"',
    )
    grid.add_argument("--y", default="nothing", help="what varies from top to bottom, likewise")
    grid.add_argument("--base", default="", help="the look that says everything else")
    grid.add_argument("--out", type=Path, required=True, help="the picture to write")
    grid.add_argument("--json", type=Path, help="measurements of every cell")
    grid.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the grid; what fails in a cell is said and leaves the others."""
    from pipelines import studio
    from pipelines.image import metadata
    from pipelines.runtime.errors import PresenceError
    from pipelines.studio import Look
    from pipelines.studio.grid import axis, cells, sheet

    form = metadata.form_of(options.out)
    columns, rows = axis.parse(options.x), axis.parse(options.y)
    base = Look.parse(options.base)
    cells.check_sides(columns, rows)
    analysis = studio.analyse(options.photo)
    asked = cells.lay_out(analysis, base, columns, rows)
    small = cells.small(analysis)
    outcomes = []
    for outcome in cells.render(small, asked):
        outcomes.append(outcome)
        _say(len(outcomes), len(asked.cells))
        if outcome.error is not None and not isinstance(outcome.error, PresenceError):
            raise outcome.error
    failed = [one.error for one in outcomes if one.error is not None]
    if options.json:
        _write(cells.report(small, asked, outcomes), options.json)
    if len(failed) == len(outcomes):
        raise failed[0]
    for error in dict.fromkeys(str(error) for error in failed):
        print(f"note: {error}", file=sys.stderr)
    marked = sheet.written(analysis, small, asked, outcomes, form)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(marked)
    print(options.out)
    return 0


def _say(done: int, count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {count} cells", end="\n" if done == count else "", file=sys.stderr)


def _write(report: object, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
