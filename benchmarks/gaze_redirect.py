"""The redirect against known gazes: every picture turned to the gaze of its sitting's others.

JSON, over changes of up to 15 degrees, and for each size of change under by_size:
    pairs: redirects that were judged. lost: those that were not, with source, target and why.
    mean_true_error, median_true_error: angle between target and result, in degrees.
    share_within_cone: results within the cone of eye contact around the target.
    mean_change_error: angle between the change asked for and the change obtained, so without the
        error of the source's estimate. change_bias, change_slope: of the same, for yaw and pitch.
    mean_second_error: angle between target and result by a second estimate.
    psnr, ssim, gradient_similarity: result against the true render, around the eyes; untouched:
        the source against it, which is what doing nothing achieves.
    identity_mean: distance of the embeddings, source to result. outside_pixels: pixels that changed
        outside the face. seconds_median: of turning the eyes. intervals: at 95 %, over people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm import tqdm

from benchmarks import gaze_judges, likeness
from benchmarks.gaze_estimator import AXES
from benchmarks.likeness import Likeness
from benchmarks.reports import Report
from benchmarks.statistics import Rows, interval, slope
from datasets.renders import Render, pairs
from pipelines import face as faces
from pipelines import studio
from pipelines.face import Eye, Face
from pipelines.gaze import CONTACT_DEG, Gaze, GazeEstimate, iris
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, Look, Variant

LARGEST_CHANGE = 15.0
SIZES = {"0-15": (0.0, 15.0), "15-25": (15.0, 25.0), "25+": (25.0, 180.0)}
# Margin around an eye in its strip, to the sides and up and down, in iris radii.
_AROUND_EYES = np.array([0.7, 1.5])


@dataclass(frozen=True)
class Redirected:
    """One redirect from a picture's gaze to another's of the same person and head.

    Attributes:
        source: The picture that was turned.
        target: The picture whose true gaze was asked for.
        size: Angle between both true gazes.
        asked: The change asked for: the target less the gaze that was read (yaw, pitch).
        obtained: The change measured, by the irises' pixels on the true eyeballs (yaw, pitch).
        true_error: Angle between the target and the result's gaze on the true eyeballs; includes
            the error of the source's estimate.
        change_error: The same without it: the change obtained against the change asked for.
        second_error: Angle between the target and a second estimate of the result, less the error
            of that estimate on the source; NaN where there is none.
        likeness: Of the result to the true render of the target gaze, around the eyes.
        untouched: Of the source to it, likewise: what doing nothing achieves.
        identity: Distance of the embeddings, source to result.
        outside_pixels: Pixels that changed outside the face.
        seconds: Of turning the eyes alone.
        eyes: Surroundings of both eyes in source, result and true render, uint8 RGB, of one shape.
    """

    source: Render
    target: Render
    size: float
    asked: tuple[float, float]
    obtained: tuple[float, float]
    true_error: float
    change_error: float
    second_error: float
    likeness: Likeness
    untouched: Likeness
    identity: float
    outside_pixels: int
    seconds: float
    eyes: tuple[Image8, Image8, Image8] = field(repr=False)


def redirects(
    renders: Sequence[Render], known: dict[str, Analysis], engine: str, most: int | None = None
) -> tuple[list[Redirected], list[Report]]:
    """Redirect every picture to the gaze of every other of its sitting.

    Args:
        renders: The set.
        known: Analyses by file name; pictures without one are left out.
        engine: Id of the engine.
        most: At most so many pairs, evenly spread; all if None.

    Returns:
        The redirects, and the pairs that could not be judged, as in the report.

    Raises:
        EngineUnavailable: The engine's weights are not here.
    """
    chosen = [
        (source, target)
        for source, target in pairs(list(renders))
        if source.name in known and target.name in known
    ]
    if most is not None and len(chosen) > most:
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, most).astype(int)]
    done: list[Redirected] = []
    lost: list[Report] = []
    for source, target in tqdm(chosen, desc=f"Redirecting, {engine}", disable=None):
        why = known[source.name].eyes_left_alone
        if not why:
            try:
                done.append(_redirected(source, target, known, engine))
            except Refusal as refusal:
                why = refusal.sentence
        if why:
            lost.append({"source": source.name, "target": target.name, "why": why})
    return done, lost


def known_start(known: dict[str, Analysis], renders: Sequence[Render]) -> dict[str, Analysis]:
    """The analyses with the true gaze in place of the estimate: then only the redirect errs."""
    result = dict(known)
    for render in renders:
        if render.name in known:
            analysis, eyes = known[render.name], (render.left.axis, render.right.axis)
            yaw, pitch = (np.mean([getattr(eye, axis) for eye in eyes]) for axis in AXES)
            left, right = (
                Gaze(render.gaze.yaw + eye.yaw - yaw, render.gaze.pitch + eye.pitch - pitch)
                for eye in eyes
            )
            true = GazeEstimate(render.gaze, left, right, analysis.gaze.confidence)
            result[render.name] = replace(analysis, gaze=true)
    return result


def report(results: Sequence[Redirected], lost: Sequence[Report]) -> Report:
    """Figures over changes up to 15 degrees, by size of change, and the lost pairs."""
    return {
        **figures([one for one in results if one.size <= LARGEST_CHANGE]),
        "by_size": {
            name: figures(part)
            for name, (low, high) in SIZES.items()
            if (part := [one for one in results if low < one.size <= high])
        },
        "lost": list(lost),
    }


def figures(results: Sequence[Redirected]) -> Report:
    """Means of some redirects and their intervals; the keys are stable."""
    if not results:
        return {"pairs": 0, "intervals": {}}
    people = [one.source.identity for one in results]
    errors = np.array([(one.true_error, one.change_error) for one in results])
    asked, obtained = (np.array([getattr(r, n) for r in results]) for n in ("asked", "obtained"))
    second = [one.second_error for one in results if np.isfinite(one.second_error)]
    return {
        "pairs": len(results),
        **{name: figure(errors) for name, figure in _FIGURES.items()},
        "intervals": {name: interval(errors, people, one) for name, one in _FIGURES.items()},
        "mean_second_error": _mean(second) if second else None,
        "identity_mean": _mean([one.identity for one in results]),
        "outside_pixels": int(sum(one.outside_pixels for one in results)),
        "seconds_median": float(np.median([one.seconds for one in results])),
        **_likeness([one.likeness for one in results]),
        "untouched": _likeness([one.untouched for one in results]),
        **{f"change_bias_{n}": _mean((obtained - asked)[:, i]) for i, n in enumerate(AXES)},
        **{f"change_slope_{n}": slope(asked[:, i], obtained[:, i]) for i, n in enumerate(AXES)},
    }


_FIGURES: dict[str, Callable[[Rows], float]] = {
    "mean_true_error": lambda errors: float(errors[:, 0].mean()),
    "median_true_error": lambda errors: float(np.median(errors[:, 0])),
    "mean_change_error": lambda errors: float(errors[:, 1].mean()),
    "share_within_cone": lambda errors: float((errors[:, 0] <= CONTACT_DEG).mean()),
}


def _likeness(values: Sequence[Likeness]) -> Report:
    return {
        "psnr": _mean([one.psnr for one in values]),
        "ssim": _mean([one.ssim for one in values]),
        "gradient_similarity": _mean([one.gradients for one in values]),
    }


def _mean(values: Rows | Sequence[float]) -> float:
    return float(np.mean(values))


def _redirected(
    source: Render, target: Render, known: dict[str, Analysis], engine: str
) -> Redirected:
    analysis = known[source.name]
    now = analysis.gaze.gaze
    variant = studio.render(analysis, Look(gaze=target.gaze, polish=0, engine=engine))
    asked = variant.plan.target or now
    change = (asked.yaw - now.yaw, asked.pitch - now.pitch)
    result, second = _judged(variant, analysis, source)
    truth = known[target.name].portrait.original_u8
    before = analysis.portrait.original_u8
    both = full_size(analysis).eyes
    region = likeness.eye_region(both, (before.shape[0], before.shape[1]))
    strips = (eye_strip(picture, both) for picture in (before, variant.image_u8, truth))
    return Redirected(
        source=source,
        target=target,
        size=source.gaze.angle_to(target.gaze),
        asked=change,
        obtained=(result.yaw - source.gaze.yaw, result.pitch - source.gaze.pitch),
        true_error=result.angle_to(asked),
        change_error=result.angle_to(
            Gaze(source.gaze.yaw + change[0], source.gaze.pitch + change[1])
        ),
        second_error=float("nan") if second is None else second.angle_to(asked),
        likeness=likeness.compare(variant.image_u8, truth, region),
        untouched=likeness.compare(before, truth, region),
        identity=variant.measurements.identity.distance,
        outside_pixels=variant.measurements.changed_outside_face,
        seconds=variant.seconds["redirect"] + variant.seconds.get("controlnet", 0.0),
        eyes=(next(strips), next(strips), next(strips)),
    )


def _judged(variant: Variant, analysis: Analysis, source: Render) -> tuple[Gaze, Gaze | None]:
    """Gaze of a result on the true eyeballs, and by the second estimate."""
    working = loading.to_working(variant.image_u8)
    found = faces.find(working)
    fitted = iris.fit(working, found, analysis.face.left.iris_radius)
    seen = replace(found, left=fitted.left_snapped, right=fitted.right_snapped)
    result = gaze_judges.by_true_eyeballs(
        variant.image_u8, seen.scaled(1 / analysis.portrait.scale), source
    )
    before = gaze_judges.as_found(analysis.face)
    read = gaze_judges.second_estimate(before, analysis.portrait.pixels)
    again = gaze_judges.second_estimate(found, working)
    if read is None or again is None:
        return result, None
    now = analysis.gaze.gaze
    return result, Gaze(now.yaw + again.yaw - read.yaw, now.pitch + again.pitch - read.pitch)


def full_size(analysis: Analysis) -> Face:
    """The face of an analysis in pixels of the photo itself."""
    return analysis.face.scaled(1 / analysis.portrait.scale)


def eye_strip(picture_u8: Image8, eyes: tuple[Eye, Eye]) -> Image8:
    """Cut out both eyes and join them, the right one first, without the nose between them.

    Args:
        picture_u8: uint8 RGB, (H, W, 3).
        eyes: Left and right eye in pixels of the picture; they may lie partly outside of it.

    Returns:
        uint8 RGB; its size depends on the eyes alone.
    """
    halves = np.array([np.ptp(eye.contour, axis=0) / 2 for eye in eyes]).max(axis=0)
    reach = np.ceil(halves + _AROUND_EYES * eyes[0].iris_radius).astype(int)
    padded = np.pad(picture_u8, [(reach[1],) * 2, (reach[0],) * 2, (0, 0)], mode="edge")
    windows = []
    for eye in (eyes[1], eyes[0]):
        middle = (eye.contour.max(axis=0) + eye.contour.min(axis=0)) / 2
        left, top = np.clip(np.rint(middle), 0, np.array(picture_u8.shape[1::-1]) - 1).astype(int)
        windows.append(padded[top : top + 2 * reach[1], left : left + 2 * reach[0]])
    return np.hstack(windows)
