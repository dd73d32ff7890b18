from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.studio import Look
from tests.ui.reports import FILES, LOOK, PHOTO, text
from ui.components import result_tabs
from ui.file_store import FileStore
from ui.result_pictures import Missing, ResultPicture

MISSING = Missing("B", "Korea · Executive", "Its weights are not here.", Look())


@pytest.fixture
def shots(tmp_path: Path) -> list[ResultPicture]:
    """An original in grey, and a look that is lighter by four steps in its middle."""
    pictures = [np.full((40, 30, 3), 100, np.uint8) for _ in range(2)]
    pictures[1][10:20, 10:20] += 4
    found = []
    for shot, pixels in zip((PHOTO, LOOK), pictures, strict=True):
        path = str(tmp_path / f"{shot.letter or 'original'}.png")
        Image.fromarray(pixels).save(path)
        found.append(replace(shot, files=replace(FILES, paths=(path, path))))
    return found


@pytest.fixture
def file_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    return FileStore()


def test_a_difference_says_its_factor_and_its_scale(
    shots: list[ResultPicture], file_store: FileStore
) -> None:
    shown = result_tabs.difference([*shots, MISSING], "how", 1, file_store, "en")
    assert "made 24 times stronger" in shown
    assert "largest 4 of 255 steps" in shown
    assert "−5 0 +5" in text(shown)
    assert shown.count("<img") == 1
    written = next(path for path in file_store.paths if "difference-how-a" in path)
    pixels = np.asarray(Image.open(written))
    assert (pixels[15, 15] == 128 + 24 * 4).all()
    assert (pixels[0, 0] == 128).all()


def test_a_map_says_how_much_of_the_picture_differs(
    shots: list[ResultPicture], file_store: FileStore
) -> None:
    shown = result_tabs.difference(shots, "where", 0, file_store, "en")
    assert re.search(r"[5-9] % of this picture differs visibly", shown)


def test_pictures_that_were_cleared_are_said_to_be(
    shots: list[ResultPicture], file_store: FileStore
) -> None:
    Path(shots[1].files.paths[0]).unlink()
    assert "cleared meanwhile" in result_tabs.difference(shots, "how", 0, file_store, "en")
    assert "cleared meanwhile" in result_tabs.histogram(shots, None, "en")
    assert result_tabs.judged(None, "en") == ""
