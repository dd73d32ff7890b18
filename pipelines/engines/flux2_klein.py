"""FLUX.2 [klein] as a hub engine: masked redrawing with the photograph as a reference.

`Flux2KleinInpaintPipeline` shows the transformer the picture to redraw and then the reference, each
as tokens beside the noise, so that "image 1" and "image 2" in a prompt are these two.
"""

from __future__ import annotations

from typing import Any

from pipelines.engines import weights
from pipelines.engines.windows import Scene, to_pillow
from presets.schema import Engine

INDEX = "Flux2KleinPipeline"
"""Class that the model's index names."""


def assemble(engine: Engine, dtype: Any, diffusers: Any) -> Any:
    """Load the pipeline; its own scheduler is the one that it was distilled for."""
    return getattr(diffusers, str(engine.pipeline)).from_pretrained(
        weights.root(engine, "base"), local_files_only=True, use_safetensors=True, dtype=dtype
    )


def prepare(engine: Engine, scene: Scene) -> dict[str, Any]:
    """Arguments that are the scene's: the picture to redraw, the photograph and the mask."""
    assert scene.photo is not None
    return {
        "image": to_pillow(scene.window.pixels),
        "image_reference": to_pillow(scene.photo),
        "mask_image": to_pillow(scene.selection),
        # With less than one step the pipeline raises an error.
        "strength": max(scene.strength, 1.01 / (engine.steps or 1)),
    }


def settings(_engine: Engine) -> dict[str, Any]:
    """Arguments that are the same in every call: none; the distilled model takes no negatives."""
    return {}
