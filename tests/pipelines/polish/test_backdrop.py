"""The ground behind a person: the person stays, the old ground is gone, the matte is soft."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines import studio
from pipelines.face import matte, skin
from pipelines.image.arrays import Map
from pipelines.image.filters import lowpass
from pipelines.polish import backdrop
from pipelines.studio import Analysis, Look, captions
from presets import load


@pytest.fixture(scope="module")
def person(hopper_analysis: Analysis) -> Map:
    return matte.find(hopper_analysis.portrait.pixels, hopper_analysis.face)


def test_the_matte_holds_the_face_and_not_the_ground(
    hopper_analysis: Analysis, person: Map
) -> None:
    face = hopper_analysis.face
    assert person.shape == face.size
    assert person[skin.inside(face, face.oval)].mean() > 0.99
    assert person[:40, :40].mean() < 0.02
    soft = (person > 0.05) & (person < 0.95)
    assert 0.002 < soft.mean() < 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_a_matte_of_a_known_mix_is_found(hopper_analysis: Analysis, person: Map, seed: int) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    layers = backdrop.separate(photo, person, face)
    colour = np.random.default_rng(seed).uniform(0.3, 1, 3).astype(np.float32)
    mixed = person[..., None] * layers.person + (1 - person[..., None]) * colour
    again = matte.find(mixed.astype(np.float32), face)
    assert np.abs(again - person).mean() < 0.02


def test_dark_hair_before_a_dark_ground_leaves_no_cloud(
    hopper_analysis: Analysis, person: Map
) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    dark = np.where(skin.inside(face, face.oval), 1, 0.25)[..., None]
    people = backdrop.separate(photo, person, face).person * dark
    mixed = person[..., None] * people + (1 - person[..., None]) * 0.03
    again = matte.find(mixed.astype(np.float32), face)
    # Black clothes before black: what cannot be seen may be off by a shoulder.
    assert np.abs(again - person).mean() < 0.036
    assert ((again > 0.05) & (again < 0.95)).mean() < 0.068


def test_an_unsure_border_is_said(hopper_analysis: Analysis, person: Map) -> None:
    face = hopper_analysis.face
    assert backdrop.doubt(person, face) == ""
    wide = lowpass(person, 0.1 * face.interocular)
    assert backdrop.doubt(wide, face) == backdrop.DOUBT
    photo = hopper_analysis.portrait.pixels
    assert backdrop.trouble(photo, wide, face, "soften") == ""
    assert backdrop.trouble(photo, wide, face, "plain") == backdrop.TOO_UNSURE


def test_a_plain_ground_has_the_light_of_the_old_one(
    hopper_analysis: Analysis, person: Map
) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    layers = backdrop.separate(photo, person, face)
    night = replace(layers, ground=0.1 * layers.ground)
    dark, light = (backdrop.plain(one, face, "#d4d6d8").mean() for one in (night, layers))
    assert 0.3 < dark < light - 0.1


@pytest.mark.parametrize(("tone", "left"), [(0.9, True), (0.15, False)])
def test_a_ground_that_is_light_and_plain_is_left(
    hopper_analysis: Analysis, person: Map, tone: float, left: bool
) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    noise = np.random.default_rng(0).normal(tone, 0.02, photo.shape)
    studio_ground = person[..., None] * photo + (1 - person[..., None]) * noise.astype(np.float32)
    assert (
        backdrop.trouble(studio_ground, person, face, "plain") == backdrop.ALREADY_PLAIN
    ) is left
    assert backdrop.trouble(studio_ground, person, face, "soften") == ""


def test_a_plain_ground_of_four_megapixels_is_told_as_well(
    hopper_analysis: Analysis, person: Map
) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    height, width = person.shape
    matte_of_all = np.zeros((2048, 2048), np.float32)
    matte_of_all[:height, :width] = person
    pixels = np.random.default_rng(0).normal(0.95, 0.025, (2048, 2048, 3)).astype(np.float32)
    behind = pixels[:height, :width]
    pixels[:height, :width] = behind + person[..., None] * (photo - behind)
    said = backdrop.trouble(pixels, matte_of_all, face.scaled(1, (2048, 2048)), "plain")
    assert said == backdrop.ALREADY_PLAIN


@pytest.mark.parametrize("kind", ["soften", "plain"])
def test_the_person_stays_and_the_ground_changes(
    hopper_analysis: Analysis, person: Map, kind: str
) -> None:
    photo, face = hopper_analysis.portrait, hopper_analysis.face
    result = backdrop.change(photo.original_u8, photo.pixels, person, face, kind, "#d4d6d8")
    inside = person >= 1
    assert np.array_equal(result[inside], photo.original_u8[inside])
    ground = person <= 0
    assert (result[ground] != photo.original_u8[ground]).any(axis=1).mean() > 0.5
    if kind == "plain":
        assert result[ground].std(axis=0).max() < 8
        assert np.ptp(result[ground].mean(axis=0)) < 15


def test_the_old_ground_does_not_shine_at_the_edges(hopper_analysis: Analysis, person: Map) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    layers = backdrop.separate(photo, person, face)
    green = np.array([0.1, 0.9, 0.1], np.float32)
    mixed = person[..., None] * layers.person + (1 - person[..., None]) * green
    found = backdrop.separate(mixed.astype(np.float32), person, face)
    band = (person > 0.3) & (person < 0.9)
    off = np.abs(found.person[band] - layers.person[band]).mean()
    assert off < 0.5 * np.abs(mixed[band] - layers.person[band]).mean()


def test_a_face_that_is_no_person_to_the_segmentation_is_said(
    hopper_analysis: Analysis, person: Map
) -> None:
    photo, face = hopper_analysis.portrait.pixels, hopper_analysis.face
    assert backdrop.trouble(photo, person, face, "plain") == ""
    assert backdrop.trouble(photo, np.zeros_like(person), face, "plain") == backdrop.NO_PERSON
    assert backdrop.trouble(photo, np.ones_like(person), face, "soften") == backdrop.NO_GROUND


def test_a_round_picture_in_a_mat_is_left(hopper_analysis: Analysis, person: Map) -> None:
    photo, face = hopper_analysis.portrait.pixels.copy(), hopper_analysis.face
    height, width = photo.shape[:2]
    rows, columns = np.indices((height, width))
    photo[np.hypot(rows / height - 0.5, columns / width - 0.5) > 0.5] = (0.3, 0.4, 0.45)
    assert backdrop.trouble(photo, person, face, "soften") == backdrop.FRAMED


def test_a_look_with_a_backdrop(hopper_analysis: Analysis) -> None:
    look = Look.parse("gaze=none&polish=0&backdrop=context")
    assert str(look).endswith("&backdrop=context")
    variant = studio.render(hopper_analysis, look)
    assert variant.plan.backdrop == load().contexts["linkedin"].backdrop == "soften"
    assert variant.measurements.identity.distance == 0
    assert variant.measurements.changed_outside_face > 0
    assert captions.done_line(variant) == "backdrop softened"
    twice = studio.render(hopper_analysis, look)
    assert np.array_equal(variant.image_u8, twice.image_u8)
    kept = studio.render(hopper_analysis, Look.parse("context=id-passport&backdrop=plain"))
    assert kept.image_u8 is hopper_analysis.portrait.original_u8


def test_black_and_white_stays_black_and_white(hopper_analysis: Analysis) -> None:
    grey = hopper_analysis.portrait.original_u8.mean(axis=2).astype(np.uint8)
    analysis = studio.analyse_pixels(np.repeat(grey[..., None], 3, axis=2))
    look = Look.parse("context=service-bot&gaze=none&polish=0&backdrop=plain")
    result = studio.render(analysis, look).image_u8
    assert np.array_equal(result[..., 0], result[..., 1])
    assert np.array_equal(result[..., 1], result[..., 2])
