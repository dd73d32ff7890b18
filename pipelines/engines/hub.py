"""Hub engines: Stable Diffusion with a face ControlNet redraws eyes or skin, or a whole face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from pipelines.engines import annotation, diffusers_import, eye_patches, geometry, prompts, weights
from pipelines.face import Face, skin
from pipelines.image import crops, polygons
from pipelines.image.arrays import Image, Image8, Map, Points
from pipelines.runtime import devices, slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.errors import EngineUnavailable
from pipelines.runtime.messages import Message
from presets.schema import Engine, HubFile

if TYPE_CHECKING:
    from pipelines.engines.base import Proposal, Task

Kind = Literal["edit", "invent"]
"""``edit`` redraws part of a photo, ``invent`` draws a face from noise."""

INVENT = "StableDiffusionControlNetPipeline"
"""The diffusers class that draws a face from noise."""

MARGIN = 1.5
"""Side of the square around a face relative to its outline: with some hair and neck, as in the
models' training pictures."""

# Margin and half of the soft edge's width of the mask, in pixels of the window. The latents have
# blocks of eight pixels: with a smaller margin old iris would remain in them.
_GROWTH = 6.0
_FEATHER = 3.0
# Width of the zone around the mask in which colours are compared, in pixels of the window.
_SEAM = 12.0
# Standard deviation above which a change of skin is a change of light or tone and is removed, as a
# share of the window's side.
_TONE = 0.06
# Seconds requested on ZeroGPU: for the start, and for each step.
_GPU_START, _GPU_STEP = 20.0, 1.5


@dataclass(frozen=True)
class Window:
    """The square crop of a face that an engine works on.

    Attributes:
        to_window: Affine map from the picture to the window, shape (2, 3).
        size: (width, height) of the window.
        pixels: float32 sRGB in [0, 1], shape (height, width, 3).
        face: The face in pixels of the window.
    """

    to_window: Points
    size: tuple[int, int]
    pixels: Image
    face: Face


def refine(task: Task, proposal: Proposal) -> Image8 | None:
    """Redraw both eyes; see `dispatch.refine`."""
    window = look_at(proposal.image_u8, proposal.before, task.engine.drawing.size)
    posed = moved(proposal.posed, window.to_window, window.size)
    mask = _eyes_mask(window.face, posed)
    drawn = _redraw(
        task,
        window,
        mask,
        control=annotation.draw(posed),
        prompt=prompts.eyes(task.engine.drawing, proposal.gaze, task.context),
        strength=task.engine.strength or 0.0,
    )
    if drawn is None:
        return None
    edit = mask[..., None] * (_match_colours(drawn, window.pixels, mask) - window.pixels)
    return _paste(proposal.image_u8, edit, mask, window)


def redraw_skin(task: Task, image_u8: Image8, face: Face, strength: float) -> Image8 | None:
    """Redraw the skin but keep its light and tone; see `dispatch.redraw_skin`."""
    window = look_at(image_u8, face, task.engine.drawing.size)
    mask = skin.mask(window.pixels, window.face)
    mask = mask * eye_patches.within_outline(face, window.to_window, window.size)
    drawn = _redraw(
        task,
        window,
        mask,
        control=annotation.draw(window.face),
        prompt=task.engine.drawing.prompt,
        strength=strength,
    )
    if drawn is None:
        return None
    change = drawn - window.pixels
    edit = mask[..., None] * (change - _local_mean(change, mask, _TONE * window.size[0]))
    return _paste(image_u8, edit, mask, window)


def look_at(image_u8: Image8, face: Face, side: int, margin: float = MARGIN) -> Window:
    """Crop the square around a face at the size that the engine works on.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        face: The face in pixels of `image_u8`.
        side: Side of the window in pixels.
        margin: Side of the window relative to the face outline.
    """
    low, high = face.oval.min(axis=0), face.oval.max(axis=0)
    scale = side / (margin * float((high - low).max()))
    to_window = crops.upright((low + high) / 2, 0.0, scale, (side, side))
    pixels = crops.cut(image_u8, to_window, (side, side))
    return Window(
        to_window=to_window,
        size=(side, side),
        pixels=pixels.astype(np.float32) / np.float32(255),
        face=moved(face, to_window, (side, side)),
    )


