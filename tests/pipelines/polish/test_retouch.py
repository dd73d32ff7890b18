"""The retouch: what each dose changes, what it must keep, and that more of a dose does more."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines import polish
from pipelines.face import Face, closeup, skin
from pipelines.face.skin import Skin
from pipelines.image import colour, filters
from pipelines.image.arrays import Image, Image8, Map
from pipelines.measure import texture
from pipelines.polish import blemishes, retouch
from presets.schema import Doses, load

NAMES = tuple(Doses.model_fields)
# The portrait is enlarged by this factor, so that spots have pixels.
ENLARGED = 3


def doses(**strengths: float) -> Doses:
    values: dict[str, Any] = dict.fromkeys(NAMES, 0.0) | strengths
    return Doses(**values)


FULL = doses(**dict.fromkeys(NAMES, 1.0))


@pytest.fixture(scope="module")
def portrait(astronaut: Image8) -> tuple[Image, Face]:
    pixels = astronaut.astype(np.float32) / 255
    found = faces.find(pixels)
    size = (astronaut.shape[1] * ENLARGED, astronaut.shape[0] * ENLARGED)
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    # Noise in place of the pores that enlarging removed.
    large = large + np.random.default_rng(0).normal(0, 0.008, (*size[::-1], 1))
    large = np.clip(large, 0, 1).astype(np.float32)
    face = found.scaled(ENLARGED)
    rows, columns = skin.window(face, margin=0.8)
    crop = np.ascontiguousarray(large[rows, columns])
    crop.setflags(write=False)
    landmarks = face.landmarks - [columns.start, rows.start, 0]
    return crop, faces.from_landmarks(landmarks, (crop.shape[0], crop.shape[1]))


@pytest.fixture(scope="module")
def spotted(portrait: tuple[Image, Face]) -> tuple[Image, Face]:
    """The portrait with a red spot and a dark circle, so that every dose has an effect."""
    pixels, face = portrait
    painted = pixels
    for name, step in (("left_cheek", (-2, 9, 1)), ("left_under_eye", (-7, 2, -3))):
        painted = paint(painted, middle(face, name), 0.022 * face.interocular, step)
    return painted, face


def middle(face: Face, name: str) -> np.ndarray[Any, Any]:
    return face.region(name).mean(axis=0)


def disc(face: Face, place: np.ndarray[Any, Any], radius: float) -> Map:
    rows, columns = np.indices(face.size)
    distance = np.hypot(columns - place[0], rows - place[1])
    return (1 / (1 + np.exp(np.clip((distance - radius) / (0.15 * radius), -30, 30)))).astype(
        np.float32
    )


def paint(
    pixels: Image, place: np.ndarray[Any, Any], radius: float, step: tuple[float, float, float]
) -> Image:
    rows, columns = np.indices(pixels.shape[:2])
    distance = np.hypot(columns - place[0], rows - place[1])
    spot = 1 / (1 + np.exp(np.clip((distance - radius) / (0.15 * radius), -30, 30)))
    return colour.to_rgb((colour.to_lab(pixels) + spot[..., None] * step).astype(np.float32))


def mean_lab(pixels: Image, where: Map) -> np.ndarray[Any, Any]:
    lab = colour.to_lab(pixels)
    return (lab * where[..., None]).sum(axis=(0, 1)) / where.sum()


def test_doses_of_0_return_the_same_array(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    assert polish.apply(pixels, face, doses()) is pixels


@pytest.mark.parametrize("name", NAMES)
def test_more_of_a_dose_does_more(spotted: tuple[Image, Face], name: str) -> None:
    pixels, face = spotted
    if name == "shadows":
        pixels = (pixels * (1 - 0.5 * shaded_side(face))[..., None]).astype(np.float32)
    amounts = [
        float(np.abs(polish.apply(pixels, face, doses(**{name: d})) - pixels).sum())
        for d in (0.05, 0.3, 0.6, 1.0)
    ]
    assert amounts[0] > 0
    assert amounts == sorted(amounts)
    assert amounts[-1] > 1.5 * amounts[0]


@pytest.mark.parametrize("name", ["blemishes", "evenness", "under_eye"])
def test_the_retouch_stays_on_the_skin(spotted: tuple[Image, Face], name: str) -> None:
    pixels, face = spotted
    seen = skin.find(pixels, face)
    # With a margin, because the retouch is computed on a smaller crop.
    near_skin = cv2.dilate(seen.visible, np.ones((9, 9), np.uint8)) > 0.01
    result = polish.apply(pixels, face, doses(**{name: 1.0}))
    assert np.abs(result - pixels)[~near_skin].max() < 0.5 / 255
    view = skin.window(face)
    for side in ("left", "right"):
        eye = skin.region(face, f"{side}_eye", view) > 0
        assert np.array_equal(result[view][eye], pixels[view][eye])


def test_under_eye_changes_only_the_face(spotted: tuple[Image, Face]) -> None:
    pixels, face = spotted
    outside = ~skin.inside(face, skin.outline(face))
    outside = cv2.erode(outside.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    result = polish.apply(pixels, face, doses(under_eye=1.0))
    assert np.array_equal(result[outside], pixels[outside])


def test_lifting_dark_circles_leaves_the_rest_of_the_face_as_light(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    view = slice(0, face.size[0]), slice(0, face.size[1])
    circles: Map = np.float32(1) * cv2.GaussianBlur(skin.both(face, "under_eye", view), (0, 0), 4)
    darker = circles[..., None] * np.array([12, 0, 2], np.float32)
    tired = colour.to_rgb((colour.to_lab(pixels) - darker).astype(np.float32))
    result = polish.apply(tired, face, doses(under_eye=1.0))
    cheek = disc(face, middle(face, "right_cheek"), 0.1 * face.interocular)
    lifted, lighter = (
        (mean_lab(result, where) - mean_lab(tired, where))[0] for where in (circles, cheek)
    )
    assert lifted > 3
    assert abs(lighter) < 0.15


def test_sharpness_does_not_change_the_skin_or_the_far_background(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    result = polish.apply(pixels, face, doses(sharpness=1.0))
    changed = np.abs(result - pixels).max(axis=2)
    brow = skin.region(face, "left_brow", skin.window(face)) > 0
    assert changed[skin.window(face)][brow].max() > 0.02
    assert changed[skin.mask(pixels, face) > 0.9].max() == 0
    assert changed[:5].max() == 0
    assert changed[-5:].max() == 0


def test_a_red_spot_is_replaced_by_skin_with_pores(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.02 * face.interocular
    spotted = paint(pixels, place, radius, (-3, 9, 1))
    result = polish.apply(spotted, face, doses(blemishes=1.0))
    spot = disc(face, place, radius) > 0.5
    clean, before, after = (mean_lab(p, spot.astype(np.float32)) for p in (pixels, spotted, result))
    assert before[1] - clean[1] > 5
    assert abs(after[1] - clean[1]) < 0.15 * (before[1] - clean[1])
    pores = [
        filters.fine(colour.to_lab(p)[..., 0], face.interocular)[spot].std()
        for p in (pixels, result)
    ]
    assert 0.7 < pores[1] / pores[0] < 1.4


def test_a_faint_spot_is_left_alone_at_a_small_dose_and_replaced_at_a_large_one(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.016 * face.interocular
    spotted = paint(pixels, place, radius, (-2, 5, 1))
    spot = disc(face, place, 2 * radius) > 0.5
    little, much = (polish.apply(spotted, face, doses(blemishes=d)) for d in (0.05, 1.0))
    assert np.array_equal(little[spot], spotted[spot])
    assert abs(much - spotted)[spot].max() > 0.01


def test_healing_changes_little_more_than_the_spot(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.02 * face.interocular
    spotted = paint(pixels, place, radius, (-3, 9, 1))
    changed = (polish.apply(spotted, face, doses(blemishes=0.6)) != spotted).any(axis=2)
    near = disc(face, place, 4 * radius) > 0.01
    assert changed[near].any()
    assert changed[~near].mean() < 0.01


def test_grain_is_not_taken_for_spots(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grain = np.random.default_rng(2).normal(0, 0.07, pixels.shape)
    grainy = np.clip(pixels + grain, 0, 1).astype(np.float32)
    crop = closeup.cut(grainy, face, skin.REACH, retouch.INTEROCULAR)
    masks = skin.find(crop.pixels, crop.face)
    found = blemishes.find(crop, masks.facial)
    assert sum(spot.clearness >= blemishes.faintest(0.7) for spot in found) <= 1


@pytest.mark.parametrize("step", [(-22, 3, 2), (-12, 4, 4), (-6, 2.5, 4)])
def test_blemishes_keep_moles_and_freckles(
    portrait: tuple[Image, Face], step: tuple[float, float, float]
) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.02 * face.interocular
    marked = paint(pixels, place, radius, step)
    result = polish.apply(marked, face, doses(blemishes=1.0))
    spot = disc(face, place, radius)
    assert np.abs(mean_lab(result, spot) - mean_lab(marked, spot)).max() < 0.3


def test_all_doses_together_keep_a_mole(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.02 * face.interocular
    marked = paint(pixels, place, radius, (-22, 3, 2))
    spot, around = disc(face, place, radius), disc(face, place, 3 * radius)
    ring = np.clip(around - disc(face, place, 1.6 * radius), 0, 1)

    def depth(picture: Image) -> float:
        return float((mean_lab(picture, ring) - mean_lab(picture, spot))[0])

    assert depth(polish.apply(marked, face, FULL)) > 0.85 * depth(marked)


def test_evenness_reduces_a_blotch_and_keeps_the_texture(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.09 * face.interocular
    blotchy = paint(pixels, place, radius, (-1, 6, 2))
    result = polish.apply(blotchy, face, doses(evenness=1.0))
    where = disc(face, place, radius)
    clean, before, after = (mean_lab(p, where) for p in (pixels, blotchy, result))
    assert after[1] - clean[1] < 0.65 * (before[1] - clean[1])
    assert retention(blotchy, result, face) > 0.97


def test_dark_circles_get_lighter_and_cheeks_do_not(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    eye = face.left
    place = eye.contour.mean(axis=0) + np.array([0, 0.2 * face.interocular])
    where = disc(face, place, 0.08 * face.interocular)
    tired = paint(pixels, place, 0.1 * face.interocular, (-9, 1, -4))
    result = polish.apply(tired, face, doses(under_eye=1.0))
    gain = (mean_lab(result, where) - mean_lab(tired, where))[0]
    assert gain > 2
    assert gain < 14
    cheek = disc(face, middle(face, "left_cheek"), 0.1 * face.interocular)
    # Slightly darker, because the mean tone of the skin is kept.
    assert abs((mean_lab(result, cheek) - mean_lab(tired, cheek))[0]) < 0.8


def shaded_side(face: Face, penumbra: float = 0.15) -> Map:
    nose = middle(face, "nose")[0]
    columns = np.indices(face.size)[1]
    ramp = np.clip((columns - nose) / (penumbra * face.interocular) + 0.5, 0, 1)
    return ramp.astype(np.float32)


@pytest.mark.parametrize(("dose", "softened"), [(0.45, 0.4), (0.65, 0.5), (1.0, 0.6)])
def test_a_half_shadow_is_softened_and_the_lit_side_stays(
    portrait: tuple[Image, Face], dose: float, softened: float
) -> None:
    pixels, face = portrait
    shaded = (pixels * (1 - 0.5 * shaded_side(face))[..., None]).astype(np.float32)
    result = polish.apply(shaded, face, doses(shadows=dose))
    lit, dark = (
        disc(face, middle(face, f"{side}_cheek"), 0.12 * face.interocular)
        for side in ("right", "left")
    )
    gain = (mean_lab(result, dark) - mean_lab(shaded, dark))[0]
    assert gain > softened * (mean_lab(pixels, dark) - mean_lab(shaded, dark))[0]
    assert mean_lab(result, dark)[0] < mean_lab(pixels, dark)[0] + 1
    assert np.abs(mean_lab(result, lit) - mean_lab(shaded, lit)).max() < 1


def test_the_form_of_a_face_in_soft_light_is_no_shadow(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    assert polish.apply(pixels, face, doses(shadows=1.0)) is pixels


@pytest.mark.parametrize(("penumbra", "light", "dark"), [(0.02, 3.5, 12), (0.05, 2, 9)])
def test_the_edge_of_a_softened_shadow_leaves_little_of_a_line(
    portrait: tuple[Image, Face], penumbra: float, light: float, dark: float
) -> None:
    pixels, face = portrait
    shaded = (pixels * (1 - 0.5 * shaded_side(face, penumbra))[..., None]).astype(np.float32)
    result = polish.apply(shaded, face, doses(shadows=1.0))
    away = np.indices(face.size)[1] - middle(face, "nose")[0]
    near = (skin.mask(pixels, face) > 0.5) & (np.abs(away) < 0.12 * face.interocular)
    change = (colour.to_lab(result) - colour.to_lab(pixels))[..., 0]
    columns = np.flatnonzero(near.sum(axis=0) > 10)
    profile = np.array([change[:, column][near[:, column]].mean() for column in columns])
    assert profile.max() < profile[0] + light
    assert profile.min() > profile[-1] - dark


def test_where_skin_is_not_found_in_the_shade_the_lift_ends_gradually(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    shaded = (pixels * (1 - 0.5 * shaded_side(face))[..., None]).astype(np.float32)
    crop = closeup.cut(shaded, face, skin.REACH, 100.0)
    masks = skin.find(crop.pixels, crop.face)
    cheek, lips = (crop.face.region(name).mean(axis=0) for name in ("left_cheek", "lips"))
    end = round(float(cheek[1] + lips[1]) / 2)
    above = (np.arange(len(masks.facial)) < end).astype(np.float32)[:, None]
    cut = Skin(masks.facial * above, masks.visible * above)
    result = polish.apply(shaded, face, doses(shadows=1.0), masks=cut)
    change = colour.to_lab(crop.like(result))[..., 0] - crop.lab[..., 0]
    beside = slice(round(cheek[0]) - 6, round(cheek[0]) + 6)
    profile = filters.lowpass(change, 1.0)[end - 40 : end + 40, beside].mean(axis=1)
    assert profile.max() > 8
    assert np.abs(np.diff(profile)).max() < 0.07 * profile.max()


def test_shadows_leave_a_face_in_soft_light_and_the_background_alone(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    # A face without light and shade: only its large-scale colour is left.
    mask = skin.mask(pixels, face)
    flat = colour.to_lab(pixels)
    light = filters.lowpass(np.ascontiguousarray(flat[..., 0]), 0.1 * face.interocular, mask)
    flat[..., 0] += (mean_lab(pixels, mask)[0] - light) * mask
    soft = colour.to_rgb(flat)
    result = polish.apply(soft, face, doses(shadows=1.0))
    assert np.abs(mean_lab(result, mask) - mean_lab(soft, mask)).max() < 0.5
    assert np.array_equal(result[:3], soft[:3])


def test_a_pale_patch_of_skin_does_not_make_the_rest_a_shadow(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    patchy = pixels
    for name in ("lips", "left_eye_socket", "right_eye_socket"):
        patchy = paint(patchy, middle(face, name), 0.42 * face.interocular, (16, -5, -9))
    mask = skin.mask(patchy, face)
    result = polish.apply(patchy, face, doses(shadows=1.0))
    assert (mean_lab(result, mask) - mean_lab(patchy, mask))[0] < 1.5


def ita_shift(before: Image, after: Image, face: Face) -> float:
    mask = skin.mask(before, face)
    old, new = (colour.of(colour.to_lab(picture), mask) for picture in (before, after))
    assert old is not None
    assert new is not None
    return abs(new.angle - old.angle)


def retention(before: Image, after: Image, face: Face) -> float:
    view = skin.window(face)
    mask = skin.mask(before, face)[view]
    original = texture.of(colour.to_lab(before[view])[..., 0], mask, face.interocular)
    return texture.retention(original, colour.to_lab(after[view])[..., 0])


@pytest.mark.parametrize("gamma", [0.7, 1.0, 2.0, 3.0])
def test_full_doses_keep_tone_and_texture(portrait: tuple[Image, Face], gamma: float) -> None:
    pixels, face = portrait
    person = np.power(pixels, gamma, dtype=np.float32)
    # Without shadows, because more light on the dark side of a face raises the mean of its tone.
    result = polish.apply(person, face, FULL.model_copy(update={"shadows": 0.0}))
    rounded = (np.rint(result * 255) / 255).astype(np.float32)
    assert ita_shift(person, rounded, face) < 2
    assert retention(person, rounded, face) > 0.85
    assert result.min() >= 0
    assert result.max() <= 1


def test_black_and_white_stays_black_and_white(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grey = np.repeat(np.rint(pixels.mean(axis=2, keepdims=True) * 255) / 255, 3, axis=2)
    result = polish.apply(grey.astype(np.float32), face, FULL)
    eight_bit = np.rint(result * 255)
    assert not np.array_equal(result, grey)
    assert np.array_equal(eight_bit[..., 0], eight_bit[..., 1])
    assert np.array_equal(eight_bit[..., 1], eight_bit[..., 2])


def test_a_noisy_picture_is_not_sharpened(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grain = np.random.default_rng(1).normal(0, 0.06, pixels.shape)
    noisy = np.clip(pixels + grain, 0, 1).astype(np.float32)
    assert np.array_equal(polish.apply(noisy, face, doses(sharpness=1.0)), noisy)


def test_contrast_keeps_highlights_and_the_mean_of_the_skin(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    result = polish.apply(pixels, face, doses(contrast=1.0))
    assert np.count_nonzero(result >= 1) <= np.count_nonzero(pixels >= 1)
    mask = skin.mask(pixels, face)
    assert abs((mean_lab(result, mask) - mean_lab(pixels, mask))[0]) < 1
    assert result.std() > pixels.std()
    assert np.count_nonzero(result <= 0) <= np.count_nonzero(pixels <= 0)


def test_the_retouch_is_deterministic_and_leaves_its_input_unchanged(
    spotted: tuple[Image, Face],
) -> None:
    pixels, face = spotted
    copy = pixels.copy()
    first, second = (polish.apply(pixels, face, FULL) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(pixels, copy)
    assert first.dtype == np.float32


def test_given_skin_masks_give_the_same_result(spotted: tuple[Image, Face]) -> None:
    pixels, face = spotted
    crop = closeup.cut(pixels, face, skin.REACH, retouch.INTEROCULAR)
    masks = skin.find(crop.pixels, crop.face)
    assert np.array_equal(
        polish.apply(pixels, face, FULL), polish.apply(pixels, face, FULL, masks=masks)
    )


def test_a_face_without_skin_is_left_alone(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    none = np.zeros((100, 100), np.float32)
    on_skin = doses(blemishes=1.0, evenness=1.0, under_eye=1.0, shadows=1.0)
    assert np.array_equal(polish.apply(pixels, face, on_skin, masks=Skin(none, none)), pixels)


def test_the_retouch_is_the_same_at_any_size(spotted: tuple[Image, Face]) -> None:
    pixels, face = spotted
    # Interocular distances of copies of 600 px and 3000 px.
    small_face, small = resized(pixels, face, 60 / face.interocular)
    large_face, large = resized(pixels, face, 300 / face.interocular)
    context = doses(
        blemishes=0.6, evenness=0.35, under_eye=0.45, shadows=0.4, contrast=0.4, sharpness=0.3
    )
    at_small = polish.apply(small, small_face, context) - small
    at_large = polish.apply(large, large_face, context) - large
    size = (small.shape[1], small.shape[0])
    on_skin = skin.mask(small, small_face) > 0.5
    reduced = cv2.resize(at_large, size, interpolation=cv2.INTER_AREA)
    difference = np.abs(at_small - reduced)[on_skin]
    assert np.abs(at_small[on_skin]).mean() > 1.5 / 255
    assert difference.mean() < 0.3 * np.abs(at_small[on_skin]).mean()
    assert np.percentile(difference, 99) < 4 / 255


def resized(pixels: Image, face: Face, factor: float) -> tuple[Face, Image]:
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    copy = np.clip(cv2.resize(pixels, size, interpolation=method), 0, 1).astype(np.float32)
    return face.scaled(factor, (size[1], size[0])), copy


@pytest.mark.parametrize(
    ("step", "is_kept"), [((-22, 3, 2), True), ((-7, 2.5, 4), True), ((-3, 10, 1), False)]
)
def test_advertising_keeps_moles_and_freckles_and_removes_red_spots(
    portrait: tuple[Image, Face], step: tuple[float, float, float], is_kept: bool
) -> None:
    pixels, face = portrait
    place, radius = middle(face, "right_cheek"), 0.022 * face.interocular
    marked = paint(pixels, place, radius, step)
    result = polish.apply(marked, face, load().contexts["advertising"].doses)
    spot = disc(face, place, radius)
    ring = np.clip(disc(face, place, 3 * radius) - disc(face, place, 1.6 * radius), 0, 1)

    def contrast(picture: Image, channel: int) -> float:
        return float(abs((mean_lab(picture, ring) - mean_lab(picture, spot))[channel]))

    channel = 0 if is_kept else 1
    share = contrast(result, channel) / contrast(marked, channel)
    assert share > 0.85 if is_kept else share < 0.35


def test_a_crease_on_the_cheek_is_kept(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    start, end = face.region("right_cheek")[4], face.region("right_cheek")[7]
    canvas = np.zeros(face.size, np.float32)
    width = max(1, round(0.02 * face.interocular))
    ends = np.rint([start, end]).astype(np.int32)
    cv2.polylines(canvas, [ends], False, (1.0,), width)
    crease = cv2.GaussianBlur(canvas, (0, 0), 0.012 * face.interocular)
    lab = colour.to_lab(pixels)
    lab[..., 0] -= 12 * crease
    creased = colour.to_rgb(lab)
    line = (crease > 0.5 * crease.max()).astype(np.float32) * (skin.mask(creased, face) > 0.5)
    around = cv2.dilate(line, np.ones((25, 25), np.uint8)) - cv2.dilate(
        line, np.ones((13, 13), np.uint8)
    )
    result = polish.apply(creased, face, load().contexts["advertising"].doses)

    def depth(picture: Image) -> float:
        return float((mean_lab(picture, around) - mean_lab(picture, line))[0])

    assert line.sum() > 50
    assert depth(result) > 0.8 * depth(creased)


def test_nothing_is_brightened_to_white(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    bright = np.clip(1.35 * pixels, 0, 1).astype(np.float32)
    result = polish.apply(bright, face, FULL)
    view = skin.window(face)
    assert np.count_nonzero(result[view] > 0.998) <= np.count_nonzero(bright[view] > 0.998)


def test_teeth_and_eyes_are_not_sharpened(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    result = polish.apply(pixels, face, doses(sharpness=1.0))
    view = skin.window(face)
    changed = np.abs(result - pixels).max(axis=2)[view]
    for name in ("mouth", "left_eye", "right_eye"):
        inside = cv2.erode(skin.region(face, name, view), np.ones((5, 5), np.uint8)) > 0
        assert inside.any()
        assert changed[inside].mean() < 0.25 / 255
