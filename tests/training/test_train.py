from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pictures

from datasets import drawing, eye_samples, eye_set, gathering, renders
from datasets.eye_set import EyeSet
from pipelines.engines import eye_patches, eye_pipeline
from pipelines.image.arrays import Image, Points
from pipelines.runtime import vision_compat
from training import train
from training.eye_model import card, losses, validation
from training.train import OtherRun, TrainingSettings

QUICK = TrainingSettings("tiny", steps=2, batch=2, every=1, checked=1)


@pytest.fixture(scope="module")
def eyes() -> EyeSet:
    """A few rendered eyes; who learns and who is looked at is set here, not by the hash."""
    made = eye_set.gathered(gathering.from_renders(renders.COMMITTED, cycles=1, seed=0, most=4))
    splits = np.array(["train"] * (len(made) - 2) + ["validation"] * 2)
    return replace(made, splits=splits)


@pytest.fixture(scope="module")
def finished(eyes: EyeSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train.train(eyes, folder, QUICK)
    return folder


def test_a_batch_depends_on_seed_and_step_alone(eyes: EyeSet) -> None:
    one, same = (eye_samples.batch(eyes, 3, 7, 3) for _ in range(2))
    other = eye_samples.batch(eyes, 3, 8, 3)
    assert (one.start == same.start).all()
    assert (one.control == same.control).all()
    assert (one.start != other.start).any()
    assert one.start.shape == (3, 3, 64, 96)
    assert one.mask.shape == (3, 1, 64, 96)
    assert -1 <= one.truth.min() < -0.1
    assert 0.1 < one.truth.max() <= 1


def test_a_third_of_the_batches_has_no_proposal(eyes: EyeSet) -> None:
    assert sum(eye_samples.SHARES.values()) == pytest.approx(1)
    assert 1 / 3 <= 1 - eye_samples.SHARES["cycle"] <= 0.5
    # With nothing proposed a patch starts from the photo itself, which it is shown anyway.
    kinds: Counter[bool] = Counter()
    for step in range(15):
        made = eye_samples.batch(eyes, 0, step, 4)
        same = np.abs((made.start - made.reference) * (made.mask == 1)).max(axis=(1, 2, 3)) < 1e-5
        kinds.update(map(bool, same))
    assert 0.3 < kinds[True] / 60 < 0.6


def test_the_last_batches_are_mostly_what_the_model_is_there_for(eyes: EyeSet) -> None:
    assert sum(eye_samples.LAST_SHARES.values()) == pytest.approx(1)
    assert eye_samples.LAST_SHARES.keys() == eye_samples.SHARES.keys()
    early, late = (eye_samples.batch(eyes, 0, 3, 24, last=last) for last in (False, True))
    assert (early.weight < 1).sum() > (late.weight < 1).sum() > 0
    steps = train._Steps(eyes, replace(QUICK, steps=8), slice(None))
    for step in (5, 6):
        same = eye_samples.batch(eyes, QUICK.seed, step, QUICK.batch, last=step == 6)
        assert (steps[step].start == same.start).all()


def test_only_the_opening_is_to_be_drawn(eyes: EyeSet) -> None:
    random = np.random.default_rng(0)
    for task in eye_samples.SHARES:
        for chance in (None, random):
            one = eye_samples.sample(eyes, 0, task, chance)
            outside = one.mask == 0
            assert (one.truth[outside] == one.start[outside]).all()
            changed = np.abs(one.truth - one.start)[one.mask > 0.9].mean()
            assert changed < 1e-6 if task == "still" else changed > 0.005


def test_a_withheld_patch_shows_the_iris_elsewhere(eyes: EyeSet) -> None:
    for task in ("withheld", "withheld-away"):
        one = eye_samples.sample(eyes, 0, task)
        there, elsewhere = eyes.eye(0), eyes.eye(0, 0)
        if task == "withheld-away":
            there, elsewhere = elsewhere, there
        shift = np.array([28.0, 26.0])  # of the window's corner
        dark = {
            name: _darkness(picture, eye.iris_center - shift)
            for name, picture, eye in (
                ("truth", one.truth, there),
                ("start", one.start, elsewhere),
                ("no", one.start, there),
            )
        }
        assert dark["no"] < max(dark["truth"], dark["start"])
        assert np.allclose(one.start[one.mask == 1], one.reference[one.mask == 1], atol=1e-6)
        assert np.allclose(one.iris[:2], there.iris_center - shift, atol=0.01)


def _darkness(picture: Image, at: Points) -> float:
    x, y = np.rint(at).astype(int)
    return float(1 - picture[y - 3 : y + 4, x - 3 : x + 4].mean())


def test_the_annotation_shows_the_true_iris(eyes: EyeSet) -> None:
    pupil = np.array(vision_compat.mediapipe_annotator().right_iris_draw.color[::-1])
    random = np.random.default_rng(1)
    for task in eye_samples.SHARES:
        one = eye_samples.sample(eyes, 1, task, random)
        near = np.abs(one.control - pupil.astype(float)).max(axis=2) < 25
        ys, xs = np.nonzero(near)
        assert [xs.mean(), ys.mean()] == pytest.approx(one.iris[:2], abs=0.8)


def test_the_pupil_can_be_moved(eyes: EyeSet) -> None:
    one = eye_samples.sample(eyes, 0, "withheld")
    moved = eye_samples.moved(eyes, 0, one, np.array([4.0, 0.0]))
    back = eye_samples.moved(eyes, 0, one, np.array([0.0, 0.0]))
    assert (back.control == one.control).all()
    assert (moved.control != one.control).any()
    assert (moved.start == one.start).all()


def test_truth_and_proposal_stand_in_the_same_light(eyes: EyeSet) -> None:
    same = replace(eyes, proposals=eyes.windows[:, None].copy())
    random = np.random.default_rng(5)
    for _ in range(6):
        one = eye_samples.sample(same, 0, "cycle", random)
        assert one.start == pytest.approx(one.truth, abs=1e-6)


def test_the_loss_knows_blur_and_place() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.rand((1, 3, 32, 32), generator=generator) * 2 - 1
    mask = torch.zeros((1, 1, 32, 32))
    mask[..., 8:24, 8:24] = 1
    assert losses.loss(truth, truth, mask) == pytest.approx(0, abs=1e-6)
    blurred = torch.nn.functional.avg_pool2d(truth, 3, 1, 1)
    inside = torch.where(mask > 0, blurred, truth)
    outside = torch.where(mask > 0, truth, blurred)
    assert losses.loss(inside, truth, mask) > 5 * losses.loss(outside, truth, mask)


def test_training_goes_on_where_it_stopped(
    eyes: EyeSet, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = validation.check, []

    def stop_at_the_second(*arguments: object) -> validation.Checked:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(validation, "check", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train.train(eyes, tmp_path, QUICK)
    history = train.train(eyes, tmp_path, QUICK)
    assert [point.step for point in history] == [1, 2]
    one, other = (
        torch.load(folder / "state.pt", weights_only=True) for folder in (finished, tmp_path)
    )
    assert one["step"] == other["step"] == 2
    for name, weights in one["average"].items():
        assert torch.allclose(weights, other["average"][name], atol=1e-6), name


def test_a_run_with_other_settings_is_not_mixed_in(eyes: EyeSet, finished: Path) -> None:
    with pytest.raises(OtherRun, match="other settings"):
        train.train(eyes, finished, replace(QUICK, seed=1))


def test_other_processes_make_the_same_batches(eyes: EyeSet) -> None:
    settings = replace(QUICK, steps=4)
    plain = list(train._batches(eyes, settings, 1, 0))
    ahead = list(train._batches(eyes, settings, 1, 1))
    assert len(plain) == len(ahead) == 3
    for one, other in zip(plain, ahead, strict=True):
        assert (one.truth == other.truth).all()


def test_what_is_published_fits_the_engine(finished: Path) -> None:
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
    told = (weights / "README.md").read_text("utf-8")
    assert "2 batches of 2 patches, seed 0" in told
    assert "render" in told
    assert (weights / "curves.png").stat().st_size > 1000
    sheet = np.asarray(Pictures.open(finished / "sheet.png"))
    assert sheet.shape == (2 * 64, 2 * 6 * 96, 3)


def test_a_finished_run_is_published_again(eyes: EyeSet, finished: Path) -> None:
    file = finished / "weights" / "README.md"
    file.unlink()
    history = train.train(eyes, finished, QUICK)
    assert [point.step for point in history] == [1, 2]
    assert "2 batches of 2 patches" in file.read_text("utf-8")


def test_the_gain_makes_smooth_eyes_as_sharp_as_eyes_are(eyes: EyeSet) -> None:
    made = [eye_samples.sample(eyes, index, "cycle") for index in range(4)]
    truth = np.stack([one.truth for one in made]).astype(np.float32)
    mask = np.stack([one.mask for one in made])
    smooth = np.stack([cv2.GaussianBlur(one, (0, 0), 0.45) for one in truth])
    assert drawing.gain_of_detail(truth, truth, mask) == 1
    assert drawing.sharpness(truth, truth, mask) == pytest.approx(1)
    assert np.median(drawing.sharpness(smooth, truth, mask)) < 0.93
    gain = drawing.gain_of_detail(smooth, truth, mask)
    assert 1 < gain < 1.5
    planes = torch.from_numpy(smooth.transpose(0, 3, 1, 2))
    mended = eye_pipeline.detailed(planes, gain).numpy().transpose(0, 2, 3, 1)
    assert 0.95 <= np.median(drawing.sharpness(mended, truth, mask)) < 1


def test_training_brings_the_loss_down(eyes: EyeSet, tmp_path: Path) -> None:
    run = train._TrainingRun(TrainingSettings("tiny", steps=400, batch=1, rate=3e-3), tmp_path)
    batch = eye_samples.stacked([eye_samples.sample(eyes, 0, "withheld")])
    seen = []
    for _ in range(10):
        run.step = 100  # past the slow start, and the same noise each time
        seen.append(run.learn(batch))
    assert min(seen[-3:]) < 0.8 * seen[0]


def test_a_set_without_validation_is_refused(eyes: EyeSet, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="validation"):
        train.train(eyes.of("train"), tmp_path, QUICK)


def test_the_rate_rises_and_falls() -> None:
    rates = [train._share_of_rate(step, 400) for step in range(400)]
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[-1] < 0.05


def test_curves_of_a_long_run_fit_on_a_card() -> None:
    points = [card.Point(step, 0.1, 25.0, 26.0, 20.0) for step in range(100)]
    thinned = card._thinned(points)
    assert len(thinned) == 12
    assert thinned[0] == points[0]
    assert thinned[-1] == points[-1]


def test_the_command_needs_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--eyes", str(tmp_path / "none.npz"), "--run", str(tmp_path)]) == 2
    assert "training.data" in capsys.readouterr().err
