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
from datasets import drawing, eye_rows, eye_samples, eye_set, renders
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
    return eye_set.from_rows(eye_rows.from_renders(renders.COMMITTED, 1, 0, split="test", most=6))


@pytest.fixture(scope="module")
def steered(rendered: EyeSet) -> list[eye_steering.SteeredEye]:
    return eye_steering.steered(DrawsADisc(), rendered, 1)


def empty(**changes: Any) -> EyesRun:
    plain = EyesRun(photos=[], rendered=[], steered=[], faces=[], seconds_a_pair=0.1, steps=1)
    return replace(plain, **changes)


def test_a_model_that_does_nothing_is_no_better_than_geometry(rendered: EyeSet) -> None:
    results = eyes.restored(LeavesAlone(), rendered)  # type: ignore[arg-type]
    report = eyes.report(empty(photos=results))
    assert report["photos"]["n"] == len(rendered)
    assert report["photos"]["psnr_gain"] == pytest.approx(0, abs=1e-9)
    assert report["photos"]["ours"] == report["photos"]["geometry"]
    assert report["verdict"]["two_decibels_better"] is False
    assert report["verdict"]["gaze_not_worse"] is None
    # Two renders of one eye are not the same picture.
    assert 15 < report["photos"]["geometry"]["psnr"] < 40
    json.dumps(report)
    assert "photos: " in eyes.table(report)


def test_the_truth_itself_has_the_best_figures(rendered: EyeSet) -> None:
    one = eye_samples.sample(rendered, 0, "cycle")
    best, start = eyes.judge(one.truth, one), eyes.judge(one.start, one)
    assert best["ssim"] == pytest.approx(1)
    assert best["sharpness"] == pytest.approx(1)
    assert best["white_shift"] == pytest.approx(0, abs=1e-6)
    assert start["psnr"] < best["psnr"]
    # Three percent more green is a shift of colour, not of detail.
    green = np.clip(one.truth + np.array([0, 0.03, 0], np.float32), 0, 1)
    shifted = eyes.judge(green, one)
    assert shifted["white_shift"] > 1
    assert shifted["sharpness"] == pytest.approx(1, abs=0.05)


def test_an_iris_is_found_at_its_true_place(rendered: EyeSet) -> None:
    off = []
    for index in range(len(rendered)):
        one = eye_samples.sample(rendered, index, "withheld")
        found = eye_steering.locate(one.truth, one)
        assert found is not None
        off.append(abs(found[0] - one.iris[0]))
    assert np.median(off) < 0.6


def test_a_model_that_follows_the_annotation_passes(steered: list[eye_steering.SteeredEye]) -> None:
    report = eye_steering.report(steered)
    assert report["slope"] == pytest.approx(1, abs=0.1)
    assert report["error_px"] < 0.7
    assert report["blank_error_px"] > 2 * report["error_px"]


def test_a_model_that_ignores_the_annotation_fails(rendered: EyeSet) -> None:
    class Ignores(DrawsADisc):
        def __call__(self, image: Any, mask_image: Any, control_image: Any, **asked: Any) -> Images:
            return super().__call__(image, mask_image, np.zeros_like(control_image))

    results = eye_steering.steered(Ignores(), rendered, 1)
    report = eye_steering.report(results)
    assert report["slope"] == pytest.approx(0, abs=0.05)
    assert report["error_px"] == pytest.approx(4, abs=0.2)
    assert eyes.verdict(empty(steered=results))["follows_the_annotation"] is False


def test_a_portrait_turned_by_a_model_that_does_nothing_is_the_proposal(
    hopper_analysis: Analysis,
) -> None:
    one = eye_faces.turn(LeavesAlone(), hopper_analysis, "hopper", Gaze(15, 0), 1)
    ours, geometry = one["ours"], one["geometry"]
    assert ours["gaze_error"] == pytest.approx(geometry["gaze_error"], abs=1e-6)
    assert ours["identity"] == pytest.approx(geometry["identity"], abs=1e-6)
    assert geometry["gaze_error"] < 4
    report = eye_faces.report([one])
    assert report["portraits"] == 1
    assert "geometry" in eye_faces.table(report)


def test_there_are_nine_targets() -> None:
    assert len(set(eye_faces.TARGETS)) == 9


def test_the_worst_eyes_are_on_the_sheet(rendered: EyeSet) -> None:
    results = eyes.restored(LeavesAlone(), rendered)  # type: ignore[arg-type]
    sheet = eyes.worst_sheet(empty(rendered=results))
    assert sheet is not None
    assert sheet.shape == (min(12, len(results)) * 4 * 64, 4 * 4 * 96, 3)
    worst = min(results, key=lambda one: one.ours["ssim"])
    # Away from the seams, across which the enlargement blends.
    alone = drawing.enlarge(worst.pictures[:, :96], 4)[16:-16, 16:-16]
    assert (sheet[16 : 4 * 64 - 16, 16 : 4 * 96 - 16] == alone).all()
    assert eyes.worst_sheet(empty()) is None


def test_the_command_runs_from_weights_to_table(
    tmp_path: Path, rendered: EyeSet, capsys: pytest.CaptureFixture[str]
) -> None:
    train.save_half(
        train.TrainingRun(TrainingSettings("tiny"), tmp_path / "run").averaged,
        tmp_path / "weights",
        1.0,
    )
    photos = replace(
        rendered,
        sources=np.array(["photo"] * len(rendered)),
        splits=np.array(["test"] * len(rendered)),
    )
    photos.save(tmp_path / "eyes.npz")
    arguments = f"eyes --weights {tmp_path}/weights --eyes {tmp_path}/eyes.npz --steps 1 --most 2"
    assert command.main([*arguments.split(), "--json", f"{tmp_path}/figures.json"]) == 0
    report = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert report["photos"]["n"] == 2
    assert report["renders"]["n"] >= 2
    # Untrained weights change nothing.
    assert abs(report["photos"]["psnr_gain"]) < 0.1
    assert report["verdict"]["two_decibels_better"] is False
    assert "Wilcoxon" in capsys.readouterr().out


def test_without_weights_the_command_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["eyes", "--weights", str(tmp_path)]) == 2
    assert "--weights" in capsys.readouterr().err
