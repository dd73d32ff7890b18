"""Personas from tiny models with random weights, whose pictures are noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.cli.app import main
from pipelines.engines import dispatch, hub
from pipelines.gaze import Gaze
from pipelines.image import metadata
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Cancelled, LookError
from pipelines.studio import Analysis, Look, persona

HUB = "sd15-mediapipe-face"
LOOK = Look(region="off-camera", context="service-bot", engine=HUB, seed=7)


@pytest.mark.usefixtures("models")
def test_the_command_writes_candidates_with_metadata(hopper_path: Path, tmp_path: Path) -> None:
    arguments = ["persona", hopper_path, "--look", str(LOOK), "--count", 2, "--out", tmp_path]
    assert main([str(one) for one in arguments]) == 0
    report = json.loads((tmp_path / "persona.json").read_text())
    assert report["digital_source_type"] == "trainedAlgorithmicMedia"
    assert [one["seed"] for one in report["candidates"]] == [7, 8]
    pictures = []
    for candidate in report["candidates"]:
        data = (tmp_path / candidate["file"]).read_bytes()
        assert metadata.read(data).source_type == "trainedAlgorithmicMedia"
        pictures.append(np.asarray(Image.open(tmp_path / candidate["file"])))
        assert pictures[-1].shape == (512, 512, 3)
        # There is no face in noise.
        assert candidate["warnings"] == ["No face can be made out in this one."]
    assert not np.array_equal(pictures[0], pictures[1])
    assert (tmp_path / "side_by_side.png").is_file()


def test_a_candidate_is_measured_like_a_photo(
    hopper: Image8, astronaut: Image8, hopper_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    photos = [hopper[44:556], astronaut]

    def return_photo(engine: Any, arguments: Any, on_step: Any) -> Any:
        calls.append(arguments)
        return photos[len(calls) - 1][None].astype(np.float32) / 255

    monkeypatch.setattr(hub, "run", return_photo)
    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    invented = persona.invent(hopper_analysis, LOOK, 2)
    same, other = invented.candidates
    assert same.distance is not None
    assert same.distance < 0.2
    assert "resembles" in same.warnings[0]
    assert other.warnings == ()
    assert other.error is not None
    assert other.report()["original"]["head"]
    assert [call["seed"] for call in calls] == [7, 8]
    for words in ("looking to the side", "graphic rather than a room"):
        assert words in calls[0]["prompt"]
    # Neither the photo nor its identity is passed to the network: all but the pose is blank.
    assert np.array_equal(np.asarray(calls[0]["control_image"]), invented.control_u8)
    assert calls[0]["identity_scale"] == 0
    assert (np.asarray(calls[0]["mask_image"]) == 255).all()
    for name in ("image", "ip_adapter_image"):
        assert len(np.unique(np.asarray(calls[0][name]))) == 1
    assert calls[0]["strength"] == 1


def test_the_control_image_has_the_requested_gaze(
    hopper_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "run", lambda *_: None)
    monkeypatch.setattr(dispatch, "require", lambda engine: None)

    def pupil_column(gaze: Gaze) -> float:
        invented = persona.invent(hopper_analysis, Look(gaze=gaze, engine=HUB), 1)
        assert (invented.candidates, invented.kept_back) == ((), 1)
        colour = (250, 200, 10)
        return float(np.nonzero((invented.control_u8 == colour).all(axis=2))[1].mean())

    assert pupil_column(Gaze(15, 0)) > pupil_column(Gaze(-15, 0)) + 5


@pytest.mark.parametrize(("look", "count"), [(Look(), 1), (LOOK, 0), (LOOK, 9)])
def test_other_engines_and_counts_are_refused(
    look: Look, count: int, hopper_analysis: Analysis
) -> None:
    with pytest.raises(LookError):
        persona.invent(hopper_analysis, look, count)


@pytest.mark.usefixtures("models")
def test_an_exception_in_progress_stops_it(hopper_analysis: Analysis) -> None:
    shares: list[float] = []

    def stop(share: float, step: str) -> None:
        shares.append(share)
        if len(shares) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        persona.invent(hopper_analysis, LOOK, 2, stop)
    assert len(shares) == 2
