"""The measurements: each responds to what it measures, and not to other changes."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines.face import Eye, Face, skin
from pipelines.gaze import Gaze, GazeEstimate, catchlight
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8, Points
from pipelines.measure import measurements, texture
from pipelines.measure.measurements import Baseline, GazeChange, Measurements


def looking(yaw: float, pitch: float) -> GazeEstimate:
    gaze = Gaze(yaw, pitch)
    return GazeEstimate(gaze, gaze, gaze, 1.0)


UNMOVED = GazeChange(looking(6, 0), None, looking(6, 0))


@pytest.fixture(scope="module")
def portrait(hopper: Image8) -> tuple[Image, Face]:
    pixels = hopper.astype(np.float32) / 255
    return pixels, faces.find(pixels)


@pytest.fixture(scope="module")
def original(portrait: tuple[Image, Face]) -> Baseline:
    return measurements.baseline(*portrait)


def measured(
    original: Baseline, after: Image, gaze: GazeChange = UNMOVED, floor: float = 0.9
) -> Measurements:
    return measurements.measure(
        original, after, original.face, gaze, texture_floor=floor, changed_outside_face=0
    )


def test_an_unchanged_portrait_is_perfect(portrait: tuple[Image, Face], original: Baseline) -> None:
    result = measured(original, portrait[0], floor=1.0)
    assert result.texture_retention == 1
    assert result.identity.distance == 0
    assert result.identity.same_person
    assert result.skin_tone.shift == 0
    assert result.skin_tone.delta_e00_mean == pytest.approx(0, abs=1e-6)
    assert result.eyes == original.eyes
    assert result.reasons == ()
    assert not result.over_polished


def retention(original: Baseline, pixels: Image) -> float:
    lightness = colour.to_lab(pixels[skin.window(original.face)])[..., 0]
    return texture.retention(original.texture, lightness)


def test_texture_falls_with_blur(portrait: tuple[Image, Face], original: Baseline) -> None:
    pixels, _ = portrait
    blurred = (cv2.GaussianBlur(pixels, (0, 0), sigma) for sigma in (0.3, 0.6, 1.0, 2.0))
    shares = [retention(original, np.asarray(each, np.float32)) for each in blurred]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8
    assert shares[-1] < 0.1


def test_grain_and_sharpening_do_not_count_as_texture(
    portrait: tuple[Image, Face], original: Baseline
) -> None:
    pixels, _ = portrait
    smooth = cv2.GaussianBlur(pixels, (0, 0), 2.0)
    grain = np.random.default_rng(0).normal(0, 0.03, pixels.shape)
    grainy = np.clip(smooth + grain, 0, 1).astype(np.float32)
    assert retention(original, grainy) < 0.15
    crisp = np.clip(pixels + 0.8 * (pixels - smooth), 0, 1).astype(np.float32)
    assert retention(original, crisp) <= 1


def test_sharpening_elsewhere_does_not_make_up_for_a_smooth_cheek(
    portrait: tuple[Image, Face], original: Baseline
) -> None:
    pixels, face = portrait
    smooth = cv2.GaussianBlur(pixels, (0, 0), 3.0)
    cheek = np.zeros(face.size, np.uint8)
    cv2.fillPoly(cheek, [np.rint(face.region("left_cheek")).astype(np.int32)], (1,))
    crisp = np.clip(1.5 * pixels - 0.5 * smooth, 0, 1)
    mixed = np.where(cheek[..., None] > 0, smooth, crisp).astype(np.float32)
    share = cheek[original.skin_mask > 0.5].mean()
    assert retention(original, mixed) < 1 - 0.6 * share


def test_added_grain_does_not_reduce_the_texture(
    portrait: tuple[Image, Face], original: Baseline
) -> None:
    grain = np.random.default_rng(0).normal(0, 0.005, portrait[0].shape)
    grainy = np.clip(portrait[0] + grain, 0, 1).astype(np.float32)
    assert retention(original, grainy) > 0.95


def test_lightening_is_measured_and_named(portrait: tuple[Image, Face], original: Baseline) -> None:
    pixels, _ = portrait
    lab = colour.to_lab(pixels)
    lab[..., 0] += 3
    result = measured(original, colour.to_rgb(lab))
    assert result.skin_tone.ita_before is not None
    assert result.skin_tone.ita_after is not None
    assert result.skin_tone.ita_after > result.skin_tone.ita_before + 2
    assert 1 < result.skin_tone.delta_e00_mean < 4
    assert result.over_polished
    assert any("lighter" in reason for reason in result.reasons)


def test_the_angle_of_a_known_colour() -> None:
    lab = np.full((4, 4, 3), (60, 10, 10), np.float32)
    found = colour.of(lab, np.ones((4, 4), np.float32))
    assert found is not None
    assert found.ita == pytest.approx(45)
    assert colour.lightness_for(45, found) == pytest.approx(60)
    assert colour.of(lab, np.zeros((4, 4), np.float32)) is None


def test_black_and_white_has_no_angle(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grey = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
    result = measured(measurements.baseline(grey, face), grey)
    assert result.skin_tone.ita_before is None
    assert result.skin_tone.ita_after is None
    assert result.skin_tone.shift == 0


def test_a_smoothed_face_is_over_polished(portrait: tuple[Image, Face], original: Baseline) -> None:
    pixels, _ = portrait
    smooth = cv2.bilateralFilter(pixels, 9, 0.2, 4)
    mask = original.skin_mask[..., None]
    smoothed = (pixels + mask * (smooth - pixels)).astype(np.float32)
    result = measured(original, smoothed)
    assert not result.holds_texture
    assert any("texture" in reason for reason in result.reasons)


def test_another_person_is_not_the_same_person(
    original: Baseline, astronaut: Image8, portrait: tuple[Image, Face]
) -> None:
    pixels = astronaut.astype(np.float32) / 255
    other = measurements.baseline(pixels, faces.find(pixels))
    reference = replace(original.reference, embedding=other.embedding)
    stranger = replace(original, reference=reference)
    result = measured(stranger, portrait[0])
    assert not result.identity.same_person
    assert any("the face changed" in reason for reason in result.reasons)


def test_another_size_is_refused(original: Baseline) -> None:
    with pytest.raises(ValueError, match="not"):
        measured(original, np.zeros((10, 10, 3), np.float32))


def test_gaze_error_is_the_angle_to_the_target(
    portrait: tuple[Image, Face], original: Baseline
) -> None:
    change = GazeChange(looking(9, -3), Gaze(0, 0), looking(3, 4), clamped=True)
    assert change.error == pytest.approx(5, abs=0.02)
    assert UNMOVED.error is None
    gaze = measured(original, portrait[0], change).report()["gaze"]
    assert gaze["before"] == [9, -3]
    assert gaze["target"] == [0, 0]
    assert gaze["contact_before"] is False
    assert gaze["contact_after"] is False
    assert gaze["clamped"] is True


def test_reports_are_plain_data(portrait: tuple[Image, Face], original: Baseline) -> None:
    report = measured(original, portrait[0]).report()
    assert set(report) == {
        "gaze", "head", "identity", "texture_retention", "texture_floor",
        "over_polished", "skin_tone", "eyes",
        "changed_outside_face", "guards", "held_back", "done",
    }  # fmt: skip
    assert set(report["skin_tone"]) == {
        *("ita_before", "ita_after", "ita_in_light", "ita_lit_before", "ita_lit_after"),
        "delta_e00_mean",
    }
    assert set(report["eyes"]) == {"spacing_ratio", "tilt_deg", "catchlight_agreement"}
    assert json.loads(json.dumps(report)) == report
    before = original.report(looking(1, 1), original.face.head)
    assert json.loads(json.dumps(before)) == before
    assert before["contact"] is True


def test_counts_changed_pixels_outside_the_face(hopper: Image8, original: Baseline) -> None:
    face = original.face
    after = hopper.copy()
    x, y = np.rint(face.landmarks[:, :2].mean(axis=0)).astype(int)
    after[y, x] ^= 255
    assert measurements.changed_outside_face(hopper, after, face) == 0
    after[0, :7, 1] ^= 1
    assert measurements.changed_outside_face(hopper, after, face) == 7
    assert measurements.changed_outside_face(hopper, hopper, face) == 0


def test_counts_at_full_size_with_a_small_face(hopper: Image8, original: Baseline) -> None:
    full = np.repeat(np.repeat(hopper, 2, axis=0), 2, axis=1)
    after = full.copy()
    x, y = np.rint(2 * original.face.oval.mean(axis=0)).astype(int)
    after[y, x] ^= 255
    after[-1, -3:] ^= 1
    assert measurements.changed_outside_face(full, after, original.face) == 3


def test_tilt_and_spacing_do_not_change_with_the_roll(portrait: tuple[Image, Face]) -> None:
    _, face = portrait
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = face.landmarks.copy()
    landmarks[:, :2] = landmarks[:, :2] @ turn.T + [200, 0]
    rolled = faces.from_landmarks(landmarks, (900, 900))
    blank = np.zeros((900, 900, 3), np.float32)
    plain, turned = measurements.eyes(blank, face), measurements.eyes(blank, rolled)
    assert rolled.head.roll == pytest.approx(face.head.roll + 20, abs=1)
    assert turned.tilt_deg == pytest.approx(plain.tilt_deg, abs=1)
    assert turned.spacing_ratio == pytest.approx(plain.spacing_ratio, abs=0.01)
    assert 0.3 < plain.spacing_ratio < 0.6


def test_a_lower_eye_changes_the_tilt(portrait: tuple[Image, Face]) -> None:
    _, face = portrait
    lower = face.left.outer + np.array([0, 10])
    moved = replace(face, left=replace(face.left, outer=lower))
    blank = np.zeros((*face.size, 3), np.float32)
    change = measurements.eyes(blank, moved).tilt_deg - measurements.eyes(blank, face).tilt_deg
    expected = np.degrees(np.arctan2(5, face.interocular))
    assert change == pytest.approx(expected, abs=0.3)


def drawn_eyes(face: Face, *lights: tuple[float, float] | None) -> tuple[Image, Face]:
    """Dark irises on grey in wide open eyes, with a catchlight at an offset in radii, or none."""
    pixels = np.full((*face.size, 3), 0.5, np.float32)
    opened = []
    for eye, light in zip(face.eyes, lights, strict=True):
        wide = replace(eye, upper=eye.upper - [0, 12], lower=eye.lower + np.array([0, 12]))
        opened.append(wide)
        center = eye.iris_center
        dot(pixels, center, 1.0 * eye.iris_radius, 0.15)
        if light is not None:
            dot(pixels, center + np.array(light) * eye.iris_radius, 0.2 * eye.iris_radius, 0.95)
    return pixels, replace(face, left=opened[0], right=opened[1])


def dot(pixels: Image, center: Points, radius: float, value: float) -> None:
    rows, columns = np.indices(pixels.shape[:2])
    cover = np.clip(radius - np.hypot(columns - center[0], rows - center[1]) + 0.5, 0, 1)
    pixels += cover[..., None] * (value - pixels)


@pytest.fixture(scope="module")
def large_face(portrait: tuple[Image, Face]) -> Face:
    return portrait[1].scaled(3)


def test_catchlights_at_the_same_place_agree(large_face: Face) -> None:
    place = (0.3, -0.35)
    pixels, face = drawn_eyes(large_face, place, place)
    found = catchlight.locate(pixels, face.left)
    assert found == pytest.approx(place, abs=0.07)
    assert catchlight.agreement(pixels, face) == pytest.approx(1, abs=0.08)


def test_catchlights_apart_disagree(large_face: Face) -> None:
    near, far = (
        catchlight.agreement(*drawn_eyes(large_face, (0.3, -0.3), right))
        for right in ((0.1, -0.3), (-0.3, -0.3))
    )
    assert near is not None
    assert far is not None
    assert far == pytest.approx(0.4, abs=0.12)
    assert near > far + 0.2


def test_a_single_catchlight_disagrees_and_none_is_not_measurable(large_face: Face) -> None:
    assert catchlight.agreement(*drawn_eyes(large_face, (0.2, -0.3), None)) == 0
    assert catchlight.agreement(*drawn_eyes(large_face, None, None)) is None


def test_a_bright_spot_beside_the_iris_is_no_catchlight(large_face: Face) -> None:
    pixels, face = drawn_eyes(large_face, None, None)
    eye: Eye = face.left
    dot(pixels, eye.iris_center + np.array([1.5 * eye.iris_radius, 0]), 0.5 * eye.iris_radius, 0.95)
    assert catchlight.locate(pixels, eye) is None
