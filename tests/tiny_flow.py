"""FLUX.2 [klein] and Z-Image as small as they get, with random weights, laid out as on the hub.

The classes are the real ones. The autoencoders have more levels than the real ones, so that there
are fewer latents to a window of the real size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.engines import diffusers_import
from presets.schema import Engine, HubFile
from tests.tiny_diffusion import shake

_HIDDEN = 8
_LATENTS = 4
_LEVELS = 6
# The real pipelines read the hidden states of layers 9, 18 and 27 (FLUX.2 [klein]).
_TEXT_LAYERS = 28
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_flux2(engine: Engine, models: Path) -> None:
    """Write every file that FLUX.2 [klein] lists, under `models`/owner/name."""
    diffusers_import.load()
    import torch
    from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3ForCausalLM

    torch.manual_seed(4)
    pipeline: Any = Flux2KleinPipeline(
        scheduler=_scheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLFlux2(**_autoencoder()),
        text_encoder=Qwen3ForCausalLM(_text_config()),
        tokenizer=_tokenizer(),
        transformer=Flux2Transformer2DModel(
            patch_size=1,
            in_channels=4 * _LATENTS,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=1,
            joint_attention_dim=3 * _HIDDEN,
            timestep_guidance_channels=8,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ),
        is_distilled=True,
    )
    (source,) = engine.files
    folder = models / source.repo
    pipeline.save_pretrained(folder)
    # The index on the hub has this older name for the same class.
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("Qwen2Tokenizer", "Qwen2TokenizerFast"))
    _as_listed(folder, source)


def make_z_image(engine: Engine, models: Path) -> None:
    """Write every file that Z-Image with its ControlNet lists, under `models`/owner/name."""
    diffusers_import.load()
    import torch
    from diffusers import (
        AutoencoderKL,
        ZImageControlNetModel,
        ZImagePipeline,
        ZImageTransformer2DModel,
    )
    from safetensors.torch import load_file, save_file
    from transformers import Qwen3Model

    torch.manual_seed(5)
    shape: dict[str, Any] = {"dim": 32, "n_refiner_layers": 2, "n_heads": 2, "n_kv_heads": 2}
    transformer: Any = ZImageTransformer2DModel(
        **shape,
        in_channels=_LATENTS,
        n_layers=2,
        cap_feat_dim=_HIDDEN,
        axes_dims=[4, 6, 6],
        axes_lens=[1024, 64, 64],
    )
    with torch.no_grad():
        for pad in (transformer.x_pad_token, transformer.cap_pad_token):
            pad.zero_()
    pipeline: Any = ZImagePipeline(
        scheduler=_scheduler(shift=3.0),
        vae=AutoencoderKL(**_autoencoder(), scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen3Model(_text_config()),
        tokenizer=_tokenizer(),
        transformer=transformer,
    )
    base, control = engine.files
    pipeline.save_pretrained(models / base.repo)
    # The index on the hub names the bare model, its files have the names of the one with a head.
    text = models / base.repo / "text_encoder" / "model.safetensors"
    save_file({f"model.{name}": one for name, one in load_file(text).items()}, text)
    _as_listed(models / base.repo, base)
    controlnet: Any = ZImageControlNetModel(
        **shape,
        control_layers_places=[0],
        control_refiner_layers_places=[0, 1],
        control_in_dim=2 * _LATENTS + 1,
        add_control_noise_refiner="control_noise_refiner",
    )
    shake(controlnet)
    path = models / control.repo / control.files[0]
    path.parent.mkdir(parents=True)
    save_file(controlnet.state_dict(), path)


def _scheduler(**more: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, **more)


def _autoencoder() -> dict[str, Any]:
    return {
        "block_out_channels": (2, 2, *(4,) * (_LEVELS - 2)),
        "down_block_types": ("DownEncoderBlock2D",) * _LEVELS,
        "up_block_types": ("UpDecoderBlock2D",) * _LEVELS,
        "layers_per_block": 1,
        "latent_channels": _LATENTS,
        "norm_num_groups": 2,
    }


def _text_config() -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=512,
        hidden_size=_HIDDEN,
        intermediate_size=8,
        num_hidden_layers=_TEXT_LAYERS,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=8,
    )


def _tokenizer() -> Any:
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {
        word: index for index, word in enumerate([*sorted(ByteLevel.alphabet()), *special])
    }
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[], extra_special_tokens=special[1:])
    tokenizer.chat_template = _CHAT
    return tokenizer


def _as_listed(folder: Path, source: HubFile) -> None:
    """Split weights into the listed shards, and write what today's transformers leaves out."""
    for name in source.files:
        path = folder / name
        if path.name.endswith(".safetensors.index.json"):
            stem = path.name.removesuffix(".safetensors.index.json")
            shards = [
                one for one in source.files
                if one.startswith(f"{path.parent.name}/{stem}-") and one.endswith(".safetensors")
            ]  # fmt: skip
            _split(path, path.parent / f"{stem}.safetensors", [Path(one).name for one in shards])
        elif not path.is_file() and path.suffix in (".json", ".jinja", ".txt"):
            path.write_text("{}" if path.suffix == ".json" else "#version: 0.2\n")
    for name in source.files:
        assert (folder / name).is_file(), name


def _split(index: Path, whole: Path, shards: list[str]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(whole)
    names = {name: shards[place % len(shards)] for place, name in enumerate(sorted(tensors))}
    for shard in shards:
        part = {name: tensor for name, tensor in tensors.items() if names[name] == shard}
        save_file(part, index.parent / shard, metadata={"format": "pt"})
    index.write_text(json.dumps({"metadata": {}, "weight_map": names}))
    whole.unlink()
