"""What the network sees of eyes: renders of known lids and irises, and covered eyes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from datasets import portraits, renders
from pipelines.gaze import eye_network, iris, lid_fit
from pipelines.gaze.eye_network import SeenEye
from pipelines.image import crops
from pipelines.image.arrays import Points
from pipelines.studio import Analysis

# People of the half that the network was not trained on, one of them averted.
RENDERS = [one for one in renders.load() if one.split == "test"][::13]


def share_seen(seen: SeenEye, polygon: Points) -> float:
    """Intersection over union of the eyeball and a polygon in picture pixels."""
    mask = np.zeros(seen.eyeball.shape, np.uint8)
    points = crops.through(seen.to_frame, polygon)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], (1,), shift=4)
    eyeball = seen.eyeball > 0.5
    return float((eyeball & (mask > 0)).sum() / (eyeball | (mask > 0)).sum())


@pytest.mark.parametrize("render", RENDERS, ids=lambda one: one.name)
def test_eyeballs_and_irises_of_unseen_people(render: renders.Render) -> None:
    found = portraits.read_render(render)
    assert found is not None
    for seen, true in zip(
        eye_network.see(found.picture_u8, found.face), (render.left, render.right), strict=True
    ):
        assert share_seen(seen, true.opening) > 0.75
        assert seen.disc is not None
        center, radius = seen.disc
        assert np.linalg.norm(center - true.iris) < 0.2 * true.iris_radius
        assert radius == pytest.approx(true.iris_radius, rel=0.12)


def test_a_mirrored_picture_is_seen_the_same(astronaut_analysis: Analysis) -> None:
    face, photo = astronaut_analysis.face, astronaut_analysis.portrait.original_u8
    left, _ = eye_network.see(photo, face)
    as_float = eye_network.see(photo.astype(np.float32) / 255, face)
    assert np.allclose(left.eyeball, as_float[0].eyeball, atol=0.02)
    left_sines, right_sines = eye_network.sines(photo, face)
    assert np.abs(left_sines - right_sines).max() < 0.25


def test_what_is_covered_is_not_seen(astronaut_analysis: Analysis) -> None:
    face, photo = astronaut_analysis.face, astronaut_analysis.portrait.original_u8.copy()
    eye = face.left
    middle = eye.contour.mean(axis=0)
    # A brown strip over the outer half of the eye.
    xs = np.arange(photo.shape[1])
    columns = (xs > middle[0]) & (xs < eye.outer[0] + eye.width)
    rows = slice(int(middle[1] - eye.width), int(middle[1] + eye.width))
    photo[rows, columns] = (120, 80, 60)
    seen, _ = eye_network.see(photo, face)
    at = crops.through(seen.to_frame, (eye.outer + middle) / 2)
    assert seen.eyeball[round(at[1]), round(at[0])] < 0.5
    fitted = lid_fit.fit(seen, eye)
    assert fitted.outer[0] < eye.outer[0] - 0.15 * eye.width


def test_an_eye_that_is_not_there_has_no_confidence(astronaut_analysis: Analysis) -> None:
    face, pixels = astronaut_analysis.face, astronaut_analysis.portrait.pixels.copy()
    low, high = face.left.contour.min(axis=0), face.left.contour.max(axis=0)
    margin = face.left.width / 2
    top, left = np.floor(low[::-1] - margin).astype(int)
    bottom, right = np.ceil(high[::-1] + margin).astype(int)
    pixels[top:bottom, left:right] = pixels[bottom, left:right].mean(axis=0)
    fit = iris.fit(pixels, face)
    assert fit.confidence[0] == 0
    assert fit.confidence[1] > 0.6
