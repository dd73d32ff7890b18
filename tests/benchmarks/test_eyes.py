from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import eye_faces, eye_steering, eyes
from benchmarks.eyes import EyesRun
from datasets import eye_samples, eye_set, gathering, renders
from datasets.eye_set import EyeSet
from pipelines.gaze import Gaze
from pipelines.runtime import vision_compat
from pipelines.studio import Analysis
from training import train
from training.train import TrainingSettings


@dataclass(frozen=True)
class Images:
    images: Any


class LeavesAlone:
    """A model that hands its start back."""

    def __call__(self, image: Any, **asked: Any) -> Images:
        return Images(np.asarray(image, np.float32))


class DrawsADisc:
    """A model that draws a dark disc where the annotation's pupil is, else in the middle."""

    def __call__(self, image: Any, mask_image: Any, control_image: Any, **asked: Any) -> Images:
        pupil = np.array(vision_compat.mediapipe_annotator().right_iris_draw.color[::-1]) / 255
        drawn = np.array(image, np.float32)
        height, width = drawn.shape[1:3]
        ys, xs = np.mgrid[:height, :width]
        for picture, mask, control in zip(drawn, mask_image, control_image, strict=True):
            dark, light = np.percentile(picture[mask[..., 0] > 0.5], [10, 80], axis=0)
            picture += mask * (light - picture)
            near = np.clip(1 - np.abs(control - pupil).max(axis=2) / 0.2, 0, 1)
            x, y = (width - 1) / 2, (height - 1) / 2
            if near.sum() > 4:
                x, y = (near * xs).sum() / near.sum(), (near * ys).sum() / near.sum()
            share = np.clip(14.5 - np.hypot(xs - x, ys - y), 0, 1)[..., None]
            picture += mask * share * (dark - picture)
        return Images(drawn)


@pytest.fixture(scope="module")
def rendered() -> EyeSet:
    return eye_set.gathered(gathering.from_renders(renders.COMMITTED, 1, 0, split="test", most=6))


@pytest.fixture(scope="module")
def steered(rendered: EyeSet) -> list[eye_steering.SteeredEye]:
    return eye_steering.steered(DrawsADisc(), rendered, 1)


def empty(**changes: Any) -> EyesRun:
    plain = EyesRun(photos=[], rendered=[], steered=[], faces=[], seconds_a_pair=0.1, steps=1)
    return replace(plain, **changes)


def test_a_model_that_does_nothing_is_no_better_than_geometry(rendered: EyeSet) -> None:
    results = eyes.restored(LeavesAlone(), rendered)  # type: ignore[arg-type]
    made = eyes.report(empty(photos=results))
    assert made["photos"]["n"] == len(rendered)
    assert made["photos"]["psnr_gain"] == pytest.approx(0, abs=1e-9)
    assert made["photos"]["ours"] == made["photos"]["geometry"]
    assert made["verdict"]["two_decibels_better"] is False
    assert made["verdict"]["gaze_not_worse"] is None
    # What is far from perfect is called so: two renders of one eye are not the same picture.
    assert 15 < made["photos"]["geometry"]["psnr"] < 40
    json.dumps(made)
    assert "photos: " in eyes.table(made)


def test_the_truth_itself_is_the_best_there_is(rendered: EyeSet) -> None:
    one = eye_samples.sample(rendered, 0, "cycle")
    best, start = eyes.judged(one.truth, one), eyes.judged(one.start, one)
    assert best.likeness.ssim == pytest.approx(1)
    assert best.sharpness == pytest.approx(1)
    assert best.white_shift == pytest.approx(0, abs=1e-6)
    assert start.likeness.psnr < best.likeness.psnr
    # Greener by three percent is seen as a shift of colour, not of detail.
    green = np.clip(one.truth + np.array([0, 0.03, 0], np.float32), 0, 1)
    shifted = eyes.judged(green, one)
    assert shifted.white_shift > 1
    assert shifted.sharpness == pytest.approx(1, abs=0.05)


