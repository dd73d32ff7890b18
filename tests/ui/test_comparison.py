from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import studio
from pipelines.runtime.errors import Cancelled, EngineFailed
from pipelines.studio import Analysis, Look
from pipelines.studio.samples import samples
from ui import comparison
from ui.cancellation import Cancellations
from ui.comparison import Photo
from ui.file_store import FileStore
from ui.result_pictures import Missing, ResultPicture
from ui.shared_samples import SharedSamples

LOOKS = [
    Look(region="keep", context="actor", polish=0),
    Look(region="off-camera", context="advertising", polish=0),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def photo(astronaut_analysis: Analysis) -> Photo:
    return Photo("astronaut.png", astronaut_analysis)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Every look that is rendered."""
    looks: list[Look] = []
    render = studio.render

    def counted(analysis: Analysis, look: Look, *more: object) -> object:
        looks.append(look)
        return render(analysis, look, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "render", counted)
    return looks


def show(photo: Photo, looks: list[Look], letters: str = "AB") -> comparison.PageComparison:
    return comparison.compare(photo, looks, letters, FileStore(), lambda *_: None)


def test_a_visitor_stops_their_own_work_and_nobody_elses() -> None:
    cancellations = Cancellations()
    cancellations.stop("nobody")
    with cancellations.running("one") as check_one, cancellations.running("two") as check_two:
        cancellations.stop("one")
        with pytest.raises(Cancelled):
            check_one()
        check_two()
    with cancellations.running("one") as check_again:
        check_again()


def test_only_looks_that_changed_are_rendered(photo: Photo, rendered: list[Look]) -> None:
    first = show(photo, LOOKS)
    assert rendered == LOOKS
    third = Look(region="keep", context="linkedin", polish=0)
    second = show(photo, [LOOKS[1], third], "BC")
    assert rendered == [*LOOKS, third]
    assert [figure.letter for figure in second.figures] == ["", "B", "C"]
    before, after = first.figures[2], second.figures[1]
    assert isinstance(before, ResultPicture)
    assert isinstance(after, ResultPicture)
    assert (before.path, before.report) == (after.path, after.report)
    assert second.look("B") == LOOKS[1]
    assert second.look("A") is None


def test_the_star_is_between_those_that_are_shown(photo: Photo) -> None:
    expected = studio.compare(photo.analysis, LOOKS)
    screen = show(photo, LOOKS)
    assert screen.report["best"] == list(expected.best)
    assert screen.report["ranking"] == list(expected.ranking)
    assert [one.best for one in screen.rendered] == [i in expected.best for i in range(2)]
    turned = studio.render(photo.analysis, LOOKS[1])
    alone = show(photo, LOOKS[1:], "B")
    assert [one.best for one in alone.rendered] == [turned.reached]


def test_a_look_that_cannot_be_made_does_not_take_the_others_away(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = studio.render

    def fail(analysis: Analysis, look: Look, *more: object) -> object:
        if look == LOOKS[0]:
            raise EngineFailed(
                "out-of-memory", "There was not enough memory. Take a smaller photo."
            )
        return render(analysis, look, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(studio, "render", fail)
    screen = show(photo, LOOKS)
    missing, shot = screen.figures[1:]
    assert isinstance(missing, Missing)
    assert missing.message == "There was not enough memory. Take a smaller photo."
    assert isinstance(shot, ResultPicture)
    assert [one.letter for one in screen.rendered] == ["B"]
    assert len(screen.report["variants"]) == 1
    assert list(screen.looks) == LOOKS
    monkeypatch.undo()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(Path(shot.path).parents[1]))
    # What failed is not kept: it is tried again.
    assert all(isinstance(figure, ResultPicture) for figure in show(photo, LOOKS).figures)


def test_a_stop_ends_all_of_it(photo: Photo) -> None:
    def stop(share: float, step: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        comparison.compare(photo, LOOKS, "AB", FileStore(), stop)


def test_what_the_page_opens_with_is_made_once_and_stays(rendered: list[Look]) -> None:
    shared_samples, sample = SharedSamples("", LOOKS), samples()[0]
    path = str(sample.path)
    assert shared_samples.ready(path, LOOKS) is None
    file_store = FileStore()
    comparison.compare(shared_samples.examine(path), LOOKS, "AB", file_store, lambda *_: None)
    again = shared_samples.ready(path, LOOKS)
    assert again is not None
    screen = comparison.compare(again, LOOKS, "AB", file_store, lambda *_: None)
    assert rendered == LOOKS
    # On no list of files that are cleared.
    assert file_store.paths == set()
    assert all(Path(one.path).exists() for one in screen.rendered)
    assert shared_samples.ready(path, [Look(region="korea")]) is None


def test_nobody_shares_what_is_no_sample(hopper_path: Path, tmp_path: Path) -> None:
    shared_samples = SharedSamples("", LOOKS)
    other = tmp_path / "other.jpg"
    # One more byte at the end is another file.
    other.write_bytes(hopper_path.read_bytes() + b"\0")
    assert shared_samples.ready(str(other), LOOKS) is None
    photo = shared_samples.examine(str(other))
    assert not photo.results.has(None)
    assert shared_samples.examine(str(other), photo) is photo
    assert shared_samples.examine(str(other)).analysis is not photo.analysis
