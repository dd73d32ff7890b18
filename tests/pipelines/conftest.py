"""A folder of models with every engine in it, as small as they get, with random weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.engines import eye_controlnet, hub, weights
from presets.schema import load
from tests import tiny_diffusion, tiny_flow


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pipelines.engines import eye_pipeline

    folder = tmp_path_factory.mktemp("models")
    engines = load().engines
    tiny_diffusion.make(engines["sd15-mediapipe-face"], folder)
    tiny_flow.make_flux2(engines["flux2-klein"], folder)
    tiny_flow.make_z_image(engines["z-image-turbo"], folder)
    eyes = eye_pipeline.build(channels=(4, 8), seed=1, identity=False, noise_scale=0.3)
    tiny_diffusion.shake(eyes.controlnet)
    eyes.save_pretrained(folder / "eye-controlnet")
    return folder


@pytest.fixture
def models(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in `PRESENCE_MODELS`; nothing loaded before, nothing left after."""
    monkeypatch.setenv(weights.MODELS, str(tiny_models))
    yield tiny_models
    for engine in (eye_controlnet, hub):
        engine.release()
