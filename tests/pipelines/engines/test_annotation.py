from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines import face as faces
from pipelines.engines import annotation, eye_patches
from pipelines.face import mesh, with_eyes
from pipelines.gaze import Gaze
from pipelines.image import crops
from pipelines.image.arrays import Image8
from pipelines.runtime.vision_compat import mediapipe_annotator, mediapipe_detector
from pipelines.studio import Analysis


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
def test_the_control_image_equals_that_of_mediapipe_face_detector(
    name: str, request: pytest.FixtureRequest
) -> None:
    picture: Image8 = request.getfixturevalue(name)
    # The detector works at multiples of 64 pixels.
    picture = np.ascontiguousarray(picture[:512, :512])
    expected = np.asarray(mediapipe_detector()()(picture, output_type="np"))
    (landmarks,) = mesh.all_landmarks(picture)
    control = annotation.draw(faces.from_landmarks(landmarks, (512, 512)))
    assert expected.any()
    assert np.array_equal(control, expected)


def pupils(control: Image8) -> dict[str, tuple[float, float]]:
    """Centre (x, y) of the square of each pupil, found by its colour."""
    specs = mediapipe_annotator()
    centers = {}
    for side, number in (("right", 468), ("left", 473)):
        colour = specs.iris_landmark_spec[number].color[::-1]
        ys, xs = np.nonzero((control == colour).all(axis=2))
        centers[side] = (float(xs.mean()), float(ys.mean()))
    return centers


def test_the_pupils_move_with_the_target(astronaut_analysis: Analysis) -> None:
    face, now = astronaut_analysis.face, astronaut_analysis.gaze
    size = (2048, 2048)
    before = pupils(annotation.draw(with_eyes(face, *face.eyes), size))
    target = Gaze(now.gaze.yaw + 12, now.gaze.pitch)
    after = pupils(annotation.draw(annotation.look_towards(face, now, target), size))
    for side in ("left", "right"):
        eye = face.left if side == "left" else face.right
        start = now.left if side == "left" else now.right
        expected = 10.48 * (np.sin(np.radians(start.yaw + 12)) - np.sin(np.radians(start.yaw)))
        # Pupils are drawn at whole pixels, here 0.35 mm.
        moved = (after[side][0] - before[side][0]) / 4 * face.mm_per_px
        assert moved == pytest.approx(expected, abs=0.4)
        assert abs(after[side][1] - before[side][1]) <= 1.5
        assert eye.iris_radius > 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_pupil_in_a_patch_has_subpixel_precision(
    side: str, astronaut_analysis: Analysis
) -> None:
    face = astronaut_analysis.face
    eye = face.left if side == "left" else face.right
    to_patch = eye_patches.place(eye, face.head.roll, face.mm_per_px)
    for shift in (0.0, 0.25, 0.5, 2.0, 4.0):
        along = np.array([shift * eye.iris_radius / 14, 0])
        moved = replace(eye, iris_center=eye.iris_center + along)
        patch = annotation.draw_eye(face, moved, to_patch, eye_patches.SIZE)
        # Only the pupil has much more red than green; lids and brows have next to none.
        weight = np.clip(patch[..., 0].astype(float) - patch[..., 1] / 200 * 180, 0, None)
        weight[weight < 3] = 0  # rounding
        ys, xs = np.mgrid[: patch.shape[0], : patch.shape[1]]
        x, y = (float((weight * axis).sum() / weight.sum()) for axis in (xs, ys))
        goal = crops.through(to_patch, moved.iris_center)
        assert np.hypot(x - goal[0], y - goal[1]) < 0.1


def test_the_upper_lid_follows_a_vertical_target(astronaut_analysis: Analysis) -> None:
    face, now = astronaut_analysis.face, astronaut_analysis.gaze
    down = annotation.look_towards(face, now, Gaze(now.gaze.yaw, now.gaze.pitch - 10))
    for before, after in zip(face.eyes, down.eyes, strict=True):
        assert after.upper[4, 1] > before.upper[4, 1]
        assert np.allclose(after.upper[[0, -1]], before.upper[[0, -1]])
