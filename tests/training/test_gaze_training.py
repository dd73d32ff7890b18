from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets import renders
from pipelines.gaze import eye_shape, projection
from training.gaze import cascade, constants, eyes, ridge
from training.gaze.eyes import ReadFace


@pytest.fixture(scope="module")
def sitters(tmp_path_factory: pytest.TempPathFactory) -> list[ReadFace]:
    """A picture each of some people, as a set of its own."""
    folder: Path = tmp_path_factory.mktemp("few")
    truth = json.loads((renders.COMMITTED / "truth.json").read_text("utf-8"))
    truth["images"] = truth["images"][::22]
    for image in truth["images"]:
        (folder / image["file"]).symlink_to(renders.COMMITTED / image["file"])
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")
    return eyes.renders([folder], split=None)


def test_the_truth_lies_on_the_eyes(sitters: list[ReadFace]) -> None:
    assert len(sitters) >= 6
    for sitter in sitters:
        assert sitter.truth is not None
        for eye, points in zip(sitter.face.eyes, sitter.truth, strict=True):
            shape = eye_shape.EyeShape.of(points)
            radius = eye.iris_radius
            # Outer and inner are not mixed up, the lids are above and below the iris.
            assert np.linalg.norm(shape.outer - eye.outer) < np.linalg.norm(shape.inner - eye.outer)
            assert shape.upper[1, 1] < eye.iris_center[1] < shape.lower[1, 1]
            assert np.linalg.norm(shape.center - eye.iris_center) < radius


def test_people_are_held_out_whole(sitters: list[ReadFace]) -> None:
    fold_of = cascade.folds(sitters)
    assert set(fold_of) == {sitter.identity for sitter in sitters}
    assert len(set(fold_of.values())) > 1


def test_a_cascade_that_is_trained_finds_eyes_better_than_the_landmarks(
    sitters: list[ReadFace],
) -> None:
    trained = cascade.train(sitters, samples=160, seed=0)
    ours, landmarks = [], []
    for sitter in sitters:
        assert sitter.truth is not None
        pixels = sitter.pixels_u8.astype(np.float32) / 255
        found = eye_shape.find(pixels, sitter.face, trained.shape)
        for shape, eye, points in zip(found, sitter.face.eyes, sitter.truth, strict=True):
            true = (points[0] + points[1]) / 2
            ours.append(np.linalg.norm(shape.canthi - true) / eye.iris_radius)
            mesh = (eye.outer + eye.inner) / 2
            landmarks.append(np.linalg.norm(mesh - true) / eye.iris_radius)
    assert np.median(ours) < 0.7 * np.median(landmarks)


def test_a_ridge_forgets_who_is_held_out() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 200)).astype(np.float32)
    truth = random.normal(size=(200, 2))
    wanted = features @ truth
    fold_of = [index % 3 for index in range(60)]
    one = ridge.fit(features, wanted, fold_of, 1e-4)
    changed = wanted.copy()
    changed[::3] += 100.0
    other = ridge.fit(features, changed, fold_of, 1e-4)
    assert one.folds[0](features) == pytest.approx(other.folds[0](features), abs=1e-3)
    assert np.abs(one.everybody(features) - wanted).max() < 0.5


def test_constants_are_found_again(sitters: list[ReadFace]) -> None:
    random = np.random.default_rng(1)
    made = []
    for index in range(120):
        sitter = sitters[index % len(sitters)]
        pose = sitter.face.head
        gaze_sines = np.sin(np.radians(random.uniform([-25, -15], [25, 15])))
        turned = replace(sitter, gaze=projection.from_upright(gaze_sines, pose.roll))
        other = random.normal(0, 1, 2)
        heads = np.sin(np.radians([pose.yaw, pose.pitch]))
        canthi = (gaze_sines - [0, 0.03] * other - [0.5, 0.4] * heads - [0.01, -0.05]) / 0.08
        row = [canthi[0], other[0], canthi[1], other[1]]
        made.append(constants.MeasuredEyes(turned, np.array([row, row])))
    found = constants.fit(made, [])
    assert found.side == pytest.approx((0.08, 0.0, 0.5), abs=1e-6)
    assert found.up == pytest.approx((0.08, 0.03, 0.4), abs=1e-6)
    assert found.rendered == pytest.approx((0.01, -0.05), abs=1e-6)
