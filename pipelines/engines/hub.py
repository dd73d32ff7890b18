"""Hub engines: a large model redraws eyes or skin of a photo, or all around its head, or a face.

What differs between models stands in an adapter each: how the pipeline is assembled, and with which
arguments it is called. Windows, masks, colours and pasting are the same for all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from pipelines.engines import (
    diffusers_import,
    eye_patches,
    flux2_klein,
    geometry,
    prompts,
    stable_diffusion,
    weights,
    windows,
    z_image,
)
from pipelines.engines.windows import Scene, Window
from pipelines.face import Face, skin
from pipelines.image import crops, filters, polygons
from pipelines.image.arrays import Image, Image8, Map
from pipelines.runtime import devices, slots
from pipelines.runtime.cache import Cache
from pipelines.runtime.devices import Device
from pipelines.runtime.errors import EngineFailed, EngineUnavailable
from pipelines.runtime.messages import Message
from presets.schema import Engine, Prompts

if TYPE_CHECKING:
    from pipelines.engines.base import Proposal, Task


class Adapter(Protocol):
    """What a module has to have for a kind of model.

    Attributes:
        INDEX: Class that ``model_index.json`` of the base model names.
    """

    INDEX: str

    def assemble(self, engine: Engine, dtype: Any, diffusers: Any, /) -> Any:
        """Load the parts into memory and build the pipeline."""

    def prepare(self, engine: Engine, scene: Scene, /) -> dict[str, Any]:
        """Arguments of the pipeline that are the scene's."""

    def settings(self, engine: Engine, /) -> dict[str, Any]:
        """Arguments of the pipeline that are the same in every call."""


_ADAPTERS: Mapping[str, Adapter] = {
    "StableDiffusionControlNetInpaintPipeline": stable_diffusion,
    "StableDiffusionControlNetImg2ImgPipeline": stable_diffusion,
    "Flux2KleinInpaintPipeline": flux2_klein,
    "ZImageControlNetInpaintPipeline": z_image,
}

# Margin and half of the soft edge's width of the mask, as shares of the window's side: 6 and 3
# pixels of 512, 12 and 6 of 1024. The latents have blocks of eight pixels, and of sixteen where
# they are packed: with a smaller margin old iris would remain in them.
_GROWTH = 6.0 / 512
_FEATHER = 3.0 / 512
# Width of the zone around the mask in which colours are compared, as a share of the window's side.
_SEAM = 12.0 / 512
# Standard deviation above which a change of skin is a change of light or tone and is removed, as a
# share of the window's side.
_TONE = 0.06
# Strength with which another expression is drawn: three of four steps, as the mouth has to move.
_EXPRESSION_STRENGTH = 0.75
# In interocular distances: how far around mouth and brows it may draw, how far it stays away from
# the lid openings, and the standard deviation of the soft edge.
_MOUTH, _BROWS, _BESIDE_EYES, _SOFT = 0.4, 0.22, 0.12, 0.05
# By how much more than the edge of the head is drawn, as a share of the window's side, so that no
# block of latents holds both; it is not pasted.
_RIM = 10.0 / 512
# Weight around the head below which the removal of a colour shift fades out, and the largest shift
# that counts as one of the encoding.
_FADE, _MOST_SHIFT = 0.1, 0.06
# Seconds requested on ZeroGPU, for the start and for each step. Estimates: not measured there.
_GPU_START, _GPU_STEP = 20.0, 1.5


def refine(task: Task, proposal: Proposal) -> Image8 | None:
    """Redraw both eyes; see `dispatch.refine`."""
    words = _prompts(task.engine)
    window = windows.look_at(proposal.image_u8, proposal.before, task.engine.drawing.size)
    posed = windows.moved(proposal.posed, window.to_window, window.size)
    scene = Scene(
        window=window,
        photo=windows.cut(proposal.photo_u8, window.to_window, window.size),
        posed=posed,
        mask=_eyes_mask(window.face, posed),
        prompt=prompts.fill(words, words.eyes, proposal.gaze, task.context),
        strength=task.engine.strength or 0.0,
    )
    drawn = draw(task, scene)
    if drawn is None:
        return None
    mask = scene.mask
    edit = mask[..., None] * (_match_colours(drawn, window.pixels, mask) - window.pixels)
    return _paste(proposal.image_u8, edit, mask, window)


