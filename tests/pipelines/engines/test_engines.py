"""Every engine with a network, end to end through the studio, offline, with tiny random weights.

They draw noise, but the areas that they change and the messages are those of the real weights.
"""

from __future__ import annotations

import inspect
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import studio
from pipelines.engines import (
    closed_loop,
    diffusers_import,
    dispatch,
    flux2_klein,
    generation,
    hub,
    prompts,
    weights,
    windows,
    z_image,
)
from pipelines.engines.base import OnStep, Proposal, Task
from pipelines.face import Face
from pipelines.gaze import Gaze
from pipelines.image.arrays import Image8
from pipelines.measure import eyes
from pipelines.runtime import devices
from pipelines.runtime.cache import Cache
from pipelines.runtime.devices import Device
from pipelines.runtime.errors import Cancelled, EngineFailed, EngineUnavailable, LookError
from pipelines.studio import Analysis, Look
from presets.schema import Engine, load

PRESETS = load()
NETWORKS = [engine.id for engine in PRESETS.engines.values() if engine.weights != "none"]
HUB = [engine.id for engine in PRESETS.engines.values() if engine.weights == "hub"]
SKIN = [engine.id for engine in PRESETS.engines.values() if engine.draws_skin]
STABLE_DIFFUSION = "sd15-mediapipe-face"


@pytest.fixture(autouse=True)
def one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise is never on target, so every look would take three passes; this makes it one."""
    steer = closed_loop.steer

    def steer_once(*arguments: Any, **more: Any) -> Any:
        return steer(*arguments, **{"passes": 1, **more})

    monkeypatch.setattr(closed_loop, "steer", steer_once)


@pytest.fixture
def deliver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver what was drawn, even if the proposal is better and the eyes look wrong."""
    monkeypatch.setattr(closed_loop, "_reason_against", lambda *_: None)
    monkeypatch.setattr(eyes, "agreement", lambda *_: 1.0)


def look(engine: str, **changes: Any) -> Look:
    return Look(**{"gaze": Gaze(6, -3), "polish": 0.0, "engine": engine, **changes})


def propose(analysis: Analysis) -> Proposal:
    photo_u8 = analysis.portrait.original_u8
    return generation.propose(photo_u8, analysis.full_face, analysis.gaze, Gaze(6, -3))


def refine(
    engine: Engine | str, analysis: Analysis, seed: int = 0, on_step: OnStep = lambda *_: None
) -> Image8:
    """One pass of an engine, without the measuring around it."""
    preset = PRESETS.engines[engine] if isinstance(engine, str) else engine
    task = Task(preset, PRESETS.contexts["linkedin"], seed, on_step)
    result = dispatch.refine(task, propose(analysis))
    assert result is not None
    return result


def around_the_eyes(face: Face, size: tuple[int, ...], reach: float) -> Any:
    """Mask of the lid openings with a margin of `reach` iris radii."""
    opening = np.zeros(size[:2], np.uint8)
    for eye in face.eyes:
        cv2.fillPoly(opening, [np.round(eye.contour).astype(np.int32)], (1,))
    distance = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5)
    return distance <= reach * face.left.iris_radius


@pytest.mark.usefixtures("models", "deliver")
@pytest.mark.parametrize("engine", NETWORKS)
def test_an_engine_draws_the_eyes_and_nothing_else(engine: str, hopper_analysis: Analysis) -> None:
    analysis = hopper_analysis
    original = analysis.portrait.original_u8
    variant = studio.render(analysis, look(engine))
    assert variant.image_u8.shape == original.shape
    assert variant.image_u8.dtype == np.uint8
    geometry = studio.render(analysis, look("geometry"))
    by_network = np.any(variant.image_u8 != geometry.image_u8, axis=2)
    assert by_network.any()
    # A margin, because geometry moves lids.
    assert not (by_network & ~around_the_eyes(analysis.face, original.shape, 1.6)).any()
    assert variant.measurements.changed_outside_face == 0
    assert variant.generation is not None
    assert variant.generation.delivered == "generated"
    assert variant.seconds["controlnet"] > 0
    report = variant.report()["generation"]
    assert report["passes"] == 1
    assert report["steps"] == PRESETS.engines[engine].steps


