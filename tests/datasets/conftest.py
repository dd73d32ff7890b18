"""Eyes of one photo and of a few renders."""

from __future__ import annotations

import pytest

from datasets import eye_rows, eye_set, renders
from datasets.eye_set import EyeSet
from datasets.portraits import ReadPortrait
from pipelines.studio import Analysis


@pytest.fixture(scope="session")
def hopper_portrait(hopper_analysis: Analysis) -> ReadPortrait:
    picture_u8 = hopper_analysis.portrait.original_u8
    face = hopper_analysis.face.scaled(
        1 / hopper_analysis.portrait.scale, (picture_u8.shape[0], picture_u8.shape[1])
    )
    return ReadPortrait(
        "hopper", "hopper", "photo", picture_u8, face, hopper_analysis.gaze, (1.0, 1.0)
    )


@pytest.fixture(scope="session")
def photo_eyes(hopper_portrait: ReadPortrait) -> EyeSet:
    return eye_set.from_rows(eye_rows.from_photos(iter([hopper_portrait]), cycles=2, seed=0))


@pytest.fixture(scope="session")
def rendered_eyes() -> EyeSet:
    return eye_set.from_rows(eye_rows.from_renders(renders.COMMITTED, cycles=1, seed=0, most=4))
