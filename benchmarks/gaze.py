"""How true are the degrees: the estimator and the redirect against renders of known gaze."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from tqdm import tqdm

from benchmarks.renders import Render, TrueEye, pairs
from pipelines import face as faces
from pipelines import identity, iris, portrait, studio
from pipelines.arrays import Image8, Points
from pipelines.errors import Refusal
from pipelines.gaze import CONTACT_DEG, IRIS_PLANE_MM, Gaze
from pipelines.look import Look
from pipelines.studio import Analysis

LARGEST_CHANGE = 15.0
SIZES = ((0.0, 5.0), (5.0, 10.0), (10.0, 15.0), (15.0, 25.0), (25.0, 60.0))


@dataclass(frozen=True)
class EstimatorResult:
    """The estimator on pictures of known gaze, degrees.

    Attributes:
        n: Pictures.
        mae_yaw: Mean absolute error; likewise `mae_pitch`.
        bias_yaw: Mean error; likewise `bias_pitch`.
        slope_yaw: Slope of measured over true; likewise `slope_pitch`.
    """

    n: int
    mae_yaw: float
    mae_pitch: float
    bias_yaw: float
    bias_pitch: float
    slope_yaw: float
    slope_pitch: float


@dataclass(frozen=True)
class Redirected:
    """One redirect from a picture's gaze to another's of the same person and head.

    Attributes:
        size: Angle between both gazes.
        true_error: Angle between the target and the result's gaze, read off the iris's pixels
            with the eyeball's true place, so with the error of the source's estimate in it.
        change_error: The same without it: the change obtained against the change asked for.
        second_error: Angle between the target and a second reading of the result, the plain
            landmarks against the same landmarks of the source.
        psnr: Against the true render of the target gaze, around the eyes, in dB.
        ssim: Likewise.
        identity: Distance of the embeddings, source to result.
        outside_pixels: Pixels that changed outside the face.
        seconds: Of the redirect alone.
    """

    size: float
    true_error: float
    change_error: float
    second_error: float
    psnr: float
    ssim: float
    identity: float
    outside_pixels: int
    seconds: float


def estimator(
    renders: Sequence[Render], read: Callable[[Render], Gaze | None]
) -> EstimatorResult | None:
    """Compare readings with the truth; None if nothing could be read."""
    read_all = [(render.gaze, read(render)) for render in renders]
    both = [(true, seen) for true, seen in read_all if seen is not None]
    if not both:
        return None
    true = np.array([(gaze.yaw, gaze.pitch) for gaze, _ in both])
    seen = np.array([(gaze.yaw, gaze.pitch) for _, gaze in both])
    error = seen - true
    slopes = [float(np.polyfit(true[:, axis], seen[:, axis], 1)[0]) for axis in (0, 1)]
    mae, bias = np.abs(error).mean(axis=0), error.mean(axis=0)
    return EstimatorResult(
        n=len(both),
        mae_yaw=float(mae[0]),
        mae_pitch=float(mae[1]),
        bias_yaw=float(bias[0]),
        bias_pitch=float(bias[1]),
        slope_yaw=slopes[0],
        slope_pitch=slopes[1],
    )


def analyses(renders: Sequence[Render]) -> dict[str, Analysis]:
    """Analysis of every picture that is not refused, by its path."""
    made = {}
    for render in tqdm(renders, desc="Reading", disable=None):
        try:
            made[str(render.path)] = studio.analyse(render.path)
        except Refusal as refusal:
            tqdm.write(f"{render.path.name}: {refusal}")
    return made


def ours(known: dict[str, Analysis]) -> Callable[[Render], Gaze | None]:
    """Presence's own reading."""

    def read(render: Render) -> Gaze | None:
        analysis = known.get(str(render.path))
        return None if analysis is None else analysis.gaze.gaze

    return read


def plain_landmarks(known: dict[str, Analysis]) -> Callable[[Render], Gaze | None]:
    """The usual reading: the landmark of the iris off the canthi, on a 10.5 mm radius."""

    def read(render: Render) -> Gaze | None:
        if str(render.path) not in known:
            return None
        return _plain(known[str(render.path)].portrait.original_u8)

    return read


