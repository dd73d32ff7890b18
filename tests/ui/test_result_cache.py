from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.gaze import Gaze
from pipelines.runtime.errors import Cancelled
from pipelines.studio import Look
from tests.ui.reports import FILES
from ui.file_store import FileStore
from ui.result_cache import ResultCache, SharedResults
from ui.result_pictures import ResultPicture

JAPAN, NORDIC, KOREA = (Look(region=region) for region in ("japan", "nordic", "korea"))


class Maker:
    """Makes looks of one small file each, and remembers which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Look] = []
        self.part, self.failure = "generation", ""

    def of(self, look: Look, made: ResultCache, file_store: FileStore) -> ResultPicture:
        def make(file_store: FileStore) -> ResultPicture:
            self.asked.append(look)
            path = self.folder / f"{look.region}-{file_store.folder}.png"
            path.write_bytes(b"picture")
            report = {self.part: {"failure": self.failure}}
            return ResultPicture(
                look, FILES, Gaze(0, 0), report=report, path=str(path), paths=(str(path),)
            )

        return made.get(look, file_store, make)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def test_a_look_is_made_once(maker: Maker) -> None:
    made, file_store = ResultCache(), FileStore()
    first = maker.of(JAPAN, made, file_store)
    assert not made.has(NORDIC)
    assert maker.of(JAPAN, made, file_store) is first
    maker.of(NORDIC, made, file_store)
    assert maker.asked == [JAPAN, NORDIC]
    assert made.has(JAPAN)


def test_a_look_whose_files_were_cleared_is_made_again(maker: Maker) -> None:
    made, file_store = ResultCache(), FileStore()
    Path(maker.of(JAPAN, made, file_store).path).unlink()
    assert not made.has(JAPAN)
    assert Path(maker.of(JAPAN, made, file_store).path).exists()
    assert maker.asked == [JAPAN, JAPAN]


def test_a_look_whose_engine_could_not_finish_is_kept_until_it_changes(maker: Maker) -> None:
    made, file_store = ResultCache(), FileStore()
    maker.failure = "The GPU stopped answering."
    failed = maker.of(JAPAN, made, file_store)
    assert made.has(JAPAN)
    assert maker.of(JAPAN, made, file_store) is failed
    maker.of(replace(JAPAN, seed=1), made, file_store)
    assert [look.seed for look in maker.asked] == [0, 1]


@pytest.mark.parametrize("part", ["generation", "headshot"])
def test_a_shared_look_whose_engine_could_not_finish_is_made_again(part: str, maker: Maker) -> None:
    shared, file_store = SharedResults(FileStore(), [JAPAN]), FileStore()
    made = ResultCache(shared)
    maker.part, maker.failure = part, "The GPU stopped answering."
    maker.of(JAPAN, made, file_store)
    assert not made.has(JAPAN)
    maker.failure = ""
    maker.of(JAPAN, made, file_store)
    assert made.has(JAPAN)
    assert maker.asked == [JAPAN, JAPAN]


def test_the_one_used_longest_ago_goes(maker: Maker) -> None:
    made, file_store = ResultCache(most=2), FileStore()
    for look in (JAPAN, NORDIC, JAPAN, KOREA):
        maker.of(look, made, file_store)
    assert [made.has(look) for look in (JAPAN, NORDIC, KOREA)] == [True, False, True]


def test_a_samples_first_looks_are_everybodys_and_the_rest_is_not(maker: Maker) -> None:
    lasting = SharedResults(FileStore(folder="samples"), [JAPAN])
    one, two = ResultCache(lasting), ResultCache(lasting)
    assert "samples" in Path(maker.of(JAPAN, one, FileStore()).path).name
    assert two.has(JAPAN)
    maker.of(JAPAN, two, FileStore())
    assert "samples" not in Path(maker.of(NORDIC, one, FileStore()).path).name
    assert not two.has(NORDIC)
    assert maker.asked == [JAPAN, NORDIC]


def test_a_visitor_who_waits_for_anothers_look_can_stop(maker: Maker) -> None:
    lasting = SharedResults(FileStore(), [JAPAN])
    begun, go_on = threading.Event(), threading.Event()

    def slow(file_store: FileStore) -> ResultPicture:
        begun.set()
        go_on.wait(20)
        return maker.of(JAPAN, ResultCache(), file_store)

    worker = threading.Thread(target=lambda: ResultCache(lasting).get(JAPAN, FileStore(), slow))
    worker.start()
    assert begun.wait(20)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        ResultCache(lasting).get(JAPAN, FileStore(), slow, stop)
    go_on.set()
    worker.join(20)
    assert lasting.has(JAPAN)
