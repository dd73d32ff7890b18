"""The eye model as a diffusers pipeline: a small UNet and ControlNet that redraw eye patches.

The masked part of a patch is redrawn in one or a few steps by flow matching between two pictures,
from a start image to the true eye x_0 (Liu, Gong & Liu 2023, "Flow straight and fast", arXiv
2209.03003; Albergo & Vanden-Eijnden 2023, arXiv 2209.15571). At level s (1 at the start, 0 at the
end) the sample is

    x_s = (1 - s) x_0 + s (start + noise_scale * noise)

so that training begins from the same pictures as inference. This path is called the bridge below.
With a scheduler that is not a flow matcher, the start is noised as in image-to-image diffusion
instead; everything else is the same.

Importing this module loads torch and diffusers, so import it inside functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pipelines.engines import diffusers_import
from pipelines.runtime.errors import BadInput

diffusers_import.load()

# After `diffusers_import.load`, which repairs a broken torchvision.
from diffusers.image_processor import VaeImageProcessor  # noqa: E402
from diffusers.models.controlnets.controlnet import ControlNetModel  # noqa: E402
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel  # noqa: E402
from diffusers.pipelines import pipeline_utils  # noqa: E402
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (  # noqa: E402
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.utils.outputs import BaseOutput  # noqa: E402
from diffusers.utils.torch_utils import randn_tensor  # noqa: E402

# Many of its methods have no annotations.
DiffusionPipeline: Any = pipeline_utils.DiffusionPipeline

StepCallback = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]

PATCH_WIDTH, PATCH_HEIGHT = 96, 64
"""Size of a patch in pixels."""
SMALL = (48, 96, 192)
"""Channels per level of the bundled model: 12.6 million parameters, 25 MB in half precision."""

# Blocks of this many pixels squared are folded into channels (`pixel_unshuffle`).
_FOLD = 2
_COLOURS = 3
# Input planes: the sample, the start image with the reference inside the mask, and the mask.
_PLANES = 2 * _COLOURS + 1
# A gaze token has `_TOKEN` Fourier features, with wavelengths from 2 * `_WIDEST_GAZE` = 60 degrees
# to 60 / 2**`_OCTAVES` = 1.9 degrees.
_TOKEN = 64
_WIDEST_GAZE = 30.0
_OCTAVES = 5.0


@dataclass
class EyePatchOutput(BaseOutput):
    """Output of the pipeline.

    Attributes:
        images: PIL images, or an array (n, H, W, 3) or tensor (n, 3, H, W) in [0, 1].
    """

    images: Any


@dataclass(frozen=True)
class Conditions:
    """Inputs of the networks besides the sample; tensors on one device with one batch size.

    Attributes:
        start: Start image of the bridge, in [-1, 1], (n, 3, H, W).
        reference: The eye as photographed, in [-1, 1], (n, 3, H, W).
        mask: Mask of what is redrawn, 0..1, (n, 1, H, W).
        control: Control image, 0..1, (n, 3, H, W).
        tokens: Target gaze, from `gaze_tokens`, (n, 2, 64).
    """

    start: Tensor
    reference: Tensor
    mask: Tensor
    control: Tensor
    tokens: Tensor


class EyePatchControlNetPipeline(DiffusionPipeline):
    """Redraws the masked part of eye patches, guided by a control image and a target gaze.

    Args:
        unet: Takes 28 channels at half of the patch's size (seven planes, folded two by two: the
            sample, the start image with the reference inside the mask, and the mask). Returns 12
            (three colours, folded alike).
        controlnet: Reads the control image at the patch's size.
        scheduler: A flow matcher (see above) or any diffusers scheduler with `add_noise`.
        noise_scale: Standard deviation of the noise added to the start image, in units of [-1, 1].
            With 0 the result is deterministic, and one step is as good as several.
        prediction_type: What the unet predicts with a flow matcher: ``sample`` (x_0) or
            ``flow_prediction`` (the velocity of the bridge). Other schedulers have it in their own
            config.
        residual: Whether the unet predicts the difference to the start image. Then it is the
            identity while its last layer is zero. The difference of a velocity grows as 1/s, so
            training weights its loss by s; that of x_0 needs no weight.
        detail: Gain of detail finer than 3 by 3 pixels in the result. Where a network is uncertain
            it draws the mean of what is possible, which is too smooth; training measures by how
            much.
    """

    model_cpu_offload_seq = "controlnet->unet"
    _callback_tensor_inputs: ClassVar[list[str]] = ["latents"]

    def __init__(
        self,
        unet: UNet2DConditionModel,
        controlnet: ControlNetModel,
        scheduler: Any,
        noise_scale: float = 0.0,
        prediction_type: str = "sample",
        residual: bool = True,
        detail: float = 1.0,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, controlnet=controlnet, scheduler=scheduler)
        self.register_to_config(
            noise_scale=noise_scale,
            prediction_type=prediction_type,
            residual=residual,
            detail=detail,
        )
        self.image_processor = VaeImageProcessor(do_resize=False, do_normalize=False)
        self.mask_processor = VaeImageProcessor(
            do_resize=False, do_normalize=False, do_convert_grayscale=True
        )

    @property
    def is_flow_matching(self) -> bool:
        """Whether the scheduler is a flow matcher, so that the sample follows the bridge."""
        return "FlowMatch" in type(self.scheduler).__name__

    @torch.no_grad()
    def __call__(
        self,
        image: Any,
        mask_image: Any,
        control_image: Any,
        gaze: Any,
        reference: Any = None,
        strength: float = 1.0,
        num_inference_steps: int = 4,
        controlnet_conditioning_scale: float = 1.0,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: Literal["pil", "np", "pt"] = "pil",
        return_dict: bool = True,
        callback_on_step_end: StepCallback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
    ) -> EyePatchOutput | tuple[Any]:
        """Redraw the masked part of every patch.

        Images may be PIL images, arrays (n, H, W, 3) or tensors (n, 3, H, W) in [0, 1], or lists of
        these.

        Args:
            image: The start image, usually the eye as geometry proposes it. Where the mask is 0 it
                is returned bit-identical.
            mask_image: 1 where to redraw, 0 where to keep; values between are blended.
            control_image: Control image of the target.
            gaze: Target (yaw, pitch) in degrees of each patch, in the patch's frame, shape (n, 2).
            reference: The eye as photographed, for its colours, highlights and lids; `image` if
                None. To draw without a proposal, pass the photo as both.
            strength: Level s at which to start: 1 is the start of the bridge, 0 returns `image`.
            num_inference_steps: Number of steps of the whole bridge.
            controlnet_conditioning_scale: Weight of the control image.
            generator: Random generator, or one for each patch.
            output_type: ``pil``, ``np`` or ``pt``.
            return_dict: Whether to return an `EyePatchOutput` instead of a tuple.
            callback_on_step_end: Called after each step with (pipeline, step, timestep, tensors);
                an exception it raises ends the call.
            callback_on_step_end_tensor_inputs: Names of the tensors it gets: ``latents``.

        Raises:
            BadInput: The arguments do not fit together.
        """
        start = self._read(image, "image", self.image_processor, _COLOURS)
        mask = self._read(mask_image, "mask_image", self.mask_processor, 1)
        control = self._read(control_image, "control_image", self.image_processor, _COLOURS)
        photo = (
            start
            if reference is None
            else self._read(reference, "reference", self.image_processor, _COLOURS)
        )
        angles = torch.as_tensor(np.asarray(gaze, np.float32)).reshape(-1, 2)
        self.check_inputs(
            start, mask, control, photo, angles, strength, num_inference_steps,
            callback_on_step_end_tensor_inputs,
        )  # fmt: skip
        device = self._execution_device
        conditions = Conditions(
            start=start.to(device) * 2 - 1,
            reference=photo.to(device) * 2 - 1,
            mask=mask.to(device),
            control=control.to(device),
            tokens=gaze_tokens(angles).to(device),
        )
        timesteps = self._timesteps(num_inference_steps, strength, device)
        sample = self._first_sample(conditions.start, timesteps, generator)
        with self.progress_bar(total=len(timesteps)) as bar:
            for index, timestep in enumerate(timesteps):
                sample = self._step(sample, timestep, conditions, controlnet_conditioning_scale)
                if callback_on_step_end is not None:
                    tensors = {"latents": sample} if callback_on_step_end_tensor_inputs else {}
                    changed = callback_on_step_end(self, index, timestep, tensors)
                    sample = (changed or {}).get("latents", sample)
                bar.update()
        drawn = start
        if len(timesteps):
            drawn = detailed(sample.float().cpu() / 2 + 0.5, self.config.detail).clamp(0, 1)
        blended = torch.where(mask > 0, start + mask * (drawn - start), start)
        self.maybe_free_model_hooks()
        images = self.image_processor.postprocess(
            blended, output_type=output_type, do_denormalize=[False] * len(blended)
        )
        return EyePatchOutput(images=images) if return_dict else (images,)

    def predict(
        self, sample: Tensor, timestep: Tensor, conditions: Conditions, scale: float = 1.0
    ) -> Tensor:
        """Run both networks on a sample, with gradients; training calls this too.

        Args:
            sample: x_s in [-1, 1], (n, 3, H, W).
            timestep: s times the scheduler's training steps (1000): a number, or one per patch,
                (n,).
            conditions: The other inputs.
            scale: Weight of the control image.

        Returns:
            x_0 or the velocity, depending on `prediction_type`, float32, (n, 3, H, W).
        """
        dtype = self.unet.dtype
        blend = conditions.start + conditions.mask * (conditions.reference - conditions.start)
        planes = torch.cat([sample, blend, conditions.mask], dim=1)
        folded = functional.pixel_unshuffle(planes, _FOLD).to(dtype)
        timestep = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        tokens = conditions.tokens.to(dtype)
        down, middle = self.controlnet(
            folded,
            timestep,
            encoder_hidden_states=tokens,
            controlnet_cond=conditions.control.to(self.controlnet.dtype),
            conditioning_scale=scale,
            return_dict=False,
        )
        (out,) = self.unet(
            folded,
            timestep,
            encoder_hidden_states=tokens,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )
        output = functional.pixel_shuffle(out.float(), _FOLD)
        if not self.config.residual:
            return output
        if self._predicts("sample"):
            return conditions.start + output
        if not self.is_flow_matching:
            return output
        # The output is the difference to the velocity that leads back to the start image.
        level = (timestep.float() / self.scheduler.config.num_train_timesteps).view(-1, 1, 1, 1)
        return (sample - conditions.start) / level.clamp(min=1e-3) + output

    def check_inputs(
        self,
        image: Tensor,
        mask: Tensor,
        control: Tensor,
        reference: Tensor,
        gaze: Tensor,
        strength: float,
        num_inference_steps: int,
        callback_on_step_end_tensor_inputs: Sequence[str],
    ) -> None:
        """Check that the arguments fit together.

        Raises:
            BadInput: ``bad-input``; the sentence names the argument.
        """
        count, _, height, width = image.shape
        unit = _FOLD * 2 ** (len(self.unet.config.block_out_channels) - 1)
        if height % unit or width % unit:
            raise _bad(f"image is {width} x {height}; both have to be multiples of {unit}")
        for name, tensor in (
            ("mask_image", mask),
            ("control_image", control),
            ("reference", reference),
        ):
            if (len(tensor), *tensor.shape[2:]) != (count, height, width):
                raise _bad(f"{name} has another size or number than image")
        if gaze.shape != (count, 2) or not torch.isfinite(gaze).all():
            raise _bad(f"gaze has to hold yaw and pitch in degrees for each of the {count} patches")
        if not 0 <= strength <= 1:
            raise _bad(f"strength is {strength:g}; it goes from 0 to 1")
        if num_inference_steps < 1:
            raise _bad(f"num_inference_steps is {num_inference_steps}; it has to be 1 or more")
        unknown = set(callback_on_step_end_tensor_inputs) - set(self._callback_tensor_inputs)
        if unknown:
            raise _bad(f"callback_on_step_end_tensor_inputs knows no {', '.join(sorted(unknown))}")

    def _read(self, images: Any, name: str, processor: VaeImageProcessor, planes: int) -> Tensor:
        """Convert images to a tensor in [0, 1], (n, planes, H, W), on the processor."""
        try:
            tensor: Tensor = processor.preprocess(images).float().cpu()
        except (ValueError, TypeError, RuntimeError, AttributeError, IndexError) as error:
            raise _bad(f"{name} is no picture that can be read") from error
        if tensor.ndim != 4 or tensor.shape[1] != planes:
            raise _bad(f"{name} has to have {planes} channels")
        if not torch.isfinite(tensor).all() or tensor.min() < 0 or tensor.max() > 1:
            raise _bad(f"{name} has values outside 0 to 1")
        return tensor

    def _timesteps(self, steps: int, strength: float, device: torch.device) -> Tensor:
        """The scheduler's timesteps from the level `strength` on; empty for 0."""
        if strength == 0:
            return torch.empty(0)
        if self.is_flow_matching:
            # Equal steps from this level to 0; by default the scheduler starts at 1.
            count = max(1, round(steps * strength))
            levels = np.linspace(strength, 0, count + 1)[:-1]
            self.scheduler.set_timesteps(sigmas=levels.tolist(), device=device)
            return torch.as_tensor(self.scheduler.timesteps)
        self.scheduler.set_timesteps(steps, device=device)
        count = min(max(1, round(steps * strength)), steps)
        return torch.as_tensor(self.scheduler.timesteps)[-count * self.scheduler.order :]

    def _first_sample(
        self,
        start: Tensor,
        timesteps: Tensor,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> Tensor:
        """The sample at the first timestep: the start image with noise."""
        if not len(timesteps):
            return start
        noise = randn_tensor(start.shape, generator=generator, device=start.device)
        if self.is_flow_matching:
            return start + float(self.scheduler.sigmas[0]) * self.config.noise_scale * noise
        noised: Tensor = self.scheduler.add_noise(start, noise, timesteps[:1].expand(len(start)))
        return noised

    def _step(
        self, sample: Tensor, timestep: Tensor, conditions: Conditions, scale: float
    ) -> Tensor:
        """The sample at the next timestep."""
        output = self.predict(sample, timestep, conditions, scale)
        if self.is_flow_matching and self._predicts("sample"):
            level = timestep.float() / self.scheduler.config.num_train_timesteps
            output = (sample - output) / level.clamp(min=1e-3)
        stepped: Tensor = self.scheduler.step(output, timestep, sample, return_dict=False)[0]
        return stepped

    def _predicts(self, kind: str) -> bool:
        """Whether the networks predict this kind; other schedulers have it in their own config."""
        config = self.config if self.is_flow_matching else self.scheduler.config
        return bool(kind == config.get("prediction_type", self.config.prediction_type))


def build(
    channels: Sequence[int] = SMALL,
    seed: int = 0,
    scheduler: Any = None,
    prediction_type: str = "sample",
    identity: bool = True,
    noise_scale: float = 0.0,
) -> EyePatchControlNetPipeline:
    """A pipeline with random weights, from which training starts.

    Args:
        channels: Channels of each level, two levels or more. With (64, 128, 256) the model has 22.3
            million parameters, 45 MB in half precision.
        seed: Seed of the weights.
        scheduler: The scheduler; a flow matcher if None.
        prediction_type: See `EyePatchControlNetPipeline`.
        identity: Whether the last layer is zero, so that the model is the identity before training.
        noise_scale: See `EyePatchControlNetPipeline`.
    """
    # Attention at the lowest resolution only: at the others it is slow and helps little.
    plain = len(channels) - 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(
            sample_size=(PATCH_HEIGHT // _FOLD, PATCH_WIDTH // _FOLD),
            in_channels=_PLANES * _FOLD**2,
            out_channels=_COLOURS * _FOLD**2,
            block_out_channels=tuple(channels),
            layers_per_block=1,
            down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",),
            up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * plain,
            cross_attention_dim=_TOKEN,
            attention_head_dim=8,
            norm_num_groups=math.gcd(16, *channels),
        )
        # Two widths halve the control image once, to the size of the folded patch.
        controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 32))
    if identity:
        torch.nn.init.zeros_(unet.conv_out.weight)
        torch.nn.init.zeros_(unet.conv_out.bias)
    return EyePatchControlNetPipeline(
        unet.eval(),
        controlnet.eval(),
        scheduler or FlowMatchEulerDiscreteScheduler(),
        noise_scale=noise_scale,
        prediction_type=prediction_type,
    )