def test_an_iris_is_found_where_it_is(rendered: EyeSet) -> None:
    off = []
    for index in range(len(rendered)):
        one = eye_samples.sample(rendered, index, "withheld")
        found = eye_steering.locate(one.truth, one)
        assert found is not None
        off.append(abs(found[0] - one.iris[0]))
    assert np.median(off) < 0.6


def test_a_model_that_obeys_the_annotation_passes(steered: list[eye_steering.SteeredEye]) -> None:
    made = eye_steering.report(steered)
    assert made["slope"] == pytest.approx(1, abs=0.1)
    assert made["error_px"] < 0.7
    assert made["blank_error_px"] > 2 * made["error_px"]


def test_a_model_that_ignores_the_annotation_fails(rendered: EyeSet) -> None:
    class Ignores(DrawsADisc):
        def __call__(self, image: Any, mask_image: Any, control_image: Any, **asked: Any) -> Images:
            return super().__call__(image, mask_image, np.zeros_like(control_image))

    results = eye_steering.steered(Ignores(), rendered, 1)
    made = eye_steering.report(results)
    assert made["slope"] == pytest.approx(0, abs=0.05)
    assert made["error_px"] == pytest.approx(4, abs=0.2)
    assert eyes.verdict(empty(steered=results))["follows_the_annotation"] is False


def test_a_portrait_turned_by_a_model_that_does_nothing_is_the_proposal(
    hopper_analysis: Analysis,
) -> None:
    one = eye_faces._one(LeavesAlone(), hopper_analysis, "hopper", Gaze(15, 0), 1)
    assert one.ours.gaze_error == pytest.approx(one.geometry.gaze_error, abs=1e-6)
    assert one.ours.identity == pytest.approx(one.geometry.identity, abs=1e-6)
    assert one.geometry.gaze_error < 4
    made = eye_faces.report([one])
    assert made["portraits"] == 1
    assert any("geometry" in line for line in eye_faces.lines(made))


def test_there_are_nine_targets() -> None:
    assert len(set(eye_faces.TARGETS)) == 9


def test_the_worst_eyes_are_on_the_sheet(rendered: EyeSet) -> None:
    results = eyes.restored(LeavesAlone(), rendered)  # type: ignore[arg-type]
    sheet = eyes.worst_sheet(empty(rendered=results))
    assert sheet is not None
    assert sheet.shape == (min(12, len(results)) * 4 * 64, 4 * 4 * 96, 3)
    worst = min(results, key=lambda one: one.ours.likeness.ssim)
    # Away from the seams, across which the enlargement blends.
    alone = eye_samples.enlarged(worst.pictures[:, :96], 4)[16:-16, 16:-16]
    assert (sheet[16 : 4 * 64 - 16, 16 : 4 * 96 - 16] == alone).all()
    assert eyes.worst_sheet(empty()) is None


def test_the_command_runs_from_weights_to_table(
    tmp_path: Path, rendered: EyeSet, capsys: pytest.CaptureFixture[str]
) -> None:
    train.save_half(
        train._TrainingRun(TrainingSettings("tiny"), tmp_path / "run").averaged,
        tmp_path / "weights",
        1.0,
    )
    photos = replace(
        rendered,
        sources=np.array(["photo"] * len(rendered)),
        splits=np.array(["test"] * len(rendered)),
    )
    photos.save(tmp_path / "eyes.npz")
    arguments = [
        "eyes",
        "--weights",
        str(tmp_path / "weights"),
        "--eyes",
        str(tmp_path / "eyes.npz"),
    ]
    arguments += ["--steps", "1", "--most", "2", "--json", str(tmp_path / "figures.json")]
    assert command.main(arguments) == 0
    made = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert made["photos"]["n"] == 2
    assert made["renders"]["n"] >= 2
    # Untrained weights change nothing; the verdict must not be kinder than that.
    assert abs(made["photos"]["psnr_gain"]) < 0.1
    assert made["verdict"]["two_decibels_better"] is False
    assert "Wilcoxon" in capsys.readouterr().out


def test_the_command_wants_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["eyes", "--weights", str(tmp_path)]) == 2
    assert "--weights" in capsys.readouterr().err
