"""Turning the eyes, on a synthetic eye whose true appearance is known, and on photos."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.engines import geometry
from pipelines.face import Eye
from pipelines.gaze import Gaze, GazeEstimate, iris, lids
from pipelines.image import loading
from pipelines.image.arrays import Image8, Points
from pipelines.studio import Analysis

TARGETS = [
    Gaze(yaw, pitch) for yaw, pitch in [(-20, 0), (-8, -4), (0, 0), (0, 10), (0, -10), (20, 0)]
]


def redirected(picture: Image8, analysis: Analysis, target: Gaze) -> Image8:
    patches = geometry.redirect(picture, analysis.face, analysis.gaze, target)
    return geometry.paste(picture, patches)


def sockets(analysis: Analysis) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    mask = np.zeros(analysis.face.size, np.uint8)
    for eye in analysis.face.eyes:
        hull = cv2.convexHull(
            np.round(analysis.face.region(f"{eye.side}_eye_socket")).astype(np.int32)
        )
        cv2.fillPoly(mask, [hull], (1,))
    return mask.astype(bool)


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_nothing_changes_outside_the_eye_sockets(
    name: str, target: Gaze, request: pytest.FixtureRequest
) -> None:
    picture, analysis = (request.getfixturevalue(name), request.getfixturevalue(f"{name}_analysis"))
    result = redirected(picture, analysis, target)
    changed = np.any(result != picture, axis=2)
    assert changed.any()
    assert not (changed & ~sockets(analysis)).any()


def test_the_same_call_gives_the_same_bytes(hopper: Image8, hopper_analysis: Analysis) -> None:
    first = redirected(hopper, hopper_analysis, Gaze(8, 2))
    second = redirected(hopper, hopper_analysis, Gaze(8, 2))
    assert np.array_equal(first, second)


def test_the_present_gaze_as_target_changes_almost_nothing(
    astronaut: Image8, astronaut_analysis: Analysis
) -> None:
    result = redirected(astronaut, astronaut_analysis, astronaut_analysis.gaze.gaze)
    difference = np.abs(result.astype(int) - astronaut).max(axis=2)
    changed = difference[difference > 0]
    assert np.percentile(changed, 90) <= 30 if changed.size else True
    assert (difference > 40).sum() <= 10


@pytest.mark.parametrize("yaw", [-15, -8, 8, 15])
def test_the_iris_moves_to_the_target(
    yaw: float, astronaut: Image8, astronaut_analysis: Analysis
) -> None:
    before = astronaut_analysis.gaze.gaze
    target = Gaze(before.yaw + yaw, before.pitch)
    result = redirected(astronaut, astronaut_analysis, target)
    face = astronaut_analysis.face
    working = loading.to_working(result)
    fitted = iris.fit(working, faces.find(working), face.left.iris_radius)
    moved = np.mean(
        [
            new.iris_center[0] - old.iris_center[0]
            for new, old in zip((fitted.left, fitted.right), face.eyes, strict=True)
        ]
    )
    expected = 10.48 * (np.sin(np.radians(target.yaw)) - np.sin(np.radians(before.yaw)))
    # Two degrees are 0.37 mm, here a quarter of a pixel.
    assert moved * face.mm_per_px == pytest.approx(expected, abs=0.6)


def synthetic_eye(center: Points, radius: float = 30.0) -> tuple[Image8, Eye]:
    """An eye with brown iris, black pupil, highlight and sharp lids, drawn with 4x oversampling."""
    height, width, factor = 240, 320, 4
    picture = np.full((height * factor, width * factor, 3), (196, 150, 126), np.uint8)
    u = np.linspace(0, 1, 9)
    arc = 4 * u * (1 - u)
    inner, outer = np.array([80.0, 120.0]), np.array([240.0, 120.0])
    along = outer + (inner - outer) * u[:, None]
    upper = along - np.outer(arc, [0, 34.0])
    lower = along + np.outer(arc, [0, 26.0])
    opening = np.zeros(picture.shape[:2], np.uint8)
    fine = np.linspace(0, 1, 200)
    curve = 4 * fine * (1 - fine)
    base = outer + (inner - outer) * fine[:, None]
    outline = np.vstack([base - np.outer(curve, [0, 34]), (base + np.outer(curve, [0, 26]))[::-1]])
    cv2.fillPoly(opening, [np.round((outline + 0.5) * factor).astype(np.int32)], (1,))
    ball = np.full_like(picture, (232, 226, 222))
    at = tuple(int(v) for v in np.round((center + 0.5) * factor))
    cv2.circle(ball, at, round(radius * factor), (96, 62, 38), -1)
    cv2.circle(ball, at, round(0.4 * radius * factor), (14, 12, 12), -1)
    glint = tuple(int(v) for v in np.round((center + np.array([8.5, -8.5])) * factor))
    cv2.circle(ball, glint, round(0.16 * radius * factor), (255, 255, 255), -1)
    picture = np.where(opening[..., None] > 0, ball, picture)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    eye = Eye("left", outer, inner, upper, lower, center, radius)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8), eye


def turned(yaw: float, pitch: float) -> tuple[Image8, Image8, Eye, Points]:
    """A synthetic eye, the same turned, its geometry, and the expected shift of its iris."""
    picture, eye = synthetic_eye(np.array([160.0, 116.0]))
    x, y = np.sin(np.radians(yaw)) * np.cos(np.radians(pitch)), -np.sin(np.radians(pitch))
    shift = 10.48 / (5.7 / eye.iris_radius) * np.array([x, y])
    return picture, turn_eye(picture, eye, yaw, pitch), eye, shift


def turn_eye(picture: Image8, eye: Eye, yaw: float, pitch: float) -> Image8:
    patch = geometry.turn(picture, eye, Gaze(0, 0), Gaze(yaw, pitch), 5.7 / eye.iris_radius, seed=0)
    return geometry.paste(picture, (patch,))


@pytest.mark.parametrize("yaw", [-15, -6, 6, 15])
def test_the_iris_of_a_synthetic_eye_moves_to_the_expected_position(yaw: float) -> None:
    _, result, eye, shift = turned(yaw, 0)
    row = result[116, 84:236, 0].astype(float)
    dark = np.flatnonzero(row < 165) + 84
    assert (dark.min() + dark.max()) / 2 == pytest.approx(eye.iris_center[0] + shift[0], abs=1.2)


@pytest.mark.parametrize(("yaw", "pitch"), [(-12, 0), (12, 0), (10, 6), (-10, -6)])
def test_the_old_position_of_the_iris_becomes_sclera_without_a_ring(
    yaw: float, pitch: float
) -> None:
    picture, result, eye, shift = turned(yaw, pitch)
    ys, xs = np.mgrid[: result.shape[0], : result.shape[1]]
    old = np.hypot(xs - eye.iris_center[0], ys - eye.iris_center[1]) / eye.iris_radius
    new_center = eye.iris_center + shift
    new = np.hypot(xs - new_center[0], ys - new_center[1]) / eye.iris_radius
    uncovered = (old < 1.0) & (new > 1.2) & (np.abs(ys - 116) < 12)
    assert uncovered.sum() > 20
    assert np.abs(result[uncovered].astype(int) - (232, 226, 222)).max() <= 14
    assert picture[uncovered].mean() < 140


def test_the_uncovered_white_does_not_continue_a_tint_of_the_white_that_is_seen() -> None:
    picture, eye = synthetic_eye(np.array([205.0, 116.0]))
    xs = np.arange(picture.shape[1])
    white = picture.min(axis=2) > 190
    tint = np.where(white, 50 * np.clip((xs - 95) / 80, 0, 1), 0)
    picture[..., 0] -= tint.astype(np.uint8)
    patch = geometry.turn(picture, eye, Gaze(25, 0), Gaze(0, 0), 5.7 / eye.iris_radius, seed=0)
    result = geometry.paste(picture, (patch,)).astype(int)
    uncovered = result[112:120, 214:225]
    # Of the white that is seen, the bluest has 38 less of red than of blue.
    assert np.median(uncovered[..., 0] - uncovered[..., 2]) > -32


def test_a_turned_iris_is_as_blurred_as_the_photo() -> None:
    def steepest(image: Image8) -> float:
        return float(np.abs(np.diff(image[104:124, 90:230, 0].astype(float), axis=1)).max())

    sharp, eye = synthetic_eye(np.array([160.0, 116.0]))
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4.0), np.uint8)
    for picture in (sharp, blurred):
        assert 0.6 < steepest(turn_eye(picture, eye, 12, 0)) / steepest(picture) < 1.3


def test_the_highlight_moves_half_as_far_as_the_iris() -> None:
    picture, result, eye, shift = turned(12, 0)

    def highlight(image: Image8, center: Points) -> Points:
        ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
        on_iris = np.hypot(xs - center[0], ys - center[1]) < 0.8 * eye.iris_radius
        weight = np.where(on_iris & (image.min(axis=2) > 200), 1.0, 0.0)
        return np.array([(xs * weight).sum(), (ys * weight).sum()]) / weight.sum()

    moved = highlight(result, eye.iris_center + shift)[0] - highlight(picture, eye.iris_center)[0]
    assert 0.35 * shift[0] < moved < 0.7 * shift[0]


@pytest.mark.parametrize("light", [False, True])
def test_a_turned_eye_keeps_its_highlight(light: bool) -> None:
    picture, eye = synthetic_eye(np.array([160.0, 108.0]))
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]]
    rho = np.hypot(xs - 160, ys - 108) / eye.iris_radius
    if light:
        # With bright and dark fibres, half of the iris is far from its median.
        fibres = np.where(np.sin(9 * np.arctan2(ys - 108, xs - 160)) > 0, 180, 100)
        iris = (rho < 0.9) & (rho > 0.5)
        picture[iris] = fibres[iris][:, None]
    glint = np.clip(5 - np.hypot(xs - 167, ys - 97), 0, 1)[..., None]
    picture = np.rint(picture + glint * (250.0 - picture)).astype(np.uint8)
    result = turn_eye(picture, eye, 5, 0)
    on_iris = (rho < 0.8)[..., None]
    before, after = (((image > 190) & on_iris).all(axis=2).sum() for image in (picture, result))
    assert before > 30
    assert after > 0.6 * before


def test_the_wet_edge_of_the_lower_lid_does_not_move_with_the_iris() -> None:
    picture, eye = synthetic_eye(np.array([160.0, 128.0]))
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]]
    u = (xs - 80) / 160
    above = 120 + 26 * 4 * u * (1 - u) - ys
    wet = (above > 1) & (above < 4) & (np.abs(xs - 160) < 16)
    picture = np.where(wet[..., None], np.uint8(235), picture)
    result = turn_eye(picture, eye, 0, 8)
    lower_iris = (np.abs(xs - 160) < 12) & (above > 5) & (above < 10)
    assert picture[lower_iris].max() < 160
    assert result[lower_iris].max() < 160


@pytest.mark.parametrize("pitch", [-10, 10])
def test_the_upper_lid_follows_the_iris(pitch: float) -> None:
    picture, result, _, shift = turned(0, pitch)

    def lid(image: Image8) -> float:
        column = image[60:116, 160].astype(float)
        skin = np.abs(column - (196, 150, 126)).sum(axis=1) < 40
        return 60 + float(np.flatnonzero(skin).max())

    followed = (lid(result) - lid(picture)) / shift[1]
    assert 0.75 < followed < 1.05


def test_lids_return_with_the_iris() -> None:
    _, eye = synthetic_eye(np.array([160.0, 116.0]))
    lowered = lids.followed(eye, np.array([5.0, 14.0]))
    back = lids.followed(lowered, np.array([-5.0, -14.0]))
    assert lowered.upper[4, 1] > eye.upper[4, 1] + 10
    assert np.allclose(back.upper, eye.upper)
    assert np.allclose(back.lower, eye.lower)


def below_upper_lid() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Distance of each pixel of `synthetic_eye` below its upper lid, in pixels."""
    ys, xs = np.mgrid[:240, :320].astype(float)
    u = np.clip((xs - 80) / 160, 0, 1)
    return ys - (120 - 34 * 4 * u * (1 - u))


