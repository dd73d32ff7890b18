from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from datasets import eye_samples
from datasets.eye_set import EyeSet
from pipelines.image.arrays import Image, Points
from pipelines.runtime import vision_compat


def test_a_batch_depends_on_seed_and_step_alone(rendered_eyes: EyeSet) -> None:
    first, same = (eye_samples.batch(rendered_eyes, 3, 7, 3) for _ in range(2))
    other = eye_samples.batch(rendered_eyes, 3, 8, 3)
    assert (first.start == same.start).all()
    assert (first.control == same.control).all()
    assert (first.start != other.start).any()
    assert first.start.shape == (3, 3, 64, 96)
    assert first.mask.shape == (3, 1, 64, 96)
    assert -1 <= first.truth.min() < -0.1
    assert 0.1 < first.truth.max() <= 1


def test_two_in_five_patches_have_no_proposal(rendered_eyes: EyeSet) -> None:
    assert sum(eye_samples.SHARES.values()) == pytest.approx(1)
    assert 1 / 3 <= 1 - eye_samples.SHARES["cycle"] <= 0.5
    # Without a proposal the patch starts from the reference.
    kinds: Counter[bool] = Counter()
    for step in range(15):
        batch = eye_samples.batch(rendered_eyes, 0, step, 4)
        difference = np.abs((batch.start - batch.reference) * (batch.mask == 1))
        kinds.update(map(bool, difference.max(axis=(1, 2, 3)) < 1e-5))
    assert 0.3 < kinds[True] / 60 < 0.6


def test_the_last_batches_have_fewer_patches_without_proposal(rendered_eyes: EyeSet) -> None:
    assert sum(eye_samples.LAST_SHARES.values()) == pytest.approx(1)
    assert eye_samples.LAST_SHARES.keys() == eye_samples.SHARES.keys()
    early, late = (eye_samples.batch(rendered_eyes, 0, 3, 24, last=last) for last in (False, True))
    assert (early.weight < 1).sum() > (late.weight < 1).sum() > 0


def test_only_the_opening_between_the_lids_changes(rendered_eyes: EyeSet) -> None:
    random = np.random.default_rng(0)
    for task in eye_samples.SHARES:
        for augmentation in (None, random):
            sample = eye_samples.sample(rendered_eyes, 0, task, augmentation)
            outside = sample.mask == 0
            assert (sample.truth[outside] == sample.start[outside]).all()
            change = np.abs(sample.truth - sample.start)[sample.mask > 0.9].mean()
            assert change < 1e-6 if task == "still" else change > 0.005


def test_a_patch_without_proposal_starts_with_the_iris_elsewhere(rendered_eyes: EyeSet) -> None:
    for task in ("withheld", "withheld-away"):
        sample = eye_samples.sample(rendered_eyes, 0, task)
        true_eye, start_eye = rendered_eyes.eye(0), rendered_eyes.eye(0, 0)
        if task == "withheld-away":
            true_eye, start_eye = start_eye, true_eye
        corner = np.array([28.0, 26.0])  # of the patch in its window
        true_center, start_center = true_eye.iris_center - corner, start_eye.iris_center - corner
        dark_in_truth = _darkness(sample.truth, true_center)
        dark_in_start = _darkness(sample.start, start_center)
        assert _darkness(sample.start, true_center) < max(dark_in_truth, dark_in_start)
        inside = sample.mask == 1
        assert np.allclose(sample.start[inside], sample.reference[inside], atol=1e-6)
        assert np.allclose(sample.iris[:2], true_center, atol=0.01)


def _darkness(picture: Image, at: Points) -> float:
    x, y = np.rint(at).astype(int)
    return float(1 - picture[y - 3 : y + 4, x - 3 : x + 4].mean())


def test_the_annotation_shows_the_true_iris(rendered_eyes: EyeSet) -> None:
    pupil = np.array(vision_compat.mediapipe_annotator().right_iris_draw.color[::-1])
    random = np.random.default_rng(1)
    for task in eye_samples.SHARES:
        sample = eye_samples.sample(rendered_eyes, 1, task, random)
        near = np.abs(sample.control - pupil.astype(float)).max(axis=2) < 25
        ys, xs = np.nonzero(near)
        assert [xs.mean(), ys.mean()] == pytest.approx(sample.iris[:2], abs=0.8)


def test_the_pupil_of_the_annotation_can_be_moved(rendered_eyes: EyeSet) -> None:
    sample = eye_samples.sample(rendered_eyes, 0, "withheld")
    moved, unmoved = (
        eye_samples.with_moved_pupil(rendered_eyes, 0, sample, np.array([shift, 0.0]))
        for shift in (4.0, 0.0)
    )
    assert (unmoved.control == sample.control).all()
    assert (moved.control != sample.control).any()
    assert (moved.start == sample.start).all()


def test_truth_and_proposal_are_augmented_alike(rendered_eyes: EyeSet) -> None:
    same = replace(rendered_eyes, proposals=rendered_eyes.windows[:, None].copy())
    random = np.random.default_rng(5)
    for _ in range(6):
        sample = eye_samples.sample(same, 0, "cycle", random)
        assert sample.start == pytest.approx(sample.truth, abs=1e-6)
