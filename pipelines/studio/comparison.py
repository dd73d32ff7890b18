"""Several looks of one photo, ranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.engines import dispatch
from pipelines.runtime.messages import Message
from pipelines.studio.analysis import Analysis
from pipelines.studio.look import Look
from pipelines.studio.rendering import Progress, Variant, render
from presets.schema import Presets, load

# Identity distances closer than this are the embedding's own jitter: call them a tie.
TIE = 0.005


@dataclass(frozen=True)
class Comparison:
    """Several looks of one photo, side by side.

    Attributes:
        analysis: The photo.
        variants: In the order in which the looks were asked for.
        best: Indices of the most recognisable variants among those that reached their gaze;
            several in a tie, none if none reached it.
    """

    analysis: Analysis
    variants: tuple[Variant, ...]
    best: tuple[int, ...]

    @property
    def ranking(self) -> tuple[int, ...]:
        """Indices of all variants, most recognisable first, those that missed their gaze last."""
        return ranking_of(self.variants)

    def report(self) -> dict[str, Any]:
        """Plain data for JSON; the keys are stable."""
        return report_of(
            self.analysis, [variant.report() for variant in self.variants], self.variants
        )


class Judged(Protocol):
    """What the ranking goes by: a variant, or what is kept of one."""

    @property
    def reached(self) -> bool:
        """Whether the gaze came near enough to what was asked."""

    @property
    def distance(self) -> float:
        """Of the face embeddings, original to result."""


def compare(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Comparison:
    """Make several looks of an analysed photo and rank them.

    Raises:
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not here.
    """
    variants = tuple(each(analysis, looks, progress, presets))
    return Comparison(analysis, variants, best_of(variants))


def each(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Iterator[Variant]:
    """Make several looks one after the other: eight of 40 megapixels are a gigabyte together.

    Raises:
        LookError: A look does not fit the presets; before any is made.
        EngineUnavailable: An engine's weights are not here; likewise.
    """
    presets = presets or load()
    for look in looks:
        dispatch.require(presets.engines[look.checked(presets).engine])
    for index, look in enumerate(looks):
        yield render(analysis, look, _part(progress, index, len(looks)), presets)


def best_of(looks: Sequence[Judged]) -> tuple[int, ...]:
    """Indices of the smallest identity distance among those that reached their gaze."""
    reached = [index for index, look in enumerate(looks) if look.reached]
    if not reached:
        return ()
    least = min(looks[index].distance for index in reached)
    return tuple(index for index in reached if looks[index].distance - least <= TIE)


def ranking_of(looks: Sequence[Judged]) -> tuple[int, ...]:
    """Indices of all, most recognisable first, those that missed their gaze last."""
    return tuple(
        sorted(
            range(len(looks)), key=lambda index: (not looks[index].reached, looks[index].distance)
        )
    )


def report_of(
    analysis: Analysis, variants: Sequence[dict[str, Any]], looks: Sequence[Judged]
) -> dict[str, Any]:
    """Plain data for JSON about looks of one photo; the keys are stable.

    Args:
        analysis: The photo.
        variants: Each variant's report.
        looks: The same variants, as far as the ranking needs them.
    """
    height, width = analysis.portrait.original_u8.shape[:2]
    return {
        "size": [width, height],
        "original": analysis.baseline.report(analysis.gaze, analysis.face.head),
        "warnings": list(analysis.warnings),
        "variants": list(variants),
        "ranking": list(ranking_of(looks)),
        "best": list(best_of(looks)),
    }


def _part(progress: Progress | None, index: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda share, step: progress(
        (index + share) / count, Message("Look {letter}: {step}", letter=chr(65 + index), step=step)
    )
