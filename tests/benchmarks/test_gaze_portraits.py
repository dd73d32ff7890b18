"""Labelled portraits: what is read of them, and labels that can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import gaze_portraits
from benchmarks.gaze_portraits import BrokenLabels, Reading
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8

HEADER = "file,gaze,side,updown,head\n"


def test_a_folder_is_read_by_its_labels(tmp_path: Path, astronaut: Image8) -> None:
    Image.fromarray(astronaut).save(tmp_path / "a.png")
    Image.new("RGB", (300, 300)).save(tmp_path / "b.png")
    labels = tmp_path / "labels.csv"
    labels.write_text(HEADER + "a.png,lens,,,frontal\nb.png,away,L,,turned\nc.png,lens,,,frontal\n")
    report = gaze_portraits.report(gaze_portraits.run(labels, tmp_path))
    assert report["frontal"]["lens"]["n"] == 1
    assert report["turned"]["not_read"] == {"no-face": 1}
    assert "rated lens" in gaze_portraits.table(report)


def test_shares_and_sides() -> None:
    def lens(yaw: float) -> Reading:
        return Reading("a", "lens", 0, "frontal", Gaze(yaw, 0), None)

    def away(yaw: float, side: int) -> Reading:
        return Reading("a", "away", side, "turned", Gaze(yaw, 0), None)

    left_alone = Reading("a", "lens", 0, "frontal", Gaze(40, 0), "left-alone")
    report = gaze_portraits.report(
        [lens(0), lens(-1), lens(4), lens(9), left_alone, away(-20, -1), away(20, -1), away(1, 0)]
    )
    assert report["all"]["lens"] == report["frontal"]["lens"]
    figures = report["frontal"]["lens"]
    assert (figures["n"], figures["contact"], figures["soft"]) == (4, 0.5, 0.25)
    assert figures["mean_yaw"] == pytest.approx(3)
    assert report["turned"]["away"] == {"n": 3, "averted": pytest.approx(2 / 3), "side": 0.5}
    assert report["frontal"]["not_read"] == {"left-alone": 1}


@pytest.mark.parametrize(
    "text", ["", "file,gaze\na.png,lens\n", HEADER + "none.png,lens,,,turned\n"]
)
def test_labels_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    with pytest.raises(BrokenLabels):
        gaze_portraits.run(labels, tmp_path)