def bridge(truth: Tensor, start: Tensor, noise: Tensor, level: Tensor, scale: float) -> Tensor:
    """The sample x_s on the bridge between the start image (s = 1) and the true eye (s = 0).

    Args:
        truth: x_0 in [-1, 1], (n, 3, H, W).
        start: Start image in [-1, 1], (n, 3, H, W).
        noise: Standard normal noise, (n, 3, H, W).
        level: s in [0, 1], (n,).
        scale: The pipeline's `noise_scale`.
    """
    s = level.view(-1, 1, 1, 1)
    return (1 - s) * truth + s * (start + scale * noise)


def detailed(pictures: Tensor, gain: float) -> Tensor:
    """Amplify the detail of pictures that a 3 by 3 mean removes, (n, c, H, W)."""
    coarse = functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    return coarse + gain * (pictures - coarse) if gain != 1 else pictures


def gaze_tokens(gaze: Tensor) -> Tensor:
    """Fourier features of yaw and pitch, one token each (Tancik et al. 2020, arXiv 2006.10739).

    Args:
        gaze: Degrees, shape (n, 2).

    Returns:
        float32, shape (n, 2, 64).
    """
    waves = 2 ** torch.linspace(0, _OCTAVES, _TOKEN // 2, device=gaze.device)
    phase = torch.pi * (gaze / _WIDEST_GAZE)[..., None] * waves
    return torch.cat([phase.sin(), phase.cos()], dim=-1)


def _bad(problem: str) -> BadInput:
    return BadInput("bad-input", f"{problem}.")