def redraw_skin(task: Task, image_u8: Image8, face: Face, strength: float) -> Image8 | None:
    """Redraw the skin but keep its light and tone; see `dispatch.redraw_skin`."""
    words = _prompts(task.engine)
    window = windows.look_at(image_u8, face, task.engine.drawing.size)
    mask = skin.mask(window.pixels, window.face)
    mask = mask * eye_patches.within_outline(face, window.to_window, window.size)
    assert words.skin is not None
    prompt = prompts.fill(words, words.skin, None, task.context)
    drawn = draw(task, Scene(window, window.pixels, window.face, mask, prompt, strength))
    if drawn is None:
        return None
    change = drawn - window.pixels
    edit = mask[..., None] * (change - _local_mean(change, mask, _TONE * window.size[0]))
    return _paste(image_u8, edit, mask, window)


def redraw_expression(task: Task, image_u8: Image8, face: Face, expression: str) -> Image8 | None:
    """Redraw mouth or brows with another expression; see `dispatch.redraw_expression`."""
    words = _prompts(task.engine)
    assert words.expressions is not None
    window = windows.look_at(image_u8, face, task.engine.drawing.size)
    asked = {
        "slight-smile": words.expressions.slight_smile,
        "relaxed-brows": words.expressions.relaxed_brows,
    }.get(expression)
    mask = _expression_mask(window.face, expression)
    mask = mask * eye_patches.within_outline(face, window.to_window, window.size)
    prompt = prompts.fill(words, words.expressions.prompt, None, task.context, asked)
    scene = Scene(window, window.pixels, window.face, mask, prompt, _EXPRESSION_STRENGTH)
    drawn = draw(task, scene)
    if drawn is None:
        return None
    edit = mask[..., None] * (_match_colours(drawn, window.pixels, mask) - window.pixels)
    return _paste(image_u8, edit, mask, window)


