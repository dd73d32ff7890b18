"""Z-Image-Turbo with the Fun ControlNet Union as a hub engine.

The pipeline draws the whole window from noise. The control picture, the window outside the mask and
the mask are what ties the drawing to the photo. Of the conditions that the ControlNet knows (Canny,
HED, depth, pose, MLSD, scribble, grey), grey has the most of the turned eyes: where iris, pupil
and lids are, and how light they are.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from pipelines.engines import weights
from pipelines.engines.windows import Scene, to_pillow
from presets.schema import Engine

INDEX = "ZImagePipeline"
"""Class that the base model's index names."""


def assemble(engine: Engine, dtype: Any, diffusers: Any) -> Any:
    """Load the pipeline with the ControlNet."""
    base = weights.root(engine, "base")
    return getattr(diffusers, str(engine.pipeline)).from_pretrained(
        base,
        controlnet=_controlnet(engine, dtype, diffusers),
        local_files_only=True,
        use_safetensors=True,
        dtype=dtype,
    )


def prepare(_engine: Engine, scene: Scene) -> dict[str, Any]:
    """Arguments that are the scene's: the photograph, the turned eyes in grey, the mask."""
    grey = cv2.cvtColor(scene.window.pixels, cv2.COLOR_RGB2GRAY)
    return {
        "image": to_pillow(scene.window.pixels),
        "control_image": to_pillow(np.dstack([grey] * 3)),
        "mask_image": to_pillow(scene.selection),
    }


def settings(engine: Engine) -> dict[str, Any]:
    """Arguments that are the same in every call."""
    return {"controlnet_conditioning_scale": engine.drawing.control_scale}


def _controlnet(engine: Engine, dtype: Any, diffusers: Any) -> Any:
    """Load the ControlNet from its single file, of which every tensor must fit.

    `from_single_file` would read the configuration from a third party's repository on the hub, and
    accept a file that lacks tensors. Version 2.1 has a control layer for every second layer of the
    transformer, and one for each refiner (config/z_image/z_image_control_2.1.yaml of VideoX-Fun);
    the control has the latents of the picture, the mask, and the latents of what is around it.
    """
    import torch
    from safetensors.torch import load_file

    source = weights.by_role(engine, "controlnet")
    assert source is not None
    state = load_file(weights.root(engine, "controlnet") / source.files[0])
    config = diffusers.ZImageTransformer2DModel.load_config(
        weights.root(engine, "base"), subfolder="transformer", local_files_only=True
    )
    same = ("dim", "n_refiner_layers", "n_heads", "n_kv_heads", "norm_eps", "qk_norm")
    with torch.device("meta"):
        controlnet = diffusers.ZImageControlNetModel(
            control_layers_places=list(range(0, config["n_layers"], 2)),
            control_refiner_layers_places=list(range(config["n_refiner_layers"])),
            control_in_dim=2 * config["in_channels"] + 1,
            add_control_noise_refiner="control_noise_refiner",
            all_patch_size=tuple(config["all_patch_size"]),
            all_f_patch_size=tuple(config["all_f_patch_size"]),
            **{name: config[name] for name in same},
        )
    controlnet.load_state_dict(state, assign=True)
    return controlnet.to(dtype).eval()
