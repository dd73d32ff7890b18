from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from gradio.utils import get_upload_folder

from pipelines.gaze import Gaze
from pipelines.studio import Look
from ui.components.history import History, strip
from ui.film import MOST_FRAMES, MOST_PHOTOS, ON_ITS_WAY_S, Film, Frame, Holds, taken
from ui.pictures import Shelf
from ui.samples import samples
from ui.shots import Files, Missing, Shot
from ui.work import OnScreen

JAPAN, SOFT = Look(region="japan"), Look(region="soft")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    yield Shelf()


def shot(shelf: Shelf, letter: str, seed: int) -> Shot:
    picture = np.random.default_rng(seed).integers(0, 255, (90, 70, 3), np.uint8)
    whole, close, eyes, full, control = (
        shelf.put(picture, f"{letter or 'original'}-{part}")
        for part in ("whole", "close", "eyes", "full", "control")
    )
    files = Files(shelf.address(whole), shelf.address(close), shelf.address(eyes), (whole, close))
    return Shot(
        letter=letter,
        title=f"Look {seed}",
        files=files,
        full=shelf.address(full),
        control=shelf.address(control),
        gaze=Gaze(0, 0),
        report={},
        path=full,
    )


def screen(shelf: Shelf, *looks: Look, photo: str = "one.jpg", seed: int = 1) -> OnScreen:
    upload = Path(get_upload_folder(), f"hash-of-{photo}", photo)
    upload.parent.mkdir(exist_ok=True)
    upload.touch()
    path = str(upload)
    figures = [shot(shelf, "", 0)]
    figures += [shot(shelf, "ABCD"[index], seed + index) for index in range(len(looks))]
    return OnScreen(path, (), {}, looks, tuple(figures))


def photo_of(path: str) -> Any:
    """As much of an analysed photo as a film looks at."""
    return SimpleNamespace(path=path)


def frame(shelf: Shelf, number: int, at: float = 0.0, *looks: Look) -> Frame:
    return replace(taken(number, screen(shelf, *looks), None, shelf), at=at)


def test_the_newest_comes_first_and_there_are_no_more_than_a_dozen(shelf: Shelf) -> None:
    history = History(shelf)
    film = Film()
    for seed in range(MOST_FRAMES + 3):
        look = Look(region="japan" if seed % 2 else "soft", seed=seed)
        film = history.noted(film, screen(shelf, look, seed=10 * seed), None)
    assert [one.number for one in film.frames] == list(range(MOST_FRAMES + 3, 3, -1))
    assert all(one.there for one in film.frames)
    # What fell out at the other end took its files along.
    assert not [path for path in shelf.paths if not Path(path).is_file()]
    assert len(list(Path(film.frames[0].screen.path).parents[1].rglob("A-full.png"))) == MOST_FRAMES


def test_the_same_comparison_is_there_once(shelf: Shelf) -> None:
    history = History(shelf)
    first = screen(shelf, JAPAN, SOFT)
    film = history.noted(Film(), first, None)
    assert history.noted(film, first, None) is film
    film = history.noted(film, screen(shelf, SOFT, JAPAN, seed=5), None)
    film = history.noted(film, screen(shelf, JAPAN, SOFT), None)
    assert [one.number for one in film.frames] == [2, 1]
    assert film.frames[1].there
    assert history.noted(film, None, None) is film


def test_a_slider_on_its_way_leaves_one_frame(shelf: Shelf) -> None:
    film, looks = Film(), [replace(JAPAN, polish=polish) for polish in (1.0, 0.8, 0.6, 0.4, 0.2)]
    times = (0.0, 1.0, 2.0, 3.0, 3.0 + 2 * ON_ITS_WAY_S)
    for number, (look, at) in enumerate(zip(looks, times, strict=True), 1):
        film = film.with_frame(frame(shelf, number, at, look))
    assert [one.screen.looks[0].polish for one in film.frames] == [0.2, 0.4, 1.0]
    film = film.with_frame(frame(shelf, 9, times[-1], SOFT))
    assert len(film.frames) == 4


