"""Write the files of an audit, in one pass over its rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TextIO

from pipelines.audit import files, page, summary
from pipelines.audit.columns import COLUMNS
from pipelines.audit.exports import Export
from pipelines.audit.page import Shown
from pipelines.audit.rules import Rule
from pipelines.audit.run import AuditRun
from pipelines.audit.sources import Source
from pipelines.audit.summary import Statistics

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Written:
    """What the files of an audit say.

    Attributes:
        report: The summary, as in ``audit.json`` up to the lists of files.
        copies: Near-duplicates of a better picture.
        kept: Pictures that the rule keeps.
    """

    report: dict[str, Any]
    copies: int
    kept: int


def write(
    audited: AuditRun,
    source: Source,
    rule: Rule | None,
    out: Path,
    thumbnails: bool = False,
    exports: Sequence[Export] = (),
) -> Written:
    """Write ``audit.csv``, ``audit.json`` and ``audit.html``, and with a rule the two lists.

    Args:
        audited: A finished audit.
        source: Where its pictures are.
        rule: What to keep.
        out: Where to write.
        thumbnails: Whether the page is to show small pictures.
        exports: Further files of the kept pictures.
    """
    found = summary.find_duplicates(audited.rows(("status", "face_hash", *summary.RANKING)))
    statistics, shown = Statistics(), Shown(rule)
    groups = _Groups()
    names = ("keep", "drop") if rule is not None else ()
    with ExitStack() as stack:
        lines = {
            name: _Lines(
                stack.enter_context(tempfile.TemporaryFile("w+", encoding="ascii", dir=out))
            )
            for name in ("rows", "refused", "keep", "drop")
        }
        lists = {name: stack.enter_context(files.replacing(out / f"{name}.txt")) for name in names}
        table_file = stack.enter_context(files.replacing(out / "audit.csv"))
        for number, table in enumerate(summary.tables(audited.rows(), found, rule)):
            statistics.add(table)
            shown.add(table)
            groups.add(table)
            cells(table).to_csv(table_file, index=False, header=not number, lineterminator="\n")
            for row in table.to_dict("records"):
                lines["rows"].add(row)
                if row["status"] != "measured":
                    lines["refused"].add({name: row[name] for name in ("file", "code", "sentence")})
                elif rule is not None:
                    name = "keep" if row["keep"] else "drop"
                    lines[name].add(row["file"])
                    lists[name].write(f"{row['file']}\n")
            for export in exports:
                export.add(table)
        report = summary.report(source.name, statistics, audited.listing.others)
        kept = {"rule": rule.text, **{n: lines[n] for n in names}} if rule is not None else None
        with files.replacing(out / "audit.json") as file:
            _dump(
                {
                    **report,
                    "duplicates": groups.lists(),
                    "keep": kept,
                    "refused": lines["refused"],
                    "columns": {column.name: column.meaning for column in COLUMNS},
                    "rows": lines["rows"],
                },
                file,
            )
            file.write("\n")
    for name in {"keep", "drop"} - set(names):
        (out / f"{name}.txt").unlink(missing_ok=True)
    for export in exports:
        export.close()
    shown.groups = groups.lists()
    html = page.html(report, statistics, shown, source if thumbnails else None)
    files.replace(out / "audit.html", html)
    return Written(report, int(found.spare.sum()), statistics.kept)


def cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table for spreadsheets, which take a cell that begins with =, +, - or @ for a formula.

    ./=x.jpg is the same file as =x.jpg, and no formula. Only text is changed, not negative numbers.
    """
    return table.replace(r"^([=+\-@])", r"./\1", regex=True)


class _Groups:
    """The files of each group of near-duplicates, the best first."""

    def __init__(self) -> None:
        self._best: dict[int, str] = {}
        self._copies: dict[int, list[str]] = {}

    def add(self, table: pd.DataFrame) -> None:
        rows = table[table["group"].notna()]
        for file, group, spare in rows[["file", "group", "duplicate"]].itertuples(index=False):
            if spare:
                self._copies.setdefault(group, []).append(file)
            else:
                self._best[group] = file

    def lists(self) -> list[list[str]]:
        return [[self._best[group], *self._copies[group]] for group in sorted(self._best)]


class _Lines:
    """A list of JSON values that may be too long for the memory, on disk."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, value: object) -> None:
        self._file.write(json.dumps(value) + "\n")

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")


def _dump(value: Any, file: TextIO, depth: int = 0) -> None:
    """Write JSON, one value of a long list in a line."""
    margin = " " * (depth + 1)
    if isinstance(value, dict) and any(isinstance(part, dict | _Lines) for part in value.values()):
        for number, (name, part) in enumerate(value.items()):
            file.write(f"{',' if number else '{'}\n{margin}{json.dumps(name)}: ")
            _dump(part, file, depth + 1)
        file.write(f"\n{margin[1:]}}}")
    elif isinstance(value, _Lines):
        file.write("[")
        for number, line in enumerate(value):
            file.write(f"{',' if number else ''}\n{margin}{line}")
        file.write("]")
    else:
        file.write(json.dumps(value))
