"""Signs of an artificial face: each planted sign is found, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines import studio
from pipelines.face import Eye, Face
from pipelines.gaze import pupil
from pipelines.image.arrays import Image as Pixels
from pipelines.image.arrays import Points
from pipelines.measure import artificial, naturalness
from pipelines.measure.artificial import Signs
from pipelines.measure.naturalness import Finish
from pipelines.studio import Analysis
from pipelines.studio.analysis import DRAWN

RENDERS = Path(__file__).parents[3] / "datasets" / "data" / "renders"
NATURAL = Finish(1.0, 1.0)


@pytest.fixture(scope="module")
def render() -> Analysis:
    """A person with light eyes, large enough for pupils to be seen."""
    pixels = np.asarray(
        Image.open(RENDERS / "p06_0_0.jpg").resize((864, 864), Image.Resampling.LANCZOS)
    )
    return studio.analyse_pixels(pixels)


def signs(render: Analysis, pixels: Pixels | None = None, face: Face | None = None) -> Signs:
    pixels = render.portrait.pixels.copy() if pixels is None else pixels
    return artificial.of(pixels, face or render.face, render.gaze, NATURAL)


def test_a_natural_face_has_no_unusual_sign(render: Analysis) -> None:
    found = signs(render)
    assert found.unusual == ()
    assert found.iris_difference.value is not None
    assert found.iris_difference.value < 0.08
    assert found.pupil_roundness.value is not None
    assert found.pupil_roundness.value > 0.7
    assert 50 < (found.eye_spacing.value or 0) < 75


def test_irises_of_different_size_are_unusual(render: Analysis) -> None:
    grown = magnified(render.portrait.pixels, render.face.left, 1.17)
    found = signs(render, grown)
    assert found.unusual == ("iris_difference",)
    assert "%" in found.warnings[0]


def test_a_cross_as_a_pupil_is_less_round(render: Analysis) -> None:
    pixels = render.portrait.pixels.copy()
    eye, roll = render.face.left, render.face.head.roll
    long, short = 0.62 * eye.iris_radius, 0.14 * eye.iris_radius
    paint(pixels, eye.iris_center, (long, short), 0.0)
    paint(pixels, eye.iris_center, (short, long), 0.0)
    plain, crossed = (pupil.find(each, eye, roll) for each in (render.portrait.pixels, pixels))
    assert plain is not None
    assert crossed is not None
    assert crossed.roundness < 0.7 < plain.roundness


def test_catchlights_that_disagree_are_unusual(render: Analysis) -> None:
    pixels = render.portrait.pixels.copy()
    for eye, side in zip(render.face.eyes, (-1, 1), strict=True):
        spot = eye.iris_center + np.array([0.5 * side, -0.1]) * eye.iris_radius
        paint(pixels, spot, (0.14 * eye.iris_radius, 0.14 * eye.iris_radius), 1.0)
    found = signs(render, pixels)
    assert "catchlight_agreement" in found.unusual


def test_eyes_too_far_apart_are_unusual(render: Analysis) -> None:
    face = render.face
    middle = (face.left.iris_center + face.right.iris_center) / 2
    far = with_irises(face, lambda at: middle + 1.4 * (at - middle))
    assert signs(render, face=far).unusual == ("eye_spacing",)


def test_slanted_eyes_are_unusual(render: Analysis) -> None:
    slanted = turned(render.face, 20.0)
    assert signs(render, face=slanted).eye_tilt.unusual


def test_eyes_sharper_than_the_skin_are_unusual() -> None:
    render = studio.analyse(RENDERS / "p09_0_0.jpg")
    pixels, face = render.portrait.pixels, render.face
    mask = render.baseline.skin_mask
    smooth = cv2.bilateralFilter(pixels, 15, 75 / 255, 75.0)
    smoothed = pixels * (1 - mask[..., None]) + smooth * mask[..., None]
    smoothed = (np.rint(smoothed * 255) / 255).astype(np.float32)
    found = artificial.of(smoothed, face, render.gaze, naturalness.of(smoothed, face, mask))
    assert "eye_detail" in found.unusual


def test_spacing_and_catchlights_of_a_turned_head_are_not_judged(render: Analysis) -> None:
    turned_head = replace(render.face, head=replace(render.face.head, yaw=30.0))
    found = signs(render, face=turned_head)
    assert found.eye_spacing.value is None
    assert found.catchlight_agreement.value is None
    assert not found.eye_spacing.unusual


def magnified(pixels: Pixels, eye: Eye, factor: float) -> Pixels:
    """The picture with a larger iris; the sclera around it is compressed."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    off_x, off_y = x - eye.iris_center[0], y - eye.iris_center[1]
    rho = np.hypot(off_x, off_y) / eye.iris_radius
    share = np.clip((2.2 - rho) / 0.9, 0, 1)
    scale = 1 / (1 + (factor - 1) * share)
    at_x = (eye.iris_center[0] + off_x * scale).astype(np.float32)
    at_y = (eye.iris_center[1] + off_y * scale).astype(np.float32)
    return np.asarray(cv2.remap(pixels, at_x, at_y, cv2.INTER_LINEAR), np.float32)


def test_irises_of_a_drawn_character_are_said_and_trusted_less(render: Analysis) -> None:
    pixels = render.portrait.pixels
    for eye in render.face.eyes:
        pixels = magnified(pixels, eye, 1.6)
    character = studio.analyse_pixels(np.rint(255 * pixels).astype(np.uint8))
    assert DRAWN in character.warnings
    assert character.gaze.confidence < render.gaze.confidence
    assert character.eyes_left_alone is None
    assert DRAWN not in render.warnings


def paint(pixels: Pixels, at: Points, axes: tuple[float, float], value: float) -> None:
    middle = tuple(round(16 * float(part)) for part in at)
    size = (round(16 * axes[0]), round(16 * axes[1]))
    cv2.ellipse(pixels, middle, size, 0, 0, 360, (value,) * 3, -1, cv2.LINE_AA, 4)


def with_irises(face: Face, move: Callable[[Points], Points]) -> Face:
    left, right = (replace(eye, iris_center=move(eye.iris_center)) for eye in face.eyes)
    return replace(face, left=left, right=right)


def turned(face: Face, degrees: float) -> Face:
    eyes = []
    for eye, sign in zip(face.eyes, (-1, 1), strict=True):
        middle = (eye.outer + eye.inner) / 2
        cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees)) * sign
        turn = np.array([[cosine, -sine], [sine, cosine]])
        eyes.append(
            replace(
                eye,
                outer=middle + turn @ (eye.outer - middle),
                inner=middle + turn @ (eye.inner - middle),
            )
        )
    return replace(face, left=eyes[0], right=eyes[1])
