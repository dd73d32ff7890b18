from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets import renders
from pipelines.gaze import eye_shape, projection
from training.gaze import cascade, constants, eyes, ridge
from training.gaze.eyes import LabelledPicture


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledPicture]:
    """One picture of each of some rendered people."""
    folder: Path = tmp_path_factory.mktemp("few")
    truth = json.loads((renders.COMMITTED / "truth.json").read_text("utf-8"))
    truth["images"] = truth["images"][::22]
    for image in truth["images"]:
        (folder / image["file"]).symlink_to(renders.COMMITTED / image["file"])
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")
    return eyes.read_renders([folder], split=None)


def test_the_true_points_lie_on_the_eyes(pictures: list[LabelledPicture]) -> None:
    assert len(pictures) >= 6
    for picture in pictures:
        assert picture.truth is not None
        for eye, points in zip(picture.face.eyes, picture.truth, strict=True):
            shape = eye_shape.EyeShape.of(points)
            radius = eye.iris_radius
            assert np.linalg.norm(shape.outer - eye.outer) < np.linalg.norm(shape.inner - eye.outer)
            assert shape.upper[1, 1] < eye.iris_center[1] < shape.lower[1, 1]
            assert np.linalg.norm(shape.center - eye.iris_center) < radius


def test_every_person_is_in_one_fold(pictures: list[LabelledPicture]) -> None:
    fold_of = cascade.folds(pictures)
    assert set(fold_of) == {picture.identity for picture in pictures}
    assert len(set(fold_of.values())) > 1


def test_a_trained_cascade_finds_eyes_better_than_the_landmarks(
    pictures: list[LabelledPicture],
) -> None:
    trained = cascade.train(pictures, samples=160, seed=0)
    ours, landmarks = [], []
    for picture in pictures:
        assert picture.truth is not None
        pixels = picture.pixels_u8.astype(np.float32) / 255
        found = eye_shape.find(pixels, picture.face, trained.shape)
        for shape, eye, points in zip(found, picture.face.eyes, picture.truth, strict=True):
            true = (points[0] + points[1]) / 2
            ours.append(np.linalg.norm(shape.canthi - true) / eye.iris_radius)
            mesh = (eye.outer + eye.inner) / 2
            landmarks.append(np.linalg.norm(mesh - true) / eye.iris_radius)
    assert np.median(ours) < 0.7 * np.median(landmarks)


def test_the_regression_of_a_fold_does_not_depend_on_its_people() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 200)).astype(np.float32)
    truth = random.normal(size=(200, 2))
    target = features @ truth
    fold_of = [index % 3 for index in range(60)]
    fitted = ridge.fit(features, target, fold_of, 1e-4)
    changed_target = target.copy()
    changed_target[::3] += 100.0
    changed = ridge.fit(features, changed_target, fold_of, 1e-4)
    predicted = fitted.without_fold[0](features)
    assert predicted == pytest.approx(changed.without_fold[0](features), abs=1e-3)
    assert np.abs(fitted.all_people(features) - target).max() < 0.5


def test_known_constants_are_recovered(pictures: list[LabelledPicture]) -> None:
    random = np.random.default_rng(1)
    measured = []
    for index in range(120):
        picture = pictures[index % len(pictures)]
        pose = picture.face.head
        gaze_sines = np.sin(np.radians(random.uniform([-25, -15], [25, 15])))
        turned = replace(picture, gaze=projection.from_upright(gaze_sines, pose.roll))
        centers = random.normal(0, 1, 2)
        heads = np.sin(np.radians([pose.yaw, pose.pitch]))
        canthi = (gaze_sines - [0, 0.03] * centers - [0.5, 0.4] * heads - [0.01, -0.05]) / 0.08
        row = [canthi[0], centers[0], canthi[1], centers[1]]
        measured.append(constants.MeasuredEyes(turned, np.array([row, row])))
    found = constants.fit(measured, [])
    assert found.side == pytest.approx((0.08, 0.0, 0.5), abs=1e-6)
    assert found.up == pytest.approx((0.08, 0.03, 0.4), abs=1e-6)
    assert found.rendered == pytest.approx((0.01, -0.05), abs=1e-6)
