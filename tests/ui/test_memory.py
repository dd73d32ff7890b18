"""Only so many photos stay analysed; the others are looked at again."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis
from ui.comparison import Photo
from ui.memory import AnalysisMemory, CachedAnalysis


@pytest.fixture
def remember(astronaut_analysis: Analysis) -> Callable[[AnalysisMemory, list[int]], CachedAnalysis]:
    def make(memory: AnalysisMemory, again: list[int]) -> CachedAnalysis:
        def learn() -> Analysis:
            again.append(1)
            return astronaut_analysis

        return CachedAnalysis(astronaut_analysis, learn, memory)

    return make


def test_what_was_not_touched_for_longest_is_forgotten_and_learned_again(
    remember: Callable[[AnalysisMemory, list[int]], CachedAnalysis],
) -> None:
    again: list[int] = []
    size = remember(AnalysisMemory(), again).megabytes
    assert 1 < size < 50
    memory = AnalysisMemory(2.5 * size)
    first, second = remember(memory, again), remember(memory, again)
    assert first.analysis is not None
    third = remember(memory, again)
    assert [one.megabytes for one in (first, second, third)] == [size, 0.0, size]
    assert not again
    assert second.analysis.face is third.analysis.face
    assert len(again) == 1
    assert [one.megabytes for one in (first, second, third)] == [0.0, size, size]


def test_one_that_is_too_large_by_itself_is_kept_while_it_is_used(
    remember: Callable[[AnalysisMemory, list[int]], CachedAnalysis],
) -> None:
    again: list[int] = []
    memory = AnalysisMemory(0.1)
    one = remember(memory, again)
    assert one.analysis is one.analysis
    assert not again


def test_what_is_gone_takes_no_room(
    remember: Callable[[AnalysisMemory, list[int]], CachedAnalysis],
) -> None:
    again: list[int] = []
    memory = AnalysisMemory(1.5 * remember(AnalysisMemory(), again).megabytes)
    gone = remember(memory, again)
    stays = remember(memory, again)
    del gone
    gc.collect()
    remember(memory, again)
    assert len(memory._entries) == 1
    assert stays.megabytes == 0.0


def test_of_what_is_everybodys_only_the_stages_are_forgotten(
    astronaut_analysis: Analysis,
) -> None:
    memory = AnalysisMemory(60)
    pages = [CachedAnalysis(astronaut_analysis, None, memory) for _ in range(3)]
    for page in pages:
        page.stages["close"] = object()  # type: ignore[assignment]
        assert page.analysis is astronaut_analysis
    assert [len(page.stages) for page in pages] == [0, 0, 1]
    assert pages[0].analysis is astronaut_analysis


def test_a_photo_whose_file_is_gone_says_so(astronaut_analysis: Analysis, tmp_path: Path) -> None:
    photo = Photo(str(tmp_path / "gone.png"), astronaut_analysis, memory=AnalysisMemory(1))
    photo.stages["whole"] = object()  # type: ignore[assignment]
    Photo(str(tmp_path / "other.png"), astronaut_analysis, memory=AnalysisMemory(1))
    assert photo.analysis is astronaut_analysis
    photo._cached.drop()
    assert photo.stages == {}
    with pytest.raises(Refusal) as refused:
        _ = photo.analysis
    assert refused.value.code == "not-an-image"
