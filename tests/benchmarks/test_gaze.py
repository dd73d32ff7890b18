from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import gaze, renders, speed
from benchmarks.renders import Render
from pipelines import studio
from pipelines.arrays import Image8
from pipelines.gaze import Gaze
from pipelines.look import Look


def write_set(folder: Path, picture: Image8, gazes: list[tuple[float, float]]) -> list[Render]:
    """A set of one person whose pictures are all the same photo."""
    fitted = studio.analyse_pixels(picture).face
    images = []
    for index, (yaw, pitch) in enumerate(gazes):
        Image.fromarray(picture).save(folder / f"{index}.png")
        eyes = {
            f"subject_{eye.side}": {
                "iris_px": (eye.iris_center + 0.5).tolist(),
                "iris_radius_px": eye.iris_radius / 0.974,
            }
            for eye in fitted.eyes
        }
        images.append(
            {
                "file": f"{index}.png",
                "identity": "one",
                "head_yaw": 0,
                "head_pitch": 0,
                "gaze_yaw": yaw,
                "gaze_pitch": pitch,
                "eyes": eyes,
            }
        )
    truth = {"camera": {}, "eyeball": {"R_iris_mm": 5.85}, "images": images}
    (folder / "truth.json").write_text(json.dumps(truth))
    return renders.load(folder)


def test_the_estimators_figures(astronaut: Image8, tmp_path: Path) -> None:
    made = write_set(tmp_path, astronaut, [(-10, 0), (0, 5), (10, -5)])
    result = gaze.estimator(made, lambda render: Gaze(0.5 * render.gaze.yaw + 1, render.gaze.pitch))
    assert result is not None
    assert (result.n, result.mae_pitch) == (3, 0)
    assert result.slope_pitch == pytest.approx(1)
    assert result.bias_yaw == pytest.approx(1)
    assert result.slope_yaw == pytest.approx(0.5)
    assert result.mae_yaw == pytest.approx((6 + 1 + 4) / 3)
    assert gaze.estimator(made, lambda _: None) is None


def test_a_redirect_is_judged_by_pixels(astronaut: Image8, tmp_path: Path) -> None:
    # The truth says that the photo looks where it is read to look, so both errors must agree.
    now = studio.analyse_pixels(astronaut).gaze.gaze
    made = write_set(tmp_path, astronaut, [(now.yaw, now.pitch), (now.yaw + 12, now.pitch)])
    known = gaze.analyses(made)
    (result, _) = gaze.redirects(made, known, "geometry", None)
    assert result.size == pytest.approx(12, abs=0.2)
    assert result.change_error == pytest.approx(result.true_error, abs=0.3)
    assert result.change_error < 3
    assert result.outside_pixels == 0
    figures = gaze.summary([result])
    assert figures["pairs"] == 1
    assert figures["by_size"]["10-15"]["pairs"] == 1


def test_pairs_share_a_sitting(astronaut: Image8, tmp_path: Path) -> None:
    made = write_set(tmp_path, astronaut, [(0, 0), (5, 0), (0, 5)])
    assert len(list(renders.pairs(made))) == 6


def test_speed_times_every_step() -> None:
    (timing,) = speed.measure(None, 300, 1, ["polish=0"])
    assert timing.look == str(Look(polish=0))
    assert timing.seconds["total"] >= timing.seconds["measure"] > 0
    assert np.isfinite(list(timing.seconds.values())).all()
    assert "total" in speed.table([timing])
