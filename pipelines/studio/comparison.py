"""Render several looks of one photo and rank them by how recognisable the person is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.engines import dispatch
from pipelines.runtime.messages import Message
from pipelines.studio.analysis import Analysis
from pipelines.studio.look import Look
from pipelines.studio.rendering import Variant
from pipelines.studio.turning import Progress
from pipelines.studio.workers import render
from presets.schema import Presets, load

# Identity distances that differ by less than this are within the embedding's noise: a tie.
TIE = 0.005


@dataclass(frozen=True)
class Comparison:
    """Several looks of one photo, side by side.

    Attributes:
        analysis: The photo.
        variants: The rendered looks in the order of the request.
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


class Rankable(Protocol):
    """What the ranking needs of a rendered look."""

    @property
    def reached(self) -> bool:
        """Whether the gaze is near enough to the requested one."""

    @property
    def distance(self) -> float:
        """Distance of the face embeddings, original to result."""


def compare(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Comparison:
    """Render several looks of an analysed photo and rank them.

    Raises:
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not installed.
    """
    variants = tuple(render_each(analysis, looks, progress, presets))
    return Comparison(analysis, variants, best_of(variants))


def render_each(
    analysis: Analysis,
    looks: Sequence[Look],
    progress: Progress | None = None,
    presets: Presets | None = None,
) -> Iterator[Variant]:
    """Render several looks one by one, since eight of 40 megapixels take a gigabyte together.

    All looks are checked before the first is rendered.

    Raises:
        LookError: A look does not fit the presets.
        EngineUnavailable: An engine's weights are not installed.
    """
    known = presets or load()
    for look in looks:
        dispatch.require(known.engines[look.checked(known).engine])
    for index, look in enumerate(looks):
        yield render(analysis, look, _progress_of_look(progress, index, len(looks)), presets)


def best_of(looks: Sequence[Rankable]) -> tuple[int, ...]:
    """Indices of the smallest identity distance among those that reached their gaze."""
    reached = [index for index, look in enumerate(looks) if look.reached]
    if not reached:
        return ()
    least = min(looks[index].distance for index in reached)
    return tuple(index for index in reached if looks[index].distance - least <= TIE)


def ranking_of(looks: Sequence[Rankable]) -> tuple[int, ...]:
    """Indices of all looks, most recognisable first, those that missed their gaze last."""
    return tuple(
        sorted(
            range(len(looks)), key=lambda index: (not looks[index].reached, looks[index].distance)
        )
    )


def report_of(
    analysis: Analysis, variants: Sequence[dict[str, Any]], looks: Sequence[Rankable]
) -> dict[str, Any]:
    """Plain data for JSON about looks of one photo; the keys are stable.

    Args:
        analysis: The photo.
        variants: The report of each variant.
        looks: The same variants, for the ranking.
    """
    height, width = analysis.portrait.original_u8.shape[:2]
    return {
        "size": [width, height],
        "original": analysis.baseline.report(analysis.gaze, analysis.face.head),
        "origin": analysis.portrait.origin.report(),
        "warnings": list(analysis.warnings),
        "variants": list(variants),
        "ranking": list(ranking_of(looks)),
        "best": list(best_of(looks)),
    }


def _progress_of_look(progress: Progress | None, index: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda share, step: progress(
        (index + share) / count, Message("Look {letter}: {step}", letter=chr(65 + index), step=step)
    )
