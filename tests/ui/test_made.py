from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipelines.runtime.errors import Cancelled
from pipelines.studio import Look
from ui.made import Lasting, Made, MadeLooks
from ui.pictures import Shelf
from ui.shots import Files

JAPAN, NORDIC, KOREA = (Look(region=region) for region in ("japan", "nordic", "korea"))


class Maker:
    """Makes looks of one small file each, and remembers which."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Look] = []

    def of(self, look: Look, made: MadeLooks, shelf: Shelf) -> Made:
        def make(shelf: Shelf) -> Made:
            self.asked.append(look)
            path = self.folder / f"{look.region}-{shelf.folder}.png"
            path.write_bytes(b"picture")
            return Made(
                look=look,
                files=Files("", "", "", ("", "")),
                full=str(path),
                control="",
                report={},
                captions=(),
                warnings=(),
                reached=True,
                distance=0.1,
                paths=(str(path),),
            )

        return made.get(look, shelf, make)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def test_a_look_is_made_once(maker: Maker) -> None:
    made, shelf = MadeLooks(), Shelf()
    first = maker.of(JAPAN, made, shelf)
    assert not made.has(NORDIC)
    assert maker.of(JAPAN, made, shelf) is first
    maker.of(NORDIC, made, shelf)
    assert maker.asked == [JAPAN, NORDIC]
    assert made.has(JAPAN)


def test_a_look_whose_files_were_cleared_is_made_again(maker: Maker) -> None:
    made, shelf = MadeLooks(), Shelf()
    Path(maker.of(JAPAN, made, shelf).full).unlink()
    assert not made.has(JAPAN)
    assert Path(maker.of(JAPAN, made, shelf).full).exists()
    assert maker.asked == [JAPAN, JAPAN]


def test_the_one_used_longest_ago_goes(maker: Maker) -> None:
    made, shelf = MadeLooks(most=2), Shelf()
    for look in (JAPAN, NORDIC, JAPAN, KOREA):
        maker.of(look, made, shelf)
    assert [made.has(look) for look in (JAPAN, NORDIC, KOREA)] == [True, False, True]


def test_a_samples_first_looks_are_everybodys_and_the_rest_is_not(maker: Maker) -> None:
    lasting = Lasting(Shelf(folder="samples"), [JAPAN])
    one, two = MadeLooks(lasting), MadeLooks(lasting)
    assert "samples" in Path(maker.of(JAPAN, one, Shelf()).full).name
    assert two.has(JAPAN)
    maker.of(JAPAN, two, Shelf())
    assert "samples" not in Path(maker.of(NORDIC, one, Shelf()).full).name
    assert not two.has(NORDIC)
    assert maker.asked == [JAPAN, NORDIC]


def test_a_visitor_who_waits_for_anothers_look_can_stop(maker: Maker) -> None:
    lasting = Lasting(Shelf(), [JAPAN])
    begun, go_on = threading.Event(), threading.Event()

    def slow(shelf: Shelf) -> Made:
        begun.set()
        go_on.wait(20)
        return maker.of(JAPAN, MadeLooks(), shelf)

    worker = threading.Thread(target=lambda: MadeLooks(lasting).get(JAPAN, Shelf(), slow))
    worker.start()
    assert begun.wait(20)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        MadeLooks(lasting).get(JAPAN, Shelf(), slow, stop)
    go_on.set()
    worker.join(20)
    assert lasting.has(JAPAN)