def test_the_shadow_of_the_upper_lid_falls_on_the_uncovered_sclera() -> None:
    picture, eye = synthetic_eye(np.array([160.0, 116.0]))
    below = below_upper_lid()
    shadow = np.where(below > 0, 1 - 0.3 * np.clip(1 - below / 12, 0, 1), 1)
    picture = np.asarray(picture * shadow[..., None], np.uint8)
    result = turn_eye(picture, eye, 20, 0)
    column = np.s_[:, 140:146]
    near, far = (
        float(np.median(result[column][(below[column] > low) & (below[column] < low + 3)]))
        for low in (2, 16)
    )
    assert near / far == pytest.approx(1 - 0.3 * (1 - 3.5 / 12), abs=0.07)


def test_a_lash_on_the_sclera_disappears_under_a_raised_lid() -> None:
    picture, eye = synthetic_eye(np.array([160.0, 116.0]))
    lash = (below_upper_lid() > 2) & (below_upper_lid() < 4)
    lash[:, :196] = lash[:, 216:] = False
    picture = np.where(lash[..., None], np.uint8(60), picture)
    result = turn_eye(picture, eye, 0, 14)
    assert picture[97:112, 200:212].min() < 70
    assert result[97:112, 200:212].min() > 200


def test_vergence_is_kept(hopper: Image8, hopper_analysis: Analysis) -> None:
    now = hopper_analysis.gaze
    squint = GazeEstimate(
        now.gaze,
        replace(now.left, yaw=now.gaze.yaw - 4),
        replace(now.right, yaw=now.gaze.yaw + 4),
        1,
    )
    left, right = geometry.redirect(hopper, hopper_analysis.face, squint, Gaze(5, 0))
    expected = geometry.redirect(hopper, hopper_analysis.face, now, Gaze(5, 0))
    for patch, plain in zip((left, right), expected, strict=True):
        assert patch.difference.shape == plain.difference.shape
        assert np.abs(patch.difference - plain.difference).mean() < 0.01
