"""``python -m pipelines audit FOLDER``: measure a folder of portraits and report on all of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.output import printable

if TYPE_CHECKING:
    from pipelines.audit.run import AuditRun, Stopped
    from pipelines.audit.summary import Audit

STOPPED = 130
"""Exit code after Ctrl-C, as a shell has it."""


def run(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="looked through with all its folders")
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
) -> None:
    """Measure every portrait in a folder and report on all of them.

    Stop it at any time; the same command goes on where it stopped.
    """
    from pipelines.audit import columns, report, rules, summary
    from pipelines.audit.run import Stopped, measure

    rule = rules.parse(keep, columns.numbers()) if keep else None
    try:
        measured = measure(folder, out, workers)
    except Stopped as stopped:
        raise ended(stopped) from None
    audit = summary.Audit(
        folder=folder.resolve().name,
        table=summary.complete(measured.rows, rule),
        others=measured.others,
        rule=rule,
    )
    report.write(audit, out, folder if thumbnails else None)
    _print(audit, measured)


def ended(stopped: Stopped) -> typer.Exit:
    """Say how to go on after Ctrl-C; the exit of the command."""
    print(
        f"\nStopped after {stopped.done} of {stopped.total} pictures. "
        "Run the same command again to go on.",
        file=sys.stderr,
    )
    return typer.Exit(STOPPED)


def name_others(others: tuple[str, ...]) -> None:
    """Name the files that are no pictures, a few of many."""
    if others:
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        print(f"No pictures: {printable(', '.join(others[:5]))}{more}.")


def _print(audit: Audit, measured: AuditRun) -> None:
    from pipelines.audit import summary

    data = summary.report(audit)
    counts, gaze = data["counts"], data["gaze"]
    if measured.outdated:
        print("Presence has changed since the last run; everything was measured anew.")
    print(f"{counts['measured']} of {counts['pictures']} pictures measured", end="")
    print(f" ({measured.remembered} already were)." if measured.remembered else ".")
    if counts["refused"]:
        print(f"{counts['refused']} could not be used; audit.csv says why.")
    name_others(measured.others)
    if not counts["measured"]:
        return
    words = ", ".join(f"{word} {gaze[word]['share']:.0%}" for word in summary.WORDS)
    print(f"Gaze: {words}; median {gaze['off_lens']['median']:.1f}° off the lens.")
    copies = (audit.table["duplicate"] == 1).sum()
    print(f"Over-polished: {data['finish']['over_polished']}. Near-duplicates: {copies}.")
    if (kept := data["keep"]) is not None:
        print(f"Keep {len(kept['keep'])}, drop {len(kept['drop'])} by {kept['rule']}.")
