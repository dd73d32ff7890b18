"""What is counted in one pass is what pandas finds in the whole table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.audit import summary
from pipelines.audit.columns import Row
from pipelines.audit.rules import parse
from pipelines.audit.summary import Statistics, Values


def rows(count: int) -> list[Row]:
    random = np.random.default_rng(4)
    made: list[Row] = []
    for number in range(count):
        if number % 7 == 3:
            made.append({"file": f"{number:05}", "status": "refused", "code": "no-face"})
            continue
        made.append(
            {
                "file": f"{number:05}",
                "status": "measured",
                "gaze": round(random.uniform(0, 30), 2),
                "sharpness": round(random.uniform(0, 100), 1),
                "ita": None if number % 5 == 0 else round(random.uniform(-40, 60), 2),
                "gaze_word": "soft",
                "unusual": "eye_tilt eye_detail" if number % 11 == 0 else None,
                "inter_eye_distance_native": float(number),
                # Pairs of equal pictures.
                "face_hash": np.random.default_rng(number // 2).bytes(32).hex(),
            }
        )
    return made


@pytest.mark.parametrize("count", [1, 2, 50, 301])
def test_percentiles_are_exact(count: int) -> None:
    numbers = np.random.default_rng(count).integers(0, 90, count) / 10
    values = Values()
    for part in np.array_split(numbers, 3):
        values.add(part)
    wanted = pd.Series(numbers).quantile([0.05, 0.25, 0.5, 0.75, 0.95]).round(3).tolist()
    spread = values.spread()
    assert spread.pop("n") == count
    assert list(spread.values()) == pytest.approx(wanted, abs=1e-9)


def test_nothing_has_no_percentiles() -> None:
    assert Values().spread() == dict.fromkeys(("p5", "p25", "median", "p75", "p95")) | {"n": 0}


def test_tables_of_any_size_say_the_same() -> None:
    made, rule = rows(300), parse("gaze<=10 and duplicate==0", ("gaze", "duplicate"))
    found = summary.find_duplicates(made)
    whole, small = (
        pd.concat(list(summary.tables(made, found, rule, size)), ignore_index=True)
        for size in (1000, 7)
    )
    pd.testing.assert_frame_equal(whole, small)
    counted = Statistics()
    for table in summary.tables(made, found, rule, 7):
        counted.add(table)
    report = summary.report("people", counted, 3)
    measured = whole[whole["status"] == "measured"]
    assert report["counts"] == {
        "pictures": 300, "measured": len(measured), "refused": 300 - len(measured),
        "other_files": 3,
    }  # fmt: skip
    assert report["gaze"]["off_lens"]["median"] == pytest.approx(
        measured["gaze"].astype(float).median(), abs=5e-4
    )
    assert report["skin_tone"]["without_colour"] == measured["ita"].isna().sum()
    assert report["signs"]["eye_tilt"]["unusual"] == measured["unusual"].notna().sum()
    assert counted.kept == (whole["keep"] == 1).sum() > 0


def test_the_best_of_a_group_has_the_most_pixels() -> None:
    made = rows(60)
    tables = summary.tables(made, summary.find_duplicates(made), None)
    table = pd.concat(list(tables), ignore_index=True)
    grouped = table[table["group"].notna()]
    assert len(grouped) > 10
    for _, group in grouped.groupby("group"):
        assert group["duplicate"].tolist().count(0) == 1
        best = group[group["duplicate"] == 0]["inter_eye_distance_native"].iloc[0]
        assert best == group["inter_eye_distance_native"].max()


def test_no_rows_make_one_empty_table() -> None:
    (table,) = summary.tables([], summary.find_duplicates([]), None)
    assert table.empty