def moved(face: Face, affine: Points, size: tuple[int, int]) -> Face:
    """The face in pixels of an upright window.

    Args:
        face: The face in pixels of the picture.
        affine: Affine map from the picture to the window, shape (2, 3).
        size: (width, height) of the window.
    """
    scale = crops.scale_of(affine)
    landmarks = face.landmarks * scale
    landmarks[:, :2] = crops.through(affine, face.landmarks[:, :2])
    left, right = (eye.through(affine) for eye in face.eyes)
    return replace(face, landmarks=landmarks, size=(size[1], size[0]), left=left, right=right)


def run(
    engine: Engine, kind: Kind, arguments: dict[str, Any], on_step: Callable[[int, int], None]
) -> Any | None:
    """Run the pipeline of a hub engine.

    Args:
        engine: Preset of the engine.
        kind: ``edit`` for the preset's own pipeline, ``invent`` for a face from noise.
        arguments: Arguments of the pipeline without scales, steps, generator and callback, and the
            "seed" of the noise.
        on_step: See `OnStep` in `base`.

    Returns:
        float32 pictures, shape (n, H, W, 3); None if the safety filter rejected one of them.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
        EngineFailed: ``out-of-memory``.
    """
    steps = engine.steps or 1
    with slots.device().turn(lambda: on_step(0, steps)), devices.memory_guard(release):
        load(engine, kind)
        call = devices.on_shared_gpu(_call, lambda *_: _GPU_START + _GPU_STEP * steps)
        # ZeroGPU runs the call in another process, from which callbacks do not work.
        output = call(engine, kind, arguments, on_step if call is _call else None)
    if any(output.nsfw_content_detected or ()):
        return None
    return np.asarray(output.images, np.float32)


def load(engine: Engine, kind: Kind) -> Any:
    """The pipeline of a hub engine on its device; the last one used is cached.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
    """
    base = weights.root(engine, "base")
    return _cache.get((engine.id, kind, base), lambda: _load(engine, kind, base))


def release() -> None:
    """Drop the cached model."""
    _cache.clear()


def _call(
    engine: Engine,
    kind: Kind,
    arguments: dict[str, Any],
    on_step: Callable[[int, int], None] | None,
) -> Any:
    import torch

    def on_step_end(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if on_step is not None:
            on_step(step + 1, pipeline.num_timesteps)
        return tensors

    drawing = engine.drawing
    inputs = {name: value for name, value in arguments.items() if name != "seed"}
    return load(engine, kind)(
        **inputs,
        negative_prompt=drawing.negative_prompt,
        num_inference_steps=engine.steps,
        guidance_scale=drawing.guidance_scale,
        controlnet_conditioning_scale=drawing.control_scale,
        # A generator of the processor, so that a seed gives the same noise on every device.
        generator=torch.Generator().manual_seed(arguments["seed"]),
        callback_on_step_end=on_step_end,
        output_type="np",
    )


def _redraw(
    task: Task, window: Window, mask: Map, *, control: Image8, prompt: str, strength: float
) -> Image | None:
    """Redraw a window; returns the drawn window, or None if the safety filter rejected it."""
    from PIL import Image as Pillow

    def to_pillow(pixels: Image | Map) -> Pillow.Image:
        return Pillow.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))

    picture = to_pillow(window.pixels)
    steps = task.engine.steps or 1
    arguments: dict[str, Any] = {
        "prompt": prompt,
        "image": picture,
        "control_image": Pillow.fromarray(control),
        # With less than one step the pipelines raise an error.
        "strength": max(strength, 1.01 / steps),
        "width": window.size[0],
        "height": window.size[1],
        "seed": task.seed,
    }
    if "Inpaint" in (task.engine.pipeline or ""):
        arguments["mask_image"] = to_pillow((mask > 0).astype(np.float32))
    if _source(task.engine, "identity") is not None:
        arguments["ip_adapter_image"] = picture
    images = run(task.engine, "edit", arguments, task.on_step)
    return None if images is None else np.asarray(images[0], np.float32)


def _eyes_mask(before: Face, posed: Face) -> Map:
    """Mask of both lid openings, before and after, with a margin and a soft edge, 0..1."""
    eyes = (*before.eyes, *posed.eyes)
    opening = polygons.filled(before.size, *(eye.contour for eye in eyes))
    distance = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5)
    mask = np.clip((_GROWTH + _FEATHER - distance) / (2 * _FEATHER), 0, 1).astype(np.float32)
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    return np.asarray(mask * eye_patches.within_outline(before, identity, before.size[::-1]))


