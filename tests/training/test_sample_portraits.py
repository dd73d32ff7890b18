"""Finishing sample portraits and publishing them into the app's folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from training.renders import photo_tone
from training.renders.publish import publish
from training.renders.sample_portraits import SAMPLE_PORTRAITS

GREY_STEPS = np.geomspace(0.01, 3.0, 64)


def test_the_tone_curve_keeps_the_order_of_brightness_and_is_not_clipped() -> None:
    wedge = np.repeat(np.repeat(GREY_STEPS[None, :], 64, 0), 4, 1)[..., None].repeat(3, 2)
    picture = photo_tone.to_photo(wedge.astype(np.float32), 1.0, 3)
    columns = picture[20:44].mean((0, 2)).reshape(64, 4).mean(1)
    assert np.all(np.diff(columns[:-2]) > -2)
    assert columns[0] < 40
    assert 225 < columns.max() <= 255


def test_middle_grey_comes_out_in_the_middle() -> None:
    grey = np.full((64, 64, 3), 0.18, np.float32)
    assert 105 < photo_tone.to_photo(grey, 1.0, 1)[24:40, 24:40].mean() < 135


def test_darker_skin_is_exposed_more() -> None:
    gains = [photo_tone.exposure_gain(albedo) for albedo in (0.04, 0.2, 0.6)]
    assert gains == sorted(gains, reverse=True)


def test_publishing_strips_metadata_and_writes_the_true_gaze(tmp_path: Path) -> None:
    source, target = tmp_path / "renders", tmp_path / "samples"
    source.mkdir()
    sample = SAMPLE_PORTRAITS[1]
    exif = Image.Exif()
    exif[0x010E] = "a note that must not be published"
    Image.new("RGB", (80, 80), (120, 90, 70)).save(source / "a.jpg", exif=exif)
    entry = {"file": "a.jpg", "identity": sample.identity.name, "gaze_yaw": -7.0, "gaze_pitch": 3.0}
    (source / "truth.json").write_text(json.dumps({"images": [entry]}))

    files = publish(source, target, (sample.identity.name,))

    assert [file.name for file in files] == [f"{sample.file}.jpg"]
    with Image.open(files[0]) as picture:
        assert not picture.getexif()
    captions = json.loads((target / "captions.json").read_text())
    assert captions == [
        {"file": files[0].name, "alt": sample.alt, "gaze_yaw": -7.0, "gaze_pitch": 3.0}
    ]


def test_only_the_named_portraits_are_published(tmp_path: Path) -> None:
    source = tmp_path / "renders"
    source.mkdir()
    Image.new("RGB", (80, 80)).save(source / "a.jpg")
    entry = {"file": "a.jpg", "identity": "s01", "gaze_yaw": 0, "gaze_pitch": 0}
    (source / "truth.json").write_text(json.dumps({"images": [entry]}))
    assert publish(source, tmp_path / "out", ("s02",)) == []
