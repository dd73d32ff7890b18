from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__ as command
from benchmarks import gaze, gaze_estimator, gaze_judges, gaze_redirect, speed
from benchmarks.gaze_estimator import EstimatorReading
from benchmarks.reports import Report
from datasets import renders
from datasets.renders import BrokenSet, Render
from pipelines import studio
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.studio import Look

REDIRECT_KEYS = {
    "pairs", "mean_true_error", "median_true_error", "mean_change_error", "share_within_cone",
    "mean_second_error", "psnr", "ssim", "identity_mean", "outside_pixels", "seconds_median",
}  # fmt: skip


def write_set(folder: Path, picture: Image8, gazes: list[tuple[float, float]]) -> list[Render]:
    """A set of one person whose pictures are all the same photo."""
    fitted = studio.analyse_pixels(picture).face
    images = []
    for index, (yaw, pitch) in enumerate(gazes):
        Image.fromarray(picture).save(folder / f"{index}.png")
        eyes = {
            f"subject_{eye.side}": {
                "iris_px": (eye.iris_center + 0.5).tolist(),
                "iris_radius_px": eye.iris_radius / 0.974,
            }
            for eye in fitted.eyes
        }
        angles = {"head_yaw": 0, "head_pitch": 0, "gaze_yaw": yaw, "gaze_pitch": pitch}
        images.append({"file": f"{index}.png", "identity": "one", "eyes": eyes, **angles})
    truth = {"camera": {}, "eyeball": {"R_iris_mm": 5.85}, "images": images}
    (folder / "truth.json").write_text(json.dumps(truth))
    return renders.load(folder)


def bare_copy(folder: Path, sitting: str) -> Report:
    """One sitting of the committed set with the required keys of ``truth.json`` only."""
    truth = json.loads((renders.COMMITTED / "truth.json").read_text())
    images = [image for image in truth["images"] if image["file"].startswith(sitting)]
    names = ("file", "identity", "head_yaw", "head_pitch", "gaze_yaw", "gaze_pitch")
    eye_names = ("yaw", "pitch", "center_mm", "iris_center_mm", "center_px", "iris_px")
    ball_names = ("R_sclera_mm", "R_iris_mm", "iris_plane_from_centre_mm")
    bare = {
        "camera": images[0]["camera"],
        "eyeball": {name: truth["eyeball"][name] for name in ball_names},
        "images": [
            {name: image[name] for name in names}
            | {
                "eyes": {
                    side: {name: eye[name] for name in eye_names}
                    for side, eye in image["eyes"].items()
                }
            }
            for image in images
        ],
    }
    for image in images:
        shutil.copy(renders.COMMITTED / image["file"], folder)
    (folder / "truth.json").write_text(json.dumps(bare))
    return bare


def test_the_estimators_figures(astronaut: Image8, tmp_path: Path) -> None:
    pictures = write_set(tmp_path, astronaut, [(-10, 0), (0, 5), (10, -5)])
    read = [EstimatorReading(one, Gaze(0.5 * one.gaze.yaw + 1, one.gaze.pitch)) for one in pictures]
    result = gaze_estimator.report(read)
    assert (result["n"], result["mae_pitch"]) == (3, 0)
    assert result["slope_pitch"] == pytest.approx(1)
    assert result["bias_yaw"] == pytest.approx(1)
    assert result["slope_yaw"] == pytest.approx(0.5)
    assert result["mae_yaw"] == pytest.approx((6 + 1 + 4) / 3)
    assert result["median_yaw"] == pytest.approx(4)
    assert result["by"]["head_yaw"] == {"-6 to 6": gaze_estimator.figures(read)}
    # One person says nothing about how people differ.
    assert result["intervals"]["mae_yaw"] is None
    assert gaze_estimator.report([]) == {}


def test_the_constant_of_a_person_is_separated_from_the_slope(
    astronaut: Image8, tmp_path: Path
) -> None:
    (start, *_) = write_set(tmp_path, astronaut, [(0, 0)])
    constants = {"a": -4.0, "b": 0.0, "c": 4.0}
    read = [
        EstimatorReading(
            replace(start, identity=person, gaze=Gaze(yaw, pitch)),
            Gaze(0.9 * yaw + constant, pitch + constant),
        )
        for person, constant in constants.items()
        for yaw, pitch in [(-10.0, -5.0), (0.0, 5.0), (10.0, 0.0)]
    ]
    within = gaze_estimator.within_person(read)
    assert within["slope_yaw"] == pytest.approx(0.9)
    assert within["slope_pitch"] == pytest.approx(1.0)
    assert within["mae_pitch"] == pytest.approx(0.0, abs=1e-9)
    assert within["constant_spread_pitch"] == pytest.approx(4.0)
    low, high = gaze_estimator.intervals(read)["bias_pitch"] or (0, 0)
    assert low == pytest.approx(-4)
    assert high == pytest.approx(4)


def test_a_true_iris_has_its_true_gaze_on_the_eyeball_of_another_picture() -> None:
    for source, target in renders.pairs(renders.load()):
        for side in ("left", "right"):
            turned = gaze_judges.turn(getattr(target, side).iris, getattr(source, side))
            axis = getattr(source, side).axis
            seen = Gaze(axis.yaw + turned[0], axis.pitch + turned[1])
            # Under perspective an eye's iris does not travel quite as in a parallel projection.
            assert seen.angle_to(getattr(target, side).axis) < 0.7


