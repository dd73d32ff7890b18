"""How true are the degrees: the estimator and the redirect against renders of known gaze."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import gaze_estimator, gaze_judges, gaze_redirect
from benchmarks.gaze_estimator import EstimatorReading
from benchmarks.gaze_redirect import Lost, Redirected
from datasets.renders import Render
from pipelines import studio
from pipelines.engines import dispatch
from pipelines.gaze import RENDERED, Gaze
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, Look
from presets.schema import load as load_presets


@dataclass(frozen=True)
class RefusedPhoto:
    """A picture that the product refuses, and its words."""

    render: Render
    code: str
    sentence: str


@dataclass(frozen=True)
class GazeRun:
    """Everything that was measured.

    Attributes:
        refused: Pictures that were not read.
        ours: Presence's readings.
        others: Other readings of the same pictures, by name.
        judge: The gaze that the redirects' judge finds in the untouched pictures: its own error.
        analysis_seconds: Per picture that was read.
        redirects: By engine: the redirects and those that could not be judged.
        analyses: By file name.
        seconds: Of the whole run.
    """

    refused: list[RefusedPhoto]
    ours: list[EstimatorReading]
    others: dict[str, list[EstimatorReading]]
    judge: list[EstimatorReading]
    analysis_seconds: list[float]
    redirects: dict[str, tuple[list[Redirected], list[Lost]]]
    analyses: dict[str, Analysis]
    seconds: float


def run(
    renders: Sequence[Render],
    engines: Sequence[str],
    most: int | None = None,
    known_start: bool = False,
) -> GazeRun:
    """Measure the estimator, and the redirect with each engine.

    Args:
        renders: The set.
        engines: Ids of engines; none measures the estimator alone.
        most: At most so many pairs per engine, evenly spread; all if None.
        known_start: Redirect from the true gazes instead of the estimates, so that only the
            redirect itself errs.

    Raises:
        LookError: There is no engine of this id.
        EngineUnavailable: An engine's weights are not here; said before any work starts.
    """
    start = time.perf_counter()
    require(engines)
    analyses, refused = analyse(renders)
    read = [render for render in renders if render.name in analyses]
    starts = gaze_redirect.known_start(analyses, read) if known_start else analyses
    return GazeRun(
        refused=refused,
        ours=[EstimatorReading(render, analyses[render.name].gaze.gaze) for render in read],
        others={
            "plain_landmarks": list(_plain_landmarks(read, analyses)),
            "second_estimate": list(_second_estimate(read, analyses)),
            "always_the_lens": [EstimatorReading(render, Gaze(0.0, 0.0)) for render in read],
        },
        judge=[EstimatorReading(render, _judge(render, analyses[render.name])) for render in read],
        analysis_seconds=[analyses[render.name].seconds for render in read],
        redirects={
            engine: gaze_redirect.redirects(read, starts, engine, most) for engine in engines
        },
        analyses=analyses,
        seconds=time.perf_counter() - start,
    )


def require(engines: Sequence[str]) -> None:
    """Check that engines exist and can run.

    Raises:
        LookError: There is no engine of this id.
        EngineUnavailable: Its weights are not here.
    """
    presets = load_presets()
    for engine in engines:
        dispatch.require(presets.engines[Look(engine=engine).checked(presets).engine])


def analyse(renders: Sequence[Render]) -> tuple[dict[str, Analysis], list[RefusedPhoto]]:
    """Analysis of every picture that is not refused, by its file name, and the refused ones."""
    made: dict[str, Analysis] = {}
    refused = []
    for render in tqdm(renders, desc="Reading", disable=None):
        try:
            made[render.name] = studio.analyse(render.path, RENDERED)
        except Refusal as refusal:
            refused.append(RefusedPhoto(render, refusal.code, refusal.sentence))
    return made, refused


def report(done: GazeRun) -> dict[str, Any]:
    """A run as plain data; the keys are stable."""
    off = [reading.error for reading in done.judge]
    return {
        "estimator": gaze_estimator.report(done.ours)
        | ({"seconds_median": float(np.median(done.analysis_seconds))} if done.ours else {}),
        "estimator_others": {
            name: gaze_estimator.figures(readings)
            | {"intervals": gaze_estimator.intervals(readings)}
            for name, readings in done.others.items()
            if readings
        },
        "refused": [
            {"file": one.render.name, "code": one.code, "sentence": one.sentence}
            for one in done.refused
        ],
        "judge": {"n": len(off), "mean_error": float(np.mean(off)) if off else None},
        "redirect": {
            engine: gaze_redirect.report(results, lost)
            for engine, (results, lost) in done.redirects.items()
        },
        "seconds": done.seconds,
    }


def _judge(render: Render, analysis: Analysis) -> Gaze:
    picture = analysis.portrait.original_u8
    face = analysis.face.scaled(1 / analysis.portrait.scale)
    return gaze_judges.by_true_eyeballs(picture, face, render)


def _plain_landmarks(
    renders: Sequence[Render], analyses: dict[str, Analysis]
) -> Iterator[EstimatorReading]:
    for render in tqdm(renders, desc="Reading, plain landmarks", disable=None):
        read = gaze_judges.plain_landmarks(analyses[render.name].portrait.original_u8)
        if read is not None:
            yield EstimatorReading(render, read)


def _second_estimate(
    renders: Sequence[Render], analyses: dict[str, Analysis]
) -> Iterator[EstimatorReading]:
    for render in renders:
        analysis = analyses[render.name]
        read = gaze_judges.second_estimate(
            gaze_judges.as_found(analysis.face), analysis.portrait.pixels
        )
        if read is not None:
            yield EstimatorReading(render, read)
