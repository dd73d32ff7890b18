"""Frames: straightened, cropped as asked, never enlarged, and the picture itself by default."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines import studio
from pipelines.image import crops
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import LookError
from pipelines.studio import Analysis, Look, framing
from presets import load


def turned(image: Image8, angle: float) -> Image8:
    """Turned clockwise, without empty corners."""
    height, width = image.shape[:2]
    size = int(0.82 * width), int(0.82 * height)
    matrix = crops.upright(np.array([width - 1, height - 1]) / 2, -angle, 1.0, size)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC), np.uint8)


def test_keep_is_the_picture_itself(hopper_analysis: Analysis) -> None:
    image = hopper_analysis.portrait.original_u8
    framed = framing.frame(image, hopper_analysis.face, "keep", 5.0)
    assert framed.image_u8 is image
    assert framed.turned == 0


@pytest.mark.parametrize("name", framing.FRAMES)
def test_a_frame_has_its_shape_and_holds_the_face(astronaut_analysis: Analysis, name: str) -> None:
    image, face = astronaut_analysis.portrait.original_u8, astronaut_analysis.face
    framed = framing.frame(image, face, name, 0.0)
    height, width = framed.image_u8.shape[:2]
    asked = framing.FRAMES[name].size
    assert width / height == pytest.approx(asked[0] / asked[1], rel=0.02)
    assert width <= asked[0]
    low, high = framed.corners[0], framed.corners[2]
    assert (face.oval > low).all()
    assert (face.oval < high).all()
    assert (low >= -1e-6).all()
    assert (high <= np.array(image.shape[1::-1]) + 1e-6).all()
    # Nothing is enlarged: unturned and not reduced, a frame is a part of the photo.
    if width < asked[0]:
        left, top = np.rint(low).astype(int)
        assert np.array_equal(framed.image_u8, image[top : top + height, left : left + width])
        assert any("not enlarged" in note for note in framed.notes)


def above_the_hair(analysis: Analysis, framed: framing.Framed) -> float:
    """Room above the hair in an unturned frame, in heights of the face's outline."""
    oval = analysis.face.oval[:, 1]
    return float((oval.min() - 0.32 * np.ptp(oval) - framed.corners[0, 1]) / np.ptp(oval))


def test_a_frame_that_cuts_the_head_says_so_and_another_holds_it(astronaut: Image8) -> None:
    # The head, and hardly anything beside it.
    analysis = studio.analyse_pixels(np.ascontiguousarray(astronaut[:330, 120:330]))
    image, face = analysis.portrait.original_u8, analysis.face
    wide, tall = (framing.frame(image, face, name, 0.0) for name in ("16x9", "3x4"))
    assert framing.CUT_CROWN in wide.notes
    assert above_the_hair(analysis, wide) < -0.05
    assert framing.CUT_CROWN not in tall.notes
    assert above_the_hair(analysis, tall) >= -0.05
    # Where the photo itself ends at the hair, no frame is to blame.
    cut = studio.analyse_pixels(np.ascontiguousarray(astronaut[60:330, 120:330]))
    framed = framing.frame(cut.portrait.original_u8, cut.face, "16x9", 0.0)
    assert framing.CUT_CROWN not in framed.notes


def test_a_frame_that_would_cut_the_face_is_not_cut(astronaut: Image8) -> None:
    analysis = studio.analyse_pixels(np.ascontiguousarray(astronaut[:330, 155:295]))
    image, face = analysis.portrait.original_u8, analysis.face
    framed = framing.frame(image, face, "16x9", 0.0)
    assert (framed.name, framed.notes) == ("keep", (framing.CUTS_FACE,))
    assert framed.image_u8 is image


def test_a_picture_is_straightened_only_as_far_as_the_frame_holds_the_head(
    astronaut: Image8,
) -> None:
    analysis = studio.analyse_pixels(np.ascontiguousarray(astronaut[:330, 155:295]))
    image, face = analysis.portrait.original_u8, analysis.face
    level, tilted = (framing.frame(image, face, "4x5", tilt) for tilt in (0.0, 15.0))
    assert framing.CUT_CROWN not in level.notes
    assert framing.CUT_CROWN not in tilted.notes
    assert 0 < tilted.turned < 15
    assert any("more of the head stays in it" in note for note in tilted.notes)


