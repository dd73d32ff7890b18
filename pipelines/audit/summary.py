"""What a folder's rows say together: plain data for JSON and for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.audit import duplicates
from pipelines.audit.columns import COLUMNS, ITA_CLASSES, ita_class
from pipelines.audit.rules import Rule
from pipelines.audit.worker import Row
from pipelines.measure import artificial, quality

# Component of quality -> column of the audit: `gaze` is the angle there, not the score.
SCORES = {name: "gaze_quality" if name == "gaze" else name for name in quality.NAMES}
# A score from here on is fine.
FINE = 50.0
WORDS = ("contact", "soft", "averted")


@dataclass(frozen=True)
class Audit:
    """A finished audit.

    Attributes:
        folder: Name of the folder, without the way to it.
        rows: One a picture, in alphabetical order, every column filled in.
        others: Further files of the folder that are no pictures.
        rule: What to keep; None if nobody said.
    """

    folder: str
    rows: tuple[Row, ...]
    others: int
    rule: Rule | None

    @property
    def measured(self) -> tuple[Row, ...]:
        """Rows of the pictures that could be measured."""
        return tuple(row for row in self.rows if row["status"] == "measured")

    @property
    def refused(self) -> tuple[Row, ...]:
        """Rows of the others."""
        return tuple(row for row in self.rows if row["status"] != "measured")


def complete(rows: Sequence[Row], rule: Rule | None) -> tuple[Row, ...]:
    """Fill in what only all rows together, or the rule, can say: groups, duplicates, keep.

    Args:
        rows: As the workers made them.
        rule: What to keep.
    """
    full: list[Row] = [{column.name: row.get(column.name) for column in COLUMNS} for row in rows]
    measured = [row for row in full if row["status"] == "measured"]
    for row in measured:
        row["duplicate"] = 0
    found = duplicates.groups([str(row["face_hash"]) for row in measured])
    for number, members in enumerate(found, start=1):
        group = [measured[index] for index in members]
        best = max(group, key=_goodness)
        for row in group:
            row["group"] = number
            row["duplicate"] = int(row is not best)
    if rule is not None:
        for row in measured:
            row["keep"] = int(rule.keeps(row))
    return tuple(full)


def _goodness(row: Row) -> tuple[float, float]:
    """The best of near-duplicates is the one with most pixels on the face, then the sharpest."""
    return _number(row["inter_eye_distance_native"]), _number(row["sharpness"])


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def values(rows: Iterable[Row], column: str) -> list[float]:
    """The numbers of a column, without its gaps."""
    found = (row[column] for row in rows)
    return [float(value) for value in found if isinstance(value, int | float)]


def spread(numbers: Sequence[float]) -> dict[str, float | int | None]:
    """How many there are, and the percentiles 5, 25, 50, 75, 95."""
    names = ("p5", "p25", "median", "p75", "p95")
    if not numbers:
        return {"n": 0, **dict.fromkeys(names)}
    found = np.percentile(numbers, [5, 25, 50, 75, 95])
    return {
        "n": len(numbers),
        **{name: round(float(value), 3) for name, value in zip(names, found, strict=True)},
    }


def classes(rows: Iterable[Row]) -> dict[str, int]:
    """Pictures in each of the six standard classes of the Individual Typology Angle."""
    counts = Counter(ita_class(value) for value in values(rows, "ita"))
    return {name: counts[name] for name, _ in ITA_CLASSES}


def signs(rows: Sequence[Row]) -> dict[str, dict[str, float | int | None]]:
    """Of each sign of an artificial face: its spread, and how many pictures are unusual."""
    return {
        name: {
            **spread(values(rows, name)),
            "unusual": sum(name in str(row["unusual"] or "").split() for row in rows),
        }
        for name in artificial.NAMES
    }


def groups(audit: Audit) -> list[list[str]]:
    """Files of each group of near-duplicates, the best of a group first."""
    found: dict[int, list[Row]] = {}
    for row in audit.measured:
        if isinstance(row["group"], int):
            found.setdefault(row["group"], []).append(row)
    return [
        [str(row["file"]) for row in sorted(group, key=lambda row: str(row["duplicate"]))]
        for _, group in sorted(found.items())
    ]


def kept(audit: Audit) -> tuple[list[str], list[str]]:
    """Files to keep and files to drop; both empty without a rule."""
    files: tuple[list[str], list[str]] = [], []
    for row in audit.measured:
        if row["keep"] is not None:
            files[0 if row["keep"] == 1 else 1].append(str(row["file"]))
    return files


def _keep(audit: Audit) -> dict[str, Any] | None:
    if audit.rule is None:
        return None
    keep, drop = kept(audit)
    return {"rule": audit.rule.text, "keep": keep, "drop": drop}


def _shares(counts: Counter[str], words: Sequence[str]) -> dict[str, dict[str, float | int]]:
    total = max(sum(counts.values()), 1)
    return {word: {"n": counts[word], "share": round(counts[word] / total, 4)} for word in words}


def report(audit: Audit) -> dict[str, Any]:
    """Plain data for JSON; the keys are stable."""
    rows = audit.measured
    return {
        "folder": audit.folder,
        "counts": {
            "pictures": len(audit.rows),
            "measured": len(rows),
            "refused": len(audit.refused),
            "other_files": audit.others,
        },
        "gaze": {
            **_shares(Counter(str(row["gaze_word"]) for row in rows), WORDS),
            "off_lens": spread(values(rows, "gaze")),
            "yaw": spread(values(rows, "gaze_yaw")),
            "pitch": spread(values(rows, "gaze_pitch")),
        },
        "head": {axis: spread(values(rows, f"head_{axis}")) for axis in ("yaw", "pitch", "roll")},
        "quality": {
            name: {
                **spread(values(rows, column)),
                "below_50": sum(value < FINE for value in values(rows, column)),
            }
            for name, column in SCORES.items()
        },
        "skin_tone": {
            "ita": spread(values(rows, "ita")),
            "without_colour": sum(row["ita"] is None for row in rows),
            "classes": classes(rows),
        },
        "finish": {
            "skin_detail": spread(values(rows, "skin_detail")),
            "over_polished": int(sum(values(rows, "over_polished"))),
        },
        "signs": signs(rows),
        "duplicates": groups(audit),
        "keep": _keep(audit),
        "refused": [
            {key: row[key] for key in ("file", "code", "sentence")} for row in audit.refused
        ],
        "columns": {column.name: column.meaning for column in COLUMNS},
        "rows": [dict(row) for row in audit.rows],
    }
