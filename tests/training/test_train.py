from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pictures

from datasets import eye_rows, eye_samples, eye_set, renders
from datasets.eye_set import EyeSet
from pipelines.engines import eye_patches
from training import train
from training.eye_model import card, losses, validation
from training.train import OtherRun, TrainingRun, TrainingSettings

pytestmark = pytest.mark.long

QUICK = TrainingSettings("tiny", steps=2, batch=2, every=1, checked=1)


@pytest.fixture(scope="module")
def eyes() -> EyeSet:
    """A few rendered eyes, with splits set here so that both are there."""
    rows = eye_rows.from_renders(renders.COMMITTED, cycles=1, seed=0, most=4)
    rendered = eye_set.from_rows(rows)
    splits = np.array(["train"] * (len(rendered) - 2) + ["validation"] * 2)
    return replace(rendered, splits=splits)


@pytest.fixture(scope="module")
def finished(eyes: EyeSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train.train(eyes, folder, QUICK)
    return folder


def test_the_last_quarter_of_a_run_has_other_task_shares(eyes: EyeSet) -> None:
    steps = train._Steps(eyes, replace(QUICK, steps=8), slice(None))
    for step in (5, 6):
        same = eye_samples.batch(eyes, QUICK.seed, step, QUICK.batch, last=step == 6)
        assert (steps[step].start == same.start).all()


def test_the_loss_is_larger_for_blur_and_inside_the_mask() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand((1, 3, 32, 32), generator=generator) * 2 - 1
    mask = torch.zeros((1, 1, 32, 32))
    mask[..., 8:24, 8:24] = 1
    assert losses.loss(truth, truth, mask) == pytest.approx(0, abs=1e-6)
    blurred = torch.nn.functional.avg_pool2d(truth, 3, 1, 1)
    inside = torch.where(mask > 0, blurred, truth)
    outside = torch.where(mask > 0, truth, blurred)
    assert losses.loss(inside, truth, mask) > 5 * losses.loss(outside, truth, mask)


def test_an_interrupted_run_resumes_where_it_stopped(
    eyes: EyeSet, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validate, calls = validation.validate, []

    def stop_at_the_second(*arguments: object) -> validation.Validation:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return validate(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(validation, "validate", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train.train(eyes, tmp_path, QUICK)
    history = train.train(eyes, tmp_path, QUICK)
    assert [point.step for point in history] == [1, 2]
    uninterrupted, resumed = (
        torch.load(folder / "state.pt", weights_only=True) for folder in (finished, tmp_path)
    )
    assert uninterrupted["step"] == resumed["step"] == 2
    for name, weights in uninterrupted["average"].items():
        assert torch.allclose(weights, resumed["average"][name], atol=1e-6), name


def test_a_run_with_other_settings_is_refused(eyes: EyeSet, finished: Path) -> None:
    with pytest.raises(OtherRun, match="other settings"):
        train.train(eyes, finished, replace(QUICK, seed=1))


def test_worker_processes_make_the_same_batches(eyes: EyeSet) -> None:
    settings = replace(QUICK, steps=4)
    plain = list(train._batches(eyes, settings, 1, 0))
    by_worker = list(train._batches(eyes, settings, 1, 1))
    assert len(plain) == len(by_worker) == 3
    for one, other in zip(plain, by_worker, strict=True):
        assert (one.truth == other.truth).all()


def test_the_written_weights_fit_the_engine(finished: Path) -> None:
    from benchmarks import eyes as verdict

    weights = finished / "weights"
    for file in weights.rglob("*.safetensors"):
        assert "fp16" in file.name
        assert file.stat().st_size < 16 * 2**20
    loaded = verdict.load(weights)
    width, height = eye_patches.SIZE
    grey = np.full((1, height, width, 3), 0.5, np.float32)
    (drawn,) = loaded(
        grey, np.ones((1, height, width, 1)), grey, [(0, 0)], output_type="np", return_dict=False
    )
    assert np.isfinite(drawn).all()
    text = (weights / "README.md").read_text("utf-8")
    assert "2 batches of 2 patches, seed 0" in text
    assert "render" in text
    assert (weights / "curves.png").stat().st_size > 1000
    sheet = np.asarray(Pictures.open(finished / "sheet.png"))
    assert sheet.shape == (2 * 64, 2 * 6 * 96, 3)


def test_a_finished_run_writes_its_weights_again(eyes: EyeSet, finished: Path) -> None:
    file = finished / "weights" / "README.md"
    file.unlink()
    history = train.train(eyes, finished, QUICK)
    assert [point.step for point in history] == [1, 2]
    assert "2 batches of 2 patches" in file.read_text("utf-8")


def test_training_reduces_the_loss(eyes: EyeSet, tmp_path: Path) -> None:
    run = TrainingRun(TrainingSettings("tiny", steps=400, batch=1, rate=3e-3), tmp_path)
    batch = eye_samples.stack([eye_samples.sample(eyes, 0, "withheld")])
    results = []
    for _ in range(10):
        run.step = 100  # past the rise of the learning rate, and the same noise each time
        results.append(run.train_step(batch))
    assert min(results[-3:]) < 0.8 * results[0]


def test_a_set_without_validation_eyes_is_refused(eyes: EyeSet, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="validation"):
        train.train(eyes.of("train"), tmp_path, QUICK)


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [train._rate_factor(step, 400) for step in range(400)]
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[-1] < 0.05


def test_the_card_of_a_long_run_has_twelve_points() -> None:
    points = [card.CurvePoint(step, 0.1, 25.0, 26.0, 20.0) for step in range(100)]
    shown = card._evenly_spaced(points)
    assert len(shown) == 12
    assert shown[0] == points[0]
    assert shown[-1] == points[-1]


def test_the_command_needs_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--eyes", str(tmp_path / "none.npz"), "--run", str(tmp_path)]) == 2
    assert "training.data" in capsys.readouterr().err