def redirects(
    renders: Sequence[Render], known: dict[str, Analysis], engine: str, most: int | None
) -> list[Redirected]:
    """Redirect every picture to the gaze of every other of its sitting.

    Args:
        renders: The set.
        known: From `analyses`.
        engine: Id of the engine.
        most: At most so many pairs, evenly spread; all if None.
    """
    chosen = [
        (source, target)
        for source, target in pairs(list(renders))
        if str(source.path) in known and str(target.path) in known
    ]
    if most is not None and len(chosen) > most:
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, most).astype(int)]
    return [
        _redirected(source, target, known, engine)
        for source, target in tqdm(chosen, desc=engine, disable=None)
    ]


def summary(results: Sequence[Redirected]) -> dict[str, Any]:
    """Figures over changes up to 15 degrees, and by size of change beside them."""
    within = [result for result in results if result.size <= LARGEST_CHANGE]
    figures = _figures(within)
    figures["by_size"] = {
        f"{low:g}-{high:g}": _figures([r for r in results if low < r.size <= high])
        for low, high in SIZES
    }
    return figures


def _figures(results: Sequence[Redirected]) -> dict[str, Any]:
    if not results:
        return {"pairs": 0}
    of = {name: np.array([asdict(r)[name] for r in results]) for name in asdict(results[0])}
    return {
        "pairs": len(results),
        "mean_true_error": float(of["true_error"].mean()),
        "median_true_error": float(np.median(of["true_error"])),
        "mean_change_error": float(of["change_error"].mean()),
        "share_within_cone": float((of["true_error"] <= CONTACT_DEG).mean()),
        "mean_second_error": float(np.nanmean(of["second_error"])),
        "psnr": float(of["psnr"].mean()),
        "ssim": float(of["ssim"].mean()),
        "identity_mean": float(of["identity"].mean()),
        "outside_pixels": int(of["outside_pixels"].sum()),
        "seconds_median": float(np.median(of["seconds"])),
    }


def _redirected(
    source: Render, target: Render, known: dict[str, Analysis], engine: str
) -> Redirected:
    analysis = known[str(source.path)]
    look = Look(gaze=target.gaze, polish=0, engine=engine)
    variant = studio.render(analysis, look)
    asked = variant.plan.target or analysis.gaze.gaze
    change = np.array([asked.yaw - analysis.gaze.gaze.yaw, asked.pitch - analysis.gaze.gaze.pitch])
    true = _true_gaze(variant.image_u8, analysis, source)
    wanted = Gaze(source.gaze.yaw + float(change[0]), source.gaze.pitch + float(change[1]))
    truth = known[str(target.path)].portrait.original_u8
    psnr, ssim = _likeness(variant.image_u8, truth, analysis)
    return Redirected(
        size=source.gaze.angle_to(target.gaze),
        true_error=true.angle_to(asked),
        change_error=true.angle_to(wanted),
        second_error=_second_error(variant.image_u8, analysis, asked),
        psnr=psnr,
        ssim=ssim,
        identity=_identity(variant.image_u8, analysis),
        outside_pixels=variant.measurements.changed_outside_face,
        seconds=variant.seconds["redirect"],
    )


def _true_gaze(result: Image8, analysis: Analysis, source: Render) -> Gaze:
    """Gaze of a result, from its irises found in the picture and the true eyeballs.

    The eyeball's place follows from the source's true iris and gaze; both eyes' mean.
    """
    working = portrait.to_working(result)
    fitted = iris.fit(working, faces.find(working), analysis.face.left.iris_radius)
    start = source.gaze.vector
    sines = [
        _sines(start, found.iris_center, true)
        for found, true in zip(
            (fitted.left, fitted.right), (source.left, source.right), strict=True
        )
    ]
    right, up = np.mean(sines, axis=0)
    return Gaze.from_vector(np.array([right, up, np.sqrt(max(1 - right**2 - up**2, 1e-6))]))