def draw_around(task: Task, start: Image, head: Map, face: Face) -> Image | None:
    """Draw all but the head of a picture; see `dispatch.draw_around`."""
    words = _prompts(task.engine)
    assert words.headshot is not None
    side = task.engine.drawing.size
    window = windows.whole(start, face, side)
    share = np.asarray(crops.cut(head, window.to_window, window.size), np.float32)
    rim = 2 * math.ceil(_RIM * side) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    mask = np.asarray(cv2.dilate((share < 1 - 1e-3).astype(np.float32), disc), np.float32)
    start_u8 = np.rint(np.clip(start, 0, 1) * 255).astype(np.uint8)
    scene = Scene(
        window=window,
        photo=windows.look_at(start_u8, face, side).pixels,
        posed=window.face,
        mask=mask,
        prompt=prompts.fill(words, words.headshot, None, task.context),
        strength=1.0,
    )
    drawn = draw(task, scene)
    if drawn is None:
        return None
    matched = _match_colours(drawn, window.pixels, mask, _FADE, _MOST_SHIFT)
    size = start.shape[1], start.shape[0]
    return np.asarray(
        cv2.warpAffine(
            matched,
            window.to_window,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def draw(task: Task, scene: Scene) -> Image | None:
    """Draw a scene.

    Returns:
        Its window, float32 sRGB, shape (h, w, 3); None if the safety filter rejected it.

    Raises:
        EngineUnavailable, EngineFailed: As `run`.
    """
    width, height = scene.window.size
    arguments: dict[str, Any] = {
        "prompt": scene.prompt,
        "width": width,
        "height": height,
        "seed": task.seed,
        **_adapter(task.engine).prepare(task.engine, scene),
    }
    images = run(task.engine, arguments, task.on_step)
    return None if images is None else np.asarray(images[0], np.float32)


def run(
    engine: Engine, arguments: dict[str, Any], on_step: Callable[[int, int], None]
) -> Any | None:
    """Run the pipeline of a hub engine.

    Args:
        engine: Preset of the engine.
        arguments: Prompt, size and the adapter's arguments, the "seed" of the noise, and where the
            model has an IP-Adapter, the "identity_scale" that it gets.
        on_step: See `OnStep` in `base`.

    Returns:
        float32 pictures, shape (n, H, W, 3); None if the safety filter rejected one of them.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
        EngineFailed: ``out-of-memory``, ``gpu-lost``, ``gpu-not-lent`` (ZeroGPU), or
            ``no-picture``: it drew values that are no colours.
    """
    steps = engine.steps or 1
    with slots.device().turn(lambda: on_step(0, steps)), devices.guard(release):
        if not devices.on_zero_gpu():
            load(engine)
        # ZeroGPU runs the call in another process, from which callbacks do not work; what the main
        # thread has not loaded before is loaded there.
        output = _call_on_gpu(engine, arguments, on_step if _call_on_gpu is _call else None)
    if any(getattr(output, "nsfw_content_detected", None) or ()):
        return None
    images = np.asarray(output.images, np.float32)
    if not np.isfinite(images).all():
        raise EngineFailed(
            "no-picture",
            Message(
                "{engine} drew no picture here: its numbers ran over. Try another seed, or choose "
                "another engine.",
                engine=engine.label,
            ),
        )
    return images


def device(engine: Engine) -> Device:
    """The device and precision that a hub engine runs in. Loads torch."""
    return devices.pick(engine.drawing.precision)


def load(engine: Engine) -> Any:
    """The pipeline of a hub engine on its device; the last one used is cached.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``.
        EngineFailed: ``out-of-memory``: the main memory is too small to load it.
    """
    base = weights.root(engine, "base")
    return _cache.get((engine.id, base), lambda: _load(engine, base))


def preload(engines: Iterable[Engine]) -> Engine | None:
    """On a ZeroGPU Space, load the first hub engine whose weights are here, and return it.

    Its stand-in for CUDA exists only on the thread that imported this module, so the main thread
    has to call this before the page is launched. Processes that get a GPU inherit the model.
    """
    if not devices.on_zero_gpu():
        return None
    for engine in engines:
        if engine.weights == "hub" and all(one.path for one in weights.files(engine)):
            load(engine)
            return engine
    return None


def release() -> None:
    """Drop the cached model."""
    _cache.clear()


def _call(
    engine: Engine,
    arguments: dict[str, Any],
    on_step: Callable[[int, int], None] | None,
) -> Any:
    import torch

    def on_step_end(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if on_step is not None:
            on_step(step + 1, pipeline.num_timesteps)
        return tensors

    inputs, pipeline = dict(arguments), load(engine)
    seed, identity = inputs.pop("seed"), inputs.pop("identity_scale", None)
    if identity is not None:
        pipeline.set_ip_adapter_scale(identity)
    return pipeline(
        **inputs,
        **_adapter(engine).settings(engine),
        num_inference_steps=engine.steps,
        guidance_scale=engine.drawing.guidance_scale,
        # A generator of the processor, so that a seed gives the same noise on every device.
        generator=torch.Generator().manual_seed(seed),
        callback_on_step_end=on_step_end,
        output_type="np",
    )


def _seconds(engine: Engine, *_: Any) -> int:
    return math.ceil(_GPU_START + _GPU_STEP * (engine.steps or 1))


_call_on_gpu = devices.on_lent_gpu(_call, _seconds)


def _adapter(engine: Engine) -> Adapter:
    return _ADAPTERS[str(engine.pipeline)]


def _prompts(engine: Engine) -> Prompts:
    # The presets are not valid without.
    assert engine.drawing.prompts is not None
    return engine.drawing.prompts


def _eyes_mask(before: Face, posed: Face) -> Map:
    """Mask of both lid openings, before and after, with a margin and a soft edge, 0..1."""
    eyes = (*before.eyes, *posed.eyes)
    opening = polygons.filled(before.size, *(eye.contour for eye in eyes))
    distance = cv2.distanceTransform(1 - opening, cv2.DIST_L2, 5)
    growth, feather = _GROWTH * before.size[1], _FEATHER * before.size[1]
    mask = np.clip((growth + feather - distance) / (2 * feather), 0, 1).astype(np.float32)
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    return np.asarray(mask * eye_patches.within_outline(before, identity, before.size[::-1]))


def _expression_mask(face: Face, expression: str) -> Map:
    """Mask of mouth and cheeks, or of the brows, with a soft edge, without the eyes, 0..1."""
    view = slice(0, face.size[0]), slice(0, face.size[1])
    mouth = skin.region(face, "lips", view, _MOUTH)
    brows = skin.both(face, "brow", view, _BROWS)
    chosen = {"slight-smile": mouth, "relaxed-brows": brows}.get(
        expression, np.maximum(mouth, brows)
    )
    chosen = chosen * (1 - skin.both(face, "eye", view, _BESIDE_EYES))
    return filters.lowpass(np.asarray(chosen, np.float32), _SOFT * face.interocular)


def _match_colours(
    drawn: Image, photo: Image, mask: Map, fade: float = 1e-4, most: float = 1.0
) -> Image:
    """Remove the colour shift of the drawn window, as measured around the mask.

    Encoding a picture to latents and back shifts its colours slightly. Outside the mask both
    pictures should be equal, so the shift is measured there and subtracted.

    Args:
        drawn: The drawn window.
        photo: What it should equal outside the mask.
        mask: Where it was drawn.
        fade: Weight of the zone around the mask below which the shift fades out.
        most: Largest shift of a channel that is removed.
    """
    distance = cv2.distanceTransform((mask <= 0).astype(np.uint8), cv2.DIST_L2, 5)
    width = _SEAM * mask.shape[1]
    seam = ((distance > 0) & (distance <= width)).astype(np.float32)
    return drawn - np.clip(_local_mean(drawn - photo, seam, width, fade), -most, most)


def _local_mean(values: Image, weight: Map, sigma: float, fade: float = 1e-4) -> Image:
    """Weighted Gaussian mean around each pixel, which fades out below a weight; (h, w, 3)."""
    total = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma)
    return np.asarray(
        total / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), fade)[..., None], np.float32
    )


