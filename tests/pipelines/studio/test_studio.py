from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pipelines import studio
from pipelines.engines import weights
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import EngineUnavailable, LookError, Refusal
from pipelines.studio import Analysis, Look, captions, comparison, rendering
from pipelines.studio.comparison import TIE
from presets.schema import load

REPORT: dict[str, type | set[str]] = {
    "look": str,
    "engine": str,
    "size": list,
    "gaze": {
        "before",
        "asked",
        "target",
        "after",
        "measurable",
        "error",
        "contact_before",
        "contact_after",
        "clamped",
        "left",
        "right",
    },
    "head": {"yaw", "pitch", "roll"},
    "identity": {"distance", "same_person"},
    "texture_retention": float,
    "texture_floor": float,
    "skin_tone": {
        *("ita_before", "ita_after", "ita_in_light", "ita_lit_before", "ita_lit_after"),
        "delta_e00_mean",
    },
    "eyes": {"spacing_ratio", "tilt_deg", "catchlight_agreement"},
    "changed_outside_face": int,
    "warnings": list,
    "seconds": {"analyse", "redirect", "controlnet", "polish", "measure", "total"},
}


def test_the_report_has_all_keys(astronaut_analysis: Analysis) -> None:
    report = studio.render(astronaut_analysis, Look(region="japan")).report()
    for key, kind in REPORT.items():
        if isinstance(kind, set):
            assert set(report[key]) == kind, key
        else:
            assert isinstance(report[key], kind), key
    assert report["size"] == [512, 512]
    assert len(report["gaze"]["before"]) == 2
    assert report["seconds"]["total"] == pytest.approx(
        sum(value for step, value in report["seconds"].items() if step != "total"), abs=0.01
    )


@pytest.mark.parametrize("name", ["hopper", "astronaut"])
@pytest.mark.parametrize("region", ["north-america", "japan", "off-camera"])
def test_turning_the_eyes_changes_only_the_face_and_keeps_identity(
    name: str, region: str, request: pytest.FixtureRequest
) -> None:
    analysis: Analysis = request.getfixturevalue(f"{name}_analysis")
    variant = studio.render(analysis, Look(region=region, polish=0))
    assert variant.measurements.changed_outside_face == 0
    assert variant.measurements.identity.distance < 0.15
    assert variant.measurements.identity.distance > 0
    assert variant.measurements.texture_retention > 0.98


@pytest.mark.parametrize("region", ["north-america", "off-camera"])
def test_the_gaze_reaches_its_target(region: str, astronaut_analysis: Analysis) -> None:
    variant = studio.render(astronaut_analysis, Look(region=region, polish=0))
    gaze = variant.measurements.gaze
    assert gaze.target is not None
    assert gaze.before.gaze.angle_to(gaze.target) > 1
    assert gaze.error is not None
    # The irises of this photo have a radius of 4 pixels, so a third of a pixel is 2.6 degrees.
    assert gaze.error < 2.6


def test_an_id_photo_is_not_changed(astronaut_analysis: Analysis) -> None:
    averted = studio.render(astronaut_analysis, Look(region="off-camera", polish=0)).image_u8
    variant = studio.render(studio.analyse_pixels(averted), Look(context="id-passport"))
    assert np.array_equal(variant.image_u8, averted)
    assert variant.measurements.identity.distance == 0
    # A warning says that the gaze is not at the lens.
    assert variant.measurements.gaze.target == Gaze(0, 0)
    assert any("nothing may be edited" in warning for warning in variant.warnings)


def test_rendering_is_deterministic(hopper_analysis: Analysis) -> None:
    look = Look(region="japan", context="advertising", seed=5)
    first, second = (studio.render(hopper_analysis, look) for _ in range(2))
    assert np.array_equal(first.image_u8, second.image_u8)


def test_the_original_is_not_modified(hopper: Image8, hopper_analysis: Analysis) -> None:
    studio.render(hopper_analysis, Look(context="advertising"))
    assert np.array_equal(hopper_analysis.portrait.original_u8, hopper)


def test_a_large_photo_is_returned_at_full_size(astronaut: Image8) -> None:
    face = Pillow.fromarray(astronaut).crop((130, 10, 330, 250))
    large = np.asarray(face.resize((2500, 3000), Pillow.Resampling.BICUBIC))
    analysis = studio.analyse_pixels(large)
    variant = studio.render(analysis, Look(region="off-camera", polish=0))
    assert analysis.portrait.scale < 1
    assert variant.image_u8.shape == large.shape
    changed = np.any(variant.image_u8 != large, axis=2)
    assert 0 < changed.mean() < 0.1
    assert variant.measurements.changed_outside_face == 0


