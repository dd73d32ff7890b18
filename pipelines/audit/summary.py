"""The statistics of an audit, counted in one pass over its rows, in memory that does not grow.

Values are rounded, so their different ones are few: counting them gives exact percentiles.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.audit import columns, duplicates
from pipelines.audit.columns import COLUMNS, ITA_CLASSES, Row
from pipelines.audit.rules import Rule
from pipelines.measure import artificial, quality

# Component of quality -> column of the audit, in which `gaze` is the angle, not the score.
SCORES = {name: "gaze_quality" if name == "gaze" else name for name in quality.NAMES}
WORDS = ("contact", "soft", "averted")
RANKING = ("inter_eye_distance_native", "sharpness")
"""What makes the best of a group of near-duplicates, the most important first."""

_PERCENTILES = {"p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
_COUNTED = (
    *("gaze", "gaze_yaw", "gaze_pitch", "head_yaw", "head_pitch", "head_roll"),
    *(*SCORES.values(), "ita", "skin_detail", *artificial.NAMES),
)


@dataclass(frozen=True)
class Duplicates:
    """The near-duplicates among the measured pictures, in the order of the rows.

    Attributes:
        groups: Number of each one's group, 0 for none; int32.
        spare: Whether it is a copy of a better one.
    """

    groups: NDArray[np.int32]
    spare: NDArray[np.bool_]


def find_duplicates(rows: Iterable[Row]) -> Duplicates:
    """Find near-duplicates.

    The best of a group has the most pixels on the face, then is the sharpest.

    Args:
        rows: All rows with ``status``, ``face_hash`` and `RANKING`.
    """
    hashes, ranks = bytearray(), [array("f") for _ in RANKING]
    for row in rows:
        if row["status"] == "measured":
            hashes += bytes.fromhex(str(row["face_hash"]))
            for rank, name in zip(ranks, RANKING, strict=True):
                rank.append(float(row.get(name) or 0.0))
    found = np.frombuffer(hashes, np.uint8).reshape(-1, duplicates.BYTES)
    groups = duplicates.number_groups(found)
    first, second = (-np.array(rank, np.float32) for rank in ranks)
    order = np.lexsort((second, first, groups))
    spare = np.zeros(len(groups), bool)
    spare[order[1:]] = groups[order[1:]] == groups[order[:-1]]
    return Duplicates(groups, spare & (groups > 0))


def tables(
    rows: Iterable[Row], found: Duplicates, rule: Rule | None, size: int = 2048
) -> Iterator[pd.DataFrame]:
    """The rows as tables of `size`, with the columns that need all rows or the rule.

    Values are Python objects, None where there is none, so that files show them as they were
    measured.

    Args:
        rows: As the workers made them.
        found: Their near-duplicates.
        rule: What to keep.
        size: Rows of a table.
    """
    rows, done = iter(rows), 0
    while True:
        part = list(islice(rows, size))
        if not part and done:
            return
        table = pd.DataFrame(
            {column.name: [row.get(column.name) for row in part] for column in COLUMNS},
            dtype=object,
        )
        measured = table.index[table["status"] == "measured"]
        here = slice(done, done + len(measured))
        groups = found.groups[here]
        table.loc[measured, "duplicate"] = found.spare[here].astype(int).tolist()
        table.loc[measured, "group"] = [number or None for number in groups.tolist()]
        if rule is not None:
            verdicts = rule.verdicts(numbers(table.loc[measured])).fillna(False)
            table.loc[measured, "keep"] = verdicts.astype(int).tolist()
        done += len(measured)
        yield table
        if len(part) < size:
            return


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of numbers (but the rule's verdict) as nullable ``Float64``."""
    return table[list(columns.numbers())].astype("Float64")