def _sines(start: Points, found: Points, true: TrueEye) -> Points:
    travel = (found - true.iris) / true.px_per_mm / IRIS_PLANE_MM
    return np.array([start[0] + travel[0], start[1] - travel[1]])


def _second_error(result: Image8, analysis: Analysis, asked: Gaze) -> float:
    before, after = _plain(analysis.portrait.original_u8), _plain(result)
    if before is None or after is None:
        return float("nan")
    now = analysis.gaze.gaze
    seen = Gaze(now.yaw + after.yaw - before.yaw, now.pitch + after.pitch - before.pitch)
    return seen.angle_to(asked)


def _plain(picture: Image8) -> Gaze | None:
    found = faces.all_landmarks(picture)
    if not found:
        return None
    face = faces.from_landmarks(found[0], (picture.shape[0], picture.shape[1]))
    offsets = [
        (eye.iris_center - (eye.inner + eye.outer) / 2) * face.mm_per_px for eye in face.eyes
    ]
    x, y = np.clip(np.mean(offsets, axis=0) / 10.5, -0.7, 0.7)
    turned = np.radians(face.head.yaw)
    x = float(np.clip(x + 6 / 10.5 * np.sin(turned), -0.7, 0.7))
    return Gaze.from_vector(np.array([x, -y, np.sqrt(max(1 - x * x - y * y, 1e-6))]))


def _likeness(result: Image8, truth: Image8, analysis: Analysis) -> tuple[float, float]:
    points = np.vstack([eye.contour for eye in analysis.face.eyes])
    reach = analysis.face.left.iris_radius
    left, top = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
    right, bottom = np.ceil(points.max(axis=0) + reach).astype(int)
    a, b = result[top:bottom, left:right], truth[top:bottom, left:right]
    psnr = peak_signal_noise_ratio(b, a, data_range=255)
    return float(psnr), float(structural_similarity(b, a, channel_axis=2, data_range=255))


def _identity(result: Image8, analysis: Analysis) -> float:
    working = portrait.to_working(result)
    return identity.distance(
        analysis.baseline.embedding, identity.embedding(working, faces.find(working))
    )


def report(renders: Sequence[Render], engines: Sequence[str], most: int | None) -> dict[str, Any]:
    """Everything, as plain data; the keys are stable."""
    start = time.perf_counter()
    known = analyses(renders)
    made: dict[str, Any] = {"estimator": {}, "redirect": {}}
    reading = estimator(renders, ours(known))
    if reading is not None:
        made["estimator"] = asdict(reading)
    others = {
        "plain_landmarks": estimator(renders, plain_landmarks(known)),
        "always_the_lens": estimator(renders, lambda _: Gaze(0.0, 0.0)),
    }
    made["estimator_others"] = {name: asdict(one) for name, one in others.items() if one}
    for engine in engines:
        made["redirect"][engine] = summary(redirects(renders, known, engine, most))
    made["seconds"] = time.perf_counter() - start
    return made


def table(made: dict[str, Any]) -> str:
    """The report as text."""
    lines = [f"{'':22}{'n':>5}{'mae':>14}{'bias':>14}{'slope':>14}   (yaw, pitch)"]
    for name, one in ({"presence": made["estimator"]} | made["estimator_others"]).items():
        if one:
            lines.append(
                f"{name:22}{one['n']:5d}"
                + "".join(
                    f"{one[f'{key}_yaw']:8.2f}{one[f'{key}_pitch']:6.2f}"
                    for key in ("mae", "bias", "slope")
                )
            )
    for engine, figures in made["redirect"].items():
        lines += ["", f"redirect: {engine}"]
        rows = {"up to 15": figures} | figures["by_size"]
        head = [key for key in figures if key != "by_size"]
        lines.append(f"{'change, degrees':>16}" + "".join(f"{key:>18}" for key in head))
        lines += [
            f"{size:>16}" + "".join(f"{row[key]:18.3g}" for key in head)
            for size, row in rows.items()
            if row["pairs"]
        ]
    return "\n".join(lines)
