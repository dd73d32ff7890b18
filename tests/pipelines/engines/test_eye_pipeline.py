"""The pipeline of the eye model, with tiny random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.runtime.errors import BadInput, Cancelled

HEIGHT, WIDTH = 24, 32


@pytest.fixture(scope="module")
def eyes() -> Any:
    from pipelines.engines import eye_pipeline
    from tests.tiny_diffusion import shake

    pipeline = eye_pipeline.build(channels=(8, 16), identity=False, noise_scale=0.3)
    shake(pipeline.controlnet)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture
def inputs() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    mask = np.zeros((2, HEIGHT, WIDTH, 1), np.float32)
    mask[:, 8:16, 10:22] = 1
    mask[:, 7:8, 10:22] = 0.5
    control = np.zeros((2, HEIGHT, WIDTH, 3), np.float32)
    control[:, 10:14, 14:18] = 1
    return {
        "image": rng.random((2, HEIGHT, WIDTH, 3), np.float32),
        "mask_image": mask,
        "control_image": control,
        "gaze": [(3, -2), (-3, -2)],
        "output_type": "np",
    }


def seeded(seed: int) -> Any:
    import torch

    return torch.Generator().manual_seed(seed)


def draw(pipeline: Any, inputs: dict[str, Any], **changes: Any) -> np.ndarray[Any, Any]:
    arguments = {"generator": seeded(0), **inputs, **changes}
    return np.asarray(pipeline(**arguments).images)


def test_pixels_outside_the_mask_are_bit_identical(eyes: Any, inputs: dict[str, Any]) -> None:
    images = draw(eyes, inputs)
    assert images.shape == inputs["image"].shape
    outside = inputs["mask_image"][..., 0] == 0
    assert np.array_equal(images[outside], inputs["image"][outside])
    assert not np.allclose(images[~outside], inputs["image"][~outside], atol=0.01)


def test_before_training_it_is_the_identity(inputs: dict[str, Any]) -> None:
    from pipelines.engines import eye_pipeline

    for prediction in ("sample", "flow_prediction"):
        pipeline = eye_pipeline.build(channels=(8, 16), prediction_type=prediction)
        pipeline.set_progress_bar_config(disable=True)
        assert np.allclose(draw(pipeline, inputs), inputs["image"], atol=1e-5), prediction


def test_the_same_seed_gives_the_same_eyes_and_another_seed_other_eyes(
    eyes: Any, inputs: dict[str, Any]
) -> None:
    first = draw(eyes, inputs)
    assert np.array_equal(first, draw(eyes, inputs))
    assert not np.array_equal(first, draw(eyes, inputs, generator=seeded(1)))


def test_without_noise_the_seed_has_no_effect(inputs: dict[str, Any]) -> None:
    from pipelines.engines import eye_pipeline
    from tests.tiny_diffusion import shake

    pipeline = eye_pipeline.build(channels=(8, 16), identity=False)
    shake(pipeline.controlnet)
    pipeline.set_progress_bar_config(disable=True)
    first = draw(pipeline, inputs)
    assert np.array_equal(first, draw(pipeline, inputs, generator=seeded(1)))
    assert not np.array_equal(first, inputs["image"])


@pytest.mark.parametrize(
    "change",
    [
        {"control_image": np.zeros((2, HEIGHT, WIDTH, 3), np.float32)},
        {"controlnet_conditioning_scale": 0.0},
        {"gaze": [(20, 5), (20, 5)]},
        {"reference": np.zeros((2, HEIGHT, WIDTH, 3), np.float32)},
        {"strength": 0.5},
        {"num_inference_steps": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_condition_has_an_effect(
    change: dict[str, Any], eyes: Any, inputs: dict[str, Any]
) -> None:
    assert not np.array_equal(draw(eyes, inputs), draw(eyes, inputs, **change))


def test_strength_0_changes_nothing_and_a_small_strength_works(
    eyes: Any, inputs: dict[str, Any]
) -> None:
    assert np.array_equal(draw(eyes, inputs, strength=0), inputs["image"])
    assert np.isfinite(draw(eyes, inputs, strength=0.001)).all()


def test_other_schedulers_of_diffusers_work(eyes: Any, inputs: dict[str, Any]) -> None:
    from diffusers import DDIMScheduler

    from pipelines.engines.eye_pipeline import EyePatchControlNetPipeline

    for prediction in ("sample", "v_prediction", "epsilon"):
        scheduler = DDIMScheduler(prediction_type=prediction)
        other = EyePatchControlNetPipeline(eyes.unet, eyes.controlnet, scheduler)
        other.set_progress_bar_config(disable=True)
        assert not other.is_flow_matching
        images = draw(other, inputs, strength=0.6)
        assert images.shape == inputs["image"].shape
        assert np.isfinite(images).all()


def test_the_ends_of_the_bridge_are_the_truth_and_the_start() -> None:
    import torch

    from pipelines.engines import eye_pipeline

    truth, start, noise = torch.randn(3, 2, 3, 4, 4)
    samples = eye_pipeline.bridge(truth, start, noise, torch.tensor([0.0, 1.0]), 0.3)
    assert torch.equal(samples[0], truth[0])
    assert torch.allclose(samples[1], start[1] + 0.3 * noise[1])


@pytest.mark.parametrize("prediction", ["sample", "flow_prediction"])
def test_a_perfect_prediction_results_in_the_truth(
    prediction: str, inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from pipelines.engines import eye_pipeline

    pipeline = eye_pipeline.build(channels=(8, 16), prediction_type=prediction)
    pipeline.set_progress_bar_config(disable=True)
    truth = np.random.default_rng(1).random(inputs["image"].shape, np.float32)
    goal = torch.from_numpy(truth).permute(0, 3, 1, 2) * 2 - 1

    def predict_truth(sample: Any, timestep: Any, conditions: Any, scale: float = 1.0) -> Any:
        return goal if prediction == "sample" else (sample - goal) / (timestep / 1000)

    monkeypatch.setattr(pipeline, "predict", predict_truth)
    inside = inputs["mask_image"][..., 0] == 1
    for steps in (1, 4):
        images = draw(pipeline, inputs, num_inference_steps=steps)
        assert np.allclose(images[inside], truth[inside], atol=1e-4)


def test_training_gets_gradients_into_both_networks(eyes: Any, inputs: dict[str, Any]) -> None:
    import torch

    from pipelines.engines import eye_pipeline

    def tensor(name: str) -> Any:
        return torch.from_numpy(inputs[name]).permute(0, 3, 1, 2)

    conditions = eye_pipeline.Conditions(
        start=tensor("image") * 2 - 1,
        reference=tensor("image") * 2 - 1,
        mask=tensor("mask_image"),
        control=tensor("control_image"),
        tokens=eye_pipeline.gaze_tokens(torch.zeros(2, 2)),
    )
    sample = conditions.start.clone()
    eyes.predict(sample, torch.tensor([300.0, 700.0]), conditions).square().mean().backward()
    for network in (eyes.unet, eyes.controlnet):
        assert network.conv_in.weight.grad.abs().sum() > 0
        network.zero_grad()


def test_a_saved_and_loaded_pipeline_draws_the_same(
    eyes: Any, inputs: dict[str, Any], tmp_path: Path
) -> None:
    from pipelines.engines.eye_pipeline import EyePatchControlNetPipeline

    eyes.save_pretrained(tmp_path)
    loaded = EyePatchControlNetPipeline.from_pretrained(tmp_path, low_cpu_mem_usage=False)
    loaded.set_progress_bar_config(disable=True)
    assert loaded.config.noise_scale == eyes.config.noise_scale
    assert np.array_equal(draw(loaded, inputs), draw(eyes, inputs))


def test_the_gain_of_fine_detail_is_part_of_the_config(
    eyes: Any, inputs: dict[str, Any], tmp_path: Path
) -> None:
    import torch

    from pipelines.engines import eye_pipeline

    eyes.save_pretrained(tmp_path)
    sharper = eye_pipeline.EyePatchControlNetPipeline.from_pretrained(
        tmp_path, low_cpu_mem_usage=False, detail=1.3
    )
    sharper.set_progress_bar_config(disable=True)
    plain, sharp = draw(eyes, inputs), draw(sharper, inputs)
    untouched = inputs["mask_image"][..., 0] == 0
    assert (plain[untouched] == sharp[untouched]).all()
    assert (plain != sharp).any()
    assert (draw(sharper, inputs, strength=0) == inputs["image"]).all()
    picture = torch.rand(1, 3, 20, 20, generator=seeded(1))
    assert torch.equal(eye_pipeline.detailed(picture, 1.0), picture)
    fine = eye_pipeline.detailed(picture, 2.0) - picture
    assert torch.allclose(eye_pipeline.detailed(picture, 1.5) - picture, fine / 2, atol=1e-6)
    assert abs(float(fine.mean())) < 0.01
    assert torch.allclose(eye_pipeline.detailed(picture * 0 + 0.3, 2.0), picture * 0 + 0.3)


def test_the_callback_gets_every_step_and_can_end_the_call(
    eyes: Any, inputs: dict[str, Any]
) -> None:
    steps: list[int] = []

    def record(pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        assert tensors["latents"].shape == (2, 3, HEIGHT, WIDTH)
        steps.append(step)
        return tensors

    draw(eyes, inputs, callback_on_step_end=record)
    assert steps == [0, 1, 2, 3]

    def stop(pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        steps.append(step)
        if step == 1:
            raise Cancelled
        return tensors

    steps.clear()
    with pytest.raises(Cancelled):
        draw(eyes, inputs, callback_on_step_end=stop)
    assert steps == [0, 1]


def test_pictures_may_be_pil_or_tensors(eyes: Any, inputs: dict[str, Any]) -> None:
    def pil(name: str) -> list[Any]:
        return [
            Image.fromarray(np.rint(each * 255).astype(np.uint8).squeeze()) for each in inputs[name]
        ]

    images = {name: pil(name) for name in ("image", "mask_image", "control_image")}
    results = draw(eyes, inputs, **images, output_type="pil")
    outside = np.asarray(images["mask_image"][0]) == 0
    before = np.asarray(images["image"][0])
    assert np.array_equal(results[0][outside], before[outside])
    assert isinstance(eyes(**{**inputs, **images, "output_type": "pil"}).images[0], Image.Image)
    (tensor,) = eyes(**{**inputs, "output_type": "pt"}, return_dict=False)
    assert tensor.shape == (2, 3, HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"strength": 1.5}, "strength"),
        ({"num_inference_steps": 0}, "num_inference_steps"),
        ({"gaze": [(0, 0)]}, "gaze"),
        ({"gaze": [(0, np.nan), (0, 0)]}, "gaze"),
        ({"image": np.zeros((2, 22, 32, 3), np.float32)}, "multiples"),
        ({"image": np.full((2, HEIGHT, WIDTH, 3), 255, np.float32)}, "image"),
        ({"image": "eye.png"}, "image"),
        ({"mask_image": np.zeros((1, HEIGHT, WIDTH, 1), np.float32)}, "mask_image"),
        ({"control_image": np.zeros((2, HEIGHT, WIDTH, 1), np.float32)}, "control_image"),
        ({"callback_on_step_end_tensor_inputs": ["prompt_embeds"]}, "tensor_inputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_invalid_arguments_are_refused_by_name(
    change: dict[str, Any], named: str, eyes: Any, inputs: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=named):
        draw(eyes, inputs, **change)
