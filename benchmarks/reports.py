"""Reports, the plain data that every benchmark returns and writes as JSON, and tables of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Report = dict[str, Any]


def write(report: object, path: Path | None) -> None:
    """Write a report as JSON; nothing if there is no path."""
    if path:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def text_table(
    corner: str, rows: Mapping[str, Report], keys: Iterable[str], *, transpose: bool = False
) -> str:
    """Lay out figures under their keys, one row for each report.

    Args:
        corner: Title of the labels.
        rows: Label -> report. A missing figure is left blank.
        keys: Which figures; those of a report in a report as ``latency_s.p50``.
        transpose: One column for each report instead, for few reports of many figures.
    """
    keys = list(keys)
    cells: Iterable[Sequence[str]] = [
        [corner, *keys],
        *([label, *(_figure(row, key) for key in keys)] for label, row in rows.items()),
    ]
    if transpose:
        cells = list(zip(*cells, strict=True))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def number(value: Any) -> str:
    """A figure as text: three decimals below 1, two below 100; a dash for None."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 100 else 0}f}"


def interval(ends: Sequence[float] | None) -> str:
    """Both ends of an interval as text; a dash for None."""
    return "–" if ends is None else f"{ends[0]:.2f}..{ends[1]:.2f}"


def _figure(report: Any, key: str) -> str:
    for part in key.split("."):
        if part not in report:
            return ""
        report = report[part]
    return number(report)
