from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.studio import Analysis, Look
from tests.ui.reports import LOOK, PHOTO, text
from ui.comparison import Photo
from ui.components import result_tabs
from ui.file_store import FileStore
from ui.result_pictures import Missing, ResultPicture

CHEEK = slice(120, 140), slice(210, 240)
MISSING = Missing("B", "Korea · Executive", "Its weights are not here.", Look())


@pytest.fixture
def photo(astronaut_analysis: Analysis) -> Photo:
    return Photo("astronaut.png", astronaut_analysis)


@pytest.fixture
def shots(photo: Photo, tmp_path: Path) -> list[ResultPicture]:
    """The photo, and a look of it whose cheek is lighter by four steps."""
    picture = photo.analysis.portrait.original_u8.copy()
    picture[CHEEK] += 4
    path = str(tmp_path / "A.png")
    Image.fromarray(picture).save(path)
    return [PHOTO, replace(LOOK, path=path)]


@pytest.fixture
def file_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    return FileStore()


@pytest.mark.parametrize("close", [True, False])
def test_a_difference_says_its_factor_and_its_scale(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore, close: bool
) -> None:
    shown = result_tabs.difference([*shots, MISSING], photo, "how", close, file_store, "en")
    assert "made 24 times stronger" in shown
    assert "largest 4 of 255 steps" in shown
    assert "−5 0 +5" in text(shown)
    assert shown.count("<img") == 1
    written = next(path for path in file_store.paths if "difference-how-a" in path)
    pixels = np.asarray(Image.open(written))
    changed = (pixels == 128 + 24 * 4).all(axis=2)
    assert np.count_nonzero(changed) == 20 * 30
    assert (pixels[~changed] == 128).all()


def test_a_map_says_how_much_of_the_picture_differs(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore
) -> None:
    shown = result_tabs.difference(shots, photo, "where", True, file_store, "en")
    assert re.search(r"0\.[1-9] % of this picture differs visibly", shown)


def test_pictures_that_were_cleared_are_said_to_be(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore
) -> None:
    Path(shots[1].path).unlink()
    assert "cleared meanwhile" in result_tabs.difference(
        shots, photo, "how", False, file_store, "en"
    )
    assert "cleared meanwhile" in result_tabs.histogram(shots, None, "en")
    assert result_tabs.judged(None, "en") == ""
