"""``python -m pipelines measure``: a headshot by itself, and against its original."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines import face as faces
from pipelines import studio
from pipelines.cli.app import main
from pipelines.image.arrays import Image8
from pipelines.measure import registration
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, Look
from pipelines.studio.change import compare_with_original


def smoothed(picture_u8: Image8) -> Image8:
    return np.asarray(cv2.bilateralFilter(picture_u8, 15, 75, 75), np.uint8)


def test_by_itself(hopper_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "hopper.json"
    assert main(["measure", str(hopper_path), "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert set(report) == {"photo", "original", "change"}
    assert report["original"] is report["change"] is None
    assert set(report["photo"]) >= {"gaze", "head", "quality", "finish", "signs", "skin_tone"}
    assert report["photo"]["finish"]["estimate"] is True
    assert report["photo"]["finish"]["over_polished"] is False
    text = capsys.readouterr().out
    assert "estimate" in text
    assert "in the manner of ISO/IEC 29794-5" in text
    assert "conformant" not in text


def test_a_smoothed_copy_against_its_original(
    hopper: Image8, hopper_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(smoothed(hopper)).save(tmp_path / "copy.png")
    out = tmp_path / "copy.json"
    line = ["measure", str(tmp_path / "copy.png"), "--original", str(hopper_path)]
    assert main([*line, "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["change"]["over_polished"] is True
    assert report["change"]["texture_retention"] < 0.5
    assert report["change"]["resampled"] is False
    assert report["photo"]["finish"]["over_polished"] is True
    assert report["original"]["finish"]["over_polished"] is False
    assert "Over-polished" in capsys.readouterr().out


def test_a_crop_of_the_photo_is_the_photo(hopper: Image8, hopper_analysis: Analysis) -> None:
    crop = studio.analyse_pixels(np.ascontiguousarray(hopper[37:-11, 25:-40]))
    change = compare_with_original(crop, hopper_analysis, 0.88)
    measured = change.measurements
    assert (change.scale, change.resampled) == (1.0, False)
    assert measured.texture_retention == 1.0
    assert measured.identity.distance == 0
    assert measured.changed_outside_face == 0
    assert measured.gaze.after.gaze.angle_to(measured.gaze.before.gaze) < 1e-3
    assert not measured.over_polished


def test_another_size_is_aligned(hopper: Image8, hopper_analysis: Analysis) -> None:
    small = cv2.resize(hopper, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_CUBIC)
    plain, polished = (
        compare_with_original(
            studio.analyse_pixels(np.asarray(picture, np.uint8)), hopper_analysis, 0.88
        )
        for picture in (small, cv2.resize(smoothed(hopper), small.shape[1::-1]))
    )
    assert plain.resampled
    assert plain.scale == pytest.approx(0.8, abs=0.01)
    assert plain.report()["changed_outside_face"] is None
    assert not plain.measurements.over_polished
    assert plain.measurements.gaze.after.gaze.angle_to(hopper_analysis.gaze.gaze) < 2
    assert polished.measurements.over_polished
    assert polished.measurements.texture_retention < plain.measurements.texture_retention / 2


def test_somebody_else_is_refused(hopper_analysis: Analysis, astronaut_analysis: Analysis) -> None:
    with pytest.raises(Refusal, match="not-the-same-photo"):
        compare_with_original(astronaut_analysis, hopper_analysis, 0.88)


def test_a_mirrored_copy_is_refused(hopper: Image8, hopper_analysis: Analysis) -> None:
    mirrored = studio.analyse_pixels(np.ascontiguousarray(hopper[:, ::-1]))
    with pytest.raises(Refusal, match="not-the-same-photo"):
        registration.register(
            mirrored.portrait.original_u8, mirrored.face, hopper, hopper_analysis.face
        )


def test_unknown_contexts_are_refused(
    hopper_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", str(hopper_path), "--context", "mars"]) == 2
    assert capsys.readouterr().err.startswith("refused: unknown-context: ")


def test_turned_eyes_are_no_reason_to_resample(astronaut_analysis: Analysis) -> None:
    turned = studio.render(astronaut_analysis, Look.parse("gaze=-15,2&polish=0")).image_u8
    original = astronaut_analysis.portrait.original_u8
    face = faces.find(turned.astype(np.float32) / 255)
    laid = registration.register(turned, face, original, astronaut_analysis.face)
    assert not laid.resampled
    assert np.array_equal(laid.copy_u8, turned)


def test_a_picture_of_ours_is_read_as_its_report_says(
    astronaut: Image8, astronaut_analysis: Analysis, tmp_path: Path
) -> None:
    variant = studio.render(astronaut_analysis, Look.parse("gaze=-15,2&context=creative-portfolio"))
    Image.fromarray(astronaut).save(tmp_path / "original.png")
    Image.fromarray(variant.image_u8).save(tmp_path / "edited.png")
    told = tmp_path / "told.json"
    files = [str(tmp_path / name) for name in ("edited.png", "original.png")]
    assert main(["measure", files[0], "--original", files[1], "--json", str(told)]) == 0
    report = json.loads(told.read_text("utf-8"))
    after = variant.measurements.gaze.after.gaze
    assert report["photo"]["gaze"]["yaw"] == pytest.approx(after.yaw, abs=1.0)
    assert report["change"]["gaze"]["after"][0] == pytest.approx(after.yaw, abs=1.0)
    assert not report["change"]["over_polished"]
    assert not report["change"]["resampled"]
