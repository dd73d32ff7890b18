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
def test_a_map_says_how_much_of_the_picture_differs_and_shows_where(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore, close: bool
) -> None:
    shown = result_tabs.difference([*shots, MISSING], photo, close, file_store, "en")
    assert re.search(r"0\.[1-9]\xa0% of this picture differs visibly", shown)
    assert shown.count("<img") == 1
    pixels = np.asarray(Image.open(next(iter(file_store.paths))))
    coloured = np.ptp(pixels, axis=2) > 30
    # The cheek, a little widened by the eye's blur.
    assert np.count_nonzero(coloured) == pytest.approx(20 * 30, rel=0.4)


def test_numbers_are_those_of_the_language(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore
) -> None:
    shown = result_tabs.difference(shots, photo, True, file_store, "de")
    assert re.search(r"0,[1-9] %", text(shown))


def test_pictures_that_were_cleared_are_said_to_be(
    shots: list[ResultPicture], photo: Photo, file_store: FileStore
) -> None:
    Path(shots[1].path).unlink()
    assert "cleared meanwhile" in result_tabs.difference(shots, photo, False, file_store, "en")
    assert "cleared meanwhile" in result_tabs.histogram(shots, None, "en")
    assert result_tabs.judged(None, "en") == ""
