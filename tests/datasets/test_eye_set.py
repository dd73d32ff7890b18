from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets import eye_set
from datasets.eye_set import EyeSet

SPLITS = {"a": "train", "ada": "test", "astronaut": "train", "p02": "train", "p17": "validation"}


def test_people_are_split_by_their_name_alone() -> None:
    # These must never change: a person who moved from test to train would spoil later figures.
    assert {name: eye_set.split_of(name) for name in SPLITS} == SPLITS
    counts = Counter(eye_set.split_of(f"person {number}") for number in range(3000))
    assert counts["train"] / 3000 == pytest.approx(0.8, abs=0.03)
    assert counts["test"] / 3000 == pytest.approx(0.1, abs=0.02)


def test_photos_in_one_folder_are_one_person(tmp_path: Path) -> None:
    assert eye_set.person_of(tmp_path / "ada" / "2.jpg", tmp_path) == "ada"
    assert eye_set.person_of(tmp_path / "3.jpg", tmp_path) == "3"


def test_a_saved_set_is_read_again(photo_eyes: EyeSet, tmp_path: Path) -> None:
    photo_eyes.save(tmp_path / "eyes.npz")
    again = eye_set.load(tmp_path / "eyes.npz")
    assert (again.names == photo_eyes.names).all()
    assert (again.windows == photo_eyes.windows).all()
    assert again.eye(0).upper == pytest.approx(photo_eyes.eye(0).upper)


def test_large_and_small_eyes_have_the_same_total_weight(photo_eyes: EyeSet) -> None:
    twelve = eye_set.concatenate([photo_eyes] * 6)
    sized = replace(twelve, widths=np.array([90.0] * 3 + [30.0] * 9, np.float32))
    weights = sized.weights()
    assert weights.sum() == pytest.approx(1)
    assert weights[:3].sum() == pytest.approx(0.5)
