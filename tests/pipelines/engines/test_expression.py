"""Another expression: which engines can be asked, where they draw, and when it is not delivered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipelines import studio
from pipelines.engines import dispatch, hub, windows
from pipelines.engines.base import Task
from pipelines.face import Face, skin
from pipelines.image.arrays import Image, Image8
from pipelines.measure import identity
from pipelines.runtime.errors import LookError
from pipelines.studio import Analysis, Look, marking
from presets.schema import load

PRESETS = load()
ABLE = [engine.id for engine in PRESETS.engines.values() if engine.draws_expressions]
UNABLE = [engine.id for engine in PRESETS.engines.values() if not engine.draws_expressions]
KLEIN = "flux2-klein"


def look(expression: str, **changes: Any) -> Look:
    settings: dict[str, Any] = {"gaze": None, "polish": 0.0, "engine": KLEIN, **changes}
    return Look(expression=expression, **settings)


@pytest.fixture
def darker(monkeypatch: pytest.MonkeyPatch) -> list[windows.Scene]:
    """An engine that draws a little darker; the scenes that it got."""
    scenes: list[windows.Scene] = []

    def draw(task: Task, scene: windows.Scene) -> Image:
        scenes.append(scene)
        mask = scene.mask[..., None]
        return np.asarray(scene.window.pixels - 0.05 * mask, np.float32)

    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    monkeypatch.setattr(hub, "draw", draw)
    return scenes


def changed_parts(analysis: Analysis, result: Image8) -> dict[str, bool]:
    """Which parts of the face differ from the photo."""
    face: Face = analysis.face
    differs = (result != analysis.portrait.original_u8).any(axis=2)
    view = slice(0, face.size[0]), slice(0, face.size[1])
    return {
        "mouth": bool(differs[skin.region(face, "lips", view) > 0].any()),
        "brows": bool(differs[skin.both(face, "brow", view) > 0].any()),
        "eyes": bool(differs[skin.both(face, "eye", view) > 0].any()),
        "outside": bool(differs[~skin.inside(face, skin.outline(face))].any()),
    }


def test_it_is_off_unless_asked_for_and_round_trips() -> None:
    assert "expression" not in str(Look())
    asked = look("slight-smile")
    assert str(asked).endswith("&expression=slight-smile")
    assert Look.parse(str(asked)) == asked
    with pytest.raises(LookError, match="slight-smile, relaxed-brows, context"):
        Look.parse(f"expression=grin&engine={KLEIN}")


@pytest.mark.parametrize("engine", UNABLE)
def test_engines_that_cannot_refuse_and_say_which_can(engine: str) -> None:
    with pytest.raises(LookError, match=r"FLUX\.2 klein 4B") as caught:
        Look.parse(f"expression=slight-smile&engine={engine}")
    assert "python -m pipelines fetch flux2-klein" in caught.value.sentence


def test_official_photos_keep_theirs(astronaut_analysis: Analysis) -> None:
    with pytest.raises(LookError, match="Take expression out"):
        studio.render(astronaut_analysis, look("slight-smile", context="id-passport"))


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("engine", ABLE)
def test_a_real_pipeline_draws_mouth_or_brows_and_nothing_else(
    engine: str, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Noise in place of a mouth is nobody's.
    monkeypatch.setattr(identity, "distance", lambda *_: 0.1)
    variant = studio.render(astronaut_analysis, look("slight-smile", engine=engine))
    parts = changed_parts(astronaut_analysis, variant.image_u8)
    assert parts == {"mouth": True, "brows": False, "eyes": False, "outside": False}
    assert variant.report()["generation"]["expression"] == "slight-smile"


@pytest.mark.usefixtures("models")
def test_a_face_that_is_less_like_the_person_is_not_delivered(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "distance", lambda *_: 0.5)
    variant = studio.render(astronaut_analysis, look("slight-smile"))
    assert np.array_equal(variant.image_u8, astronaut_analysis.portrait.original_u8)
    assert any("less like the person" in warning for warning in variant.warnings)
    assert variant.report()["generation"]["expression"] == ""


@pytest.mark.parametrize(
    ("expression", "mouth", "brows", "words"),
    [
        ("slight-smile", True, False, "corners of the mouth"),
        ("relaxed-brows", False, True, "without a frown"),
        ("context", True, True, PRESETS.contexts["linkedin"].expression),
    ],
)
def test_each_expression_has_its_place_and_words(
    expression: str,
    mouth: bool,
    brows: bool,
    words: str,
    astronaut_analysis: Analysis,
    darker: list[windows.Scene],
) -> None:
    variant = studio.render(astronaut_analysis, look(expression))
    parts = changed_parts(astronaut_analysis, variant.image_u8)
    assert parts == {"mouth": mouth, "brows": brows, "eyes": False, "outside": False}
    (scene,) = darker
    assert words in scene.prompt
    assert scene.photo is scene.window.pixels
    # Measured like everything else.
    assert variant.distance > 0
    assert marking.source_type(variant.look) == "compositeWithTrainedAlgorithmicMedia"


def test_eyes_that_look_there_already_are_left_alone(
    astronaut_analysis: Analysis, darker: list[windows.Scene]
) -> None:
    now = astronaut_analysis.gaze.gaze
    variant = studio.render(astronaut_analysis, look("slight-smile", gaze=now))
    assert len(darker) == 1
    assert not changed_parts(astronaut_analysis, variant.image_u8)["eyes"]


def test_the_filter_keeps_back_and_the_expression_stays(
    astronaut_analysis: Analysis, darker: list[windows.Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "draw", lambda *_: None)
    variant = studio.render(astronaut_analysis, look("relaxed-brows"))
    assert np.array_equal(variant.image_u8, astronaut_analysis.portrait.original_u8)
    assert any("safety filter" in warning for warning in variant.warnings)