@pytest.mark.usefixtures("models", "deliver")
@pytest.mark.parametrize("engine", NETWORKS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_bytes(
    engine: str, astronaut_analysis: Analysis
) -> None:
    first = refine(engine, astronaut_analysis, 3)
    assert np.array_equal(first, refine(engine, astronaut_analysis, 3))
    assert not np.array_equal(first, refine(engine, astronaut_analysis, 4))


def test_an_untrained_eye_model_returns_the_proposal_bit_for_bit(
    tmp_path: Path, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.engines import eye_pipeline

    eye_pipeline.build(channels=(4, 8)).save_pretrained(tmp_path / "eye-controlnet")
    monkeypatch.setenv(weights.MODELS, str(tmp_path))
    result = refine("eye-controlnet", astronaut_analysis)
    assert np.array_equal(result, propose(astronaut_analysis).image_u8)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("engine", NETWORKS)
def test_cancel_stops_within_one_step_and_the_next_look_works(
    engine: str, astronaut_analysis: Analysis
) -> None:
    steps: list[str] = []
    preset = PRESETS.engines[engine]
    drawn = max(1, int((preset.steps or 0) * (preset.strength or 0)))
    last = 1 + min(2, drawn)  # before the first step, then after each

    def stop(share: float, step: str) -> None:
        steps.append(step)
        if steps.count("Drawing the eyes") == last:
            raise Cancelled

    with pytest.raises(Cancelled):
        studio.render(astronaut_analysis, look(engine), stop)
    assert steps[-1] == "Drawing the eyes"
    assert steps.count("Drawing the eyes") == last
    assert refine(engine, astronaut_analysis).any()


@pytest.mark.usefixtures("models")
def test_the_loop_makes_three_passes_and_then_delivers_the_proposal(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # of `one_pass`
    monkeypatch.setenv(weights.MODELS, "")
    aims: list[Gaze] = []

    def return_photo(task: Any, proposal: Any) -> Image8:
        aims.append(proposal.gaze)
        return np.asarray(astronaut_analysis.portrait.original_u8)

    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    monkeypatch.setattr(dispatch, "refine", return_photo)
    # An engine that never turns the eyes: every pass is 14 degrees off.
    away = Gaze(astronaut_analysis.gaze.gaze.yaw + 14, astronaut_analysis.gaze.gaze.pitch)
    variant = studio.render(astronaut_analysis, look("eye-controlnet", gaze=away))
    assert variant.generation is not None
    assert variant.generation.passes == 3
    assert (variant.generation.delivered, variant.generation.reason) == ("proposal", "gaze")
    # Whose eyes they are stands among the numbers; nothing needs to be done about it.
    assert not any("eyes" in warning for warning in variant.warnings)
    assert aims[0] == variant.plan.target
    assert aims[1].yaw > aims[0].yaw + 4
    geometry = studio.render(astronaut_analysis, look("geometry", gaze=away))
    assert np.array_equal(variant.image_u8, geometry.image_u8)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("engine", NETWORKS)
def test_nothing_is_drawn_without_a_target(engine: str, astronaut_analysis: Analysis) -> None:
    no_target = studio.render(astronaut_analysis, look(engine, gaze=None))
    assert no_target.generation is None
    passport = studio.render(astronaut_analysis, look(engine, context="id-passport", polish=1))
    for variant in (no_target, passport):
        assert np.array_equal(variant.image_u8, astronaut_analysis.portrait.original_u8)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("engine", SKIN)
def test_generative_polish_redraws_skin_and_not_the_irises(
    engine: str, astronaut_analysis: Analysis
) -> None:
    generative = look(engine, gaze=None, generative=0.2)
    assert Look.parse(str(generative)) == generative
    variant = studio.render(astronaut_analysis, generative)
    original = astronaut_analysis.portrait.original_u8
    changed = np.any(variant.image_u8 != original, axis=2)
    assert changed.any()
    assert variant.measurements.changed_outside_face == 0
    for eye in astronaut_analysis.face.eyes:
        x, y = np.round(eye.iris_center).astype(int)
        assert not changed[y, x]
    assert variant.generation is not None
    assert variant.generation.skin == 0.2
    assert variant.generation.passes == 0


@pytest.mark.parametrize(
    "text",
    [
        "generative=0.2&engine=geometry",
        "generative=0.2&engine=eye-controlnet",
        "generative=0.2&engine=flux2-klein",
        "generative=0.9&engine=sd15-mediapipe-face",
    ],
)
def test_generative_polish_is_refused_if_the_engine_has_none(text: str) -> None:
    with pytest.raises(LookError) as caught:
        Look.parse(text)
    assert "generative" in caught.value.sentence


@pytest.mark.usefixtures("models")
def test_the_proposal_is_delivered_if_the_safety_filter_rejects_the_result(
    astronaut_analysis: Analysis,
) -> None:
    import torch

    engine = STABLE_DIFFUSION
    pipeline = hub.load(PRESETS.engines[engine])
    assert pipeline.safety_checker is not None
    with torch.no_grad():
        pipeline.safety_checker.concept_embeds_weights.fill_(-2)
    variant = studio.render(astronaut_analysis, look(engine))
    assert variant.generation is not None
    assert (variant.generation.delivered, variant.generation.reason) == ("proposal", "refused")
    assert any("safety filter" in warning for warning in variant.warnings)
    geometry = studio.render(astronaut_analysis, look("geometry"))
    assert np.array_equal(variant.image_u8, geometry.image_u8)


@pytest.mark.usefixtures("models")
def test_every_part_of_stable_diffusion_has_an_effect(astronaut_analysis: Analysis) -> None:
    """Without the LoRA, the identity or the weight of the ControlNet, the result differs."""
    packaged = PRESETS.engines[STABLE_DIFFUSION]
    complete = refine(packaged, astronaut_analysis)
    without_files = {
        role: {"files": tuple(source for source in packaged.files if source.role != role)}
        for role in ("speed", "identity")
    }
    no_control = packaged.drawing.model_copy(update={"control_scale": 0.0})
    changes: dict[str, dict[str, Any]] = {**without_files, "control": {"drawing": no_control}}
    for name, change in changes.items():
        hub.release()
        result = refine(packaged.model_copy(update=change), astronaut_analysis)
        assert not np.array_equal(result, complete), name


def scene(analysis: Analysis, engine: str) -> windows.Scene:
    proposal = propose(analysis)
    size = PRESETS.engines[engine].drawing.size
    window = windows.look_at(proposal.image_u8, proposal.before, size)
    photo = windows.cut(proposal.photo_u8, window.to_window, window.size)
    posed = windows.moved(proposal.posed, window.to_window, window.size)
    mask = np.zeros((size, size), np.float32)
    mask[400:420, 300:340] = 0.25
    return windows.Scene(window, photo, posed, mask, "eyes", 0.5)


def test_flux_gets_the_turned_eyes_and_the_photograph(astronaut_analysis: Analysis) -> None:
    given = scene(astronaut_analysis, "flux2-klein")
    arguments = flux2_klein.prepare(PRESETS.engines["flux2-klein"], given)
    turned, photo = (np.asarray(arguments[name]) for name in ("image", "image_reference"))
    assert given.photo is not None
    assert np.array_equal(turned, np.rint(given.window.pixels * 255))
    assert np.array_equal(photo, np.rint(given.photo * 255))
    assert np.any(turned != photo)
    assert np.asarray(arguments["mask_image"]).sum() == 255 * 20 * 40


def test_z_image_is_controlled_by_the_turned_eyes_in_grey(astronaut_analysis: Analysis) -> None:
    given = scene(astronaut_analysis, "z-image-turbo")
    arguments = z_image.prepare(PRESETS.engines["z-image-turbo"], given)
    control = np.asarray(arguments["control_image"])
    assert np.array_equal(control[..., 0], control[..., 2])
    expected = cv2.cvtColor(np.asarray(arguments["image"]), cv2.COLOR_RGB2GRAY)
    assert np.abs(control[..., 0].astype(int) - expected).max() <= 1


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("engine", "argument"), [("flux2-klein", "image_reference"), ("z-image-turbo", "control_image")]
)
def test_the_pictures_that_guide_a_flow_model_have_an_effect(
    engine: str, argument: str, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = refine(engine, astronaut_analysis)
    adapter = {"flux2-klein": flux2_klein, "z-image-turbo": z_image}[engine]
    prepare = adapter.prepare

    def blacken(*given: Any) -> dict[str, Any]:
        arguments = prepare(*given)
        return {**arguments, argument: arguments[argument].point(lambda _: 0)}

    monkeypatch.setattr(adapter, "prepare", blacken)
    assert not np.array_equal(refine(engine, astronaut_analysis), guided)


@pytest.mark.usefixtures("models")
def test_numbers_that_ran_over_are_no_picture(astronaut_analysis: Analysis) -> None:
    import torch

    pipeline = hub.load(PRESETS.engines["flux2-klein"])
    with torch.no_grad():
        pipeline.vae.decoder.conv_out.bias.fill_(float("nan"))
    with pytest.raises(EngineFailed) as caught:
        refine("flux2-klein", astronaut_analysis)
    assert caught.value.code == "no-picture"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(("free", "placed"), [(96.0, "to"), (24.0, "enable_model_cpu_offload")])
@pytest.mark.parametrize("engine", ["flux2-klein", "z-image-turbo"])
def test_the_parts_take_turns_on_a_gpu_whose_memory_is_short(
    engine: str, free: float, placed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import DiffusionPipeline

    calls: list[tuple[str, Any]] = []
    preset = PRESETS.engines[engine].model_copy(update={"memory_gb": 31.0})
    monkeypatch.setattr(hub, "device", lambda _: Device("cuda", "bfloat16", "A GPU"))
    monkeypatch.setattr(devices, "free_gb", lambda _: free)
    monkeypatch.setattr(DiffusionPipeline, "to", lambda _, kind: calls.append(("to", kind)))
    monkeypatch.setattr(
        DiffusionPipeline,
        "enable_model_cpu_offload",
        lambda _, device: calls.append(("enable_model_cpu_offload", device)),
    )
    hub.load(preset)
    assert calls == [(placed, "cuda")]


@pytest.mark.usefixtures("models")
def test_only_a_zero_gpu_space_loads_a_model_before_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engines = PRESETS.engines.values()
    assert hub.preload(engines) is None
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert hub.preload([PRESETS.engines["geometry"]]) is None
    loaded = hub.preload(engines)
    assert loaded is not None
    assert loaded.id == STABLE_DIFFUSION
    monkeypatch.setattr(hub, "_load", lambda *_: pytest.fail("loaded again"))
    hub.load(loaded)


def test_an_engine_that_cannot_finish_leaves_the_proposal_and_is_tried_again(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [EngineFailed("gpu-lost", "The GPU stopped answering.")]

    def draw(task: Task, proposal: Proposal) -> Image8:
        if failures:
            raise failures.pop()
        return proposal.image_u8

    monkeypatch.setattr(dispatch, "require", lambda engine: None)
    monkeypatch.setattr(dispatch, "refine", draw)
    cache = Cache()
    variant = studio.render(astronaut_analysis, look("flux2-klein"), cache=cache)
    assert variant.generation is not None
    assert (variant.generation.delivered, variant.generation.reason) == ("proposal", "failed")
    assert "The GPU stopped answering." in variant.warnings
    assert variant.report()["generation"]["failure"] == "The GPU stopped answering."
    geometry = studio.render(astronaut_analysis, look("geometry"))
    assert np.array_equal(variant.image_u8, geometry.image_u8)
    again = studio.render(astronaut_analysis, look("flux2-klein"), cache=cache)
    assert again.generation is not None
    assert (again.generation.failure, again.generation.passes) == ("", 1)


@pytest.fixture
def copied_models(tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the models for tests that damage them."""
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    monkeypatch.setenv(weights.MODELS, str(folder))
    return folder


def largest_file(engine: str, models: Path) -> Path:
    """The largest file with weights that an engine lists."""
    preset = PRESETS.engines[engine]
    if preset.weights == "bundled":
        return max((models / engine).rglob("unet/*.safetensors"))
    names = [
        models / source.repo / name
        for source in preset.files
        for name in source.files
        if name.endswith(".safetensors") and source.role == "base"
    ]
    return max(names, key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("engine", NETWORKS)
def test_a_half_downloaded_folder_is_named_before_any_work(
    engine: str, copied_models: Path, astronaut_analysis: Analysis
) -> None:
    broken = largest_file(engine, copied_models)
    broken.write_bytes(broken.read_bytes()[:-100])
    for path in (broken, None):
        if path is None:
            broken.unlink()
        with pytest.raises(EngineUnavailable) as caught:
            studio.render(astronaut_analysis, look(engine))
        assert caught.value.code == ("weights-damaged" if path else "weights-missing")
        assert str(copied_models) not in caught.value.sentence
        if path or engine == "eye-controlnet":
            assert broken.name in caught.value.sentence


@pytest.mark.parametrize("engine", NETWORKS)
def test_weights_of_another_shape_are_refused(
    engine: str, copied_models: Path, astronaut_analysis: Analysis
) -> None:
    other = "eye-controlnet" if engine == STABLE_DIFFUSION else STABLE_DIFFUSION
    source, target = (largest_file(name, copied_models) for name in (other, engine))
    target.write_bytes(source.read_bytes())
    with pytest.raises(EngineUnavailable) as caught:
        studio.render(astronaut_analysis, look(engine))
    assert caught.value.code == "weights-damaged"


def test_a_control_file_that_lacks_tensors_is_refused(
    copied_models: Path, astronaut_analysis: Analysis
) -> None:
    from safetensors.torch import load_file, save_file

    source = PRESETS.engines["z-image-turbo"].files[1]
    path = copied_models / source.repo / source.files[0]
    tensors = load_file(path)
    del tensors["control_noise_refiner.1.after_proj.weight"]
    save_file(tensors, path)
    with pytest.raises(EngineUnavailable, match="don't fit together"):
        refine("z-image-turbo", astronaut_analysis)


@pytest.mark.parametrize("engine", HUB)
def test_the_files_of_another_model_are_named(
    engine: str, copied_models: Path, astronaut_analysis: Analysis
) -> None:
    source = PRESETS.engines[engine].files[0]
    index = copied_models / source.repo / "model_index.json"
    index.write_text(json.dumps({"_class_name": "QwenImagePipeline"}))
    with pytest.raises(EngineUnavailable, match="another model: QwenImagePipeline") as caught:
        refine(engine, astronaut_analysis)
    assert caught.value.code == "weights-damaged"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("engine", NETWORKS)
def test_out_of_memory_is_reported_and_the_next_look_works(
    engine: str, astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    forward = torch.nn.Conv2d.forward

    def run_out(*arguments: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch.nn.Conv2d, "forward", run_out)
    with pytest.raises(EngineFailed) as caught:
        refine(engine, astronaut_analysis)
    assert caught.value.code == "out-of-memory"
    monkeypatch.setattr(torch.nn.Conv2d, "forward", forward)
    assert refine(engine, astronaut_analysis).any()


@pytest.mark.usefixtures("models")
def test_concurrent_calls_get_their_own_results(
    astronaut_analysis: Analysis, hopper_analysis: Analysis
) -> None:
    results: dict[str, Image8] = {}

    def run(name: str, analysis: Analysis) -> None:
        results[name] = refine("eye-controlnet", analysis)

    both = {"astronaut": astronaut_analysis, "hopper": hopper_analysis}
    expected = {name: refine("eye-controlnet", analysis) for name, analysis in both.items()}
    threads = [threading.Thread(target=run, args=item) for item in both.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name, image in expected.items():
        assert np.array_equal(results[name], image)


def test_an_edit_of_a_patch_keeps_the_fine_detail_of_a_large_photo(
    astronaut_analysis: Analysis,
) -> None:
    from pipelines.engines import eye_patches, geometry

    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    face = astronaut_analysis.face.scaled(8.0)
    moved = windows.moved(face, np.array([[1.0, 0, -1100], [0, 1, -450]]), (1200, 900))
    goals = (Gaze(0, 0), Gaze(0, 0))
    left, right = eye_patches.cut(photo, photo, moved, moved, goals)
    unchanged = [
        eye_patches.difference(patch, patch.pixels, (900, 1200)) for patch in (left, right)
    ]
    assert np.array_equal(geometry.paste(photo, tuple(unchanged)), photo)
    lighter = np.clip(left.pixels + 0.1 * left.mask[..., None], 0, 1)
    edit = eye_patches.difference(left, lighter, (900, 1200))
    result = geometry.paste(photo, (edit,))
    middle = (moved.left.upper[4] + moved.left.lower[4]) / 2
    x, y = np.round(middle).astype(int)
    change = result[y, x].astype(int) - photo[y, x]
    # The same value is added to every pixel, so noise that is finer than a patch stays.
    assert np.all((change >= 20) | (result[y, x] == 255))


def test_the_iris_of_the_photo_is_not_brought_back(astronaut_analysis: Analysis) -> None:
    from pipelines.engines import eye_patches, geometry
    from pipelines.image import crops

    analysis, target = astronaut_analysis, Gaze(25, 0)
    photo_u8 = analysis.portrait.original_u8
    proposal = generation.propose(photo_u8, analysis.full_face, analysis.gaze, target)
    patches = eye_patches.cut(
        proposal.image_u8, photo_u8, proposal.before, proposal.posed, proposal.goals
    )
    for patch in patches:
        left = patch.vacated > 0.9
        assert left.sum() > 20
        # A model that draws the photographed eye where the iris has left.
        assert np.percentile((patch.photo - patch.pixels)[left], 5) < -0.15
        height, width = photo_u8.shape[:2]
        edit = eye_patches.difference(patch, patch.photo, (height, width))
        result = geometry.paste(proposal.image_u8, (edit,))
        drawn = crops.cut(result, patch.to_patch, eye_patches.SIZE).astype(np.float32) / 255
        assert np.percentile((drawn - patch.pixels)[left], 5) > -0.15


def test_both_patches_show_right_eyes(astronaut_analysis: Analysis) -> None:
    from pipelines.engines import eye_patches
    from pipelines.image import crops

    face, picture = astronaut_analysis.face, astronaut_analysis.portrait.original_u8
    goals = (Gaze(12, 3), Gaze(12, 3))
    left, right = eye_patches.cut(picture, picture, face, face, goals)
    for patch, eye in ((left, face.left), (right, face.right)):
        outer, inner = (crops.through(patch.to_patch, p) for p in (eye.outer, eye.inner))
        assert outer[0] < inner[0]
        assert abs(outer[1] - inner[1]) < 12
        assert np.allclose((outer + inner) / 2, [47.5, 31.5])
        assert patch.mask.max() == 1
        assert not patch.mask[0].any()
    # The patch of the left eye is mirrored, so its gaze is too.
    assert left.gaze.yaw == pytest.approx(-12, abs=1)
    assert right.gaze.yaw == pytest.approx(12, abs=1)
    assert left.gaze.angle_to(Gaze(0, 0)) == pytest.approx(Gaze(12, 3).off_lens, abs=1e-4)


@pytest.mark.usefixtures("models")
def test_the_eye_model_gets_the_photo_as_well_as_the_proposal(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.engines import eye_patches, eye_pipeline

    arguments: dict[str, Any] = {}
    call = eye_pipeline.EyePatchControlNetPipeline.__call__

    def record(self: Any, **more: Any) -> Any:
        arguments.update(more)
        return call(self, **more)

    monkeypatch.setattr(eye_pipeline.EyePatchControlNetPipeline, "__call__", record)
    refine("eye-controlnet", astronaut_analysis)
    inside = arguments["mask_image"][..., 0] == 1
    assert np.abs(arguments["image"] - arguments["reference"])[inside].mean() > 0.01
    face, photo = astronaut_analysis.face, astronaut_analysis.portrait.original_u8
    size = (photo.shape[0], photo.shape[1])
    full = face.scaled(1 / astronaut_analysis.portrait.scale, size)
    patches = eye_patches.cut(photo, photo, full, full, (Gaze(0, 0), Gaze(0, 0)))
    for patch, reference in zip(patches, arguments["reference"], strict=True):
        assert np.array_equal(patch.photo, reference)


@pytest.mark.parametrize(
    ("gaze", "words"),
    [
        (Gaze(0, 0), "looking at viewer"),
        (Gaze(15, 2), "looking to the side"),
        (Gaze(-1, 9), "looking up"),
        (Gaze(8, -6), "looking to the side, looking down"),
        (Gaze(3, -2), "looking slightly away"),
    ],
)
def test_the_prompt_names_the_gaze(gaze: Gaze, words: str) -> None:
    own = PRESETS.engines[STABLE_DIFFUSION].drawing.prompts
    assert own is not None
    assert prompts.looking(own.gaze, gaze) == words
    context = PRESETS.contexts["linkedin"]
    prompt = prompts.fill(own, own.whole or "", gaze, context)
    for part in (own.start, words, context.wardrobe, context.background, context.expression):
        assert part in prompt


def test_the_prompt_of_stable_diffusion_is_a_list_of_tags() -> None:
    own = PRESETS.engines[STABLE_DIFFUSION].drawing.prompts
    assert own is not None
    context = PRESETS.contexts["linkedin"]
    tags = [own.start, "looking up", context.expression]
    assert prompts.fill(own, own.eyes, Gaze(-1, 9), context) == ", ".join(tags)


@pytest.mark.parametrize("engine", HUB)
def test_the_listed_files_are_the_parts_that_the_pipeline_takes(engine: str) -> None:
    preset = PRESETS.engines[engine]
    pipeline = getattr(diffusers_import.load(), str(preset.pipeline))
    parameters = inspect.signature(pipeline.__init__).parameters.values()
    parts = {one.name for one in parameters if one.default is one.empty} - {"self", "controlnet"}
    base = next(source for source in preset.files if source.role == "base")
    assert {name.partition("/")[0] for name in base.files if "/" in name} == parts


@pytest.mark.parametrize("engine", HUB)
def test_every_prompt_says_gaze_and_expression(engine: str) -> None:
    own = PRESETS.engines[engine].drawing.prompts
    assert own is not None
    prompt = prompts.fill(own, own.eyes, Gaze(0, 0), PRESETS.contexts["actor"])
    assert own.gaze.contact in prompt
    assert PRESETS.contexts["actor"].expression in prompt
