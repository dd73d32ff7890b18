from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from pipelines import face as faces
from pipelines.face import mesh
from pipelines.face.pose import head_pose
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, analyse_pixels


def test_left_and_right_are_the_persons_own(astronaut_analysis: Analysis) -> None:
    face = astronaut_analysis.face
    assert face.left.iris_center[0] > face.right.iris_center[0]
    for eye in face.eyes:
        assert eye.iris_center[1] == pytest.approx(eye.contour[:, 1].mean(), abs=eye.iris_radius)
        assert abs(eye.outer[0] - face.oval[:, 0].mean()) > abs(
            eye.inner[0] - face.oval[:, 0].mean()
        )


def test_a_mirrored_photo_gives_the_mirrored_face(hopper: Image8) -> None:
    plain = faces.find(loading.to_working(hopper))
    mirrored = faces.find(loading.to_working(np.ascontiguousarray(hopper[:, ::-1])))
    assert mirrored.head.yaw == pytest.approx(-plain.head.yaw, abs=1.5)
    assert mirrored.head.roll == pytest.approx(-plain.head.roll, abs=1.5)
    width = hopper.shape[1]
    assert width - 1 - mirrored.left.iris_center[0] == pytest.approx(
        plain.right.iris_center[0], abs=0.8
    )


def test_rotating_the_picture_changes_the_roll(astronaut: Image8) -> None:
    upright = faces.find(loading.to_working(astronaut)).head
    turned = Pillow.fromarray(astronaut).rotate(-15, Pillow.Resampling.BICUBIC)
    rolled = faces.find(loading.to_working(np.asarray(turned))).head
    assert rolled.roll - upright.roll == pytest.approx(15, abs=2)


def test_scaling_maps_pixel_centres(hopper_analysis: Analysis) -> None:
    face = hopper_analysis.face
    twice = face.scaled(2.0)
    assert twice.interocular == pytest.approx(2 * face.interocular)
    assert twice.size == (2 * face.size[0], 2 * face.size[1])
    assert twice.mm_per_px == pytest.approx(face.mm_per_px / 2)
    # Doubling the size moves the centre of the first pixel by a quarter of an old pixel.
    assert np.allclose(twice.left.iris_center, 2 * face.left.iris_center + 0.5)


def test_of_several_faces_the_largest_is_used(hopper: Image8, astronaut: Image8) -> None:
    both = np.full((600, 1024, 3), 128, np.uint8)
    both[:, :512] = hopper
    both[:512, 512:] = astronaut
    face = faces.find(loading.to_working(both))
    assert (face.count, face.number) == (2, 1)
    assert face.oval[:, 0].max() < 512
    # The others are numbered from the left, whichever side of the picture is the larger.
    other = faces.find(loading.to_working(both), number=2)
    assert other.oval[:, 0].min() > 512
    near = faces.find(loading.to_working(both), near=np.array([700.0, 100.0]))
    assert near.number == 2
    assert faces.find(loading.to_working(np.ascontiguousarray(both[:, ::-1]))).number == 2
    with pytest.raises(Refusal) as caught:
        faces.find(loading.to_working(both), number=3)
    assert caught.value.code == "no-such-face"


def test_a_small_face_is_refused_by_its_size(astronaut: Image8) -> None:
    tiny = Pillow.fromarray(astronaut).resize((190, 190), Pillow.Resampling.LANCZOS)
    canvas = np.full((400, 400, 3), 200, np.uint8)
    canvas[100:290, 100:290] = np.asarray(tiny)
    with pytest.raises(Refusal) as caught:
        faces.find(loading.to_working(canvas))
    assert caught.value.code == "face-too-small"


def test_a_picture_without_a_face_is_refused() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)
    with pytest.raises(Refusal) as caught:
        faces.find(loading.to_working(noise))
    assert caught.value.code == "no-face"


def test_a_head_turned_too_far_is_refused(hopper_analysis: Analysis) -> None:
    landmarks = hopper_analysis.face.landmarks.copy()
    middle = landmarks.mean(axis=0)
    angle = np.radians(64)
    turn = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    turned = (landmarks - middle) @ turn.T + middle
    head = head_pose(turned)
    assert abs(head.yaw - hopper_analysis.face.head.yaw) == pytest.approx(64, abs=4)
    with pytest.raises(Refusal) as caught:
        mesh.check(faces.from_landmarks(turned, (600, 512)))
    assert caught.value.code == "head-turned"


def test_shut_eyes_are_refused(hopper_analysis: Analysis) -> None:
    face = hopper_analysis.face
    shut = [replace(eye, upper=eye.lower + 0.04 * (eye.upper - eye.lower)) for eye in face.eyes]
    with pytest.raises(Refusal) as caught:
        mesh.check(faces.with_eyes(face, *shut))
    assert caught.value.code == "eyes-shut"


def with_sunglasses(picture: Image8, analysis: Analysis) -> Image8:
    image = Pillow.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for eye in analysis.face.eyes:
        x, y = (eye.outer + eye.inner) / 2
        reach = 0.95 * eye.width
        draw.ellipse((x - reach, y - reach * 0.7, x + reach, y + reach * 0.9), fill=(14, 14, 18))
    return np.asarray(image)


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
def test_sunglasses_are_refused(name: str, request: pytest.FixtureRequest) -> None:
    picture = request.getfixturevalue(name)
    analysis = request.getfixturevalue(f"{name}_analysis")
    with pytest.raises(Refusal) as caught:
        analyse_pixels(with_sunglasses(picture, analysis))
    assert caught.value.code == "eyes-hidden"