@pytest.mark.parametrize("start", ["p06_0_0", "p20_0_1"])
def test_the_judge_finds_the_gaze_from_wrong_iris_centres(start: str) -> None:
    (render,) = (one for one in renders.load() if one.path.stem == start)
    analysis = studio.analyse(render.path)
    face = analysis.face
    astray = [
        replace(eye, iris_center=eye.iris_center + np.array([3.0, -2.0])) for eye in face.eyes
    ]
    for eyes in (face.eyes, astray):
        changed = replace(face, left=eyes[0], right=eyes[1])
        seen = gaze_judges.by_true_eyeballs(analysis.portrait.original_u8, changed, render)
        assert seen.angle_to(render.gaze) < 2.2


def test_a_redirect_is_judged_by_pixels(astronaut: Image8, tmp_path: Path) -> None:
    # The truth says that the photo looks where it is read to look, so both errors must agree.
    read, _ = gaze.analyse(write_set(tmp_path, astronaut, [(0, 0)]))
    now = read["0.png"].gaze.gaze
    pictures = write_set(tmp_path, astronaut, [(now.yaw, now.pitch), (now.yaw + 12, now.pitch)])
    known, refused = gaze.analyse(pictures)
    assert not refused
    (result, _), lost = gaze_redirect.redirects(pictures, known, "geometry")
    assert not lost
    assert result.size == pytest.approx(12, abs=0.2)
    assert result.change_error == pytest.approx(result.true_error, abs=0.3)
    # The irises have a radius of 4 pixels, so a third of a pixel is 2.6 degrees.
    assert result.change_error < 3.5
    assert result.outside_pixels == 0
    # The "truth" is the untouched photo here.
    assert result.untouched.ssim == pytest.approx(1)
    assert result.untouched.psnr > result.likeness.psnr
    assert result.eyes[1].shape == result.eyes[2].shape
    figures = gaze_redirect.report([result], [])
    assert figures["by_size"]["0-15"]["pairs"] == figures["pairs"] == 1


def test_a_folder_with_the_required_keys_only_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    bare = bare_copy(folder, "p06_0_")
    (folder / "p06_0_2.jpg").write_bytes(b"no picture")
    arguments = ["gaze", "--renders", str(folder), "--json", str(tmp_path / "out.json")]
    assert command.main([*arguments, "--plots", str(tmp_path / "plots")]) == 0
    report = json.loads((tmp_path / "out.json").read_text())
    assert [one["file"] for one in report["refused"]] == ["p06_0_2.jpg"]
    assert report["estimator"]["n"] == len(bare["images"]) - 1
    assert list(report["estimator"]["by"]["glasses"]) == [renders.UNKNOWN]
    assert list(report["estimator"]["by"]["iris"]) == [renders.UNKNOWN]
    redirect = report["redirect"]["geometry"]
    assert set(redirect) >= REDIRECT_KEYS
    assert sum(part["pairs"] for part in redirect["by_size"].values()) == 2
    assert report["judge"]["mean_error"] < 3
    assert "p06_0_2.jpg: " in capsys.readouterr().out
    for plot in (tmp_path / "plots").iterdir():
        with Image.open(plot) as drawn:
            assert min(drawn.size) > 150
    assert len(list((tmp_path / "plots").iterdir())) == 3


def test_an_engine_that_cannot_run_is_reported_before_any_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gaze, "analyse", lambda _: pytest.fail("worked before asking"))
    assert command.main(["gaze", "--engines", "geometry,of-no-make"]) == 2
    error = capsys.readouterr().err
    assert "of-no-make" in error
    assert "Traceback" not in error


def test_a_broken_set_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BrokenSet, match=r"truth\.json"):
        renders.load(tmp_path)
    (tmp_path / "truth.json").write_text('{"images": [{"file": "a.png"}]}')
    with pytest.raises(BrokenSet, match="camera"):
        renders.load(tmp_path)


def test_pairs_share_a_sitting(astronaut: Image8, tmp_path: Path) -> None:
    pictures = write_set(tmp_path, astronaut, [(0, 0), (5, 0), (0, 5)])
    assert len(list(renders.pairs(pictures))) == 6


def test_speed_times_every_step() -> None:
    report = speed.run(None, 300, 1, ["polish=0"])
    (timing,) = report["timings"]
    assert timing["look"] == str(Look(polish=0))
    assert timing["seconds"]["total"] >= timing["seconds"]["measure"] > 0
    assert np.isfinite(list(timing["seconds"].values())).all()
    assert "total" in speed.table(report)


def test_the_table_has_every_part(astronaut: Image8, tmp_path: Path) -> None:
    pictures = write_set(tmp_path, astronaut, [(0, 0), (9, 0), (0, 9)])
    text = gaze.table(gaze.report(gaze.run(pictures, [])))
    assert "presence" in text
    assert "always_the_lens" in text
    assert "Within a person, pitch" in text