def test_few_photos_stay_in_memory_and_no_frame_loses_its_files(shelf: Shelf) -> None:
    history = History(shelf)
    film = Film()
    for number in range(MOST_PHOTOS + 2):
        shown = screen(shelf, JAPAN, photo=f"{number}.jpg", seed=10 * number)
        film = history.noted(film, shown, photo_of(shown.path))
    assert [one.photo is not None for one in film.frames] == [True] * MOST_PHOTOS + [False] * 2
    assert all(one.there for one in film.frames)
    assert not history.cleared(film, None).frames
    assert not [path for path in shelf.paths if Path(path).is_file()]


def test_clearing_deletes_all_but_what_is_on_the_page(shelf: Shelf) -> None:
    history = History(shelf)
    old = screen(shelf, JAPAN, photo="old.jpg")
    now = screen(shelf, SOFT, photo="new.jpg", seed=7)
    film = history.noted(history.noted(Film(), old, None), now, None)
    film = history.cleared(film, now)
    assert [one.screen for one in film.frames] == [now]
    assert film.frames[0].there
    original, look = old.figures
    assert isinstance(look, Shot)
    assert not [path for path in (*look.files.paths, look.path, old.path) if Path(path).exists()]
    # The original's files are the same pixels under both: they stay.
    assert isinstance(original, Shot)
    assert all(Path(path).exists() for path in original.files.paths)
    assert not history.cleared(film, None).frames
    assert not shelf.paths
    assert not Path(now.path).exists()


def test_what_one_visitor_clears_stays_for_another(shelf: Shelf) -> None:
    history = History(shelf)
    shown = screen(shelf, JAPAN)
    mine, theirs = (history.noted(Film(), shown, None) for _ in range(2))
    history.cleared(mine, None)
    assert theirs.frames[0].there
    history.cleared(theirs, None)
    assert not theirs.frames[0].there


def test_samples_are_everybodys_and_are_never_deleted(shelf: Shelf) -> None:
    history = History(shelf)
    path = shelf.keep(samples()[1].path.read_bytes(), "sample.jpg")
    shown = replace(screen(shelf, JAPAN), path=path)
    film = history.noted(Film(), shown, None)
    before = set(shelf.paths)
    history.cleared(film, None)
    assert shelf.paths == before
    assert Path(path).is_file()


def test_what_was_made_for_others_is_not_deleted_as_if_it_were_uploaded(shelf: Shelf) -> None:
    history = History(shelf)
    made = shelf.keep(b"somebody else's", "result.png")
    common = Path(get_upload_folder(), "samples", "hash", "first.png")
    common.parent.mkdir(parents=True)
    common.touch()
    for path in (made, str(common)):
        film = history.noted(Film(), replace(screen(shelf, JAPAN), path=path), None)
        history.cleared(film, None)
        assert Path(path).is_file()


def test_old_files_are_noticed(shelf: Shelf) -> None:
    shown = screen(shelf, JAPAN)
    one = taken(1, shown, None, shelf)
    assert one.there
    look = shown.figures[1]
    assert isinstance(look, Shot)
    Path(look.path).unlink()
    assert not one.there
    Path(look.files.paths[1]).unlink()
    # Nothing to go back to is no reason to fail.
    assert not History(shelf).noted(Film(), shown, None).frames


def test_a_look_that_could_not_be_made_has_its_title(shelf: Shelf) -> None:
    shown = screen(shelf, JAPAN, SOFT)
    shown = replace(shown, figures=(*shown.figures[:2], Missing("B", "<i>Soft</i>", "It failed.")))
    film = Film().with_frame(taken(1, shown, None, shelf))
    html = strip(film, None, "en")
    assert "B · &lt;i&gt;Soft&lt;/i&gt;" in html
    assert html.count("<img") == 2


def test_the_strip_is_hidden_until_there_is_something_to_go_back_to(shelf: Shelf) -> None:
    history = History(shelf)
    first, second = screen(shelf, JAPAN), screen(shelf, SOFT, seed=9)
    film = history.noted(Film(), first, None)
    assert strip(film, first, "en") == ""
    film = history.noted(film, second, None)
    html = strip(film, second, "en")
    assert html.count("data-frame=") == 3
    assert html.count('aria-current="true"') == 1
    assert html.index('data-frame="2"') < html.index('data-frame="1"')


def test_holds_count() -> None:
    holds = Holds(Shelf())
    holds.hold(["a", "b"])
    holds.hold(["a"])
    assert holds.let_go(["a", "b"]) == ["b"]
    assert holds.let_go(["a"]) == ["a"]
