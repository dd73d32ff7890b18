"""Stable Diffusion with a face ControlNet, IP-Adapter and a LoRA as a hub engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.engines import annotation, weights
from pipelines.engines.windows import Scene, to_pillow
from presets.schema import Engine, HubFile

INDEX = "StableDiffusionPipeline"
"""Class that the base model's index names."""


def assemble(engine: Engine, dtype: Any, diffusers: Any) -> Any:
    """Build the pipeline of ControlNet, base model, scheduler, LoRA and IP-Adapter."""
    local: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": dtype}
    source = weights.by_role(engine, "controlnet")
    assert source is not None
    controlnet = diffusers.ControlNetModel.from_pretrained(
        weights.root(engine, "controlnet"),
        subfolder=source.subfolder,
        variant=_variant(source),
        **local,
    )
    source = weights.by_role(engine, "base")
    assert source is not None
    pipeline = getattr(diffusers, str(engine.pipeline)).from_pretrained(
        weights.root(engine, "base"), controlnet=controlnet, variant=_variant(source), **local
    )
    scheduler = getattr(diffusers, str(engine.scheduler))
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    if speed := weights.by_role(engine, "speed"):
        folder = weights.root(engine, "speed")
        pipeline.load_lora_weights(folder, weight_name=speed.files[0], local_files_only=True)
        pipeline.fuse_lora()
        pipeline.unload_lora_weights()
    if face := weights.by_role(engine, "identity"):
        file, encoder = Path(face.files[0]), weights.by_role(engine, "image-encoder")
        pipeline.load_ip_adapter(
            str(weights.root(engine, "identity")),
            subfolder=face.subfolder,
            weight_name=file.name,
            image_encoder_folder=Path(encoder.subfolder).name if encoder else None,
            local_files_only=True,
            # With True, tensors that a file lacks would be ignored without an error.
            low_cpu_mem_usage=False,
        )
    return pipeline


def prepare(engine: Engine, scene: Scene) -> dict[str, Any]:
    """Arguments that are the scene's: the picture, the annotation of the face, the mask."""
    from PIL import Image as Pillow

    picture = to_pillow(scene.window.pixels)
    arguments: dict[str, Any] = {
        "image": picture,
        "control_image": Pillow.fromarray(annotation.draw(scene.posed)),
        # With less than one step the pipelines raise an error.
        "strength": max(scene.strength, 1.01 / (engine.steps or 1)),
    }
    if "Inpaint" in (engine.pipeline or ""):
        arguments["mask_image"] = to_pillow(scene.selection)
    if weights.by_role(engine, "identity") is not None:
        nobody = scene.photo is None
        arguments["ip_adapter_image"] = picture if scene.photo is None else to_pillow(scene.photo)
        arguments["identity_scale"] = 0.0 if nobody else engine.drawing.identity_scale
    return arguments


def settings(engine: Engine) -> dict[str, Any]:
    """Arguments that are the same in every call."""
    prompts = engine.drawing.prompts
    return {
        "negative_prompt": prompts.negative if prompts else None,
        "controlnet_conditioning_scale": engine.drawing.control_scale,
    }


def _variant(source: HubFile) -> str | None:
    """Variant in the file names: ``fp16``, or None."""
    return "fp16" if any(".fp16." in name for name in source.files) else None
