from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets import renders
from pipelines import face as faces
from pipelines import studio
from pipelines.gaze import Gaze, appearance, eye_features, eye_shape
from pipelines.gaze.eye_shape import Linear
from pipelines.image import loading
from pipelines.image.arrays import Points
from pipelines.studio import Analysis, Look


def mirrored(points: Points, width: int) -> Points:
    return np.stack([width - 1 - points[..., 0], points[..., 1]], axis=-1)


def test_eyeballs_of_renders_are_located() -> None:
    truth = json.loads((renders.COMMITTED / "truth.json").read_text("utf-8"))
    errors_mm = []
    for image in truth["images"][::26]:
        analysis = studio.analyse(renders.COMMITTED / image["file"])
        for side, shape in zip(
            ("left", "right"), eye_shape.find(analysis.portrait.pixels, analysis.face), strict=True
        ):
            true = np.array(image["eyes"][f"subject_{side}"]["center_px"]) - 0.5
            errors_mm.append((shape.center - true) * analysis.face.mm_per_px)
    # 1.2 mm, a tenth of the eyeball's radius, would be six degrees of gaze.
    assert np.abs(errors_mm).mean() < 1.0


def test_canthi_do_not_follow_the_irises(astronaut_analysis: Analysis) -> None:
    face = astronaut_analysis.face
    before = eye_shape.find(astronaut_analysis.portrait.pixels, face)
    away = studio.render(astronaut_analysis, Look.parse("gaze=12,0&polish=0"))
    pixels = away.image_u8.astype(np.float32) / 255
    after = eye_shape.find(pixels, face)
    for old, new in zip(before, after, strict=True):
        moved = float(np.linalg.norm(new.canthi - old.canthi)) * face.mm_per_px
        assert moved < 0.7  # while the irises moved by 2.2 mm


def test_a_mirrored_face_has_mirrored_shapes(hopper_analysis: Analysis) -> None:
    pixels = hopper_analysis.portrait.pixels
    face = hopper_analysis.face
    flipped = np.ascontiguousarray(pixels[:, ::-1])
    left, _ = eye_shape.find(pixels, face)
    _, right = eye_shape.find(flipped, faces.find(flipped))
    apart = np.abs(mirrored(right.canthi, pixels.shape[1]) - left.canthi) * face.mm_per_px
    assert apart.max() < 0.5


def test_the_frame_is_aligned_to_the_canthi() -> None:
    canthi = np.array([[310.0, 220.0], [250.0, 201.0]])
    frame = eye_features.onto_canthi(canthi)
    placed = canthi @ frame[:, :2].T + frame[:, 2]
    assert placed == pytest.approx(eye_features.CANTHI)


def test_features_hardly_depend_on_exposure(hopper_analysis: Analysis) -> None:
    frame = eye_shape.first_frame(hopper_analysis.face, "right")
    patch = np.clip(eye_features.cut(hopper_analysis.portrait.pixels, frame), 0, 1)
    plain, dark = eye_features.describe(patch), eye_features.describe(patch * 0.6)
    blank = eye_features.describe(np.full_like(patch, 0.5))
    assert np.abs(plain - dark).mean() < 0.2 * np.abs(plain - blank).mean()


def test_saved_regressions_load_again(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    stage = Linear(
        *(random.normal(size=shape).astype(np.float32) for shape in ((40,), (40, 18), (18,)))
    )
    eye_shape.save(tmp_path / "w.npz", (stage, stage))
    first, second = eye_shape.load(tmp_path / "w.npz")
    features = random.normal(size=40).astype(np.float32)
    assert first(features) == pytest.approx(stage(features), abs=0.05)
    assert second(features) == pytest.approx(first(features))


def test_appearance_measures_changes_of_the_gaze() -> None:
    true: list[Gaze] = []
    measured: list[Gaze] = []
    for render in renders.load():
        if render.path.stem in ("p02_0_0", "p02_0_1", "p02_0_2"):
            pixels = loading.load(render.path).pixels
            true.append(render.gaze)
            measured.append(appearance.read(pixels, faces.find(pixels)))
    assert len(true) == 3
    for first in (0, 1):
        true_change, change = (
            np.array([b.yaw - a.yaw, b.pitch - a.pitch])
            for a, b in (true[first : first + 2], measured[first : first + 2])
        )
        assert np.linalg.norm(change - true_change) < 0.5 * np.linalg.norm(true_change)


def test_shapes_do_not_depend_on_the_size_of_the_photo(hopper_analysis: Analysis) -> None:
    pixels, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    large = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    left, _ = eye_shape.find(pixels, face)
    twice, _ = eye_shape.find(np.clip(large, 0, 1), face.scaled(2.0))
    assert (twice.canthi + 0.5) / 2 - 0.5 == pytest.approx(left.canthi, abs=0.6)