def test_a_tight_frame_keeps_the_chin(astronaut: Image8) -> None:
    analysis = studio.analyse_pixels(np.ascontiguousarray(astronaut[:300, 165:285]))
    image, face = analysis.portrait.original_u8, analysis.face
    framed = framing.frame(image, face, "1x1", 0.0)
    assert framing.CROPPED_TIGHT in framed.notes or framing.CUT_CROWN in framed.notes
    assert framed.corners[:, 1].min() <= face.oval[:, 1].max() <= framed.corners[:, 1].max()


def test_a_head_that_is_tilted_on_purpose_is_left_tilted(astronaut_analysis: Analysis) -> None:
    image, face = astronaut_analysis.portrait.original_u8, astronaut_analysis.face
    framed = framing.frame(image, face, "1x1", 22.0)
    assert framed.turned == 0
    assert not any("would straighten it" in note for note in framed.notes)


def test_a_large_photo_is_reduced_to_the_size_asked_for(astronaut_analysis: Analysis) -> None:
    image = np.repeat(np.repeat(astronaut_analysis.portrait.original_u8, 6, axis=0), 6, axis=1)
    framed = framing.frame(image, astronaut_analysis.face, "1x1", 0.0)
    assert framed.image_u8.shape == (800, 800, 3)


@pytest.mark.parametrize("angle", [-10.0, -3.0, 7.0])
def test_a_turned_photo_is_straightened(astronaut: Image8, angle: float) -> None:
    tilts = []
    for by in (0.0, angle):
        analysis = studio.analyse_pixels(turned(astronaut, by))
        tilts.append(framing.tilt_of(analysis.portrait.pixels, analysis.face))
    assert tilts[1] - tilts[0] == pytest.approx(angle, abs=1)
    framed = framing.frame(analysis.portrait.original_u8, analysis.face, "1x1", tilts[1])
    again = studio.analyse_pixels(framed.image_u8)
    assert abs(again.face.head.roll) < 1.5


def test_a_horizon_counts_more_than_the_head(astronaut_analysis: Analysis) -> None:
    face = astronaut_analysis.face
    pixels = np.full((*face.size, 3), 0.6, np.float32)
    rows, columns = np.indices(face.size)
    for height in (40, 90, 140, 190, 240, 290):
        pixels[rows > height + np.tan(np.radians(4)) * columns] -= 0.08
    tilted = replace(face, head=replace(face.head, roll=0.5))
    assert framing.tilt_of(pixels, tilted) == pytest.approx(4, abs=0.3)
    assert framing.tilt_of(np.full_like(pixels, 0.5), tilted) == 0.5


def test_a_look_names_its_frame_and_keeps_its_picture(hopper_analysis: Analysis) -> None:
    look = Look.parse("gaze=none&polish=0&frame=context")
    assert str(look).endswith("&frame=context")
    assert Look.parse(str(look)) == look
    assert "frame" not in str(Look())
    variant = studio.render(hopper_analysis, look)
    assert variant.image_u8 is hopper_analysis.portrait.original_u8
    assert variant.plan.frame == load().contexts["linkedin"].frame == "1x1"
    framed = studio.framed(variant)
    assert framed.image_u8.shape[0] == framed.image_u8.shape[1]
    assert framed.report()["name"] == "1x1"


def test_an_untouched_context_is_not_framed(hopper_analysis: Analysis) -> None:
    variant = studio.render(hopper_analysis, Look.parse("context=id-passport&frame=1x1"))
    assert studio.framed(variant).image_u8 is hopper_analysis.portrait.original_u8


def test_an_unknown_frame_is_refused() -> None:
    with pytest.raises(LookError, match="frame"):
        Look.parse("frame=5x7")
