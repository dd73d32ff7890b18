"""The redirect against known gazes: every picture turned to the gaze of its sitting's others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import eye_strip, gaze_judges, likeness
from benchmarks.likeness import Likeness
from benchmarks.statistics import Rows, interval, slope
from datasets.renders import Render, pairs
from pipelines import face as faces
from pipelines import studio
from pipelines.face import Eye
from pipelines.gaze import CONTACT_DEG, Gaze, GazeEstimate, iris
from pipelines.image import loading
from pipelines.image.arrays import Image8
from pipelines.runtime.errors import Refusal
from pipelines.studio import Analysis, Look, Variant

LARGEST_CHANGE = 15.0
SIZES = ((0.0, 15.0), (15.0, 25.0), (25.0, 180.0))


@dataclass(frozen=True)
class JudgedEyes:
    """Both eyes' surroundings, uint8 RGB, all of one shape.

    Attributes:
        source: As it was.
        result: Redirected.
        truth: The render of the target gaze.
    """

    source: Image8
    result: Image8
    truth: Image8


@dataclass(frozen=True)
class Redirected:
    """One redirect from a picture's gaze to another's of the same person and head.

    Attributes:
        source: The picture that was turned.
        target: The picture whose true gaze was asked for.
        size: Angle between both true gazes.
        asked: The change that was asked for: the target less the gaze that was read (yaw, pitch).
        obtained: The change that came, by the irises' pixels on the true eyeballs (yaw, pitch).
        true_error: Angle between the target and the result's gaze on the true eyeballs, so with
            the error of the source's estimate in it.
        change_error: The same without it: the change obtained against the change asked for.
        second_error: Angle between the target and a second estimate of the result, less what
            that estimate says of the source; NaN where there is none.
        likeness: Of the result to the true render of the target gaze, around the eyes.
        untouched: Of the source to it, likewise: what doing nothing comes to.
        identity: Distance of the embeddings, source to result.
        outside_pixels: Pixels that changed outside the face.
        seconds: Of turning the eyes alone.
        eyes: Pictures to look at.
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
    eyes: JudgedEyes = field(repr=False)


@dataclass(frozen=True)
class Lost:
    """A redirect that could not be judged, and why, in words."""

    source: Render
    target: Render
    why: str


def redirects(
    renders: Sequence[Render], known: dict[str, Analysis], engine: str, most: int | None = None
) -> tuple[list[Redirected], list[Lost]]:
    """Redirect every picture to the gaze of every other of its sitting.

    Args:
        renders: The set.
        known: Analyses by file name; pictures without one are left out.
        engine: Id of the engine.
        most: At most so many pairs, evenly spread; all if None.

    Returns:
        The redirects, and those whose result could not be judged.

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
    lost: list[Lost] = []
    for source, target in tqdm(chosen, desc=f"Redirecting, {engine}", disable=None):
        analysis = known[source.name]
        if analysis.eyes_left_alone:
            lost.append(Lost(source, target, analysis.eyes_left_alone))
            continue
        try:
            done.append(_redirected(source, target, known, engine))
        except Refusal as refusal:
            lost.append(Lost(source, target, refusal.sentence))
    return done, lost


def known_start(known: dict[str, Analysis], renders: Sequence[Render]) -> dict[str, Analysis]:
    """The analyses with the true gaze in place of the estimate: then only the redirect errs."""
    told = dict(known)
    for render in renders:
        if render.name in known:
            analysis = known[render.name]
            eyes = render.left.axis, render.right.axis
            yaw, pitch = (np.mean([getattr(eye, axis) for eye in eyes]) for axis in _AXES)
            left, right = (
                Gaze(render.gaze.yaw + eye.yaw - yaw, render.gaze.pitch + eye.pitch - pitch)
                for eye in eyes
            )
            true = GazeEstimate(render.gaze, left, right, analysis.gaze.confidence)
            told[render.name] = replace(analysis, gaze=true)
    return told


def report(results: Sequence[Redirected], lost: Sequence[Lost]) -> dict[str, Any]:
    """Figures over changes up to 15 degrees, and by size of change beside them."""
    within = [one for one in results if one.size <= LARGEST_CHANGE]
    return {
        **figures(within),
        "intervals": _intervals(within),
        "by_size": {
            _span(low, high): figures(part) | {"intervals": _intervals(part)}
            for low, high in SIZES
            if (part := [one for one in results if low < one.size <= high])
        },
        "lost": [
            {"source": one.source.name, "target": one.target.name, "why": one.why} for one in lost
        ],
    }


def figures(results: Sequence[Redirected]) -> dict[str, Any]:
    """Means of some redirects; the keys are stable. Only `pairs` where there are none."""
    made: dict[str, Any] = {"pairs": len(results)}
    if not results:
        return made
    second = np.array([one.second_error for one in results])
    asked, obtained = (
        np.array([getattr(one, name) for one in results]) for name in ("asked", "obtained")
    )
    made |= {name: figure(_errors(results)) for name, figure in _FIGURES.items()}
    made |= {
        "mean_second_error": _mean(second[np.isfinite(second)]),
        "psnr": _mean([one.likeness.psnr for one in results]),
        "ssim": _mean([one.likeness.ssim for one in results]),
        "identity_mean": _mean([one.identity for one in results]),
        "outside_pixels": int(sum(one.outside_pixels for one in results)),
        "seconds_median": float(np.median([one.seconds for one in results])),
        "gradient_similarity": _mean([one.likeness.gradients for one in results]),
        "untouched": {
            "psnr": _mean([one.untouched.psnr for one in results]),
            "ssim": _mean([one.untouched.ssim for one in results]),
            "gradient_similarity": _mean([one.untouched.gradients for one in results]),
        },
    }
    for axis, word in enumerate(_AXES):
        made[f"change_bias_{word}"] = _mean(obtained[:, axis] - asked[:, axis])
        made[f"change_slope_{word}"] = slope(asked[:, axis], obtained[:, axis])
    return made


_AXES = ("yaw", "pitch")
_FIGURES: dict[str, Callable[[Rows], float]] = {
    "mean_true_error": lambda errors: float(errors[:, 0].mean()),
    "median_true_error": lambda errors: float(np.median(errors[:, 0])),
    "mean_change_error": lambda errors: float(errors[:, 1].mean()),
    "share_within_cone": lambda errors: float((errors[:, 0] <= CONTACT_DEG).mean()),
}


def _intervals(results: Sequence[Redirected]) -> dict[str, list[float] | None]:
    if not results:
        return {}
    people = [one.source.identity for one in results]
    errors = _errors(results)
    return {name: interval(errors, people, figure) for name, figure in _FIGURES.items()}


def _errors(results: Sequence[Redirected]) -> Rows:
    return np.array([(one.true_error, one.change_error) for one in results])


def _mean(values: Rows | Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _span(low: float, high: float) -> str:
    return f"{low:g}+" if high >= 180 else f"{low:g}-{high:g}"


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
    at_full_size = _at_full_size(analysis)
    region = likeness.eye_region(at_full_size, (before.shape[0], before.shape[1]))
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
        eyes=JudgedEyes(
            *(
                eye_strip.strip(picture, at_full_size)
                for picture in (before, variant.image_u8, truth)
            )
        ),
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


def _at_full_size(analysis: Analysis) -> tuple[Eye, Eye]:
    return analysis.face.scaled(1 / analysis.portrait.scale).eyes
