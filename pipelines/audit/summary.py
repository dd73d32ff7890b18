"""The table of an audit, and its statistics as plain data for JSON and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.audit import columns, duplicates
from pipelines.audit.columns import COLUMNS, ITA_CLASSES, Row
from pipelines.audit.rules import Rule
from pipelines.measure import artificial, quality

# Component of quality -> column of the audit, in which `gaze` is the angle, not the score.
SCORES = {name: "gaze_quality" if name == "gaze" else name for name in quality.NAMES}
WORDS = ("contact", "soft", "averted")
_PERCENTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class Audit:
    """A finished audit.

    Attributes:
        folder: Name of the folder, without its path.
        table: From `complete`.
        others: Further files of the folder that are no pictures.
        rule: What to keep; None if there is no rule.
    """

    folder: str
    table: pd.DataFrame
    others: tuple[str, ...]
    rule: Rule | None

    @property
    def measured(self) -> pd.DataFrame:
        """Rows of the pictures that could be measured."""
        return self.table[self.table["status"] == "measured"]

    @property
    def refused(self) -> pd.DataFrame:
        """Rows of the pictures that could not be measured."""
        return self.table[self.table["status"] != "measured"]


def complete(rows: Sequence[Row], rule: Rule | None) -> pd.DataFrame:
    """Make the table, with the columns that need all rows or the rule: group, duplicate, keep.

    The best of a group of near-duplicates has the most pixels on the face, then is the sharpest.

    Args:
        rows: As the workers made them.
        rule: What to keep.

    Returns:
        One row per picture, every column. Values are Python objects, None where there is none, so
        that files show them as they were measured.
    """
    table = pd.DataFrame(
        {column.name: [row.get(column.name) for row in rows] for column in COLUMNS}, dtype=object
    )
    measured = table.index[table["status"] == "measured"]
    table.loc[measured, "duplicate"] = 0
    groups = duplicates.groups(table.loc[measured, "face_hash"].tolist())
    numbered = {measured[i]: number for number, group in enumerate(groups, 1) for i in group}
    criteria = ["inter_eye_distance_native", "sharpness"]
    ranking = numbers(table).loc[list(numbered), criteria].fillna(0)
    best_first = ranking.sort_values(criteria, ascending=False, kind="stable").index
    group_numbers = best_first.map(numbered)
    table.loc[best_first, "group"] = group_numbers.tolist()
    table.loc[best_first, "duplicate"] = group_numbers.duplicated().astype(int).tolist()
    if rule is not None:
        verdicts = rule.verdicts(numbers(table.loc[measured])).fillna(False)
        table.loc[measured, "keep"] = verdicts.astype(int).tolist()
    return table


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of numbers (but the rule's verdict) as nullable ``Float64``."""
    return table[list(columns.numbers())].astype("Float64")


def report(audit: Audit) -> dict[str, Any]:
    """Plain data for JSON; the keys are stable."""
    rows = audit.measured
    values = numbers(rows)
    spreads = _spreads(values)
    gaze_words, ita_classes = (rows[name].value_counts() for name in ("gaze_word", "ita_class"))
    unusual = rows["unusual"].dropna().str.split().explode().value_counts()
    return {
        "folder": audit.folder,
        "counts": {
            "pictures": len(audit.table),
            "measured": len(rows),
            "refused": len(audit.refused),
            "other_files": len(audit.others),
        },
        "gaze": {
            **{
                word: {
                    "n": int(gaze_words.get(word, 0)),
                    "share": round(int(gaze_words.get(word, 0)) / max(len(rows), 1), 4),
                }
                for word in WORDS
            },
            "off_lens": spreads["gaze"],
            "yaw": spreads["gaze_yaw"],
            "pitch": spreads["gaze_pitch"],
        },
        "head": {axis: spreads[f"head_{axis}"] for axis in ("yaw", "pitch", "roll")},
        "quality": {
            name: {**spreads[column], "below_50": int((values[column] < 50).sum())}
            for name, column in SCORES.items()
        },
        "skin_tone": {
            "ita": spreads["ita"],
            "without_colour": int(values["ita"].isna().sum()),
            "classes": {name: int(ita_classes.get(name, 0)) for name, _ in ITA_CLASSES},
        },
        "finish": {
            "skin_detail": spreads["skin_detail"],
            "over_polished": int(values["over_polished"].sum()),
        },
        "signs": {
            name: {**spreads[name], "unusual": int(unusual.get(name, 0))}
            for name in artificial.NAMES
        },
        "duplicates": _groups(rows),
        "keep": _keep(audit),
        "refused": audit.refused[["file", "code", "sentence"]].to_dict("records"),
        "columns": {column.name: column.meaning for column in COLUMNS},
        "rows": audit.table.to_dict("records"),
    }


def _spreads(values: pd.DataFrame) -> dict[str, dict[str, float | int | None]]:
    """Of each column: how many values there are, and their percentiles."""
    percentiles = values.quantile(list(_PERCENTILES.values()))
    return {
        name: {
            "n": int(values[name].count()),
            **{
                key: None if pd.isna(value) else round(float(value), 3)
                for key, value in zip(_PERCENTILES, percentiles[name], strict=True)
            },
        }
        for name in values
    }


def _groups(rows: pd.DataFrame) -> list[list[str]]:
    """Files of each group of near-duplicates, the best of a group first."""
    grouped = rows.sort_values("duplicate", kind="stable").groupby("group")["file"]
    return [files.tolist() for _, files in grouped]


def _keep(audit: Audit) -> dict[str, Any] | None:
    if audit.rule is None:
        return None
    files, keep = audit.measured["file"], audit.measured["keep"]
    return {
        "rule": audit.rule.text,
        "keep": files[keep == 1].tolist(),
        "drop": files[keep == 0].tolist(),
    }