def _paste(image_u8: Image8, edit: Image, mask: Map, window: Window) -> Image8:
    """Add an edit of the window to the picture."""
    shape = (image_u8.shape[0], image_u8.shape[1])
    edit = np.where(mask[..., None] > 0, edit, 0).astype(np.float32)
    return geometry.paste(image_u8, (eye_patches.laid_back(edit, mask, window.to_window, shape),))


def _load(engine: Engine, base: Path) -> Any:
    weights.require(engine)
    adapter, on = _adapter(engine), device(engine)
    _check_class(engine, base, adapter.INDEX)
    devices.require_memory(weights.parameters(engine) * on.dtype.itemsize)
    diffusers = diffusers_import.load()
    try:
        pipeline = adapter.assemble(engine, on.dtype, diffusers)
        _check_complete(pipeline)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        if devices.is_of_the_device(error):
            raise
        raise _damaged(
            Message(
                "The weights of {engine} don't fit together. Run {command} again.",
                engine=engine.label,
                command=weights.command(engine),
            )
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    if on.kind == "cpu":
        return pipeline
    if devices.placement(engine.memory_gb, devices.free_gb(on)) == "offloaded":
        pipeline.enable_model_cpu_offload(device=on.kind)
        return pipeline
    return pipeline.to(on.kind)


def _check_complete(pipeline: Any) -> None:
    """Check that every parameter was loaded; one that its file lacks has no values."""
    for name, part in pipeline.components.items():
        if hasattr(part, "parameters") and any(one.is_meta for one in part.parameters()):
            raise ValueError(f"{name} lacks weights")


def _check_class(engine: Engine, base: Path, expected: str) -> None:
    """Check that the base model's index names the class that the adapter is made for."""
    found = json.loads((base / "model_index.json").read_text(encoding="utf-8")).get("_class_name")
    if found != expected:
        raise _damaged(
            Message(
                "The files of {engine} are those of another model: {found} instead of {expected}. "
                "Remove them and run {command}.",
                engine=engine.label,
                found=found,
                expected=expected,
                command=weights.command(engine),
            )
        )


def _damaged(sentence: str) -> EngineUnavailable:
    return EngineUnavailable("weights-damaged", sentence)


# One entry only, because each pipeline takes gigabytes.
_cache = Cache(most=1)