def test_small_eyes_are_not_turned(astronaut: Image8) -> None:
    analysis = studio.analyse_pixels(
        np.asarray(Pillow.fromarray(astronaut).crop((120, 0, 340, 220)).resize((160, 160)))
    )
    radius = min(eye.iris_radius for eye in analysis.face.eyes)
    assert radius < 3.2
    tiny = replace(
        analysis,
        face=replace(
            analysis.face,
            left=replace(analysis.face.left, iris_radius=2.9),
            right=replace(analysis.face.right, iris_radius=2.9),
        ),
    )
    variant = studio.render(tiny, Look(polish=0))
    assert variant.plan.target is None
    assert np.array_equal(variant.image_u8, analysis.portrait.original_u8)
    assert any("too small" in warning for warning in variant.warnings)


def test_a_polish_that_exceeds_a_guard_is_held_back(
    astronaut_analysis: Analysis,
) -> None:
    packaged = load()
    context = packaged.contexts["advertising"].model_copy(update={"texture_floor": 0.985})
    strict = replace(packaged, contexts={**packaged.contexts, "advertising": context})
    look = Look(region="keep", context="advertising", doses=(("B", 1.0), ("E", 1.0), ("X", 1.0)))
    variant = studio.render(astronaut_analysis, look, presets=strict)
    report = variant.report()
    assert report["held_back"]["guard"] == "texture"
    assert 0 < report["held_back"]["share"] < 1
    assert not report["over_polished"]
    assert report["texture_retention"] >= 0.985 - 0.005
    share = f"{report['held_back']['share']:.0%}".replace("%", " %")
    assert captions.held_back_line(variant) == f"held back to {share} to keep texture"
    usual = studio.render(astronaut_analysis, Look(region="keep", context="advertising"))
    assert usual.report()["held_back"] is None
    assert captions.held_back_line(usual) == ""


def test_a_look_says_in_one_line_what_was_done(astronaut_analysis: Analysis) -> None:
    variant = studio.render(astronaut_analysis, Look(region="keep", context="advertising"))
    done = variant.report()["done"]
    assert any(row["what"] == "under-eyes" and row["change"] < 0 for row in done)
    assert "under-eyes −" in captions.done_line(variant)
    assert re.search(r"contrast \+1\d %$", captions.done_line(variant))
    assert captions.done_line(variant) == captions.lines(variant)[-1]
    rows = (
        {"what": "spots", "count": 1},
        {"what": "shadow", "change": -0.4},
        {"what": "light", "ev": 0.4},
        {"what": "white-balance"},
    )
    told = replace(variant, measurements=replace(variant.measurements, done=rows))
    assert captions.done_line(told) == "1 spot, shadow −40 %, light +0.4 EV, colour cast reduced"
    nothing = replace(variant, measurements=replace(variant.measurements, done=()))
    assert captions.done_line(nothing) == "little to do here"
    toned = ({"what": "contrast", "change": 0.1},)
    told = replace(variant, measurements=replace(variant.measurements, done=toned))
    assert captions.done_line(told) == "little to do here, contrast +10 %"
    untouched = studio.render(astronaut_analysis, Look(region="keep", context="id-passport"))
    assert captions.done_line(untouched) == ""


def test_a_grey_photo_stays_grey_to_the_bit(astronaut: Image8) -> None:
    luma = astronaut.mean(axis=2).round().astype(np.uint8)
    analysis = studio.analyse_pixels(np.dstack([luma] * 3))
    variant = studio.render(analysis, Look(region="off-camera", context="advertising"))
    result = variant.image_u8
    assert not np.array_equal(result[..., 0], luma)
    assert np.array_equal(result[..., 0], result[..., 1])
    assert np.array_equal(result[..., 1], result[..., 2])


def test_the_best_look_is_the_most_recognisable_that_reached_its_gaze(
    astronaut_analysis: Analysis,
) -> None:
    looks = [
        Look(region="off-camera", context="advertising"),
        Look(region="keep", context="actor"),
        Look(region="keep", context="advertising"),
    ]
    comparison = studio.compare(astronaut_analysis, looks)
    distances = [variant.measurements.identity.distance for variant in comparison.variants]
    assert comparison.best
    reached = [distances[i] for i, variant in enumerate(comparison.variants) if variant.reached]
    for index in comparison.best:
        assert distances[index] <= min(reached) + TIE
    assert sorted(comparison.ranking) == [0, 1, 2]


def test_a_look_that_missed_its_gaze_is_never_best(astronaut_analysis: Analysis) -> None:
    unchanged = studio.render(astronaut_analysis, Look(region="keep", polish=0))
    missed = replace(unchanged, plan=replace(unchanged.plan, asked=Gaze(30, 0)))
    other = studio.render(astronaut_analysis, Look(region="keep", context="advertising"))
    assert not missed.reached
    assert comparison.best_of([missed, other]) == (1,)
    assert comparison.best_of([missed]) == ()


