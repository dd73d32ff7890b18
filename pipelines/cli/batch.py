"""``python -m pipelines batch FOLDER``: one look for every portrait of a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.audit import ended, name_others
from pipelines.cli.output import Depth, Metadata, Profile, Quality
from pipelines.cli.render import LOOK_HELP

if TYPE_CHECKING:
    from pipelines.batch.run import BatchRun

Format = Literal["keep", "png", "jpg", "tif", "webp", "avif"]


def run(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="looked through with all its folders")
    ],
    out: Annotated[Path, typer.Option(help="folder for the results")],
    look: Annotated[str, typer.Option(help=LOOK_HELP)] = "",
    match: Annotated[
        bool,
        typer.Option(
            "--match",
            help="one shape, eye line, head size and backdrop for all: frame=4x5 and "
            "backdrop=plain, unless the look names others",
        ),
    ] = False,
    format: Annotated[
        Format, typer.Option(help="of the results; keep: that of each photo")
    ] = "keep",
    profile: Profile = "keep",
    depth: Depth = "keep",
    quality: Quality = None,
    metadata: Metadata = "rights",
    workers: Annotated[
        int | None, typer.Option(min=1, help="processes; one a core if left out")
    ] = None,
) -> None:
    """Give every portrait of a folder one look.

    Stop it at any time; the same command goes on where it stopped.
    """
    from pipelines.audit.run import Stopped
    from pipelines.batch import report
    from pipelines.batch.run import render
    from pipelines.batch.worker import Task
    from pipelines.studio import Look
    from pipelines.studio.saving import Wishes
    from presets import load

    asked = Look.parse(look).checked(load())
    if match:
        frame = "4x5" if asked.frame == "keep" else asked.frame
        asked = replace(asked, frame=frame, backdrop=_plain(asked.backdrop))
    task = Task(asked, Wishes(profile, depth, quality, metadata), out)
    try:
        done = render(folder, task, "" if format == "keep" else f".{format}", workers)
    except Stopped as stopped:
        raise ended(stopped) from None
    report.write(done.rows, folder, out)
    _print(done, out)


def _plain(backdrop: str) -> str:
    return "plain" if backdrop == "keep" else backdrop


def _print(done: BatchRun, out: Path) -> None:
    rendered = [row for row in done.rows if row["status"] == "rendered"]
    print(f"{len(rendered)} of {len(done.rows)} pictures rendered", end="")
    print(f" ({done.remembered} already were)." if done.remembered else ".")
    for row in done.rows:
        if row["status"] == "refused":
            print(f"  {row['file']}: {row['sentence']}")
    name_others(done.others, len(done.others))
    print(out / "batch.csv")
