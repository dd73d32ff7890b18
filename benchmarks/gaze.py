"""How true the degrees are: the estimator and the redirect against renders of known gaze.

JSON, angles in degrees, intervals at 95 % over people:
    estimator: Presence's own readings, see `gaze_estimator`; seconds_median of a photo.
    estimator_others: the same figures of the plain landmarks (plain_landmarks), of an estimate from
        the eyes' appearance (second_estimate) and of the constant (0, 0) (always_the_lens).
    refused: pictures that were not read, with file, code and sentence.
    judge: n and mean_error of the redirects' judge on the untouched pictures.
    redirect: for each engine, see `gaze_redirect`. seconds: of the whole run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from benchmarks import gaze_estimator, gaze_judges, gaze_redirect
from benchmarks.gaze_estimator import AXES, EstimatorReading
from benchmarks.gaze_redirect import Redirected
from benchmarks.reports import Report, interval, number, text_table
from datasets.renders import Render
from pipelines import studio
from pipelines.engines import dispatch
from pipelines.gaze import RENDERED, Gaze
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, Look
from presets.schema import load as load_presets

_FIGURES = tuple(f"{name}_{axis}" for name in ("mae", "median", "bias", "slope") for axis in AXES)
_REDIRECT = (
    *("pairs", "mean_true_error", "median_true_error", "share_within_cone", "mean_change_error"),
    *("mean_second_error", "change_bias_yaw", "change_bias_pitch", "psnr", "ssim"),
    *("gradient_similarity", "identity_mean", "outside_pixels", "seconds_median"),
)


@dataclass(frozen=True)
class GazeRun:
    """Everything that was measured.

    Attributes:
        refused: The pictures that were not read, as in the report.
        ours: Presence's readings.
        others: Other readings of the same pictures, by name.
        judge: Gaze that the redirects' judge finds in the untouched pictures: its own error.
        redirects: By engine: the redirects, and the pairs that could not be judged.
        analyses: By file name.
        seconds: Of the whole run.
    """

    refused: list[Report]
    ours: list[EstimatorReading]
    others: dict[str, list[EstimatorReading]]
    judge: list[EstimatorReading]
    redirects: dict[str, tuple[list[Redirected], list[Report]]]
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
        EngineUnavailable: An engine's weights are missing; raised before any work starts.
    """
    start = time.perf_counter()
    presets = load_presets()
    for engine in engines:
        dispatch.require(presets.engines[Look(engine=engine).checked(presets).engine])
    analyses, refused = analyse(renders)
    read = [render for render in renders if render.name in analyses]
    starts = gaze_redirect.known_start(analyses, read) if known_start else analyses

    def readings(reader: Callable[[Render, Analysis], Gaze | None]) -> list[EstimatorReading]:
        gazes = ((render, reader(render, analyses[render.name])) for render in read)
        return [EstimatorReading(render, gaze) for render, gaze in gazes if gaze is not None]

    return GazeRun(
        refused=refused,
        ours=readings(lambda _, analysis: analysis.gaze.gaze),
        others={
            "plain_landmarks": readings(
                lambda _, analysis: gaze_judges.plain_landmarks(analysis.portrait.original_u8)
            ),
            "second_estimate": readings(
                lambda _, analysis: gaze_judges.second_estimate(
                    gaze_judges.as_found(analysis.face), analysis.portrait.pixels
                )
            ),
            "always_the_lens": readings(lambda *_: Gaze(0.0, 0.0)),
        },
        judge=readings(
            lambda render, analysis: gaze_judges.by_true_eyeballs(
                analysis.portrait.original_u8, gaze_redirect.full_size(analysis), render
            )
        ),
        redirects={
            engine: gaze_redirect.redirects(read, starts, engine, most) for engine in engines
        },
        analyses=analyses,
        seconds=time.perf_counter() - start,
    )


def analyse(renders: Sequence[Render]) -> tuple[dict[str, Analysis], list[Report]]:
    """Analysis of every picture that is not refused, by its file name, and the refused ones."""
    analyses: dict[str, Analysis] = {}
    refused = []
    for render in tqdm(renders, desc="Reading", disable=None):
        try:
            analyses[render.name] = studio.analyse(render.path, RENDERED)
        except Refusal as error:
            refused.append({"file": render.name, "code": error.code, "sentence": error.sentence})
    return analyses, refused


def report(done: GazeRun) -> Report:
    """A run as plain data; the keys are stable."""
    errors = [reading.error for reading in done.judge]
    estimator = gaze_estimator.report(done.ours)
    if done.ours:
        seconds = [analysis.seconds for analysis in done.analyses.values()]
        estimator["seconds_median"] = float(np.median(seconds))
    return {
        "estimator": estimator,
        "estimator_others": {
            name: gaze_estimator.figures(readings)
            | {"intervals": gaze_estimator.intervals(readings)}
            for name, readings in done.others.items()
            if readings
        },
        "refused": done.refused,
        "judge": {"n": len(errors), "mean_error": float(np.mean(errors)) if errors else None},
        "redirect": {
            engine: gaze_redirect.report(results, lost)
            for engine, (results, lost) in done.redirects.items()
        },
        "seconds": done.seconds,
    }


def table(report: Report) -> str:
    """Lay a report out for a terminal."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report["refused"]:
        yield f"{len(report['refused'])} not read:"
        yield from (f"  {one['file']}: {one['sentence']}" for one in report["refused"])
    if report["estimator"]:
        yield from _estimator(report["estimator"], report["estimator_others"])
    judge = report["judge"]
    if judge["n"] and report["redirect"]:
        yield (
            f"The redirects' judge, irises on true eyeballs, errs by {judge['mean_error']:.2f}° "
            "on the untouched pictures."
        )
    for engine, figures in report["redirect"].items():
        yield from _redirect(engine, figures)


def _estimator(ours: Report, others: Mapping[str, Report]) -> Iterator[str]:
    kinds = {
        f"  {kind}: {name}": figures
        for kind, parts in ours["by"].items()
        for name, figures in parts.items()
    }
    rows = {"presence": ours, "  95 %": _intervals(ours), **others, **kinds}
    yield text_table("degrees", rows, ("n", *_FIGURES))
    yield ""
    for axis in AXES:
        slope, error, spread = (
            number(ours["within_person"][f"{name}_{axis}"])
            for name in ("slope", "mae", "constant_spread")
        )
        yield (
            f"Within a person, {axis}: slope {slope}, error {error}° once the person's own "
            f"constant is out; constants spread by {spread}°"
        )
    yield f"A photo takes {ours['seconds_median']:.2f} s to read."


def _redirect(engine: str, figures: Report) -> Iterator[str]:
    columns: dict[str, Report] = {}
    for size, part in figures["by_size"].items():
        columns[size], columns[f"{size}, 95 %"] = part, _intervals(part)
        columns[f"{size}, untouched"] = part["untouched"]
    yield ""
    yield text_table(f"{engine}, change in degrees", columns, _REDIRECT, transpose=True)
    if figures["lost"]:
        yield f"{len(figures['lost'])} not judged:"
        yield from (
            f"  {one['source']} to {one['target']}: {one['why']}" for one in figures["lost"]
        )


def _intervals(figures: Report) -> Report:
    return {name: interval(ends) for name, ends in figures["intervals"].items()}
