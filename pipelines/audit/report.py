"""``python -m pipelines audit FOLDER --out DIR``: its options, and the files that it writes."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.audit.run import AuditRun
    from pipelines.audit.summary import Audit

_STOPPED = 130
# Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@")


def add_to(commands: Any) -> None:
    """Add the command to the command line's parsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "audit",
        help="measure a folder of portraits",
        description="Measure every portrait in a folder and report on all of them. Stop it at any "
        "time; the same command goes on where it stopped.",
    )
    parser.add_argument("folder", type=Path, help="looked through with all its folders")
    parser.add_argument("--out", type=Path, required=True, help="folder for the reports")
    parser.add_argument(
        "--keep", metavar="RULE", help='what to keep, for example "gaze<=2.6 and sharpness>=50"'
    )
    parser.add_argument("--workers", type=_count, help="processes; one a core if left out")
    parser.add_argument(
        "--thumbnails",
        action="store_true",
        help="show small pictures in the report, which then holds faces",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Audit a folder; returns the exit status."""
    from pipelines.audit import columns, rules, summary
    from pipelines.audit.run import Stopped, measure

    rule = rules.parse(options.keep, columns.numbers()) if options.keep else None
    try:
        measured = measure(options.folder, options.out, options.workers)
    except Stopped as stopped:
        print(
            f"\nStopped after {stopped.done} of {stopped.total} pictures. "
            "Run the same command again to go on.",
            file=sys.stderr,
        )
        return _STOPPED
    audit = summary.Audit(
        folder=options.folder.resolve().name,
        rows=summary.complete(measured.rows, rule),
        others=measured.found.others,
        rule=rule,
    )
    write(audit, options.out, options.folder if options.thumbnails else None)
    _tell(audit, measured)
    return 0


def write(audit: Audit, out: Path, folder: Path | None = None) -> None:
    """Write ``audit.csv``, ``audit.json`` and ``audit.html``, and with a rule the two lists.

    Args:
        audit: A finished audit.
        out: Where to write.
        folder: Where the pictures lie, if the page is to show small ones.
    """
    from pipelines.audit import page, summary

    report = summary.report(audit)
    _replace(out / "audit.json", json.dumps(report, indent=1) + "\n")
    _replace(out / "audit.csv", _table(audit))
    _replace(out / "audit.html", page.html(audit, folder))
    for name, files in zip(("keep.txt", "drop.txt"), summary.kept(audit), strict=True):
        if audit.rule is not None:
            _replace(out / name, "".join(f"{file}\n" for file in files))
        else:
            (out / name).unlink(missing_ok=True)


def _table(audit: Audit) -> str:
    from pipelines.audit.columns import COLUMNS

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([column.name for column in COLUMNS])
    for row in audit.rows:
        table.writerow([_cell(row[column.name]) for column in COLUMNS])
    return text.getvalue()


def _cell(value: object) -> object:
    # ./=x.jpg is the same file as =x.jpg, and no formula.
    return f"./{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it meets the old or the new one, never half of one."""
    fresh = path.with_name(path.name + ".new")
    # Names that are not UTF-8 come as lone surrogates.
    fresh.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    fresh.replace(path)


def _tell(audit: Audit, measured: AuditRun) -> None:
    from pipelines.audit import summary

    data = summary.report(audit)
    counts, gaze = data["counts"], data["gaze"]
    if measured.outdated:
        print("Presence has changed since the last run; everything was measured anew.")
    print(f"{counts['measured']} of {counts['pictures']} pictures measured", end="")
    print(f" ({measured.remembered} already were)." if measured.remembered else ".")
    if counts["refused"]:
        print(f"{counts['refused']} could not be used; audit.csv says why.")
    if not counts["measured"]:
        return
    words = ", ".join(f"{word} {gaze[word]['share']:.0%}" for word in summary.WORDS)
    print(f"Gaze: {words}; median {gaze['off_lens']['median']:.1f}° off the lens.")
    copies = int(sum(summary.values(audit.measured, "duplicate")))
    print(f"Over-polished: {data['finish']['over_polished']}. Near-duplicates: {copies}.")
    if audit.rule is not None:
        keep, drop = summary.kept(audit)
        print(f"Keep {len(keep)}, drop {len(drop)} by {audit.rule.text}.")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count
