"""Write the files of an audit."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.audit import page, summary
from pipelines.audit.summary import Audit


def write(audit: Audit, out: Path, folder: Path | None = None) -> None:
    """Write ``audit.csv``, ``audit.json`` and ``audit.html``, and with a rule the two lists.

    Args:
        audit: A finished audit.
        out: Where to write.
        folder: Where the pictures lie, if the page is to show small ones.
    """
    report = summary.report(audit)
    _replace(out / "audit.json", json.dumps(report, indent=1) + "\n")
    # Spreadsheets take a cell that begins with =, +, - or @ for a formula. ./=x.jpg is the same
    # file as =x.jpg, and no formula. Only text is replaced, not negative numbers.
    cells = audit.table.replace(r"^([=+\-@])", r"./\1", regex=True)
    _replace(out / "audit.csv", cells.to_csv(index=False, lineterminator="\n"))
    _replace(out / "audit.html", page.html(audit, report, folder))
    for name in ("keep", "drop"):
        path = out / f"{name}.txt"
        if report["keep"] is None:
            path.unlink(missing_ok=True)
        else:
            _replace(path, "".join(f"{file}\n" for file in report["keep"][name]))


def _replace(path: Path, text: str) -> None:
    """Write a file at once, so that a reader gets the old or the new one, never a part of it."""
    fresh = path.with_name(path.name + ".new")
    # Names that are not UTF-8 come as lone surrogates.
    fresh.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    fresh.replace(path)
