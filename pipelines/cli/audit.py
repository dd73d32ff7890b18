"""``python -m pipelines audit FOLDER``: measure a folder of portraits and report on all of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.output import printable
from pipelines.runtime.errors import PresenceError

if TYPE_CHECKING:
    from pipelines.audit.report import Written
    from pipelines.audit.rules import Rule
    from pipelines.audit.run import AuditRun, Engine, Stopped

STOPPED = 130
"""Exit code after Ctrl-C, as a shell has it."""


def run(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help="looked through with all its folders: a folder, one in a bucket "
            "(s3://, gs://, hf://), or a table of addresses (CSV, Parquet)",
        ),
    ],
    out: Annotated[Path, typer.Option(help="folder for the reports")],
    keep: Annotated[
        str | None,
        typer.Option(
            metavar="RULE", help='what to keep, for example "gaze<=2.6 and sharpness>=50"'
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="processes; one a core if left out")
    ] = None,
    thumbnails: Annotated[
        bool,
        typer.Option(
            "--thumbnails", help="show small pictures in the report, which then holds faces"
        ),
    ] = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="write the kept ones' rows to keep.parquet, too")
    ] = False,
    webdataset: Annotated[
        bool,
        typer.Option(
            "--webdataset", help="copy the kept pictures with their rows to tar files, too"
        ),
    ] = False,
    engine: Annotated[
        Literal["processes", "ray"],
        typer.Option(
            help="ray: on the cluster of PRESENCE_WORKERS, or one of this machine, by Ray Data"
        ),
    ] = "processes",
    column: Annotated[
        str | None, typer.Option(help="column of the table that holds the addresses")
    ] = None,
    local_network: Annotated[
        bool,
        typer.Option(
            "--local-network", help="addresses of the table may lead into this machine's network"
        ),
    ] = False,
) -> None:
    """Measure every portrait in a folder and report on all of them.

    Stop it at any time; the same command goes on where it stopped.
    """
    from pipelines.audit import columns, exports, report, rules
    from pipelines.audit.run import Stopped, measure
    from pipelines.audit.sources import open_source

    rule = rules.parse(keep, columns.numbers()) if keep else None
    if (parquet or webdataset) and rule is None:
        raise PresenceError(
            "no-rule", "--parquet and --webdataset hold what is kept: say what with --keep RULE."
        )
    source = open_source(folder, out, column, local_network)
    wanted: list[exports.Export] = [exports.ParquetManifest(out)] if parquet else []
    wanted += [exports.WebDataset(source, out)] if webdataset else []
    try:
        measured = measure(source, out, workers, _on_ray() if engine == "ray" else None)
    except Stopped as stopped:
        raise ended(stopped) from None
    written = report.write(measured, source, rule, out, thumbnails, wanted)
    _print(written, measured, rule)


def _on_ray() -> Engine:
    from pipelines.audit import ray_data

    return ray_data.measure


def ended(stopped: Stopped) -> typer.Exit:
    """Say how to go on after Ctrl-C; the exit of the command."""
    print(
        f"\nStopped after {stopped.done} of {stopped.total} pictures. "
        "Run the same command again to go on.",
        file=sys.stderr,
    )
    return typer.Exit(STOPPED)


def name_others(others: tuple[str, ...], total: int) -> None:
    """Name the files that are no pictures, a few of many."""
    if total:
        more = f" and {total - 5} more" if total > 5 else ""
        print(f"No pictures: {printable(', '.join(others[:5]))}{more}.")


def _print(written: Written, measured: AuditRun, rule: Rule | None) -> None:
    from pipelines.audit import summary

    data = written.report
    counts, gaze = data["counts"], data["gaze"]
    if measured.outdated:
        print("Presence has changed since the last run; everything was measured anew.")
    print(f"{counts['measured']} of {counts['pictures']} pictures measured", end="")
    print(f" ({measured.remembered} already were)." if measured.remembered else ".")
    if counts["refused"]:
        print(f"{counts['refused']} could not be used; audit.csv says why.")
    name_others(measured.listing.named, measured.listing.others)
    if not counts["measured"]:
        return
    words = ", ".join(f"{word} {gaze[word]['share']:.0%}" for word in summary.WORDS)
    print(f"Gaze: {words}; median {gaze['off_lens']['median']:.1f}° off the lens.")
    print(f"Over-polished: {data['finish']['over_polished']}. Near-duplicates: {written.copies}.")
    if rule is not None:
        print(f"Keep {written.kept}, drop {counts['measured'] - written.kept} by {rule.text}.")