def _match_colours(drawn: Image, photo: Image, mask: Map) -> Image:
    """Remove the colour shift of the drawn window, as measured around the mask.

    Encoding a picture to latents and back shifts its colours slightly. Outside the mask both
    pictures should be equal, so the shift is measured there and subtracted.
    """
    distance = cv2.distanceTransform((mask <= 0).astype(np.uint8), cv2.DIST_L2, 5)
    seam = ((distance > 0) & (distance <= _SEAM)).astype(np.float32)
    return drawn - _local_mean(drawn - photo, seam, _SEAM)


def _local_mean(values: Image, weight: Map, sigma: float) -> Image:
    """Weighted Gaussian mean around each pixel, shape (h, w, 3)."""
    total = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    return np.asarray(
        total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-4)[..., None], np.float32
    )


def _paste(image_u8: Image8, edit: Image, mask: Map, window: Window) -> Image8:
    """Add an edit of the window to the picture."""
    shape = (image_u8.shape[0], image_u8.shape[1])
    edit = np.where(mask[..., None] > 0, edit, 0).astype(np.float32)
    return geometry.paste(image_u8, (eye_patches.laid_back(edit, mask, window.to_window, shape),))


def _source(engine: Engine, role: str) -> HubFile | None:
    """The engine's files with a role, or None."""
    return next((source for source in engine.files if source.role == role), None)


def _load(engine: Engine, kind: Kind, base: Path) -> Any:
    weights.require(engine)
    diffusers = diffusers_import.load()
    device = devices.pick()
    try:
        pipeline = _assemble(engine, kind, base, device.dtype, diffusers)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(
            "weights-damaged",
            Message(
                "The weights of {engine} don't fit together. Run {command} again.",
                engine=engine.label,
                command=weights.command(engine),
            ),
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    if device.kind == "cpu":
        return pipeline
    if devices.placement(engine.memory_gb, devices.free_gb(device)) == "offloaded":
        pipeline.enable_model_cpu_offload(device=device.kind)
        return pipeline
    return pipeline.to(device.kind)


def _assemble(engine: Engine, kind: Kind, base: Path, dtype: Any, diffusers: Any) -> Any:
    """Build the pipeline of ControlNet, base model, scheduler, LoRA and IP-Adapter."""
    local: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "dtype": dtype}
    source = _source(engine, "controlnet")
    assert source is not None
    controlnet = diffusers.ControlNetModel.from_pretrained(
        weights.root(engine, "controlnet"),
        subfolder=source.subfolder,
        variant=_variant(source),
        **local,
    )
    name = INVENT if kind == "invent" else engine.pipeline
    source = _source(engine, "base")
    assert source is not None
    pipeline = getattr(diffusers, str(name)).from_pretrained(
        base, controlnet=controlnet, variant=_variant(source), **local
    )
    scheduler = getattr(diffusers, str(engine.scheduler))
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    if speed := _source(engine, "speed"):
        folder = weights.root(engine, "speed")
        pipeline.load_lora_weights(folder, weight_name=speed.files[0], local_files_only=True)
        pipeline.fuse_lora()
        pipeline.unload_lora_weights()
    # A face from noise must not get the identity of the person in the photo.
    if kind == "edit" and (face := _source(engine, "identity")):
        file, encoder = Path(face.files[0]), _source(engine, "image-encoder")
        pipeline.load_ip_adapter(
            str(weights.root(engine, "identity")),
            subfolder=face.subfolder,
            weight_name=file.name,
            image_encoder_folder=Path(encoder.subfolder).name if encoder else None,
            local_files_only=True,
            # With True, tensors that a file lacks would be ignored without an error.
            low_cpu_mem_usage=False,
        )
        pipeline.set_ip_adapter_scale(engine.drawing.identity_scale)
    return pipeline


def _variant(source: HubFile) -> str | None:
    """Variant in the file names: ``fp16``, or None."""
    return "fp16" if any(".fp16." in name for name in source.files) else None


# One entry only, because each pipeline takes gigabytes.
_cache = Cache(most=1)
