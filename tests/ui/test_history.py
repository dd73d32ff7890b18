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
from pipelines.studio.samples import samples
from tests.ui.reports import FILES
from ui.comparison import PageComparison
from ui.components.history_strip import HistoryStrip, strip
from ui.file_store import FileStore
from ui.history import MOST_ENTRIES, SLIDER_REST_S, History
from ui.result_pictures import Missing, ResultPicture

JAPAN, SOFT = Look(region="japan"), Look(region="soft")


@pytest.fixture
def file_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileStore]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr("ui.file_store.current_session", lambda: "me")
    yield FileStore()


def shot(file_store: FileStore, letter: str, seed: int, look: Look | None = None) -> ResultPicture:
    picture = np.random.default_rng(seed).integers(0, 255, (90, 70, 3), np.uint8)
    parts = ("whole", "close", "eyes", "square", "full")
    paths = {
        part: file_store.write_png(picture, f"{letter or 'original'}-{part}") for part in parts
    }
    addresses: dict[str, Any] = {part: file_store.address(paths[part]) for part in parts[:-1]}
    return ResultPicture(
        look=look,
        letter=letter,
        title=f"Look {seed}",
        files=replace(FILES, **addresses),
        gaze=Gaze(0, 0),
        report={},
        path=paths["full"],
        paths=tuple(paths.values()),
    )


def screen(
    file_store: FileStore, *looks: Look, photo: str = "one.jpg", seed: int = 1
) -> PageComparison:
    upload = Path(get_upload_folder(), f"hash-of-{photo}", photo)
    upload.parent.mkdir(exist_ok=True)
    upload.touch()
    path = str(upload)
    file_store.register_upload(path)
    figures = [shot(file_store, "", 0)]
    figures += [
        shot(file_store, "ABCD"[index], seed + index, look) for index, look in enumerate(looks)
    ]
    return PageComparison(path, {}, tuple(figures))


def photo_of(screen: PageComparison) -> Any:
    """The part of an analysed photo that the history uses."""
    return SimpleNamespace(path=screen.path, sample=None)


def record(panel: HistoryStrip, history: History, *screens: PageComparison) -> History:
    for one in screens:
        history = panel.record(history, one, photo_of(one))
    return history


