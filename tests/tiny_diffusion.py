"""Stable Diffusion as small as it gets, with random weights, laid out as the hub lays it out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pipelines.engines import diffusers_import
from presets.schema import Engine, HubFile

_CROSS = 16
_RESAMPLER_DEPTH = 4


def make(engine: Engine, models: Path) -> None:
    """Write every file that a Stable Diffusion 1.5 engine lists, under `models`/owner/name."""
    diffusers_import.load()
    import torch

    torch.manual_seed(3)
    sources = {source.role: source for source in engine.files}
    unet = _unet()
    _base(unet, models / sources["base"].repo)
    _controlnet(unet, models / sources["controlnet"].repo, sources["controlnet"])
    _identity(unet, models / sources["identity"].repo, sources["identity"])
    _lora(unet, models / sources["speed"].repo, sources["speed"])
    for source in engine.files:
        for name in source.files:
            assert (models / source.repo / name).is_file(), name


def _unet() -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=_CROSS,
        attention_head_dim=2,
        norm_num_groups=4,
    )


def _base(unet: Any, folder: Path) -> None:
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import (
        CLIPConfig,
        CLIPImageProcessor,
        CLIPTextConfig,
        CLIPTextModel,
        CLIPVisionConfig,
    )

    tokenizer = _tokenizer()
    # Four levels, so that a latent pixel stands for eight as in the real one.
    vae = AutoencoderKL(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=2,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=_CROSS, intermediate_size=16,
            num_hidden_layers=1, num_attention_heads=2,
        )
    )  # fmt: skip
    small: dict[str, Any] = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    vision = CLIPVisionConfig(**small, image_size=32, patch_size=16)
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config=vision.to_dict(), projection_dim=8)
    )
    size = {"height": 32, "width": 32}
    pipeline: Any = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=checker,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size),
    )
    pipeline.save_pretrained(folder, variant="fp16")
    _as_the_hub_has_them(folder, tokenizer)


def _tokenizer() -> Any:
    from transformers import CLIPTokenizer

    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def _as_the_hub_has_them(folder: Path, tokenizer: Any) -> None:
    """Older names of files that today's transformers writes otherwise."""
    import json

    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(tokenizer.get_vocab()))
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer" / "special_tokens_map.json").write_text("{}")
    processor = folder / "feature_extractor" / "preprocessor_config.json"
    if not processor.is_file():
        shutil.copy(next(processor.parent.glob("*.json")), processor)


def _controlnet(unet: Any, root: Path, source: HubFile) -> None:
    from diffusers import ControlNetModel

    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 4, 4))
    shake(controlnet)
    controlnet.save_pretrained(root / source.subfolder, variant="fp16")


def _identity(unet: Any, root: Path, source: HubFile) -> None:
    """An IP-Adapter "plus" of the unet's own shape: a resampler and two matrices a layer."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    width, queries = 8, 4
    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=width, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2,
            image_size=32, patch_size=16, projection_dim=8,
        )
    )  # fmt: skip
    encoder.save_pretrained(root / source.subfolder / "image_encoder")
    inner = 64
    tensors = {
        "image_proj.latents": torch.randn(1, queries, inner),
        "image_proj.proj_in.weight": torch.randn(inner, width) * 0.1,
        "image_proj.proj_in.bias": torch.zeros(inner),
        "image_proj.proj_out.weight": torch.randn(_CROSS, inner) * 0.1,
        "image_proj.proj_out.bias": torch.zeros(_CROSS),
        "image_proj.norm_out.weight": torch.ones(_CROSS),
        "image_proj.norm_out.bias": torch.zeros(_CROSS),
    }
    for layer in range(_RESAMPLER_DEPTH):
        for name, shape in {
            "0.norm1.weight": (inner,), "0.norm1.bias": (inner,),
            "0.norm2.weight": (inner,), "0.norm2.bias": (inner,),
            "0.to_q.weight": (inner, inner), "0.to_kv.weight": (2 * inner, inner),
            "0.to_out.weight": (inner, inner),
            "1.0.weight": (inner,), "1.0.bias": (inner,),
            "1.1.weight": (4 * inner, inner), "1.3.weight": (inner, 4 * inner),
        }.items():  # fmt: skip
            tensors[f"image_proj.layers.{layer}.{name}"] = torch.randn(*shape) * 0.05
    crossing = [name for name in unet.attn_processors if "attn2" in name]
    for index, name in enumerate(crossing):
        width = unet.get_submodule(name.removesuffix(".processor")).inner_dim
        for part in ("to_k_ip", "to_v_ip"):
            weight = torch.randn(width, _CROSS) * 0.1
            tensors[f"ip_adapter.{2 * index + 1}.{part}.weight"] = weight
    path = root / source.files[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def _lora(unet: Any, root: Path, source: HubFile) -> None:
    import torch
    from diffusers import StableDiffusionPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    layers = {
        name: tensor.detach().to(torch.float32)
        for name, tensor in get_peft_model_state_dict(unet).items()
    }
    StableDiffusionPipeline.save_lora_weights(
        root, unet_lora_layers=layers, weight_name=source.files[0]
    )


def shake(module: Any) -> None:
    """A ControlNet begins with zeros at its ends, and would do nothing."""
    import torch

    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
