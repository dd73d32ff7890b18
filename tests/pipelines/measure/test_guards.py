"""The guards: all hold on a moderate retouch, and each is broken by the fault that it measures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import face as faces
from pipelines import polish
from pipelines.face import Face, skin
from pipelines.face.skin import Skin
from pipelines.image import colour
from pipelines.image.arrays import Image, Image8, Map
from pipelines.measure import guards
from pipelines.measure.guards import Readings, Reference
from pipelines.polish import retouch
from presets.schema import Doses, load

FLOOR = 0.75


def doses(**strengths: float) -> Doses:
    values: dict[str, Any] = dict.fromkeys(Doses.model_fields, 0.0) | strengths
    return Doses(**values)


ADVERTISING = load().contexts["advertising"].doses
FULL = doses(**dict.fromkeys(Doses.model_fields, 1.0))


@pytest.fixture(scope="module")
def portrait(hopper: Image8) -> tuple[Image, Face]:
    pixels = hopper.astype(np.float32) / 255
    return pixels, faces.find(pixels)


@pytest.fixture(scope="module")
def before(portrait: tuple[Image, Face]) -> Reference:
    return guards.reference(*portrait)


def read(before: Reference, after: Image) -> Readings:
    return guards.read(before, after.astype(np.float32))[0]


def test_an_unchanged_portrait_has_neutral_readings(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    readings = read(before, portrait[0])
    assert readings == Readings(1.0, 0.0, readings.delta_e00_mean, 0.0, 0.0, 0.0, 1.0, 1.0)
    assert readings.delta_e00_mean == pytest.approx(0, abs=1e-5)
    assert readings.broken(1.0) == []


def test_every_context_keeps_all_guards(portrait: tuple[Image, Face], before: Reference) -> None:
    pixels, face = portrait
    for name in ("actor", "linkedin", "advertising"):
        context = load().contexts[name]
        result = polish.within(pixels, face, context.doses, before, context.texture_floor)
        assert result.readings is not None
        assert result.readings.broken(context.texture_floor) == []
        assert result.notes == ()


def test_a_strong_bilateral_is_over_polished(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    smooth = cv2.bilateralFilter(pixels, 0, 0.15, 0.04 * face.interocular)
    assert "texture" in read(before, np.asarray(smooth, np.float32)).broken(FLOOR)


def test_lightening_breaks_the_tone(portrait: tuple[Image, Face], before: Reference) -> None:
    lab = colour.to_lab(portrait[0])
    lab[..., 0] += 4
    assert "tone" in read(before, colour.to_rgb(lab)).broken(FLOOR)


def test_the_tone_of_the_lit_part_sees_its_own_light_only(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, _ = portrait
    lit = before.appearance.lit
    assert lit is not None and before.tone is not None
    assert lit.lightness > before.tone.lightness
    darkest = colour.to_lab(pixels)[..., 0] < before.tone.lightness - 8
    lifted = np.where(darkest[..., None], np.minimum(1.15 * pixels, 1), pixels)
    lighter = np.minimum(1.15 * pixels, 1)
    softened, lightened = (
        guards.read(before, each.astype(np.float32), likeness=False)[1].lit
        for each in (lifted, lighter)
    )
    assert softened is not None and lightened is not None
    assert softened.angle == pytest.approx(lit.angle, abs=0.3)
    assert lightened.angle > lit.angle + 3


def test_a_change_of_skin_colour_breaks_the_colour(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    lab = colour.to_lab(portrait[0])
    lab[..., 1] -= 6
    assert "colour" in read(before, colour.to_rgb(lab)).broken(FLOOR)


def test_a_clipped_cheek_breaks_the_highlights(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    clipped = pixels.copy()
    cv2.fillPoly(clipped, [np.rint(face.region("left_cheek")).astype(np.int32)], (1.0, 1.0, 1.0))
    assert "highlights" in read(before, clipped).broken(FLOOR)


def test_a_bright_edge_of_the_skin_is_a_halo_and_a_soft_transition_is_not(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    visible = skin.find(pixels, face).visible
    lab = colour.to_lab(pixels)
    edge = np.asarray(cv2.GaussianBlur(4 * visible * (1 - visible), (0, 0), 1.0), np.float32)
    soft = np.asarray(cv2.GaussianBlur(visible, (0, 0), 0.12 * face.interocular), np.float32)

    def lightened(mask: Map) -> Image:
        changed = lab.copy()
        changed[..., 0] += 6 * mask
        return colour.to_rgb(changed)

    assert read(before, lightened(edge)).halo > 2 * guards.MOST_HALO
    assert "halo" in read(before, lightened(edge)).broken(FLOOR)
    assert read(before, lightened(soft)).halo < guards.MOST_HALO


def test_an_unsharp_mask_over_everything_is_over_sharpened(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    blurred = cv2.GaussianBlur(pixels, (0, 0), 0.02 * face.interocular)
    crisp = np.clip(pixels + 1.0 * (pixels - blurred), 0, 1)
    assert "sharpness" in read(before, crisp).broken(FLOOR)


def test_smooth_skin_with_crisp_eyes_breaks_the_eyes(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    smooth = cv2.GaussianBlur(pixels, (0, 0), 0.02 * face.interocular)
    mask = skin.mask(pixels, face)[..., None]
    plastic = pixels + mask * (smooth - pixels)
    assert "eyes" in read(before, plastic).broken(FLOOR)


def test_a_retouch_is_reduced_until_all_guards_hold(
    portrait: tuple[Image, Face], before: Reference
) -> None:
    pixels, face = portrait
    skin_only = FULL.model_copy(update={"blemishes": 0.0, "shadows": 0.0, "light": 0.0})
    lenient = polish.within(pixels, face, skin_only, before, FLOOR)
    strict = polish.within(pixels, face, skin_only, before, 0.985)
    assert strict.held_back is not None
    assert strict.held_back.guard == "texture"
    assert 0 < strict.held_back.share < 1
    assert strict.readings is not None
    assert strict.readings.broken(0.985) == []
    # The applied change is a share of the full one.
    full = polish.apply(pixels, face, skin_only) - pixels
    applied = strict.pixels - pixels
    assert np.abs(applied - strict.held_back.share * full).max() < 1e-5
    lenient_share = 1.0 if lenient.held_back is None else lenient.held_back.share
    assert strict.held_back.share < lenient_share


def test_a_bound_that_no_retouch_can_keep_returns_the_portrait(
    portrait: tuple[Image, Face], before: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, face = portrait
    monkeypatch.setattr(guards, "MOST_DELTA_E", 1e-6)
    on_skin = doses(evenness=0.5, under_eye=0.5, contrast=0.5)
    result = polish.within(pixels, face, on_skin, before, FLOOR)
    assert result.held_back is not None
    assert result.held_back.share == 0
    assert result.held_back.guard == "colour"
    assert result.pixels is pixels


def test_doses_of_0_are_not_held_back(portrait: tuple[Image, Face], before: Reference) -> None:
    pixels, face = portrait
    result = polish.within(pixels, face, doses(), before, 1.0)
    assert result.pixels is pixels
    assert result.held_back is None
    assert result.notes == ()


def test_a_face_with_too_little_skin_is_not_retouched_and_gets_a_note(
    portrait: tuple[Image, Face],
) -> None:
    pixels, face = portrait
    crop = guards.reference(pixels, face).crop
    no_skin = Skin(*(np.zeros(crop.pixels.shape[:2], np.float32) for _ in range(2)))
    before = guards.reference(pixels, face, seen=no_skin)
    result = polish.within(pixels, face, ADVERTISING, before, FLOOR)
    assert result.pixels is pixels
    assert result.held_back == guards.HeldBack(0.0, "skin")
    assert result.notes == (retouch.LITTLE_SKIN,)


def test_greyscale_gets_no_evenness_and_a_note(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grey = np.rint(pixels.mean(axis=2, keepdims=True) * 255) / 255
    grey = np.repeat(grey, 3, axis=2).astype(np.float32)
    result = polish.within(grey, face, ADVERTISING, guards.reference(grey, face), FLOOR)
    assert result.notes == (retouch.GREYSCALE,)
    assert result.doses.evenness == 0
    assert result.doses.contrast == ADVERTISING.contrast
    assert not np.array_equal(result.pixels, grey)
    assert np.ptp(result.pixels, axis=2).max() == 0


def test_strong_coloured_light_turns_evenness_off(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    stage = np.clip(pixels * [0.55, 0.5, 1.5], 0, 1).astype(np.float32)
    result = polish.within(stage, face, ADVERTISING, guards.reference(stage, face), FLOOR)
    assert retouch.COLOURED_LIGHT in result.notes
    assert result.doses.evenness == 0
    assert result.doses.under_eye == ADVERTISING.under_eye


def test_a_grainy_photo_is_not_sharpened_and_gets_a_note(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    grain = np.random.default_rng(0).normal(0, 0.07, pixels.shape)
    noisy = np.clip(pixels + grain, 0, 1).astype(np.float32)
    result = polish.within(noisy, face, ADVERTISING, guards.reference(noisy, face), FLOOR)
    assert retouch.GRAINY in result.notes
    assert result.doses.sharpness == 0


def test_dark_skin_is_polished_within_the_guards(portrait: tuple[Image, Face]) -> None:
    pixels, face = portrait
    dark = np.power(pixels, 2.6, dtype=np.float32)
    before = guards.reference(dark, face)
    assert before.enough_skin
    assert before.tone is not None
    assert before.tone.ita is not None
    assert before.tone.ita < 0
    result = polish.within(dark, face, ADVERTISING, before, FLOOR)
    assert result.held_back is None
    assert result.readings is not None
    assert result.readings.ita_shift < 0.5
    assert result.readings.texture > 0.9
