from __future__ import annotations

from benchmarks import live


def test_what_is_neither_ours_nor_the_browsers_is_gradios() -> None:
    moves = live.Moves("hopper", "gaze", [100.0, 220.0], [40.0, 50.0], [10.0, 20.0])
    assert moves.gradio == [50.0, 150.0]
    done = live.LiveRun([(700.0, 1100.0)], [moves], (0.5, 1.5))
    assert live.report(done)["moves"][0]["gradio"] == [50.0, 150.0]
    text = live.table(done)
    assert "1100 ms to the pictures (median of 1), 400 ms after" in text
    median, p95, ours, gradio, browser = text.splitlines()[-1].split()[:5]
    assert (median, p95, ours, gradio, browser) == ("160", "214", "45", "100", "15")