class Values:
    """The values of one column: each different one, and how often it occurs."""

    def __init__(self) -> None:
        self.values, self.counts = np.zeros(0), np.zeros(0, np.int64)

    def add(self, more: NDArray[np.float64]) -> None:
        """Count more values."""
        values, counts = np.unique(more, return_counts=True)
        self.values, places = np.unique(np.append(self.values, values), return_inverse=True)
        weights = np.append(self.counts, counts)
        self.counts = np.bincount(places, weights, len(self.values)).astype(np.int64)

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    def below(self, limit: float) -> int:
        """How many are less."""
        return int(self.counts[self.values < limit].sum())

    def spread(self) -> dict[str, float | int | None]:
        """How many there are, and their percentiles, linear between two values."""
        ends = np.cumsum(self.counts)
        spread: dict[str, float | int | None] = {"n": self.total}
        for name, share in _PERCENTILES.items():
            spread[name] = None
            if self.total:
                place = share * (self.total - 1)
                low, high = (
                    self.values[np.searchsorted(ends, int(n), side="right")]
                    for n in (np.floor(place), np.ceil(place))
                )
                spread[name] = round(float(low + (high - low) * (place % 1)), 3)
        return spread


@dataclass
class Statistics:
    """What is counted of an audit.

    Attributes:
        pictures: Number of rows.
        measured: Number of those that could be measured.
        values: Of each number that the report describes.
        words: Occurrences of ``gaze_word``, ``ita_class`` and each unusual sign, by column.
        over_polished: Pictures that look over-polished.
        with_signs: Pictures with a sign of an artificial face.
        kept: Pictures that the rule keeps.
    """

    pictures: int = 0
    measured: int = 0
    values: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in _COUNTED})
    words: dict[str, Counter[str]] = field(
        default_factory=lambda: {
            name: Counter[str]() for name in ("gaze_word", "ita_class", "unusual")
        }
    )
    over_polished: int = 0
    with_signs: int = 0
    kept: int = 0

    def add(self, table: pd.DataFrame) -> None:
        """Count the rows of a table."""
        rows = table[table["status"] == "measured"]
        self.pictures += len(table)
        self.measured += len(rows)
        for name, values in self.values.items():
            values.add(rows[name].dropna().to_numpy(float))
        for name, words in self.words.items():
            for text in rows[name].dropna():
                words.update(text.split() if name == "unusual" else (text,))
        self.over_polished += int((rows["over_polished"] == 1).sum())
        self.with_signs += int(rows["unusual"].notna().sum())
        self.kept += int((rows["keep"] == 1).sum())


def report(folder: str, found: Statistics, other_files: int) -> dict[str, Any]:
    """Plain data for JSON, up to the lists of files; the keys are stable.

    Args:
        folder: Name of the source, without its path.
        found: What was counted.
        other_files: Number of files that are no pictures.
    """
    spreads = {name: values.spread() for name, values in found.values.items()}
    gaze_words, ita_classes = found.words["gaze_word"], found.words["ita_class"]
    return {
        "folder": folder,
        "counts": {
            "pictures": found.pictures,
            "measured": found.measured,
            "refused": found.pictures - found.measured,
            "other_files": other_files,
        },
        "gaze": {
            **{
                word: {
                    "n": gaze_words[word],
                    "share": round(gaze_words[word] / max(found.measured, 1), 4),
                }
                for word in WORDS
            },
            "off_lens": spreads["gaze"],
            "yaw": spreads["gaze_yaw"],
            "pitch": spreads["gaze_pitch"],
        },
        "head": {axis: spreads[f"head_{axis}"] for axis in ("yaw", "pitch", "roll")},
        "quality": {
            name: {**spreads[column], "below_50": found.values[column].below(50)}
            for name, column in SCORES.items()
        },
        "skin_tone": {
            "ita": spreads["ita"],
            "without_colour": found.measured - found.values["ita"].total,
            "classes": {name: ita_classes[name] for name, _ in ITA_CLASSES},
        },
        "finish": {
            "skin_detail": spreads["skin_detail"],
            "over_polished": found.over_polished,
        },
        "signs": {
            name: {**spreads[name], "unusual": found.words["unusual"][name]}
            for name in artificial.NAMES
        },
    }
