from __future__ import annotations

from benchmarks import live


def test_the_time_that_is_neither_ours_nor_the_browsers_is_gradios() -> None:
    moves = live.move_report("hopper", "gaze", [(100, 40, 10), (220, 50, 20)], missed=0)
    assert moves["gradio"] == [50.0, 150.0]
    opened = [{"place": 700.0, "pictures": 1100.0}]
    text = live.table({"opened": opened, "moves": [moves], "load": [0.5, 1.5]})
    assert "1100 ms to the pictures (median of 1), 400 ms after" in text
    total, ours, gradio, browser, p95, missed = text.splitlines()[-1].split()[2:]
    assert (total, ours, gradio, browser) == ("160", "45.00", "100", "15.00")
    assert (p95, missed) == ("214", "0")
