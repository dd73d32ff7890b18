"""Readings of portraits against where a person felt that the eyes look.

A folder's labels are a CSV with the columns ``file``, ``gaze`` (``lens``, ``near``, ``away`` or
``hidden``), ``side`` (``L`` or ``R`` of the picture, or empty), ``updown`` (``U``, ``D`` or empty)
and ``head`` (``frontal``, ``turned`` or ``profile``). A rating is a person's, not a measurement.

JSON, angles in degrees, by head class and for ``all``:
    lens: n, and the shares contact, soft, averted of the portraits rated ``lens`` that were read;
        mean_yaw, mean_pitch; spread_yaw, spread_pitch: robust standard deviations about 0.
    away: n, averted: share called averted of those read; side: share of those with a side that are
        read towards it.
    not_read: codes of refusals and ``left-alone``, with the number of portraits of any rating.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from benchmarks.reports import Report, text_table
from pipelines import studio
from pipelines.gaze import Gaze
from pipelines.runtime.errors import Refusal

COLUMNS = ("file", "gaze", "side", "updown", "head")
HEADS = ("frontal", "turned", "profile")
_LEFT_ALONE = "left-alone"


@dataclass(frozen=True)
class Reading:
    """What was read from one labelled portrait.

    Attributes:
        file: Its name.
        rated: The rating of the gaze.
        side: -1 for the left of the picture, 1 for the right, 0 without a side.
        head: Class of the head's pose.
        gaze: The reading; None if the portrait was refused.
        not_read: Why it was refused or its eyes are left alone; None if neither.
    """

    file: str
    rated: str
    side: int
    head: str
    gaze: Gaze | None
    not_read: str | None


class BrokenLabels(ValueError):
    """The labels lack a column or name no portrait of the folder."""


def run(labels: Path, folder: Path) -> list[Reading]:
    """Read every labelled portrait of a folder.

    Raises:
        BrokenLabels: See there.
    """
    try:
        rows = pd.read_csv(labels, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BrokenLabels(f"The labels can't be read: {error}.") from None
    missing = [column for column in COLUMNS if column not in rows]
    if missing:
        raise BrokenLabels(f"The labels have no column {missing[0]!r}.")
    rows = rows[[(folder / name).is_file() for name in rows.file]]
    if rows.empty:
        raise BrokenLabels("The labels name no portrait of the folder.")
    return [
        _read(folder / row.file, row.gaze, row.side, row.head)
        for row in tqdm(list(rows.itertuples()), desc="Reading", disable=None)
    ]


def report(readings: Iterable[Reading]) -> Report:
    """Readings as plain data; the keys are stable."""
    readings = list(readings)
    classes = {"all": readings}
    for head in HEADS:
        classes[head] = [reading for reading in readings if reading.head == head]
    return {
        head: {
            "lens": _lens([reading for reading in members if reading.rated == "lens"]),
            "away": _away([reading for reading in members if reading.rated == "away"]),
            "not_read": Counter(one.not_read for one in members if one.not_read),
        }
        for head, members in classes.items()
        if members
    }


def table(report: Report) -> str:
    """Lay a report out for a terminal."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield text_table(
        "rated lens",
        {head: figures["lens"] for head, figures in report.items() if figures["lens"]["n"]},
        ("n", "contact", "soft", "averted", "mean_yaw", "mean_pitch", "spread_yaw", "spread_pitch"),
    )
    yield ""
    yield text_table(
        "rated away",
        {head: figures["away"] for head, figures in report.items() if figures["away"]["n"]},
        ("n", "averted", "side"),
    )
    yield ""
    for head, figures in report.items():
        reasons = ", ".join(f"{count} {reason}" for reason, count in figures["not_read"].items())
        if reasons:
            yield f"Not read, {head}: {reasons}"


def _read(path: Path, rated: str, side: str, head: str) -> Reading:
    direction = {"L": -1, "R": 1}.get(side, 0)
    try:
        analysis = studio.analyse(path)
    except Refusal as error:
        return Reading(path.name, rated, direction, head, None, error.code)
    alone = _LEFT_ALONE if analysis.eyes_left_alone else None
    return Reading(path.name, rated, direction, head, analysis.gaze.gaze, alone)


def _lens(readings: list[Reading]) -> Report:
    gazes = [reading.gaze for reading in readings if reading.gaze and not reading.not_read]
    words = Counter(gaze.word for gaze in gazes)
    figures: Report = {"n": len(gazes)}
    for word in ("contact", "soft", "averted"):
        figures[word] = words[word] / len(gazes) if gazes else None
    for axis in ("yaw", "pitch"):
        angles = np.array([getattr(gaze, axis) for gaze in gazes])
        figures[f"mean_{axis}"] = float(np.mean(angles)) if gazes else None
        figures[f"spread_{axis}"] = float(1.4826 * np.median(np.abs(angles))) if gazes else None
    return figures


def _away(readings: list[Reading]) -> Report:
    read = [(one.gaze, one.side) for one in readings if one.gaze and not one.not_read]
    sided = [np.sign(gaze.yaw) == side for gaze, side in read if side]
    return {
        "n": len(read),
        "averted": sum(gaze.word == "averted" for gaze, _ in read) / len(read) if read else None,
        "side": float(np.mean(sided)) if sided else None,
    }
