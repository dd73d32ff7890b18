"""The bundled engine: runs the eye model on both eyes of a proposal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.engines import diffusers_import, eye_patches, geometry, weights
from pipelines.image.arrays import Image8
from pipelines.runtime import devices, slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.devices import Device
from pipelines.runtime.errors import EngineUnavailable
from pipelines.runtime.messages import Message
from presets.schema import Engine

if TYPE_CHECKING:
    from pipelines.engines.base import Proposal, Task


def refine(task: Task, proposal: Proposal) -> Image8:
    """Redraw both eyes; see `dispatch.refine`."""
    patches = eye_patches.cut(
        proposal.image_u8, proposal.photo_u8, proposal.before, proposal.posed, proposal.goals
    )
    drawn = draw(task, patches)
    shape = (proposal.image_u8.shape[0], proposal.image_u8.shape[1])
    edits = tuple(
        eye_patches.difference(patch, pixels, shape)
        for patch, pixels in zip(patches, drawn, strict=True)
    )
    return geometry.paste(proposal.image_u8, edits)


def draw(task: Task, patches: tuple[eye_patches.EyePatch, ...]) -> Any:
    """Run the model on eye patches in one batch; float32, shape (n, 64, 96, 3)."""
    import torch

    steps, strength = task.engine.steps or 1, task.engine.strength or 0.0

    def on_step_end(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        task.on_step(step + 1, steps)
        return tensors

    with (
        slots.device().turn(lambda: task.on_step(0, steps)),
        devices.guard(release),
        devices.one_thread(),
    ):
        output = load(task.engine)(
            image=np.stack([patch.pixels for patch in patches]),
            mask_image=np.stack([patch.mask for patch in patches])[..., None],
            control_image=np.stack([patch.control for patch in patches]) / np.float32(255),
            gaze=[(patch.gaze.yaw, patch.gaze.pitch) for patch in patches],
            reference=np.stack([patch.photo for patch in patches]),
            strength=strength,
            num_inference_steps=steps,
            generator=torch.Generator().manual_seed(task.seed),
            callback_on_step_end=on_step_end,
            output_type="np",
        )
    return output.images


def device() -> Device:
    """The device that the model runs on: the processor where a GPU is only lent (ZeroGPU)."""
    return devices.processor() if devices.on_zero_gpu() else devices.pick()


def load(engine: Engine) -> Any:
    """The engine's `EyePatchControlNetPipeline` on its device; the last one used is cached.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
    """
    folder = weights.bundled(engine)
    return _cache.get(folder, lambda: _load(engine, folder))


def release() -> None:
    """Drop the cached model."""
    _cache.clear()


def _load(engine: Engine, folder: Path) -> Any:
    weights.require(engine)
    diffusers_import.load()
    from pipelines.engines.eye_pipeline import EyePatchControlNetPipeline

    on = device()
    half_precision = any(folder.glob("*/*.fp16*.safetensors"))
    try:
        pipeline = EyePatchControlNetPipeline.from_pretrained(
            folder,
            dtype=on.dtype,
            variant="fp16" if half_precision else None,
            use_safetensors=True,
            local_files_only=True,
            low_cpu_mem_usage=False,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise EngineUnavailable(
            "weights-damaged",
            Message(
                "The weights of {engine} don't fit this version. Install Presence again, or "
                "choose the geometry engine.",
                engine=engine.label,
            ),
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(on.kind)
    return pipeline


# One entry only, so that at most one model is in memory.
_cache = Cache(most=1)
