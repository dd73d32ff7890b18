"""Real photos that our dependencies ship, and what is learned from them once a session."""

from __future__ import annotations

import io
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from pipelines import studio
from pipelines.image.arrays import Image8
from pipelines.studio import Analysis

# Tests measure no speed; on a busy machine any example may be slow.
hypothesis.settings.register_profile("presence", deadline=None)
hypothesis.settings.load_profile("presence")


def png(pixels: Image8) -> bytes:
    """A picture as PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def hopper_path() -> Path:
    import matplotlib.cbook

    return Path(str(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))


@pytest.fixture(scope="session")
def hopper(hopper_path: Path) -> Image8:
    return np.asarray(Image.open(hopper_path).convert("RGB"))


@pytest.fixture(scope="session")
def astronaut() -> Image8:
    import skimage.data

    return np.asarray(skimage.data.astronaut(), np.uint8)


@pytest.fixture(scope="session")
def hopper_analysis(hopper: Image8) -> Analysis:
    return studio.analyse_pixels(hopper)


@pytest.fixture(scope="session")
def astronaut_analysis(astronaut: Image8) -> Analysis:
    return studio.analyse_pixels(astronaut)