def test_the_newest_comes_first_and_there_are_no_more_than_a_dozen(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    history = History()
    for seed in range(MOST_ENTRIES + 3):
        look = Look(region="japan" if seed % 2 else "soft", seed=seed)
        history = record(panel, history, screen(file_store, look, seed=10 * seed))
    assert [one.number for one in history.entries] == list(range(MOST_ENTRIES + 3, 3, -1))
    assert all(one.files_exist for one in history.entries)
    # What fell out at the other end took its files along.
    assert not [path for path in file_store.paths if not Path(path).is_file()]
    assert (
        len(list(Path(history.entries[0].screen.path).parents[1].rglob("A-full.png")))
        == MOST_ENTRIES
    )


def test_the_same_comparison_is_there_once(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    first = screen(file_store, JAPAN, SOFT)
    history = record(panel, History(), first, first)
    assert len(history.entries) == 1
    other, again = screen(file_store, SOFT, JAPAN, seed=5), screen(file_store, JAPAN, SOFT)
    history = record(panel, history, other, again)
    assert [one.number for one in history.entries] == [2, 1]
    assert history.entries[1].files_exist
    assert panel.record(history, None, None) is history


def test_results_of_another_photo_than_the_one_on_the_page_are_not_kept(
    file_store: FileStore,
) -> None:
    shown, other = screen(file_store, JAPAN), screen(file_store, JAPAN, photo="two.jpg")
    assert not HistoryStrip(file_store).record(History(), shown, photo_of(other)).entries


def test_the_sample_that_a_page_opens_with_goes_once_there_is_an_own_photo(
    file_store: FileStore,
) -> None:
    panel = HistoryStrip(file_store)
    opening, own = screen(file_store, JAPAN), screen(file_store, JAPAN, photo="own.jpg", seed=5)
    sample: Any = SimpleNamespace(path=opening.path, sample=samples()[0])
    history = panel.record(History(), opening, sample)
    assert len(history.entries) == 1
    history = record(panel, history, own)
    assert [one.screen for one in history.entries] == [own]


def test_entries_of_one_audience_are_told_apart_by_their_settings(file_store: FileStore) -> None:
    looks = (
        replace(SOFT, gaze=0.5, polish=0.0),
        replace(JAPAN, doses=(("S", 0.25),), frame="1x1", backdrop="plain"),
    )
    shown = [screen(file_store, look, seed=seed) for seed, look in enumerate((JAPAN, *looks))]
    history = record(HistoryStrip(file_store), History(), *shown)
    html = strip(history, shown[-1], "de")
    assert "Look 0</span>" in html
    assert "<br>Blick 50\xa0% · Retusche 0\xa0%</span>" in html
    assert "<br>Schatten 25\xa0% · Ausschnitt 1:1, Profil · Hintergrund Einfarbig</span>" in html


def test_a_slider_on_its_way_leaves_one_entry(file_store: FileStore) -> None:
    history = History()
    looks = [replace(JAPAN, polish=polish) for polish in (1.0, 0.8, 0.6, 0.4, 0.2)]
    times = (0.0, 1.0, 2.0, 3.0, 3.0 + 2 * SLIDER_REST_S)
    for look, at in zip(looks, times, strict=True):
        shown = screen(file_store, look)
        history = history.with_comparison(shown, photo_of(shown), at)
    assert [one.screen.looks[0].polish for one in history.entries] == [0.2, 0.4, 1.0]
    shown = screen(file_store, SOFT)
    assert len(history.with_comparison(shown, photo_of(shown), times[-1]).entries) == 4


def test_clearing_deletes_all_but_what_is_on_the_page(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    old = screen(file_store, JAPAN, photo="old.jpg")
    now = screen(file_store, SOFT, photo="new.jpg", seed=7)
    history = record(panel, History(), old, now)
    history = panel.clear(history, now)
    assert [one.screen for one in history.entries] == [now]
    assert history.entries[0].files_exist
    original, look = old.figures
    assert isinstance(look, ResultPicture)
    assert not [path for path in (*look.paths, old.path) if Path(path).exists()]
    # The original's files are the same pixels under both: they stay.
    assert isinstance(original, ResultPicture)
    assert all(Path(path).exists() for path in original.paths)
    assert not panel.clear(history, None).entries
    assert not file_store.paths
    assert not Path(now.path).exists()


def test_what_one_visitor_clears_stays_for_another(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    shown = screen(file_store, JAPAN)
    mine = theirs = record(panel, History(), shown)
    for path in theirs.files:
        file_store.owners.add("they", path)
    panel.clear(mine, None)
    assert theirs.entries[0].files_exist
    file_store.end_session("they")
    assert not theirs.entries[0].files_exist


def test_samples_are_everybodys_and_are_never_deleted(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    path = str(samples()[1].path)
    file_store.register_upload(path)
    history = record(panel, History(), replace(screen(file_store, JAPAN), path=path))
    panel.clear(history, None)
    assert Path(path).is_file()


def test_what_was_made_for_others_is_not_deleted_as_if_it_were_uploaded(
    file_store: FileStore,
) -> None:
    panel = HistoryStrip(file_store)
    made = Path(get_upload_folder(), "hash", "theirs.png")
    common = Path(get_upload_folder(), "samples", "hash", "first.png")
    for path in (made, common):
        path.parent.mkdir(parents=True)
        path.touch()
        shown = replace(screen(file_store, JAPAN), path=str(path))
        panel.clear(record(panel, History(), shown), None)
        assert path.is_file()


def test_old_files_are_noticed(file_store: FileStore) -> None:
    shown = screen(file_store, JAPAN)
    (one,) = record(HistoryStrip(file_store), History(), shown).entries
    assert one.files_exist
    look = shown.figures[1]
    assert isinstance(look, ResultPicture)
    Path(look.path).unlink()
    assert not one.files_exist


def test_a_look_that_could_not_be_made_has_its_title(file_store: FileStore) -> None:
    shown = screen(file_store, JAPAN, SOFT)
    shown = replace(
        shown, figures=(*shown.figures[:2], Missing("B", "<i>Soft</i>", "It failed.", Look()))
    )
    history = record(HistoryStrip(file_store), History(), shown)
    html = strip(history, None, "en")
    assert "B · &lt;i&gt;Soft&lt;/i&gt;" in html
    assert html.count("<img") == 2


def test_the_strip_is_hidden_until_there_is_something_to_go_back_to(file_store: FileStore) -> None:
    panel = HistoryStrip(file_store)
    first, second = screen(file_store, JAPAN), screen(file_store, SOFT, seed=9)
    history = record(panel, History(), first)
    assert strip(history, first, "en") == ""
    history = record(panel, history, second)
    html = strip(history, second, "en")
    assert html.count("data-frame=") == 3
    assert html.count('aria-current="true"') == 1
    assert html.index('data-frame="2"') < html.index('data-frame="1"')
