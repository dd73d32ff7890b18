"""Examples of the eye network, their variations, and its weights in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from datasets import portraits, renders
from datasets.portraits import ReadPortrait
from pipelines.gaze import eye_network
from pipelines.image import crops
from pipelines.studio import Analysis
from training.eye_network import __main__ as command
from training.eye_network import augmentation, examples


@pytest.fixture
def portrait(astronaut_analysis: Analysis) -> ReadPortrait:
    return ReadPortrait(
        name="astronaut",
        person="astronaut",
        source="photo",
        picture_u8=astronaut_analysis.portrait.original_u8,
        face=astronaut_analysis.face,
        gaze=astronaut_analysis.gaze,
        confidence=astronaut_analysis.iris_confidence,
    )


def test_turned_examples_know_where_they_look(portrait: ReadPortrait) -> None:
    found = list(examples.of_portrait(portrait, 3, np.random.default_rng(1)))
    assert len(found) == 8
    assert [example.turned for example in found] == [False] * 2 + [True] * 6
    for left, right in zip(found[::2], found[1::2], strict=True):
        # Left eyes are mirrored.
        assert left.sines[0] == pytest.approx(-right.sines[0])
        assert left.sines[1] == pytest.approx(right.sines[1])
    straight, away = found[1], found[-1]
    moved = (away.iris - straight.iris)[:2]
    expected = (away.sines - straight.sines) * (1, -1) * 10.48 / (0.967 * 5.85) * 12
    assert moved == pytest.approx(expected, abs=0.6)


def test_renders_have_their_true_lids() -> None:
    render = next(one for one in renders.load() if one.split == "calibrate")
    found = portraits.read_render(render)
    assert found is not None
    left, right = examples.of_render(found, render)
    assert left.rendered
    assert len(left.opening) == len(render.left.opening) > 16
    assert np.ptp(right.opening[:, 0]) > 3 * eye_network.RADIUS


def test_variations_differ_and_keep_their_labels_in_place(portrait: ReadPortrait) -> None:
    example = next(iter(examples.of_portrait(portrait, 3, np.random.default_rng(1))))
    random = np.random.default_rng(2)
    samples = [augmentation.vary(example, random) for _ in range(40)]
    for sample in samples:
        assert sample.picture.shape == (64, 96, 3)
        assert np.isfinite(sample.picture).all()
        assert sample.iris.sum() == pytest.approx(np.pi * 12**2, rel=0.7)
        assert (sample.eyeball <= sample.uncovered + 1e-6).all()
    assert min(sample.uncovered.min() for sample in samples) == 0
    assert len({float(sample.picture.max()) for sample in samples}) == 40


def test_saved_weights_give_the_same_in_numpy(
    portrait: ReadPortrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list(examples.of_portrait(portrait, 3, np.random.default_rng(1)))
    network = command.train(found, seconds=2, workers=0)
    network.save(tmp_path / "eye_network.npz")
    monkeypatch.setattr(eye_network, "WEIGHTS", tmp_path / "eye_network.npz")
    eye_network.weights.cache_clear()
    try:
        _, right = eye_network.see(portrait.picture_u8, portrait.face)
        _, right_sines = eye_network.sines(portrait.picture_u8, portrait.face)
    finally:
        eye_network.weights.cache_clear()
    patch = crops.cut(portrait.picture_u8, right.to_frame, eye_network.SIZE) / np.float32(255)
    picture = torch.from_numpy(eye_network.normalised(patch)).permute(2, 0, 1)[None]
    head = np.append(eye_network.head_terms(portrait.face.head, "right"), np.float32(0))
    with torch.no_grad():
        maps, sines = network(picture, torch.from_numpy(head)[None])
    assert torch.sigmoid(maps[0]).numpy() == pytest.approx(
        np.stack([right.eyeball, right.iris]), abs=0.02
    )
    assert sines[0].numpy() == pytest.approx(right_sines, abs=0.01)
