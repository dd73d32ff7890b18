"""Write the files of an audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.audit import files, page, summary
from pipelines.audit.summary import Audit

if TYPE_CHECKING:
    import pandas as pd


def write(audit: Audit, out: Path, folder: Path | None = None) -> None:
    """Write ``audit.csv``, ``audit.json`` and ``audit.html``, and with a rule the two lists.

    Args:
        audit: A finished audit.
        out: Where to write.
        folder: Where the pictures lie, if the page is to show small ones.
    """
    report = summary.report(audit)
    files.replace(out / "audit.json", json.dumps(report, indent=1) + "\n")
    table = cells(audit.table)
    files.replace(out / "audit.csv", table.to_csv(index=False, lineterminator="\n"))
    files.replace(out / "audit.html", page.html(audit, report, folder))
    for name in ("keep", "drop"):
        path = out / f"{name}.txt"
        if report["keep"] is None:
            path.unlink(missing_ok=True)
        else:
            files.replace(path, "".join(f"{file}\n" for file in report["keep"][name]))


def cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table for spreadsheets, which take a cell that begins with =, +, - or @ for a formula.

    ./=x.jpg is the same file as =x.jpg, and no formula. Only text is changed, not negative numbers.
    """
    return table.replace(r"^([=+\-@])", r"./\1", regex=True)
