from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from pipelines.engines.weights import MODELS
from pipelines.gaze import Gaze, Trim
from pipelines.studio import Look
from presets import load
from ui.components import look_card
from ui.components.fine_control import engine_choices
from ui.components.look_card import HEADING, LookCard, region_choices
from ui.text.catalogue import t


def test_regions_come_first_and_preferences_stand_under_their_heading() -> None:
    presets = load()
    values = [value for _, value in region_choices(presets)]
    heading = values.index("")
    assert region_choices(presets)[heading][0] == f"{HEADING}{t('look.preferences')}"
    assert {presets.regions[value].group for value in values[:heading]} == {"regions"}
    assert {presets.regions[value].group for value in values[heading + 1 :]} == {"preferences"}
    assert len(values) == len(presets.regions) + 1


def test_engines_say_whether_they_could_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODELS, str(tmp_path))
    marks = {value: label.rpartition(" · ")[2] for label, value in engine_choices(load())}
    assert marks["geometry"] == str(t("fine.mark_ready"))
    assert marks["sd15-mediapipe-face"] == str(t("fine.mark_download"))
    folder = tmp_path / "eye-controlnet"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    marks = {value: label.rpartition(" · ")[2] for label, value in engine_choices(load())}
    assert marks["eye-controlnet"] == str(t("fine.mark_ready"))


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(engine="sd15-mediapipe-face", generative=0.25, seed=5),
        Look(engine="flux2-klein", generate="headshot"),
        Look(gaze=Gaze(3.5, -2), doses=(("B", 0.3),)),
        Look(gaze=0.5, trim=Trim(left_yaw=2.5, right_pitch=-1)),
    ],
    ids=str,
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_card_reads_back_what_it_was_filled_with(look: Look, language: str) -> None:
    card = LookCard("A")
    with gr.Blocks():
        card.render()
        with gr.Tabs():
            card.finer.render()
    filled = card.fill(look, language)
    values = {
        component: shown["value"] if isinstance(shown, dict) else shown
        for component, shown in filled.items()
    }
    assert card.read(values) == look


def test_what_the_picked_engine_cannot_draw_counts_no_more() -> None:
    card = LookCard("A")
    with gr.Blocks():
        card.render()
        with gr.Tabs():
            card.finer.render()
    drawn = Look(engine="flux2-klein", generate="headshot", expression="slight-smile")
    values = {
        component: shown["value"] if isinstance(shown, dict) else shown
        for component, shown in card.fill(drawn, "en").items()
    }
    values[card.finer.engine] = "geometry"
    assert card.read(values) == Look(engine="geometry")


def test_where_nothing_may_change_there_is_nothing_to_set() -> None:
    for name, context in load().contexts.items():
        _, strengths, outside = look_card.on_context(name)
        assert strengths["visible"] is outside["visible"] is not context.untouched


def test_an_audience_that_leaves_the_gaze_has_no_strength() -> None:
    for name, region in load().regions.items():
        strength = look_card.on_region(name)[2]
        assert strength["visible"] is (region.gaze is not None)
