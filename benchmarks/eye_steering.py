"""Does the annotation steer: move its pupil and see whether the drawn iris moves with it.

JSON, in patch pixels, of which an iris's radius has 14; only n where nothing was measured:
    n: drawn eyes. went_px: for each move of the pupil, the mean move of the iris. slope: of the
        iris's move over the pupil's. error_px: mean absolute difference of both.
    off_px: mean absolute distance of the iris from where the annotation puts it, sideways.
    blank_error_px: the same where the annotation is blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks import eye_colours
from benchmarks.iris_on_ball import sample_at
from benchmarks.reports import Report
from datasets import drawing, eye_samples
from datasets.eye_samples import EyeSample
from datasets.eye_set import EyeSet
from pipelines.image.arrays import Image, Map, Points

MOVES = (-6.0, -4.0, -2.0, 2.0, 4.0, 6.0)
"""How far the annotation's pupil is moved sideways, in patch pixels; an iris's radius is 14."""

_RAYS = 72
_BAND = 1.5
# Rays count from this far inside the lids; nearer, a lid's rim passes for the limbus.
_MARGIN = 2.0
_LEAST_RAYS = 14
_REACH = (14.0, 4.0)


class SteeredEye(NamedTuple):
    """One eye, drawn from its surroundings and an annotation alone; in patch pixels, sideways.

    Attributes:
        asked: How far the annotation's pupil was moved.
        went: Distance of the drawn iris from where it is drawn without the move.
        off: Its distance from where the annotation puts it.
        blank: The same with a blank annotation.
    """

    asked: float
    went: float
    off: float
    blank: float


def steered(pipeline: Any, eyes: EyeSet, steps: int) -> list[SteeredEye]:
    """Every eye with its proposal withheld and its pupil moved; eyes not found are left out."""
    still = [eye_samples.sample(eyes, index, "withheld") for index in range(len(eyes))]
    blank = [replace(one, control=np.zeros_like(one.control)) for one in still]
    places, blank_places = _located(pipeline, still, steps), _located(pipeline, blank, steps)
    results = []
    for move in MOVES:
        shift = np.array([move, 0.0])
        moved = [
            eye_samples.with_moved_pupil(eyes, index, one, shift) for index, one in enumerate(still)
        ]
        after_move = _located(pipeline, moved, steps)
        for one, before, after, lost in zip(still, places, after_move, blank_places, strict=True):
            if before is not None and after is not None:
                asked = one.iris[0] + move
                # An iris that is not even found misses by its radius.
                missed = one.iris[2] if lost is None else lost[0] - asked
                went, off = float(after[0] - before[0]), float(after[0] - asked)
                results.append(SteeredEye(move, went, off, float(missed)))
    return results


def report(results: Sequence[SteeredEye]) -> Report:
    """Figures; the keys are stable. Only ``n`` where there are none."""
    if not results:
        return {"n": 0}
    asked, went, off, blank = np.array(results).T
    return {
        "n": len(results),
        "error_px": float(np.abs(went - asked).mean()),
        "slope": float((asked @ went) / (asked @ asked)),
        "went_px": {f"{move:+g}": float(went[asked == move].mean()) for move in np.unique(asked)},
        "off_px": float(np.abs(off).mean()),
        "blank_error_px": float(np.abs(blank).mean()),
    }


def table(report: Report) -> str:
    """A report as text."""
    if not report["n"]:
        return "steering: none"
    went = ", ".join(f"{move} px: {value:+.2f}" for move, value in report["went_px"].items())
    return (
        f"steering, nothing proposed ({report['n']} drawn): {went}\n"
        f"slope {report['slope']:.2f}, mean error {report['error_px']:.2f} px, off the annotation "
        f"{report['off_px']:.2f} px, with a blank annotation {report['blank_error_px']:.2f} px"
    )


def locate(pixels: Image, sample: EyeSample) -> Points | None:
    """Find the iris's centre without knowing where it should be; None if it is not found.

    The circle of the iris's known radius inside the lids across which the picture brightens most
    from the iris's colour to the sclera's (an integro-differential operator after Daugman 1993).

    Args:
        pixels: A patch, float32, (64, 96, 3).
        sample: Its sample: lids, radius and true colours.
    """
    iris, sclera = eye_colours.iris_and_sclera(sample.truth, sample)
    line = sclera - iris
    if np.linalg.norm(line) < 0.05:
        return None
    light = np.clip((pixels - iris) @ line / (line @ line), -0.3, 1.3)
    light = np.asarray(cv2.GaussianBlur(light.astype(np.float32), (0, 0), 1.0), np.float32)
    depth = eye_colours.lid_depth(sample.contour, (pixels.shape[0], pixels.shape[1]))
    best, score = sample.contour.mean(axis=0), -np.inf
    for step, reach in ((1.0, _REACH), (0.25, (1.0, 1.0)), (0.05, (0.25, 0.25))):
        xs, ys = (np.arange(-far, far + step / 2, step) for far in reach)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2) + best
        scores = _scores(light, depth, grid, float(sample.iris[2]))
        best, score = grid[int(scores.argmax())], float(scores.max())
    return best if np.isfinite(score) and score > 0.02 else None


def _located(pipeline: Any, samples: list[EyeSample], steps: int) -> list[Points | None]:
    drawn = drawing.draw(pipeline, samples, steps)
    return [locate(pixels, one) for pixels, one in zip(drawn, samples, strict=True)]


def _scores(light: Map, depth: Map, centers: Points, radius: float) -> Points:
    """Mean rise across the circle and darkness inside it, for each centre, (n,)."""
    angle = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    def ring(source: Map, distance: float) -> Points:
        return sample_at(source, centers[:, None] + distance * circle)

    visible = ring(depth, radius) > _MARGIN
    count = visible.sum(axis=1)
    rise = np.clip(ring(light, radius + _BAND) - ring(light, radius - _BAND), -0.3, 0.8)
    mean = (rise * visible).sum(axis=1) / np.maximum(count, 1)
    # A lid's shadow has an edge, too, but no dark disc beside it.
    disc = ring(depth, 0.6 * radius) > _MARGIN
    dark = ((1 - ring(light, 0.6 * radius)) * disc).sum(axis=1) / np.maximum(disc.sum(axis=1), 1)
    return np.asarray(np.where(count >= _LEAST_RAYS, mean + 0.15 * dark, -np.inf), np.float64)