def test_a_clamped_look_has_not_reached_its_gaze(hopper_analysis: Analysis) -> None:
    variant = studio.render(hopper_analysis, Look(gaze=Gaze(38, 0), polish=0))
    assert variant.measurements.gaze.clamped
    assert any("cannot turn that far" in warning for warning in variant.warnings)
    assert not variant.reached


def test_unclear_irises_are_not_turned(astronaut: Image8) -> None:
    hazy = np.rint(0.09 * astronaut.astype(float) + 0.91 * 150).astype(np.uint8)
    analysis = studio.analyse_pixels(hazy)
    variant = studio.render(analysis, Look(region="off-camera", polish=0))
    assert variant.plan.target is None
    assert np.array_equal(variant.image_u8, hazy)
    assert any("hardly differ" in warning for warning in variant.warnings)
    assert not variant.reached


def test_progress_names_looks_and_steps(astronaut_analysis: Analysis) -> None:
    calls: list[tuple[float, str]] = []
    looks = [Look(polish=0), Look(region="japan", polish=0)]
    studio.compare(astronaut_analysis, looks, lambda share, step: calls.append((share, step)))
    shares = [share for share, _ in calls]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert any("Look A" in step and "eyes" in step for _, step in calls)
    assert any("Look B" in step for _, step in calls)


@pytest.mark.parametrize("engine", ["eye-controlnet", "sd15-mediapipe-face"])
def test_missing_weights_are_reported_before_any_work(
    engine: str, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)

    def turn_eyes(*args: object) -> None:
        raise AssertionError("work began")

    monkeypatch.setattr(rendering, "turn_eyes", turn_eyes)
    with pytest.raises(EngineUnavailable) as caught:
        studio.compare(astronaut_analysis, [Look(engine="geometry"), Look(engine=engine)])
    assert caught.value.code == "weights-missing"
    assert "geometry" in caught.value.sentence


def test_an_unknown_region_is_refused(astronaut_analysis: Analysis) -> None:
    with pytest.raises(LookError, match="mars"):
        studio.render(astronaut_analysis, Look(region="mars"))


def test_a_photo_without_a_face_is_refused(astronaut: Image8) -> None:
    with pytest.raises(Refusal) as caught:
        studio.analyse_pixels(np.ascontiguousarray(astronaut[260:, :200]))
    assert caught.value.code == "no-face"


def test_a_lid_that_moves_with_the_eye_is_not_a_halo(astronaut_analysis: Analysis) -> None:
    looks = ("gaze=-15,2", "gaze=none")
    turned, unturned = (
        studio.render(astronaut_analysis, Look.parse(f"context=creative-portfolio&{gaze}"))
        for gaze in looks
    )
    assert not turned.measurements.over_polished
    assert turned.measurements.readings.halo == pytest.approx(
        unturned.measurements.readings.halo, abs=0.4
    )


def test_eyes_already_at_the_target_are_not_turned(hopper_analysis: Analysis) -> None:
    now = hopper_analysis.gaze.gaze
    near, far = (
        studio.render(hopper_analysis, Look(gaze=Gaze(now.yaw + degrees, now.pitch), polish=0))
        for degrees in (0.3, 2.0)
    )
    assert np.array_equal(near.image_u8, hopper_analysis.portrait.original_u8)
    assert near.measurements.gaze.error == pytest.approx(0.3, abs=0.05)
    assert any("already" in warning for warning in near.warnings)
    assert not np.array_equal(far.image_u8, hopper_analysis.portrait.original_u8)


def test_a_polish_alone_does_not_change_the_gaze(hopper_analysis: Analysis) -> None:
    variant = studio.render(hopper_analysis, Look.parse("gaze=none&context=advertising"))
    assert variant.measurements.gaze.after == hopper_analysis.gaze
    assert not np.array_equal(variant.image_u8, hopper_analysis.portrait.original_u8)


def test_blocks_of_compression_go_with_the_polish_alone(astronaut: Image8) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(astronaut).save(buffer, "JPEG", quality=30)
    analysis = studio.analyse(buffer.getvalue())
    photo, ground = analysis.portrait.original_u8, np.s_[:40, :40]
    polished = studio.render(analysis, Look(region="keep", engine="geometry"))
    assert {"what": "compression"} in polished.report()["done"]
    assert "compression mended" in captions.done_line(polished)
    # Blocks are no texture that a retouch took away.
    assert not polished.measurements.over_polished
    assert not np.array_equal(polished.image_u8[ground], photo[ground])
    for look in (Look(region="keep", context="id-passport"), Look(region="keep", polish=0)):
        assert np.array_equal(studio.render(analysis, look).image_u8, photo)
